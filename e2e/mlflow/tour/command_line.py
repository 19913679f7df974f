"""MLflow's own command line."""
import json
import os
import subprocess
import sys
import tempfile

import mlflow
from click.testing import CliRunner
from mlflow.cli import cli
from tour import X, a_model, client, run_named


def mlflow_command(*arguments):
    """What stands behind the program `mlflow`, without the seconds its start takes."""
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def write():
    mlflow_command("experiments", "create", "--experiment-name", "by command")
    mlflow.set_experiment("by command")
    with mlflow.start_run(run_name="listed"):
        mlflow.log_text("hallo", "t.txt")


def read():
    run_id = run_named("by command", "listed").info.run_id
    experiment = client.get_experiment_by_name("by command").experiment_id
    assert "by command" in mlflow_command("experiments", "search")
    assert run_id in mlflow_command("runs", "list", "--experiment-id", experiment)
    assert json.loads(mlflow_command("runs", "describe", "--run-id", run_id))["info"]["run_name"] == "listed"
    assert [file["path"] for file in json.loads(mlflow_command("artifacts", "list", "--run-id", run_id))] == ["t.txt"]
    with tempfile.TemporaryDirectory() as directory:
        rows, answer = os.path.join(directory, "rows.json"), os.path.join(directory, "answer.json")
        with open(rows, "w") as file:
            json.dump({"inputs": X[:2].tolist()}, file)
        predict = ["models", "predict", "-m", "models:/wine@champion", "-i", rows, "-o", answer, "-t", "json", "--env-manager", "local"]
        subprocess.run([sys.executable, "-m", "mlflow", *predict], capture_output=True, check=True)
        assert json.load(open(answer))["predictions"] == a_model().predict(X[:2]).tolist()
