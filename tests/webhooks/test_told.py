"""What apps are told of a task, to its end: whom, what, signed how, once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient
from standardwebhooks import WebhookVerificationError

from generation.life.announcing import announce_end
from generation.life.unpaid_ends import cancel_task
from generation.models import Account
from generation.states import TaskState
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, Endpoint, Message
from genhub.webhooks.pump import Pump
from tests.steps import submit
from tests.webhooks.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub", "receiver")]
Make = Callable[..., tuple[Endpoint, str]]


def test_completed_task_is_told_signed_with_pictures_and_credits(
    alice: APIClient, receiver: Receiver, secret_of: Make, draw: Any, pump: Pump
) -> None:
    _, secret = secret_of(receiver.url())
    task = submit(alice, "星星 ⭐", num_images=2, metadata={"order": "4711 – é"})
    draw()
    pump.run()
    started, ended = sorted(receiver.told, key=lambda told: told.payload["data"]["sequence"])
    assert started.verify(secret)["type"] == "task.processing"
    payload = ended.verify(secret)
    assert payload["type"] == "task.completed"
    data = payload["data"]
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    for word in ("id", "status", "user", "model", "num_images", "metadata", "template", "cost_usd"):
        assert data[word] == answer[word], word
    assert data["platform"] == "shop"
    assert data["credits"] == {
        name: answer["credits"][name]
        for name in ("price", "held", "captured", "released", "refunded")
    }
    assert data["credits"]["captured"] == answer["credits"]["price"] > 0
    assert [image["id"] for image in data["images"]] == [
        image["id"] for image in answer["result"]["images"]
    ]
    assert ended.headers["content-type"] == "application/json"
    assert payload["timestamp"] == answer["completed_at"]


def test_links_of_a_message_lead_to_the_picture_whenever_it_is_read(
    alice: APIClient, receiver: Receiver, secret_of: Make, draw: Any, pump: Pump, settings: Any
) -> None:
    secret_of(receiver.url(), events=["task.completed"])
    submit(alice)
    draw()
    pump.run()
    [image] = receiver.told[0].payload["data"]["images"]
    for link in (image["url"], image["thumbnail_url"]):
        answer = alice.get(link.removeprefix(settings.PUBLIC_URL))
        assert answer.status_code == 302
        path = answer["Location"].removeprefix(settings.PUBLIC_URL)
        assert alice.get(path).status_code == 200


def end(client: APIClient, event: str) -> Any:
    """Have a task end so."""
    task = submit(client, "stub:fail" if event == "task.failed" else "a star")
    if event == "task.canceled":
        client.post(f"/api/v1/tasks/{task}/cancel")
    else:
        run_queue("local")
    return task


@pytest.mark.parametrize("event", ["task.failed", "task.canceled"])
def test_failed_and_canceled_are_told(
    alice: APIClient, receiver: Receiver, secret_of: Make, pump: Pump, event: str
) -> None:
    _, secret = secret_of(receiver.url(), events=["task.failed", "task.canceled"])
    task = end(alice, event)
    pump.run()
    [told] = receiver.told
    data = told.verify(secret)["data"]
    assert told.payload["type"] == event
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert data["error"] == answer["error"]
    assert (data["images"], data["credits"]["captured"]) == ([], 0)
    assert data["credits"]["released"] == task.price
    assert data["status"] == answer["status"] == event.removeprefix("task.")


def test_failure_is_worded_in_the_platforms_language(
    alice: APIClient, shop: Platform, receiver: Receiver, secret_of: Make, pump: Pump, draw: Any
) -> None:
    Platform.objects.update(language="zh-hans")
    secret_of(receiver.url(), events=["task.failed"])
    task = submit(alice, "stub:fail")
    draw()
    pump.run()
    answer = alice.get(f"/api/v1/tasks/{task}", headers={"Accept-Language": "zh-hans"}).json()
    assert receiver.told[0].payload["data"]["error"] == answer["error"]
    assert "一" <= answer["error"]["message"][0] <= "鿿"


def test_endpoint_is_told_what_it_asked_for_and_no_other_platforms_news(
    alice: APIClient, receiver: Receiver, secret_of: Make, pump: Pump, draw: Any
) -> None:
    press = Platform.objects.create(code="press", name="Press")
    secret_of(receiver.url("/failed"), events=["task.failed"])
    secret_of(receiver.url("/completed"), events=["task.completed"])
    endpoints.create(press.pk, url=receiver.url("/press"), events=["task.completed"])
    submit(alice)
    draw()
    pump.run()
    assert [told.path for told in receiver.told] == ["/completed"]


def test_task_without_a_receiver_writes_nothing(alice: APIClient, draw: Any) -> None:
    submit(alice)
    draw()
    assert not Message.objects.exists()


def test_ending_is_told_by_one_message_and_a_second_one_is_refused(
    alice: APIClient, receiver: Receiver, secret_of: Make, draw: Any, pump: Pump
) -> None:
    secret_of(receiver.url("/one"), events=["task.completed"])
    secret_of(receiver.url("/two"), events=["task.completed"])
    task = submit(alice)
    draw()
    with pytest.raises(IntegrityError), transaction.atomic():
        announce_end(task, TaskState.COMPLETED)
    pump.run()
    assert len(set(receiver.ids)) == 1
    assert sorted(told.path for told in receiver.told) == ["/one", "/two"]


def test_order_that_is_rolled_back_tells_nothing(
    alice: APIClient, receiver: Receiver, secret_of: Make, pump: Pump
) -> None:
    secret_of(receiver.url())
    task = submit(alice)
    with transaction.atomic():
        cancel_task(task.pk)
        assert Message.objects.exists()
        transaction.set_rollback(True)
    pump.run()
    assert (receiver.told, Delivery.objects.count()) == ([], 0)


def test_address_of_an_order_is_told_its_end_signed_by_the_endpoint_of_orders(
    alice: APIClient, receiver: Receiver, secret_of: Make, draw: Any, pump: Pump
) -> None:
    _, secret = secret_of()
    task = submit(alice, webhook=receiver.url("/mine?token=1"))
    assert alice.get(f"/api/v1/tasks/{task}").json()["webhook"] == receiver.url("/mine?token=1")
    draw()
    pump.run()
    [told] = receiver.told
    assert (told.path, told.verify(secret)["type"]) == ("/mine?token=1", "task.completed")


def test_both_secrets_sign_while_one_takes_the_others_place(
    alice: APIClient, receiver: Receiver, secret_of: Make, draw: Any, pump: Pump
) -> None:
    endpoint, old = secret_of(receiver.url(), events=["task.completed"])
    new = endpoints.rotate(endpoint.pk)
    submit(alice)
    draw()
    pump.run()
    [told] = receiver.told
    assert told.verify(old) == told.verify(new) == json.loads(told.body)
    Endpoint.objects.update(previous_until=Endpoint.objects.get().created_at)
    submit(alice)
    draw()
    pump.run()
    told = receiver.told[-1]
    told.verify(new)
    with pytest.raises(WebhookVerificationError):
        told.verify(old)


def test_provider_that_is_off_changes_nothing_of_who_is_told(
    alice: APIClient, stub: Account, receiver: Receiver, secret_of: Make, pump: Pump
) -> None:
    secret_of(receiver.url(), events=["task.canceled"])
    task = submit(alice)
    Account.objects.update(is_enabled=False)
    alice.post(f"/api/v1/tasks/{task}/cancel")
    pump.run()
    assert [told.payload["data"]["id"] for told in receiver.told] == [str(task)]
