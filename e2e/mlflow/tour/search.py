"""The filter language, the order, pages, and the table for pandas."""
import math

import mlflow
from mlflow.entities import ViewType
from tour import client, pages, refused

LOSSES = {"a": 0.5, "b": float("nan"), "c": float("inf"), "d": -float("inf"), "e": None}


def write():
    mlflow.set_experiment("search")
    for number, (name, loss) in enumerate(LOSSES.items()):
        with mlflow.start_run(run_name=name, tags={"team": "red" if number % 2 else "Blue"}):
            mlflow.log_params({"lr": 10.0**-number, "opt": "Adam" if number < 2 else "sgd"})
            if loss is not None:
                mlflow.log_metrics({"loss": loss, "val loss": number})
    with mlflow.start_run(run_name="f"):
        pass


def read():
    id = client.get_experiment_by_name("search").experiment_id
    start = client.search_runs([id], "attributes.run_name = 'c'")[0].info.start_time

    def names(filter_string, *order_by):
        return "".join(run.info.run_name for run in client.search_runs([id], filter_string, order_by=[*order_by, "attributes.run_name ASC"]))

    for filter_string, expected in [
        ("", "abcdef"),
        ("metrics.loss < 1", "ad"),
        ("metrics.loss >= 0.5 and metrics.loss <= 0.5", "a"),
        ("metrics.loss = 0.5", "a"),
        ("metric.`val loss` > 1", "cd"),
        ('metrics."val loss" != 1', "acd"),
        ("params.lr = '0.1'", "b"),
        ('parameters.lr = "0.1"', "b"),
        ("params.opt != 'sgd'", "ab"),
        ("params.opt LIKE 'A%'", "ab"),
        ("params.opt LIKE 'a%'", ""),
        ("params.opt ILIKE 'a__M'", "ab"),
        ("params.lr IS NULL", "f"),
        ("params.lr IS NOT NULL AND tags.team = 'red'", "bd"),
        ("tags.team ILIKE 'B%' AND params.opt = 'sgd'", "ce"),
        ("tag.team != 'red'", "ace"),
        ("tags.`mlflow.runName` = 'a'", "a"),
        ("attributes.status = 'FINISHED' AND run_name LIKE '_'", "abcdef"),
        ("attributes.run_name ILIKE 'A'", "a"),
        (f"attributes.start_time < {start}", "ab"),
        (f"attr.start_time >= {start} AND created > 5", "cdef"),
        ("attributes.end_time > 0", "abcdef"),
        ("attributes.artifact_uri LIKE '%/artifacts'", "abcdef"),
        ("user_id = 'nobody'", ""),
    ]:
        assert names(filter_string) == expected, (filter_string, names(filter_string))
    two = [run.info.run_id for run in client.search_runs([id], "run_name = 'a' ")] + ["0" * 32]
    assert names(f"attributes.run_id IN ('{two[0]}', '{two[1]}')") == "a" and names(f"run_id NOT IN ('{two[0]}')") == "bcdef"
    assert names("", "metrics.loss ASC") == "dacbef" and names("", "metrics.loss DESC") == "cadbef"  # NaN and missing come last
    assert names("", "params.opt DESC", "tags.team ASC") == "cedabf"
    assert names("", "attributes.start_time DESC") == "fedcba" and names("", "metrics.`val loss` DESC") == "dcbaef"
    assert [[run.info.run_name for run in page] for page in pages(client.search_runs, experiment_ids=[id], order_by=["metrics.loss DESC", "run_name"], max_results=4)] == [["c", "a", "d", "b"], ["e", "f"]]
    table = mlflow.search_runs([id], "params.lr IS NOT NULL", order_by=["run_name"])
    assert list(table["tags.mlflow.runName"]) == list("abcde") and list(table["params.opt"])[1:3] == ["Adam", "sgd"] and math.isnan(table["metrics.loss"][4])
    assert len(mlflow.search_runs(search_all_experiments=True, run_view_type=ViewType.ALL)) > 6
    for wrong in ["metrics.loss > 0 OR metrics.loss < 0", "metrics.loss > 'x'", "params.lr > '0'", "params.lr = 1", "color = 'red'", "metrics.loss", "tags.team = 'red", "run_id IN ()", "datasets.color = 'x'"]:
        refused("INVALID_PARAMETER_VALUE", client.search_runs, [id], wrong)
    for wrong in [["color"], ["metrics.loss SIDEWAYS"], [""]]:
        refused("INVALID_PARAMETER_VALUE", client.search_runs, [id], "", order_by=wrong)
    refused("INVALID_PARAMETER_VALUE", client.search_runs, [id], page_token="nonsense")
