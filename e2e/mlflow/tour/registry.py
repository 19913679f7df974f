"""The life of registered models and their versions."""
import mlflow
from tour import PINNED, IS_3, a_model, client, pages, refused, same_predictions


def write():
    mlflow.set_experiment("registry")
    client.create_registered_model("port", tags={"team": "red"}, description="sweet")
    refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, "port")
    refused("INVALID_PARAMETER_VALUE", client.create_registered_model, "a/b")
    with mlflow.start_run() as run:
        model = mlflow.sklearn.log_model(a_model(), **({"name": "net"} if IS_3 else {"artifact_path": "net"}), pip_requirements=PINNED)
    for number in range(3):
        version = client.create_model_version("port", model.model_uri, run.info.run_id, tags={"n": str(number)}, description=f"number {number}")
        assert version.version == str(number + 1)
    client.update_registered_model("port", description="very sweet")
    client.update_model_version("port", "1", description="the first")
    client.set_model_version_tag("port", "1", "k", "v")
    client.set_registered_model_tag("port", "k", "v")
    client.set_registered_model_alias("port", "champion", "1")
    client.set_registered_model_alias("port", "challenger", "2")
    client.transition_model_version_stage("port", "1", "Production")
    client.transition_model_version_stage("port", "2", "Production", archive_existing_versions=True)
    copy = client.copy_model_version("models:/port@champion", "madeira")
    assert copy.version == "1" and same_predictions("models:/madeira/1", a_model())


def read():
    port = client.get_registered_model("port")
    assert port.description == "very sweet" and port.tags == {"team": "red", "k": "v"} and port.aliases == {"champion": "1", "challenger": "2"}
    assert sorted((v.version, v.current_stage) for v in client.get_latest_versions("port")) == [("1", "Archived"), ("2", "Production"), ("3", "None")]
    assert [v.version for v in client.get_latest_versions("port", stages=["Production"])] == ["2"]
    first = client.get_model_version_by_alias("port", "champion")
    assert (first.version, first.description, first.tags, first.aliases) == ("1", "the first", {"n": "0", "k": "v"}, ["champion"])
    found = lambda filter_string, **more: [v.version for v in client.search_model_versions(filter_string, **more)]
    assert found("name = 'port'", order_by=["version_number ASC"]) == ["1", "2", "3"] and found("name = 'port' AND tags.n = '1'") == ["2"]
    assert sorted(found(f"run_id = '{first.run_id}'")) == ["1", "1", "2", "3"] and found("name = 'nobody'") == []
    assert [len(page) for page in pages(client.search_model_versions, filter_string="name = 'port'", max_results=1)] == [1, 1, 1]
    models = lambda filter_string=None, **more: [m.name for m in client.search_registered_models(filter_string, **more)]
    assert models("name ILIKE 'PO%'") == ["port"] and models("tags.team = 'red'") == ["port"]
    assert models("name IN ('port', 'madeira')" if IS_3 else "name LIKE '%r%'", order_by=["name DESC"])[:1] == ["port"]
    assert sum(len(page) for page in pages(client.search_registered_models, max_results=1)) >= 2
    assert client.get_model_version("madeira", "1").source.startswith("models:/port/1")
    client.delete_model_version_tag("port", "1", "k")
    client.delete_registered_model_tag("port", "k")
    assert client.get_model_version("port", "1").tags == {"n": "0"}
    client.delete_registered_model_alias("port", "champion")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, "port", "champion")
    refused("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, "port", "latest", "1")
    refused("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, "port", "v2", "1")
    client.rename_registered_model("port", "tawny")
    assert client.get_model_version("tawny", "3").name == "tawny" and client.get_model_version_by_alias("tawny", "challenger").version == "2"
    assert "Registered Model with name=port not found" in refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "port")
    client.delete_model_version("tawny", "3")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "tawny", "3")
    assert client.create_model_version("tawny", "s3://elsewhere/model").version == "4"  # a number is given once
    client.delete_registered_model("tawny")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "tawny")
