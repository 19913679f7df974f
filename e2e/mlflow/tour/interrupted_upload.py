"""Uploads 200 MB and says how it went. The server is killed while it does."""
import os
import sys
import tempfile

import mlflow

mlflow.set_experiment("interrupted")
with mlflow.start_run(run_name="upload") as run, tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "weights.bin")
    with open(path, "wb") as file:
        for _ in range(200):
            file.write(os.urandom(1_000_000))
    print(f"run {run.info.run_id}", flush=True)
    try:
        mlflow.log_artifact(path)
        print("uploaded", flush=True)
    except Exception as error:
        print(f"refused {type(error).__name__}", flush=True)
    sys.stdin.readline()
