"""Receivers at their worst: broken for a day, dripping, dead beside others, and told twice and out of order."""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from standardwebhooks import WebhookVerificationError

from genhub.lib.clock import NOW
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints, outbox, signing
from genhub.webhooks.models import Delivery, Endpoint, EventType
from genhub.webhooks.pump import Pump
from tests.faults.processes import COUNT
from tests.patience import patience
from tests.webhooks.conftest import _close_clients, pump
from tests.webhooks.receiver import Says, Told, allowed, receiving
from tests.webhooks.test_sending import rested, tell, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]
__all__ = ["_close_clients", "pump"]
# `make faults` counts 10: of these the rows of FAULTS.md, 10,000 and 1,000.
DEAD_EVENTS = COUNT * 1000 or 200
STORIES = COUNT * 100 or 20
DAY_SECONDS = 86_400
State = Delivery.State


def make(shop: Platform, url: str) -> tuple[Endpoint, str]:
    return endpoints.create(shop.pk, url=url, events=list(EventType.values))


def move_on(seconds: float) -> None:
    """Move the clock on, as far as deliveries and their endpoints look at it."""
    by = timedelta(seconds=seconds)
    Delivery.objects.update(due_at=F("due_at") - by, created_at=F("created_at") - by)
    Endpoint.objects.filter(failing_since__isnull=False).update(
        failing_since=F("failing_since") - by
    )


def test_what_a_receiver_missed_in_a_day_of_500_it_is_told_under_the_same_ids(
    shop: Platform, pump: Pump
) -> None:
    is_broken, passed = True, 0.0
    with receiving(lambda _: Says(500 if is_broken else 200)) as receiver, allowed(receiver):
        endpoint, secret = make(shop, receiver.url())
        tell(endpoint, 3)
        while passed < DAY_SECONDS:
            rested(pump).run()
            row = Delivery.objects.annotate(now=NOW).order_by("due_at")[0]
            assert row.state == State.WAITING
            step = max((row.due_at - row.now).total_seconds(), 1.0)
            move_on(step)
            passed += step
        missed = len(receiver.told)
        assert missed > 3 * 5
        is_broken = False
        # Whoever is tried late in the day is tried again within the schedule's next step.
        move_on(DAY_SECONDS)
        # One at first, and more after each success.
        while Delivery.objects.filter(state=State.WAITING).exists():
            rested(pump).run()
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
    assert len(set(receiver.ids[missed:])) == 3
    assert set(receiver.ids[:missed]) == set(receiver.ids[missed:])
    for told in receiver.told:
        told.verify(secret)
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, endpoint.failures, endpoint.failing_since) == (True, 0, None)


@contextmanager
def dripping() -> Iterator[tuple[str, list[int]]]:
    """Have a receiver that answers a byte at a time and never ends; yield its name and how much it sent."""
    server, is_over, sent = socket.create_server(("127.0.0.1", 0)), threading.Event(), [0]

    def serve() -> None:
        with server.accept()[0] as client:
            client.recv(65_536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not is_over.wait(0.05):
                try:
                    client.sendall(b"x")
                except OSError:
                    return
                sent[0] += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}", sent
    finally:
        is_over.set()
        thread.join()
        server.close()


def test_receiver_that_drips_is_given_up_as_one_that_is_silent(
    shop: Platform, pump: Pump, settings: Any
) -> None:
    settings.WEBHOOK_SECONDS = 1
    with dripping() as (name, sent):
        settings.WEBHOOK_HOSTS = frozenset({name})
        endpoint, _ = make(shop, f"http://{name}/hook")
        tell(endpoint)
        pump.run()
    [answer] = Delivery.objects.get().answers
    assert (answer["error"], Delivery.objects.get().state) == ("too_slow", State.WAITING)
    assert sent[0] > 0


