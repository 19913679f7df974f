"""Files of runs: the many ways to log them, lists, downloads."""
import json
import os
import tempfile

import mlflow
import numpy as np
import pandas as pd
from requests import HTTPError
from tour import client, run_named

BYTES = os.urandom(100_000)


def write():
    mlflow.set_experiment("artifacts")
    with mlflow.start_run(run_name="files"), tempfile.TemporaryDirectory() as directory:
        os.makedirs(os.path.join(directory, "sub", "deeper"))
        for name in ["a.bin", "sub/größe + 100%.bin", "sub/deeper/c.bin"]:
            with open(os.path.join(directory, name), "wb") as file:
                file.write(BYTES)
        open(os.path.join(directory, "empty"), "w").close()
        mlflow.log_artifacts(directory, "many")
        mlflow.log_artifact(os.path.join(directory, "a.bin"))
        mlflow.log_artifact(os.path.join(directory, "a.bin"), "one/level")
        mlflow.log_text("hallo größe", "notes/t.txt")
        mlflow.log_text("hallo again", "notes/t.txt")  # written over
        mlflow.log_dict({"a": [1, 2]}, "d.json")
        mlflow.log_dict({"a": [1, 2]}, "d.yaml")
        mlflow.log_table({"question": ["q1"], "answer": ["a1"]}, "table.json")
        mlflow.log_table(pd.DataFrame({"question": ["q2"], "answer": ["a2"]}), "table.json")  # appended
        mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "image.png")
        for step in [1, 2]:
            mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="dog", step=step, timestamp=100)
        mlflow.log_figure(a_figure(), "figure.png")


def a_figure():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [2, 3])
    return figure


def read():
    run_id = run_named("artifacts", "files").info.run_id
    paths = lambda path=None: [file.path for file in client.list_artifacts(run_id, path)]
    assert paths() == ["a.bin", "d.json", "d.yaml", "figure.png", "image.png", "images", "many", "notes", "one", "table.json"]
    assert paths("many") == ["many/a.bin", "many/empty", "many/sub"] and paths("one/level") == ["one/level/a.bin"]
    assert [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, "many/sub")] == [("many/sub/deeper", True, None), ("many/sub/größe + 100%.bin", False, 100_000)]
    assert paths("nope") == [] and len(paths("images")) == 4  # each image has a small one beside it
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/t.txt") == "hallo again"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/d.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/image.png").size == (4, 4)
    assert list(mlflow.load_table("table.json", run_ids=[run_id])["question"]) == ["q1", "q2"]
    with tempfile.TemporaryDirectory() as directory:
        path = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="many", dst_path=directory)
        for name in ["a.bin", "sub/größe + 100%.bin", "sub/deeper/c.bin"]:
            with open(os.path.join(path, name), "rb") as file:
                assert file.read() == BYTES
        assert os.path.getsize(os.path.join(path, "empty")) == 0
        whole = client.download_artifacts(run_id, "", directory)
        assert json.load(open(os.path.join(whole, "d.json"))) == {"a": [1, 2]} and os.path.getsize(os.path.join(whole, "figure.png")) > 1000
    uri = client.get_run(run_id).info.artifact_uri
    assert [file.path for file in mlflow.artifacts.list_artifacts(artifact_uri=f"{uri}/notes")] == ["notes/t.txt"]
    for climbs in ["../x", "a/../../x"]:
        try:
            raise AssertionError(f"{climbs}: {client.list_artifacts(run_id, climbs)}")
        except HTTPError as error:
            assert error.response.status_code == 400 and error.response.json()["message"] == "Invalid path"
