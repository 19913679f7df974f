"""Logging in the background, and the metrics of the machine."""
import time

import mlflow
from tour import client, run_named


def write():
    mlflow.set_experiment("async")
    with mlflow.start_run(run_name="async"):
        waiting = [mlflow.log_metrics({"loss": step / 10, "m": step}, step=step, synchronous=False) for step in range(200)]
        waiting += [mlflow.log_params({"a": 1, "b": 2}, synchronous=False), mlflow.set_tags({"t": "1"}, synchronous=False)]
        waiting[0].wait()
    mlflow.flush_async_logging()
    for one in waiting:
        one.wait()
    mlflow.set_system_metrics_sampling_interval(0.1)
    with mlflow.start_run(run_name="machine", log_system_metrics=True) as run:
        deadline = time.monotonic() + 60
        while "system/cpu_utilization_percentage" not in client.get_run(run.info.run_id).data.metrics:
            assert time.monotonic() < deadline, "no metric of the machine has come"
            time.sleep(0.1)


def read():
    run = run_named("async", "async")
    assert run.data.params == {"a": "1", "b": "2"} and run.data.tags["t"] == "1"
    assert [m.step for m in client.get_metric_history(run.info.run_id, "m")] == list(range(200))
    assert run_named("async", "machine").data.metrics["system/system_memory_usage_megabytes"] > 0
