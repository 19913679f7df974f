"""What a run was trained on."""
import mlflow
import pandas as pd
from tour import X, client, run_named, y


def write():
    mlflow.set_experiment("datasets")
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(target=y)
    with mlflow.start_run(run_name="trained"):
        mlflow.log_input(mlflow.data.from_pandas(frame, source="https://example.org/wine.csv", name="wine", targets="target"), context="training", tags={"rows": "20"})
        mlflow.log_input(mlflow.data.from_numpy(X, targets=y, name="points"), context="validation")
        mlflow.log_input(mlflow.data.from_numpy(X, targets=y, name="points"), context="validation")  # the same again


def read():
    run = run_named("datasets", "trained")
    used = {one.dataset.name: one for one in run.inputs.dataset_inputs}
    assert set(used) == {"wine", "points"} and len(run.inputs.dataset_inputs) == 2
    assert {tag.key: tag.value for tag in used["wine"].tags} == {"mlflow.data.context": "training", "rows": "20"}
    assert "num_rows" in used["wine"].dataset.profile and "mlflow_colspec" in used["wine"].dataset.schema
    assert mlflow.data.get_source(used["wine"].dataset).url == "https://example.org/wine.csv"
    for filter_string, expected in [
        ("datasets.name = 'wine' AND datasets.context = 'training'", 1),
        ("datasets.name LIKE 'w%'", 1),
        (f"dataset.digest IN ('{used['points'].dataset.digest}', 'x')", 1),
        ("datasets.name = 'beer'", 0),
    ]:
        assert len(mlflow.search_runs(experiment_names=["datasets"], filter_string=filter_string)) == expected, filter_string
