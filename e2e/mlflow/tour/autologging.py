"""scikit-learn logs by itself: a fit, and a grid search with its children."""
import mlflow
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import GridSearchCV
from tour import X, client, run_named, y


def write():
    mlflow.set_experiment("autologging")
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="fit"):
        ElasticNet(alpha=0.3).fit(X, y)
    mlflow.sklearn.autolog(max_tuning_runs=2, log_models=False)
    with mlflow.start_run(run_name="grid"):
        GridSearchCV(ElasticNet(), {"alpha": [0.1, 0.2, 0.4]}, cv=2).fit(X, y)
    mlflow.sklearn.autolog(disable=True)


def read():
    fit = run_named("autologging", "fit")
    assert fit.data.params["alpha"] == "0.3" and "training_r2_score" in fit.data.metrics and fit.data.tags["estimator_name"] == "ElasticNet"
    assert "estimator.html" in [file.path for file in client.list_artifacts(fit.info.run_id)]
    assert {one.dataset.name for one in fit.inputs.dataset_inputs} == {"dataset"}
    assert len(mlflow.pyfunc.load_model(f"runs:/{fit.info.run_id}/model").predict(X)) == len(X)
    grid = run_named("autologging", "grid")
    assert "best_cv_score" in grid.data.metrics and grid.data.params["best_alpha"] == "0.1"
    children = mlflow.search_runs(experiment_names=["autologging"], filter_string=f"tags.mlflow.parentRunId = '{grid.info.run_id}'", order_by=["metrics.mean_test_score DESC"])
    assert list(children["params.alpha"]) == ["0.1", "0.2"]
    assert "cv_results.csv" in [file.path for file in client.list_artifacts(grid.info.run_id)]
