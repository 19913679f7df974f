"""Artifacts of all sizes and a model, with the mlflow client, on the server of MLFLOW_TRACKING_URI. Prints the name of each part that went well."""
import filecmp
import os
import tempfile

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.linear_model import ElasticNet

client = MlflowClient()
run_id = client.create_run(client.create_experiment("stores")).info.run_id
X = np.arange(60, dtype=float).reshape(20, 3) / 10
work = tempfile.mkdtemp()


def written(name, size):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(np.random.default_rng(size).bytes(size))
    return path


def names():
    return [f.path for f in client.list_artifacts(run_id)]


def small():
    written("files/a.txt", 10)
    written("files/sub/größe + 100%.bin", 100_000)
    written("files/empty", 0)
    client.log_artifacts(run_id, os.path.join(work, "files"), "files")
    client.log_image(run_id, np.zeros((4, 4, 3), dtype=np.uint8), key="dog", step=20, timestamp=100)
    assert names() == ["files", "images"], names()
    assert [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, "files")] == [("files/a.txt", False, 10), ("files/empty", False, 0), ("files/sub", True, None)]
    fetched = client.download_artifacts(run_id, "files", tempfile.mkdtemp())
    compared = filecmp.dircmp(os.path.join(work, "files"), fetched)
    assert compared.same_files == ["a.txt", "empty"] and compared.subdirs["sub"].same_files == ["größe + 100%.bin"], compared.report_full_closure()
    [image] = [f.path for f in client.list_artifacts(run_id, "images") if f.path.endswith(".png")]
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/{image}").size == (4, 4)


def large():
    path = written("large ä.bin", 14_000_000)
    client.log_artifact(run_id, path, "deep/er")
    assert filecmp.cmp(path, client.download_artifacts(run_id, "deep/er/large ä.bin", tempfile.mkdtemp()), shallow=False)


def model():
    trained = ElasticNet(alpha=0.01).fit(X, X @ [1.0, 2.0, 3.0])
    with mlflow.start_run(run_id=run_id):
        logged = mlflow.sklearn.log_model(trained, name="model", pip_requirements=["scikit-learn"], registered_model_name="stored")
    for uri in [logged.model_uri, "models:/stored/1"]:
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(X[:3]), trained.predict(X[:3]))


def deletion():
    get_artifact_repository(client.get_run(run_id).info.artifact_uri).delete_artifacts("files")
    assert "files" not in names(), names()


for part in [small, large, model, deletion]:
    part()
    print(part.__name__, flush=True)
