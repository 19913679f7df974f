"""Params, tags and metrics: their limits, their odd values, long histories."""
import math

import mlflow
from mlflow.entities import Metric, Param, RunTag
from tour import client, refused, run_named

LARGEST = 1.7976931348623157e308


def write():
    mlflow.set_experiment("values")
    with mlflow.start_run(run_name="odd") as run:
        mlflow.log_params({f"p{i}": i for i in range(250)})  # more than one batch of the client
        mlflow.log_param("alpha", 0.5)
        mlflow.log_param("alpha", 0.5)
        assert "Changing param values is not allowed" in refused("INVALID_PARAMETER_VALUE", mlflow.log_param, "alpha", 0.6)
        mlflow.log_param("long", "ö" * 7000)
        mlflow.set_tag("long", "x" * 5000)
        mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "-inf": -float("inf"), "größe/x": 1}, step=2**40)
        for step, value in [(2, 0.25), (0, 1.0), (1, 0.5)]:
            mlflow.log_metric("loss", value, step=step, timestamp=1000 + step)
        mlflow.log_metric("loss", 0.5, step=1, timestamp=1001)  # the same again
    id = run.info.run_id
    refused("INVALID_PARAMETER_VALUE", client.log_metric, id, "a#b", 1)
    refused("INVALID_PARAMETER_VALUE", client.log_metric, id, "../m", 1)
    refused("INVALID_PARAMETER_VALUE", client.log_metric, id, "m" * 251, 1)
    refused("INVALID_PARAMETER_VALUE", client.log_param, id, "p" * 251, 1)
    point = lambda i: Metric("m", i, 1, i)
    client.log_batch(id, metrics=[point(i) for i in range(1000)], params=[], tags=[])
    # the client cuts what is more than a call may hold
    client.log_batch(id, params=[Param(f"b{i}", "1") for i in range(150)], tags=[RunTag(f"t{i}", "1") for i in range(150)])
    assert "not allowed" in refused("INVALID_PARAMETER_VALUE", client.log_batch, id, metrics=[point(5000)], params=[Param("alpha", "9")])
    with mlflow.start_run(run_name="long history") as run:
        for start in range(0, 26_000, 1000):
            client.log_batch(run.info.run_id, metrics=[point(i) for i in range(start, start + 1000)])


def read():
    run = run_named("values", "odd")
    data, history = run.data, lambda key: client.get_metric_history(run.info.run_id, key)
    assert len(data.params) == 402 and data.params["long"] == "ö" * 6000 and data.params["alpha"] == "0.5"
    assert data.tags["long"] == "x" * 5000 and data.tags["t149"] == "1"
    assert math.isnan(data.metrics["nan"]) and (data.metrics["inf"], data.metrics["-inf"], data.metrics["größe/x"]) == (LARGEST, -LARGEST, 1)
    assert data.metrics["loss"] == 0.25 and [(m.step, m.value, m.timestamp) for m in history("loss")] == [(0, 1.0, 1000), (1, 0.5, 1001), (2, 0.25, 1002)]
    assert [m.step for m in history("nan")] == [2**40]
    assert [m.step for m in history("m")] == list(range(1000))  # the refused batch left nothing
    # more than one page of the client
    assert [m.step for m in client.get_metric_history(run_named("values", "long history").info.run_id, "m")] == list(range(26_000))
