"""The life of experiments."""
import mlflow
from mlflow.entities import ViewType
from tour import client, pages, refused


def write():
    assert client.get_experiment_by_name("wine") is None
    mlflow.set_experiment("wine")
    other = client.create_experiment("beer", tags={"team": "red", "note": "größe 🍺"})
    assert "already exists" in refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "beer")
    client.rename_experiment(other, "stout")
    client.set_experiment_tag(other, "k", "v")
    for name in ["one", "two", "three"]:
        client.create_experiment(f"page {name}")
    client.delete_experiment(client.get_experiment_by_name("page two").experiment_id)


def read():
    stout = client.get_experiment_by_name("stout")
    assert stout.tags == {"team": "red", "note": "größe 🍺", "k": "v"} and client.get_experiment_by_name("beer") is None
    names = lambda **arguments: [e.name for e in client.search_experiments(**arguments)]
    assert names(filter_string="tags.team = 'red'") == ["stout"]
    assert names(filter_string="name LIKE 'page %'", order_by=["name ASC"]) == ["page one", "page three"]
    assert names(filter_string="name ILIKE 'PAGE %'", view_type=ViewType.DELETED_ONLY) == ["page two"]
    assert names(filter_string="name LIKE 'page %'", view_type=ViewType.ALL, order_by=["name DESC"]) == ["page two", "page three", "page one"]
    sizes = [len(page) for page in pages(client.search_experiments, filter_string="name LIKE 'page %'", view_type=ViewType.ALL, max_results=2)]
    assert sizes == [2, 1]
    deleted = client.get_experiment_by_name("page two")
    assert deleted.lifecycle_stage == "deleted"
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "page two")
    refused("INVALID_PARAMETER_VALUE", client.create_run, deleted.experiment_id)
    client.restore_experiment(deleted.experiment_id)
    assert client.get_experiment(deleted.experiment_id).lifecycle_stage == "active"
    refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "987654321")
