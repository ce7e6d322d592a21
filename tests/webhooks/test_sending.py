"""What becomes of a delivery: by what its receiver answers, and by whoever else may be slow."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import override_settings

from genhub.lib.clock import NOW
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.webhooks import claims, endpoints, outbox, replays, sending
from genhub.webhooks.models import Delivery, Endpoint, EventType
from genhub.webhooks.pump import Pump
from tests.patience import patience
from tests.webhooks.receiver import Receiver, Says, allowed, receiving

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., tuple[Endpoint, str]]
State = Delivery.State


def tell(endpoint: Endpoint, number: int = 1, url: str = "") -> None:
    """Let so many things have happened."""
    for _ in range(number):
        at = Endpoint.objects.annotate(now=NOW).values_list("now", flat=True)[0]
        news = outbox.News(EventType.COMPLETED, new_id(), at, {"text": "é"})
        receivers = outbox.list_receivers([Endpoint.objects.get(pk=endpoint.pk)], url)
        outbox.write(endpoint.platform_id, news, receivers)


def age(days: float = 0, seconds: float = 0) -> None:
    """Move the clock on, as far as deliveries and their endpoints look at it."""
    by = timedelta(days=days, seconds=seconds)
    Delivery.objects.update(due_at=F("due_at") - by, created_at=F("created_at") - by)
    Endpoint.objects.update(failing_since=F("failing_since") - by)


def waits() -> float:
    """Return in how many seconds the only delivery is tried again."""
    row = Delivery.objects.annotate(now=NOW).get()
    return float((row.due_at - row.now).total_seconds())


def rested(pump: Pump) -> Pump:
    """Let nobody rest any more."""
    for lane in pump.lanes._lanes.values():
        lane.rests_until = 0.0
    return pump


@pytest.fixture
def answering(secret_of: Make) -> Iterator[Callable[[Says], tuple[Receiver, Endpoint]]]:
    """Have an endpoint whose receiver answers so."""
    made: list[Any] = []

    def make(says: Says) -> tuple[Receiver, Endpoint]:
        context = receiving(lambda _: says)
        receiver = context.__enter__()
        permission = allowed(receiver)
        permission.__enter__()
        made.extend([context, permission])
        return receiver, secret_of(receiver.url())[0]

    yield make
    for context in reversed(made):
        context.__exit__(None, None, None)


@pytest.mark.parametrize(
    "says",
    [
        Says(500, body=b"broken"),
        Says(404),
        Says(302, {"Location": "http://127.0.0.1:1/elsewhere"}),
        Says(307, {"Location": "/hook"}),
    ],
)
def test_failure_is_tried_by_the_schedule_and_given_up_at_its_end(
    answering: Any, pump: Pump, says: Says
) -> None:
    receiver, endpoint = answering(says)
    tell(endpoint)
    for tried, delay in enumerate(sending.DELAYS, 1):
        rested(pump).run()
        assert len(receiver.told) == tried
        assert delay - 60 <= waits() <= delay * (1 + sending.JITTER)
        age(seconds=delay * 1.2)
        # This one is about deliveries: what becomes of an endpoint is another's.
        Endpoint.objects.update(failing_since=Now())
    rested(pump).run()
    row = Delivery.objects.get()
    assert (row.state, row.tries, len(receiver.told)) == (State.FAILED, 10, 10)
    assert len(set(receiver.ids)) == 1
    assert [answer["status"] for answer in row.answers] == [says.status] * 10
    assert row.answers[-1]["body"] == says.body.decode()
    age(days=9)
    rested(pump).run()
    assert len(receiver.told) == 10


def test_each_try_is_signed_anew(answering: Any, pump: Pump, secret_of: Make) -> None:
    receiver, endpoint = answering(Says(500))
    secret = endpoints.rotate(endpoint.pk)
    tell(endpoint)
    pump.run()
    age(seconds=6)
    rested(pump).run()
    first, second = receiver.told
    assert first.verify(secret) == second.verify(secret)
    assert int(second.headers["webhook-timestamp"]) >= int(first.headers["webhook-timestamp"])


@pytest.mark.parametrize("seconds", [600, 10**12])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_receiver_says_when_to_come_again_within_a_day(
    answering: Any, pump: Pump, seconds: int, form: str
) -> None:
    if form == "date":
        at = Platform.objects.annotate(now=NOW).values_list("now", flat=True).first()
        assert at is not None
        text = format_datetime(at + timedelta(seconds=min(seconds, 10**8)))
    else:
        text = str(seconds)
    _, endpoint = answering(Says(429, {"Retry-After": text}))
    tell(endpoint)
    pump.run()
    expected = min(seconds, 86_400)
    assert expected - 60 <= waits() <= expected + 1


@pytest.mark.parametrize("text", ["", "soon", "-5", "٣", "Wed, 99 Foo 2026", "1e9", "5.5"])
def test_retry_after_that_is_none_changes_nothing(text: str) -> None:
    now = Platform.objects.create(code="any", name="Any").created_at
    assert sending.read_retry_after(text, now) == 0.0


def test_410_ends_the_delivery_and_switches_the_endpoint_off(answering: Any, pump: Pump) -> None:
    receiver, endpoint = answering(Says(410))
    tell(endpoint, 3)
    pump.run()
    row = Endpoint.objects.get()
    assert (row.is_enabled, row.disabled_why) == (False, Endpoint.Why.GONE)
    states = sorted(Delivery.objects.values_list("state", flat=True))
    assert states == [State.FAILED, State.HELD, State.HELD]
    # What happens while it is off is held, and told on demand once it is on again.
    tell(endpoint)
    rested(pump).run()
    assert len(receiver.told) == 1
    receiver.says = lambda _: Says()
    endpoints.change(endpoint.pk, is_enabled=True)
    since = Delivery.objects.order_by("pk")[0].created_at
    row = Endpoint.objects.get()
    count = replays.replay_range(row, since=since, until=None, states=[State.HELD, State.FAILED])
    rested(pump).run()
    assert count == 4
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
    assert len(set(receiver.ids)) == 4


def test_endpoint_that_failed_for_days_is_switched_off(answering: Any, pump: Pump) -> None:
    receiver, endpoint = answering(Says(500))
    tell(endpoint, 2)
    pump.run()
    assert Endpoint.objects.get().failures == 1
    age(days=4.9)
    rested(pump).run()
    assert Endpoint.objects.get().is_enabled
    age(days=0.2)
    rested(pump).run()
    row = Endpoint.objects.get()
    assert (row.is_enabled, row.disabled_why) == (False, Endpoint.Why.FAILING)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.HELD}
    asked = len(receiver.told)
    age(days=1)
    rested(pump).run()
    assert len(receiver.told) == asked


def test_success_clears_the_count_of_failures(answering: Any, pump: Pump) -> None:
    receiver, endpoint = answering(Says(500))
    tell(endpoint)
    pump.run()
    age(days=4)
    receiver.says = lambda _: Says(204, body=b"")
    rested(pump).run()
    row = Endpoint.objects.get()
    assert (row.failures, row.failing_since) == (0, None)
    assert Delivery.objects.get().state == State.DELIVERED


def test_huge_answer_is_cut(answering: Any, pump: Pump) -> None:
    _, endpoint = answering(Says(200, body=b"\0\xff" + b"x" * 50_000_000))
    tell(endpoint)
    pump.run()
    row = Delivery.objects.get()
    assert row.state == State.DELIVERED
    assert row.answers[0]["body"] == "�" + "x" * (sending.MOST_BYTES - 2)


def test_private_receiver_that_nobody_allowed_is_never_dialled(secret_of: Make, pump: Pump) -> None:
    with receiving() as receiver:
        with allowed(receiver):
            endpoint, _ = secret_of(receiver.url())
        tell(endpoint)
        pump.run()
        assert receiver.told == []
    [answer] = Delivery.objects.get().answers
    assert (answer["status"], answer["error"]) == (None, "bad_address")


def test_secret_that_cannot_be_opened_blames_nobody(
    answering: Any, pump: Pump, settings: Any
) -> None:
    receiver, endpoint = answering(Says())
    tell(endpoint)
    kept = settings.ENCRYPTION_KEYS
    with override_settings(ENCRYPTION_KEYS=[]):
        pump.run()
    assert (receiver.told, Endpoint.objects.get().failures) == ([], 0)
    assert kept == settings.ENCRYPTION_KEYS
    age(seconds=6)
    rested(pump).run()
    assert len(receiver.told) == 1


def test_receiver_that_hangs_delays_nobody_else(secret_of: Make, pump: Pump, settings: Any) -> None:
    settings.WEBHOOK_SECONDS = 2 * patience()
    let_go = threading.Event()

    def hang(_: Any) -> Says:
        let_go.wait(patience())
        return Says()

    with receiving(hang) as slow, receiving() as quick, allowed(slow, quick):
        dead, _ = secret_of(slow.url())
        alive, _ = secret_of(quick.url())
        tell(dead, 30)
        tell(alive, 20)
        runner = threading.Thread(target=pump.run)
        runner.start()
        try:
            assert until(lambda: len(quick.told) == 20)
            # One at a time, however much waits: it has not proved yet that it takes more.
            assert len(slow.told) == 1
        finally:
            let_go.set()
            runner.join()
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}


def test_hosts_of_orders_do_not_delay_each_other(
    secret_of: Make, pump: Pump, settings: Any
) -> None:
    settings.WEBHOOK_SECONDS = 2 * patience()
    let_go = threading.Event()

    def hang(_: Any) -> Says:
        let_go.wait(patience())
        return Says(410)

    with receiving(hang) as slow, receiving() as quick, allowed(slow, quick):
        endpoint, _ = secret_of()
        tell(endpoint, 10, slow.url())
        tell(endpoint, 10, quick.url())
        runner = threading.Thread(target=pump.run)
        runner.start()
        try:
            assert until(lambda: len(quick.told) == 10)
        finally:
            let_go.set()
            runner.join()
    # That one address of orders is gone says nothing of the others.
    assert Endpoint.objects.get().is_enabled


def test_second_job_of_a_process_wakes_the_first_and_ends(
    secret_of: Make, pump: Pump, settings: Any
) -> None:
    settings.WEBHOOK_SECONDS = 2 * patience()
    let_go = threading.Event()

    def hang(_: Any) -> Says:
        let_go.wait(patience())
        return Says()

    with receiving(hang) as slow, receiving() as quick, allowed(slow, quick):
        dead, _ = secret_of(slow.url())
        alive, _ = secret_of(quick.url())
        tell(dead)
        runner = threading.Thread(target=pump.run)
        runner.start()
        try:
            assert until(lambda: len(slow.told) == 1)
            tell(alive)
            assert pump.run() == 0
            assert until(lambda: len(quick.told) == 1)
        finally:
            let_go.set()
            runner.join()


def test_receiver_that_never_answers_is_given_up_in_time(
    secret_of: Make, pump: Pump, settings: Any
) -> None:
    settings.WEBHOOK_SECONDS = 1
    let_go = threading.Event()

    def hang(_: Any) -> Says:
        let_go.wait(patience())
        return Says()

    with receiving(hang) as slow, allowed(slow):
        tell(secret_of(slow.url())[0])
        pump.run()
        [answer] = Delivery.objects.get().answers
        let_go.set()
    assert (answer["status"], answer["error"]) == (None, "too_slow")
    assert answer["seconds"] >= 1


def test_sender_that_lost_its_claim_writes_nothing(answering: Any, pump: Pump) -> None:
    _, endpoint = answering(Says(500))
    tell(endpoint)
    [first] = claims.claim(5, {}, {})
    assert claims.claim(5, {}, {}) == []
    Delivery.objects.update(due_at=Now())
    [second] = claims.claim(5, {}, {})
    assert not sending.keep(first, state=State.FAILED)
    assert sending.keep(second, state=State.DELIVERED)


def until(is_true: Callable[[], bool]) -> bool:
    """Wait until it is so; False when it does not become so."""
    ends_at = time.monotonic() + patience()
    while not is_true() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return is_true()
