"""Logs a metric step by step for as long as it is let, and names every step that was acknowledged. The server dies and comes back meanwhile."""
import sys
import threading

import mlflow

stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()

mlflow.set_experiment("interrupted")
with mlflow.start_run(run_name="logging") as run:
    print(f"run {run.info.run_id}", flush=True)
    step = 0
    while not stop.is_set():
        mlflow.log_metric("m", step, step=step)
        mlflow.log_metrics({"a": step, "b": -step}, step=step)
        print(f"step {step}", flush=True)
        step += 1
