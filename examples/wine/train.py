"""Fits an elastic net to the quality of white wines and logs the run, its metrics and the model to MLflow."""

import argparse
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 40
FOLDS = 5


def read_wines(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    wines = pd.read_csv(path).astype("float64")
    return wines.drop(columns="quality"), wines["quality"]


def new_model(alpha: float, l1_ratio: float) -> Pipeline:
    return make_pipeline(StandardScaler(), ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=SEED))


def scores(wanted: pd.Series, predicted: np.ndarray) -> dict[str, float]:
    return {
        "rmse": root_mean_squared_error(wanted, predicted),
        "mae": mean_absolute_error(wanted, predicted),
        "r2": r2_score(wanted, predicted),
    }


def log_missing_params(run: mlflow.ActiveRun, params: dict[str, object]) -> None:
    """An MLproject launch has logged its parameters already, as they were written: `0.50` and `0.5` would clash."""
    mlflow.log_params({name: value for name, value in params.items() if name not in run.data.params})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alpha", type=float, default=0.5, help="weight of the penalty")
    parser.add_argument("--l1-ratio", type=float, default=0.1, help="part of the penalty that is L1, from 0 to 1")
    arguments = parser.parse_args()

    features, quality = read_wines(Path(__file__).with_name("wine-quality.csv"))
    train_x, test_x, train_y, test_y = train_test_split(features, quality, test_size=0.25, random_state=SEED)
    print(f"{len(train_x)} wines to learn from, {len(test_x)} to test with, {features.shape[1]} features")

    # With MLFLOW_RUN_ID in the environment this goes on with that run, without it a new one begins.
    with mlflow.start_run() as run:
        log_missing_params(run, {"alpha": arguments.alpha, "l1_ratio": arguments.l1_ratio, "folds": FOLDS, "seed": SEED})

        folds = KFold(FOLDS, shuffle=True, random_state=SEED).split(train_x)
        for step, (learn, check) in enumerate(folds, start=1):
            fold = new_model(arguments.alpha, arguments.l1_ratio).fit(train_x.iloc[learn], train_y.iloc[learn])
            error = root_mean_squared_error(train_y.iloc[check], fold.predict(train_x.iloc[check]))
            mlflow.log_metric("fold_rmse", error, step=step)
            print(f"fold {step} of {FOLDS}: rmse {error:.4f}")

        model = new_model(arguments.alpha, arguments.l1_ratio).fit(train_x, train_y)
        predicted = model.predict(test_x)
        found = scores(test_y, predicted)
        mlflow.log_metrics(found)
        print("test: " + ", ".join(f"{name} {value:.4f}" for name, value in found.items()))

        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(test_x, predicted),
            input_example=train_x.head(3),
        )
        print(f"{np.count_nonzero(model[-1].coef_)} of {features.shape[1]} features have a weight; the model is logged")


if __name__ == "__main__":
    main()
