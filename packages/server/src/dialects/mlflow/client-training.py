"""A training as a run of Trainyard has it: its run, its token, nothing else set."""
import mlflow
import numpy as np
from mlflow.exceptions import MlflowException
from sklearn.linear_model import ElasticNet

X = np.arange(30, dtype=float).reshape(10, 3)
with mlflow.start_run() as run:
    print(run.info.run_id)
    mlflow.log_param("alpha", 0.1)
    mlflow.log_metric("rmse", 0.5)
    with mlflow.start_run(nested=True):
        mlflow.log_metric("fold", 1)
    mlflow.sklearn.log_model(ElasticNet(alpha=0.1).fit(X, X[:, 0]), name="model", registered_model_name="mine", pip_requirements=["scikit-learn"])
    mlflow.log_text("x", "notes.txt")
try:
    mlflow.MlflowClient().set_registered_model_alias("mine", "champion", "1")
except MlflowException as error:
    print(error.error_code)
