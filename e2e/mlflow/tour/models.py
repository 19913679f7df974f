"""Models: logged, registered, loaded back by every form of URI."""
import mlflow
from mlflow.models import infer_signature
from sklearn.linear_model import ElasticNet
from tour import IS_3, PINNED, X, a_model, client, same_predictions


def write():
    mlflow.set_experiment("models")
    model = a_model()
    name = {"name": "net"} if IS_3 else {"artifact_path": "net"}
    with mlflow.start_run(run_name="trains") as run:
        info = mlflow.sklearn.log_model(model, signature=infer_signature(X, model.predict(X)), input_example=X[:2], registered_model_name="wine", pip_requirements=PINNED, **name)
        if IS_3:
            mlflow.log_metric("rmse", 0.5, model_id=info.model_id)
    assert mlflow.register_model(f"runs:/{run.info.run_id}/net", "wine", tags={"second": "yes"}).version == "2"
    client.set_registered_model_alias("wine", "champion", "1")
    client.transition_model_version_stage("wine", "2", "Staging")


def read():
    model, run = a_model(), mlflow.search_runs(experiment_names=["models"], filter_string="run_name = 'trains'", output_format="list")[0]
    run_id = run.info.run_id
    for uri in ["models:/wine/1", "models:/wine/2", "models:/wine@champion", "models:/wine/latest", "models:/wine/Staging", f"runs:/{run_id}/net"]:
        assert same_predictions(uri, model), uri
    assert isinstance(mlflow.sklearn.load_model("models:/wine@champion"), ElasticNet)
    assert mlflow.models.get_model_info("models:/wine/1").signature.inputs is not None
    version = client.get_model_version("wine", "1")
    assert version.run_id == run_id and version.status == "READY" and client.get_model_version("wine", "2").tags == {"second": "yes"}
    assert client.get_model_version_download_uri("wine", "1").startswith("mlflow-artifacts:/" if not IS_3 else "m")
    if IS_3:
        logged_models(run_id, model)
    else:
        assert "net" in run.data.tags["mlflow.log-model.history"] and [file.path for file in client.list_artifacts(run_id)] == ["net"]


def logged_models(run_id, model):
    """Only MLflow 3 has them."""
    [output] = client.get_run(run_id).outputs.model_outputs
    assert same_predictions(f"models:/{output.model_id}", model)
    logged = mlflow.get_logged_model(output.model_id)
    assert logged.status == "READY" and logged.source_run_id == run_id and logged.metrics[0].value == 0.5 and logged.params == {}
    mlflow.set_logged_model_tags(logged.model_id, {"stage": "dev", "team": "red"})
    mlflow.delete_logged_model_tag(logged.model_id, "stage")
    assert mlflow.get_logged_model(logged.model_id).tags["team"] == "red"
    experiment = [logged.experiment_id]
    found = lambda filter_string: [one.model_id for one in mlflow.search_logged_models(experiment, filter_string=filter_string, output_format="list")]
    assert found("metrics.rmse < 1 AND tags.team = 'red'") == [logged.model_id] and found("metrics.rmse > 1") == [] and found("name = 'net' AND source_run_id != 'x'") == [logged.model_id]
    by_metric = mlflow.search_logged_models(experiment, order_by=[{"field_name": "metrics.rmse", "ascending": False}], output_format="list")
    assert by_metric[0].model_id == logged.model_id
    assert "model_id" in mlflow.search_logged_models(experiment).columns
    assert [file.path for file in client.list_logged_model_artifacts(logged.model_id)][0] == "MLmodel"
    made = mlflow.initialize_logged_model(name="later", model_type="agent", params={"a": "1"}, tags={"b": "2"})
    assert made.status == "PENDING" and mlflow.finalize_logged_model(made.model_id, "READY").status == "READY"
    client.delete_logged_model(made.model_id)
    assert made.model_id not in [one.model_id for one in mlflow.search_logged_models(experiment, output_format="list")]
