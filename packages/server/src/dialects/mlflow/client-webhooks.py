"""What a user does with webhooks, with the unchanged client of MLflow. Prints the id of the webhook that stays."""

import os

from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException

EVENTS = ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted", "model_version_alias.created", "model_version_alias.deleted"]
client = MlflowClient()
url = os.environ["RECEIVER"]


def refused(code, call):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, error
        return str(error)
    raise AssertionError(f"expected {code}")


hook = client.create_webhook(name="tour", url=f"{url}/tour", events=EVENTS, description="d", secret="topsecret")
assert (hook.name, hook.url, hook.description, hook.status) == ("tour", f"{url}/tour", "d", WebhookStatus.ACTIVE)
assert sorted(map(str, hook.events)) == sorted(EVENTS) and hook.creation_timestamp == hook.last_updated_timestamp > 0
assert hook.secret is None
assert repr(client.get_webhook(hook.webhook_id)) == repr(hook)

other = client.create_webhook(name="other", url=f"{url}/other", events=[WebhookEvent("model_version", "created")], status="DISABLED")
assert other.status == WebhookStatus.DISABLED and other.description is None
assert [one.webhook_id for one in client.list_webhooks()] == [other.webhook_id, hook.webhook_id]
first = client.list_webhooks(max_results=1)
assert [one.name for one in [*first, *client.list_webhooks(max_results=1, page_token=first.token)]] == ["other", "tour"]

changed = client.update_webhook(other.webhook_id, name="changed", description="new", events=["model_version_tag.set"], secret="other")
assert (changed.name, changed.description, list(map(str, changed.events)), changed.url, changed.status) == ("changed", "new", ["model_version_tag.set"], other.url, WebhookStatus.DISABLED)
assert client.update_webhook(other.webhook_id, status="ACTIVE").status == WebhookStatus.ACTIVE

tested = client.test_webhook(other.webhook_id)
assert (tested.success, tested.response_status, tested.response_body, tested.error_message) == (True, 200, None, None), tested
assert client.test_webhook(other.webhook_id, event="registered_model.created").success
client.delete_webhook(other.webhook_id)
assert [one.name for one in client.list_webhooks()] == ["tour"]

refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_webhook(other.webhook_id))
refused("RESOURCE_DOES_NOT_EXIST", lambda: client.delete_webhook(other.webhook_id))
assert "not available" in refused("INVALID_PARAMETER_VALUE", lambda: client.create_webhook(name="p", url=url, events=["prompt.created"]))
assert "non-public" in refused("INVALID_PARAMETER_VALUE", lambda: client.create_webhook(name="p", url="https://169.254.169.254/", events=EVENTS))
assert "Webhook name" in refused("INVALID_PARAMETER_VALUE", lambda: client.update_webhook(hook.webhook_id, name="no name"))

client.create_registered_model("wine", tags={"k": "v"}, description="a model")
client.create_model_version("wine", "s3://bucket/model", tags={"a": "ü"})
client.set_model_version_tag("wine", "1", "checked", "yes")
client.set_registered_model_alias("wine", "champion", "1")
client.delete_model_version_tag("wine", "1", "checked")
client.delete_registered_model_alias("wine", "champion")
print(hook.webhook_id)
