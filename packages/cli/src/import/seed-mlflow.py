"""Fills an MLflow (MLFLOW_TRACKING_URI, 2.x or 3.x) with one of everything that an import has to bring, and with what it must leave."""

import math

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

major = int(mlflow.__version__.split(".")[0])
client = MlflowClient()
wine = client.create_experiment("wine ü", tags={"team": "café", "empty": ""})
gone = client.create_experiment("given up")
far = client.create_experiment("far away", artifact_location="s3://bucket/far")

remote = client.create_run(far, run_name="remote")
client.set_terminated(remote.info.run_id, "FINISHED")
orphan = client.create_run(gone, run_name="in a deleted experiment")
client.log_metric(orphan.info.run_id, "m", 1.0, step=1)
client.delete_experiment(gone)

mlflow.set_experiment("wine ü")
data = mlflow.data.from_pandas(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), name="grapes", source="https://example.org/grapes.csv")
with mlflow.start_run(run_name="parent") as parent:
    mlflow.log_params({"alpha": 0.1, "long": "x" * 5000, "unicode é": "☃"})
    for step in range(50):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_text("<p>", "deep/er/page.html")
    mlflow.log_text("", "deep/empty")
    mlflow.log_text("100%", "odd name 100% + ü.txt")
    with mlflow.start_run(run_name="child", nested=True) as child:
        odd = [
            Metric("odd", math.nan, 1000, 0),
            Metric("odd", math.inf, 1000, 1),
            Metric("odd", -math.inf, 1000, 2),
            Metric("odd", 0.1 + 0.2, 1001, 2),
            Metric("odd", 5e-324, 1001, -3),
            Metric("odd", 1.0, 2**53 + 1, 2**53 + 1),
            Metric("many/x", 1.5, 7, 0),
            Metric("many/x", 2.5, 7, 0),
        ]
        client.log_batch(child.info.run_id, metrics=odd, params=[Param("p", "")], tags=[RunTag("t", "v")])
        mlflow.log_input(data, context="training", tags={"x": "y"})
    mlflow.log_input(data, context="test")
    model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    # named: MLflow would load the model in a process of its own to find out
    needs = ["scikit-learn"]
    if major >= 3:
        info = mlflow.sklearn.log_model(model, name="model", params={"depth": "3"}, tags={"k": "v"}, pip_requirements=needs)
        mlflow.log_metric("rmse", 0.5, step=3, model_id=info.model_id, dataset=data)
    else:
        info = mlflow.sklearn.log_model(model, "model", pip_requirements=needs)

for name, status in [("killed", "KILLED"), ("failed", "FAILED")]:
    client.set_terminated(client.create_run(wine, run_name=name).info.run_id, status)
client.create_run(wine, run_name="still going")
deleted = client.create_run(wine, run_name="deleted", tags={"d": "1"})
client.log_metric(deleted.info.run_id, "m", 3.0, step=4)
client.set_terminated(deleted.info.run_id)
client.delete_run(deleted.info.run_id)
with mlflow.start_run(experiment_id="0", run_name="in default"):
    mlflow.log_metric("a", 1)

linked = {"model_id": info.model_id} if major >= 3 else {}
client.create_registered_model("wine", tags={"owner": "ann"}, description="reds and whites")
for number in range(4):
    client.create_model_version("wine", info.model_uri, run_id=parent.info.run_id, tags={"n": str(number)}, description=f"number {number}", **linked)
client.delete_model_version("wine", "2")
client.delete_model_version("wine", "4")
client.set_registered_model_alias("wine", "champion", "3")
client.transition_model_version_stage("wine", "1", "Staging")
client.create_registered_model("copies")
client.create_model_version("copies", "models:/wine/3")
if major < 3:
    mlflow.register_model(f"runs:/{parent.info.run_id}/model", "by path")
else:
    client.create_logged_model(wine, name="pending", source_run_id=parent.info.run_id, model_type="agent")
    client.delete_logged_model(client.create_logged_model(wine, name="goner").model_id)
    mlflow.genai.register_prompt("greet", "hello {{name}}")
