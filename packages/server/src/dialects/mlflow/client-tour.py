"""Everything a training does with the mlflow client, against the server of MLFLOW_TRACKING_URI. Prints the name of each part that went well."""
import math
import os
import tempfile

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import ElasticNet

client = MlflowClient()
X = np.arange(60, dtype=float).reshape(20, 3) / 10
y = X @ [1.0, 2.0, 3.0]
model = ElasticNet(alpha=0.01).fit(X, y)
PINNED = ["scikit-learn", "numpy"]  # named, so that nothing has to be found out by importing
state = {}


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, error
        return str(error)
    raise AssertionError(f"{call} was not refused")


def experiments():
    assert client.get_experiment_by_name("tour") is None
    mlflow.set_experiment("tour")
    other = client.create_experiment("other", tags={"team": "red"})
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "other")
    client.rename_experiment(other, "other 2")
    client.set_experiment_tag(other, "k", "größe")
    client.delete_experiment(other)
    assert client.get_experiment(other).lifecycle_stage == "deleted"
    assert "other 2" not in [e.name for e in client.search_experiments()]
    client.restore_experiment(other)
    assert [e.name for e in client.search_experiments(filter_string="tags.team = 'red'")] == ["other 2"]
    assert [e.name for e in client.search_experiments(order_by=["name ASC"])] == ["Default", "other 2", "tour"]
    first = client.search_experiments(max_results=2)
    assert first.token and len(client.search_experiments(max_results=2, page_token=first.token)) == 1


def runs():
    with mlflow.start_run(run_name="parent", tags={"who": "me"}, description="a tour") as parent:
        state["parent"] = parent.info.run_id
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("m", number)
                mlflow.log_param("n", number)
            state[f"child {number}"] = child.info.run_id
    run = client.get_run(state["parent"])
    assert run.info.status == "FINISHED" and run.info.run_name == "parent" and run.info.end_time >= run.info.start_time
    assert run.data.tags["who"] == "me" and run.data.tags["mlflow.note.content"] == "a tour"
    with mlflow.start_run(run_id=state["parent"]):
        mlflow.set_tag("more", 7)
        mlflow.delete_tag("who")
    tags = client.get_run(state["parent"]).data.tags
    assert tags["more"] == "7" and "who" not in tags
    try:
        with mlflow.start_run() as broken:
            raise ValueError("user code")
    except ValueError:
        assert client.get_run(broken.info.run_id).info.status == "FAILED"
    client.delete_run(broken.info.run_id)
    assert client.get_run(broken.info.run_id).info.lifecycle_stage == "deleted"
    refused("INVALID_PARAMETER_VALUE", client.set_tag, broken.info.run_id, "a", "b")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)


def params_and_metrics():
    with mlflow.start_run() as run:
        mlflow.log_params({f"p{i}": i for i in range(250)})
        mlflow.log_param("alpha", 0.5)
        mlflow.log_param("alpha", 0.5)
        assert "Changing param values is not allowed" in refused("INVALID_PARAMETER_VALUE", mlflow.log_param, "alpha", 0.6)
        mlflow.log_param("long", "x" * 7000)
        for step in range(10):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "-inf": -float("inf"), "größe/x": 1}, step=2**40)
    data = client.get_run(run.info.run_id).data
    assert len(data.params) == 252 and len(data.params["long"]) == 6000
    assert math.isnan(data.metrics["nan"]) and data.metrics["inf"] == 1.7976931348623157e308 and data.metrics["-inf"] == -1.7976931348623157e308
    assert data.metrics["loss"] == 0.1 and data.metrics["größe/x"] == 1
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == [(s, 1 / (s + 1)) for s in range(10)]
    assert [m.step for m in client.get_metric_history(run.info.run_id, "nan")] == [2**40]
    refused("INVALID_PARAMETER_VALUE", client.log_metric, run.info.run_id, "a#b", 1)


def long_history():
    from mlflow.entities import Metric

    with mlflow.start_run() as run:
        for start in range(0, 30_000, 1000):
            client.log_batch(run.info.run_id, metrics=[Metric("m", i, 1, i) for i in range(start, start + 1000)])
    # more than one page of the client
    assert [m.step for m in client.get_metric_history(run.info.run_id, "m")] == list(range(30_000))


def inputs():
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_numpy(X, targets=y, name="points"), context="training", tags={"v": "1"})
    [used] = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert used.dataset.name == "points" and {t.key: t.value for t in used.tags} == {"mlflow.data.context": "training", "v": "1"}
    found = mlflow.search_runs(filter_string="datasets.name = 'points' AND datasets.context = 'training'", output_format="list")
    assert [r.info.run_id for r in found] == [run.info.run_id]


def artifacts():
    run_id = state["parent"]
    with tempfile.TemporaryDirectory() as directory:
        os.makedirs(os.path.join(directory, "sub"))
        for name in ["a.txt", "sub/größe + 100%.bin"]:
            with open(os.path.join(directory, name), "wb") as file:
                file.write(b"x" * 100_000)
        client.log_artifacts(run_id, directory, "files")
    client.log_text(run_id, "hallo", "t.txt")
    client.log_dict(run_id, {"a": [1]}, "d.json")
    client.log_image(run_id, np.zeros((4, 4, 3), dtype=np.uint8), key="dog", step=20, timestamp=100)
    assert [f.path for f in client.list_artifacts(run_id)] == ["d.json", "files", "images", "t.txt"]
    assert [(f.path, f.file_size) for f in client.list_artifacts(run_id, "files/sub")] == [("files/sub/größe + 100%.bin", 100_000)]
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/t.txt") == "hallo" and mlflow.artifacts.load_dict(f"runs:/{run_id}/d.json") == {"a": [1]}
    with tempfile.TemporaryDirectory() as directory:
        path = client.download_artifacts(run_id, "files", directory)
        assert os.path.getsize(os.path.join(path, "sub", "größe + 100%.bin")) == 100_000
    images = [f.path for f in client.list_artifacts(run_id, "images")]
    assert len(images) == 2 and all(path.startswith("images/dog+step+20+timestamp+100+") for path in images)


