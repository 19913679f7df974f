"""100 MB up and down again, the same to the last bit."""
import hashlib
import os
import tempfile

import mlflow
from tour import client, run_named

SIZE = 100_000_000


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write():
    mlflow.set_experiment("large")
    with mlflow.start_run(run_name="large"), tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "weights.bin")
        with open(path, "wb") as file:
            for _ in range(SIZE // 1_000_000):
                file.write(os.urandom(1_000_000))
        mlflow.log_param("sha256", sha256_of(path))
        mlflow.log_artifact(path, "model")


def read():
    run = run_named("large", "large")
    [file] = client.list_artifacts(run.info.run_id, "model")
    assert file.file_size == SIZE
    with tempfile.TemporaryDirectory() as directory:
        assert sha256_of(client.download_artifacts(run.info.run_id, "model/weights.bin", directory)) == run.data.params["sha256"]
