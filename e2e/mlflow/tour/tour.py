"""What the chapters share. A chapter is a module with write(), which does things, and read(), which finds them again after a restart of the server."""
import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import ElasticNet

client = MlflowClient()
IS_3 = mlflow.__version__.startswith("3.")

X = np.arange(60, dtype=float).reshape(20, 3) / 10
y = X @ [1.0, 2.0, 3.0]
PINNED = ["scikit-learn", "numpy"]  # named, so that nothing has to be found out by importing


def a_model(alpha=0.01):
    return ElasticNet(alpha=alpha).fit(X, y)


def same_predictions(uri, model):
    return np.allclose(mlflow.pyfunc.load_model(uri).predict(X[:3]), model.predict(X[:3]))


def refused(code, call, *args, **kwargs):
    """The message of the refusal, which has to have this code."""
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, error
        return str(error)
    raise AssertionError(f"{call} was not refused")


def run_named(experiment, name):
    [run] = mlflow.search_runs(experiment_names=[experiment], filter_string=f"attributes.run_name = '{name}'", output_format="list")
    return run


def pages(call, **arguments):
    """Everything a paged search gives, page by page."""
    token = None
    while True:
        page = call(page_token=token, **arguments)
        yield list(page)
        token = page.token
        if not token:
            return
