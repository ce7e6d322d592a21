"""What webhooks really tell is as the document says, to the last field; and it says how they are sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Output
from generation.work.run import run_queue
from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform
from genhub.users.models import User
from genhub.webhooks import endpoints, replays, signing
from genhub.webhooks.models import TEST, EventType, Message
from genhub.webhooks.sending import DELAYS
from storage import taking_down
from storage.models import ReviewState
from tests.api.batches import prompts, send
from tests.api.documented import find_mistakes, read_document
from tests.api.refusals import GENERATE
from tests.approval.made import decide, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes")]


def schema_of(event: str) -> Any:
    body = read_document()["webhooks"][event]["post"]["requestBody"]
    return body["content"]["application/json"]["schema"]


def test_each_event_is_told_as_the_document_says(
    alice: APIClient, rich: Callable[..., Purse], stub: Account, shop: Platform
) -> None:
    Platform.objects.update(low_credits=295, asks_approval=True)
    rich("alice", 200)
    endpoint, _ = endpoints.create(
        shop.pk, url="https://app.example.com/x", events=EventType.values
    )
    task = alice.post(GENERATE, {"prompt": "a star", "num_images": 2}, format="json").json()
    run_queue("local")
    images = alice.get(task["result_url"]).json()["images"]
    dora: User = person()
    decide(images[0]["id"], ReviewState.APPROVED, dora)
    decide(images[1]["id"], ReviewState.REJECTED, dora)
    taking_down.take_down(from_wire("art", images[1]["id"]), reason="asked", person=dora)
    batch = send(alice, orders=prompts("a red circle"))
    cancel_task(from_wire("task", batch["tasks"][0]["id"]))
    replays.send_test(endpoint)
    told = [json.loads(message.payload) for message in Message.objects.all()]
    for payload in told:
        assert find_mistakes(schema_of(payload["type"]), payload) == [], payload
    missed = {*EventType.values, TEST} - {payload["type"] for payload in told}
    # A failure is the same as any end, but for its error.
    assert missed == {EventType.FAILED}
    [delivered] = [each for each in told if each["type"] == EventType.COMPLETED]
    assert len(delivered["data"]["images"]) == Output.objects.filter(task=from_wire("task", task["id"])).count() == 2  # fmt: skip


def test_failure_is_told_as_the_document_says(
    alice: APIClient, stub: Account, shop: Platform
) -> None:
    endpoints.create(shop.pk, url="https://app.example.com/x", events=[EventType.FAILED])
    alice.post(GENERATE, {"prompt": "stub:fail"}, format="json")
    run_queue("local")
    [message] = Message.objects.all()
    payload = json.loads(message.payload)
    assert payload["data"]["error"]["code"]
    assert find_mistakes(schema_of(EventType.FAILED), payload) == []


def test_document_names_each_event_and_how_it_is_sent() -> None:
    webhooks = read_document()["webhooks"]
    assert set(webhooks) == {*EventType.values, TEST}
    signed = signing.sign("msg_1", 1, b"{}", [signing.new_secret()])
    for event, methods in webhooks.items():
        post = methods["post"]
        assert {each["name"] for each in post["parameters"]} == set(signed), event
        assert post["summary"]
        assert f"After {len(DELAYS) + 1} tries" in post["description"]
        assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h" in post["description"]
        assert {"2XX", "410", "default"} <= post["responses"].keys()


def test_dialects_have_no_webhooks_of_the_hub(client: Any) -> None:
    assert b"webhooks:" not in client.get("/api/schema/openai").content
