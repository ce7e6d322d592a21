"""An app in Python, by the generated client alone: `order.py <address> <key>` with the client on the path."""

import json
import sys

from hub_client import AuthenticatedClient
from hub_client.api.credits_ import credits_retrieve
from hub_client.api.generate import generate_create
from hub_client.api.tasks import (
    tasks_cancel_create,
    tasks_list,
    tasks_result_retrieve,
    tasks_retrieve,
    tasks_status_retrieve,
)
from hub_client.models import GenerateRequest, GenerateRequestMetadata, Problem, Task
from hub_client.models.tasks_list_status_item import TasksListStatusItem


def order(hub: AuthenticatedClient) -> dict[str, str]:
    """Order, wait, read, cancel and be refused."""
    wanted = GenerateRequest(
        prompt="a star", metadata=GenerateRequestMetadata.from_dict({"order": "4711"})
    )
    words = {"client": hub, "body": wanted, "idempotency_key": "py-1", "prefer": "wait=60"}
    made = generate_create.sync(**words)
    assert isinstance(made, Task), made
    assert made.status == "completed"
    assert generate_create.sync(**words).id == made.id
    assert tasks_retrieve.sync(made.id, client=hub).result.images[0].width == made.width
    assert tasks_result_retrieve.sync(made.id, client=hub).count == 1
    assert tasks_status_retrieve.sync(made.id, client=hub).progress == 1
    states = [TasksListStatusItem.COMPLETED, TasksListStatusItem.FAILED]
    listed = tasks_list.sync(client=hub, status=states, metadata=["order=4711"])
    assert [task.id for task in listed.items] == [made.id]
    second = generate_create.sync_detailed(client=hub, body=GenerateRequest(prompt="a circle"))
    assert second.status_code == 202
    canceled = tasks_cancel_create.sync(second.parsed.id, client=hub)
    assert canceled.status == "canceled"
    refused = generate_create.sync(client=hub, body=GenerateRequest(prompt="a star", width=17))
    assert isinstance(refused, Problem)
    assert (refused.code, refused.errors[0].field) == ("invalid_request", "width")
    assert credits_retrieve.sync(client=hub).available == 90
    return {"made": made.id, "canceled": canceled.id}


if __name__ == "__main__":
    address, key = sys.argv[1:]
    client = AuthenticatedClient(base_url=address, token=key, timeout=120, raise_on_unexpected_status=True)  # fmt: skip
    with client:
        sys.stdout.write(json.dumps(order(client)))