class App:
    """A reference receiver: verifies, forgets what it has read before, and keeps the newest of each task."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.seen: set[str] = set()
        self.states: dict[str, tuple[str, int]] = {}
        self.repeated = 0

    def take(self, told: Told) -> None:
        payload = told.verify(self.secret)
        if told.id in self.seen:
            self.repeated += 1
            return
        self.seen.add(told.id)
        data = payload["data"]
        _, step = self.states.get(data["id"], ("", -1))
        if data["step"] > step:
            self.states[data["id"]] = (payload["type"], data["step"])


def happen(endpoint: Endpoint) -> str:
    """Let a task begin and end; return its id."""
    task = str(new_id())
    at = Endpoint.objects.annotate(now=NOW).values_list("now", flat=True)[0]
    for step, kind in enumerate((EventType.PROCESSING, EventType.COMPLETED)):
        data = {"id": task, "step": step, "words": "画一只猫 🐈 é"}
        news = outbox.News(kind, new_id(), at, data)
        outbox.write(endpoint.platform_id, news, outbox.list_receivers([endpoint]))
    return task


def test_told_twice_and_out_of_order_an_app_ends_in_the_right_state(
    shop: Platform, pump: Pump
) -> None:
    with receiving() as receiver, allowed(receiver):
        endpoint, secret = make(shop, receiver.url())
        tasks = {happen(endpoint) for _ in range(STORIES)}
        pump.run()
        # The hub itself tells each a second time.
        Delivery.objects.update(state=State.WAITING, delivered_at=None, due_at=Now())
        pump.run()
    assert len(receiver.told) == 4 * STORIES
    chance = random.Random(14)
    told = [*receiver.told, *chance.choices(receiver.told, k=STORIES)]
    chance.shuffle(told)
    app = App(secret)
    for one in told:
        app.take(one)
    assert app.states == dict.fromkeys(tasks, ("task.completed", 1))
    assert app.repeated == len(told) - 2 * STORIES


def test_what_was_caught_on_the_way_is_refused_six_minutes_later(
    shop: Platform, pump: Pump
) -> None:
    with receiving() as receiver, allowed(receiver):
        endpoint, secret = make(shop, receiver.url())
        happen(endpoint)
        pump.run()
    told = receiver.told[0]
    told.verify(secret)
    sent_at = int(told.headers["webhook-timestamp"])
    early = signing.sign(told.id, sent_at - 360, told.body, [secret])
    with pytest.raises(WebhookVerificationError):
        Told(told.path, told.headers | early, told.body).verify(secret)
    # Nor does another time under the old signature help.
    for name, value in (("webhook-timestamp", str(sent_at - 1)), ("webhook-id", "msg_other")):
        with pytest.raises(WebhookVerificationError):
            Told(told.path, told.headers | {name: value}, told.body).verify(secret)


def test_dead_endpoint_with_thousands_waiting_delays_nobody(
    shop: Platform, pump: Pump, settings: Any, write_many: Callable[[Endpoint, int], None]
) -> None:
    settings.WEBHOOK_SECONDS = 60
    let_go = threading.Event()

    def hang(_: Told) -> Says:
        let_go.wait(patience())
        return Says()

    with receiving(hang) as dead, receiving() as quick, allowed(dead, quick):
        silent, _ = make(shop, dead.url())
        others = [make(shop, quick.url(f"/{number}"))[0] for number in range(5)]
        write_many(silent, DEAD_EVENTS)
        runner = threading.Thread(target=pump.run)
        runner.start()
        try:
            assert until(lambda: len(dead.told) == 1)
            for endpoint in others:
                tell(endpoint, 4)
            assert until(lambda: len(quick.told) == 20)
            # All others were told while it held one thread, and not one more.
            assert len(dead.told) == 1
            assert Delivery.objects.filter(state=State.WAITING).count() >= DEAD_EVENTS - 1
        finally:
            let_go.set()
            pump.stop()
            runner.join()


@pytest.fixture
def write_many() -> Callable[[Endpoint, int], None]:
    """Write in sets what row by row would take a minute."""

    def write(endpoint: Endpoint, number: int) -> None:
        tell(endpoint)
        first = Delivery.objects.select_related("message").get()
        messages = [
            type(first.message)(
                platform_id=endpoint.platform_id, type=first.message.type, about=new_id(),
                payload=first.message.payload,
            )
            for _ in range(number - 1)
        ]  # fmt: skip
        type(first.message).objects.bulk_create(messages)
        Delivery.objects.bulk_create(
            Delivery(message=message, endpoint=endpoint, receiver=first.receiver)
            for message in messages
        )

    return write