def models():
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(model, name="net", signature=infer_signature(X, model.predict(X)), input_example=X[:2], registered_model_name="wine", params={"a": 1}, pip_requirements=PINNED)
        mlflow.log_metric("rmse", 0.5, model_id=info.model_id)
    state["model"], state["model run"] = info, run.info.run_id
    assert client.get_run(run.info.run_id).outputs.model_outputs[0].model_id == info.model_id
    logged = mlflow.get_logged_model(info.model_id)
    assert logged.status == "READY" and logged.params["a"] == "1" and logged.metrics[0].value == 0.5 and logged.source_run_id == run.info.run_id
    mlflow.set_logged_model_tags(info.model_id, {"stage": "dev"})
    mlflow.delete_logged_model_tag(info.model_id, "stage")
    assert [m.model_id for m in mlflow.search_logged_models(filter_string="metrics.rmse < 1 AND params.a = '1'", output_format="list")] == [info.model_id]
    again = mlflow.register_model(info.model_uri, "wine", tags={"t": "1"})
    assert again.version == "2" and again.run_id == run.info.run_id
    client.set_registered_model_alias("wine", "champion", "1")
    for uri in ["models:/wine/1", "models:/wine@champion", "models:/wine/latest", f"runs:/{run.info.run_id}/net", info.model_uri]:
        assert np.allclose(mlflow.pyfunc.load_model(uri).predict(X[:3]), model.predict(X[:3])), uri
    assert isinstance(mlflow.sklearn.load_model("models:/wine@champion"), ElasticNet)


def registry():
    assert [m.name for m in client.search_registered_models("name LIKE 'wi%'")] == ["wine"]
    found = client.search_model_versions("name = 'wine'", max_results=1)
    assert [v.version for v in found] == ["2"] and [v.version for v in client.search_model_versions("name = 'wine'", max_results=1, page_token=found.token)] == ["1"]
    client.update_model_version("wine", "1", "the first")
    client.set_model_version_tag("wine", "1", "k", "v")
    client.set_registered_model_tag("wine", "k", "v")
    version = client.get_model_version_by_alias("wine", "champion")
    assert version.version == "1" and version.description == "the first" and version.tags == {"k": "v"} and version.aliases == ["champion"]
    client.delete_model_version_tag("wine", "1", "k")
    client.delete_registered_model_tag("wine", "k")
    client.transition_model_version_stage("wine", "1", "Production", archive_existing_versions=True)
    assert [(v.version, v.current_stage) for v in client.get_latest_versions("wine")] == [("1", "Production"), ("2", "None")]
    copied = client.copy_model_version("models:/wine/1", "copy")
    assert np.allclose(mlflow.pyfunc.load_model(f"models:/copy/{copied.version}").predict(X[:3]), model.predict(X[:3]))
    client.rename_registered_model("copy", "renamed")
    assert client.get_registered_model("renamed").latest_versions[0].name == "renamed"
    assert "Registered Model with name=copy not found" in refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "copy")
    client.delete_model_version("renamed", "1")
    client.delete_registered_model("renamed")
    client.delete_registered_model_alias("wine", "champion")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, "wine", "champion")


def searches():
    def names(filter_string, **more):
        return [r.info.run_name for r in mlflow.search_runs(filter_string=filter_string, output_format="list", **more)]

    nested = f"tags.mlflow.parentRunId = '{state['parent']}'"
    assert sorted(names(nested)) == ["child 0", "child 1", "child 2"]
    assert names(f"{nested} AND metrics.m > 0.5", order_by=["metrics.m DESC"]) == ["child 2", "child 1"]
    assert names(f"{nested} AND params.n = '1'") == ["child 1"]
    assert names("attributes.run_name ILIKE 'CHILD%' AND attributes.status = 'FINISHED'", order_by=["attributes.run_name ASC"]) == ["child 0", "child 1", "child 2"]
    table = mlflow.search_runs(filter_string=nested, order_by=["params.n ASC"])
    assert list(table["metrics.m"]) == [0, 1, 2] and list(table["params.n"]) == ["0", "1", "2"]
    experiment = client.get_experiment_by_name("tour").experiment_id
    paged, token = [], None
    while True:
        page = client.search_runs([experiment], nested, max_results=2, page_token=token)
        paged += [r.info.run_name for r in page]
        token = page.token
        if not token:
            break
    assert sorted(paged) == ["child 0", "child 1", "child 2"]
    assert client.search_runs([experiment], "", run_view_type=mlflow.entities.ViewType.DELETED_ONLY)
    assert "Invalid clause(s) in filter string" in refused("INVALID_PARAMETER_VALUE", client.search_runs, [experiment], "metrics.m > 0 OR metrics.m < 0")


def autolog():
    mlflow.sklearn.autolog(log_models=False)
    with mlflow.start_run() as run:
        ElasticNet(alpha=0.3).fit(X, y)
    mlflow.sklearn.autolog(disable=True)
    data = client.get_run(run.info.run_id).data
    assert data.params["alpha"] == "0.3" and "training_r2_score" in data.metrics


for part in [experiments, runs, params_and_metrics, long_history, inputs, artifacts, models, registry, searches, autolog]:
    part()
    print(part.__name__, flush=True)
