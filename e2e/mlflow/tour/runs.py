"""Runs: nested ones, their ends, their tags, deletion."""
import time

import mlflow
from mlflow.entities import RunStatus, ViewType
from tour import client, refused, run_named


def write():
    mlflow.set_experiment("runs")
    with mlflow.start_run(run_name="parent", tags={"who": "me"}, description="three folds"):
        for fold in range(3):
            with mlflow.start_run(run_name=f"fold {fold}", nested=True):
                mlflow.log_metric("score", fold)
                with mlflow.start_run(run_name=f"deep {fold}", nested=True):
                    mlflow.log_param("depth", 2)
        mlflow.set_tags({"more": 7, "gone": "x"})
        mlflow.delete_tag("gone")
    try:
        with mlflow.start_run(run_name="broken"):
            raise ValueError("user code")
    except ValueError:
        pass
    experiment = client.get_experiment_by_name("runs").experiment_id
    low = client.create_run(experiment, start_time=1234, tags={"mlflow.runName": "low level", "mlflow.user": "ann"})
    client.set_terminated(low.info.run_id, "KILLED", end_time=5678)
    client.update_run(low.info.run_id, name="renamed")
    open_run = client.create_run(experiment, run_name="open")
    client.update_run(open_run.info.run_id, status="SCHEDULED")
    client.delete_run(client.create_run(experiment, run_name="deleted").info.run_id)


def read():
    parent = run_named("runs", "parent")
    assert parent.info.status == "FINISHED" and parent.info.end_time >= parent.info.start_time > 1.6e12
    assert parent.data.tags["who"] == "me" and parent.data.tags["more"] == "7" and "gone" not in parent.data.tags
    assert parent.data.tags["mlflow.note.content"] == "three folds" and parent.data.tags["mlflow.source.name"].endswith("run.py")
    folds = mlflow.search_runs(experiment_names=["runs"], filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.score DESC"], output_format="list")
    assert [run.info.run_name for run in folds] == ["fold 2", "fold 1", "fold 0"]
    [deep] = mlflow.search_runs(experiment_names=["runs"], filter_string=f"tags.mlflow.parentRunId = '{folds[0].info.run_id}'", output_format="list")
    assert deep.info.run_name == "deep 2" and deep.data.params == {"depth": "2"}
    assert mlflow.get_parent_run(deep.info.run_id).info.run_name == "fold 2"
    assert run_named("runs", "broken").info.status == "FAILED"
    low = run_named("runs", "renamed")
    assert (low.info.status, low.info.start_time, low.info.end_time, low.info.user_id) == ("KILLED", 1234, 5678, "ann")
    with mlflow.start_run(run_id=parent.info.run_id):  # a run goes on after its end
        mlflow.log_metric("late", 1)
    assert client.get_run(parent.info.run_id).data.metrics["late"] == 1
    waiting = run_named("runs", "open")
    assert waiting.info.status == "SCHEDULED" and waiting.info.end_time is None
    before = int(time.time() * 1000)
    client.set_terminated(waiting.info.run_id)
    assert client.get_run(waiting.info.run_id).info.end_time >= before - 1000
    assert RunStatus.is_terminated(RunStatus.from_string(client.get_run(waiting.info.run_id).info.status))
    experiment = parent.info.experiment_id
    [deleted] = client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
    assert deleted.info.run_name == "deleted" and len(client.search_runs([experiment], run_view_type=ViewType.ALL)) == 11
    assert "must be in the 'active' state" in refused("INVALID_PARAMETER_VALUE", client.set_tag, deleted.info.run_id, "a", "b")
    client.restore_run(deleted.info.run_id)
    client.set_tag(deleted.info.run_id, "a", "b")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, parent.info.run_id, "never there")
