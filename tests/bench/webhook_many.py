"""Webhooks to receivers that answer at once, while fifty others hang: how many a second, and what the fifty cost them.

One sender, as a worker process has it; the receivers are a process of their own.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import override_settings

from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, Endpoint, EventType, Message
from genhub.webhooks.outbox import Receiver
from genhub.webhooks.pump import Pump
from tests.bench import child
from tests.bench.door import pool_connections
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

FAST, HANGING, OF_PLATFORM = 8, 50, 10
DELIVERIES, QUICK_DELIVERIES = 2_000, 600
LEAST_A_SECOND, LEAST_OF_ALONE = 200.0, 0.8
GIVE_UP_SECONDS, LOOK_SECONDS = 120.0, 0.02
# Longer than a series lasts: who hangs holds a thread all the time.
HANG_SECONDS = 60


@contextmanager
def sending() -> Iterator[Pump]:
    """Have a sender that is always rung."""
    pump, is_over = Pump(), threading.Event()

    def run() -> None:
        while not is_over.wait(LOOK_SECONDS):
            pump.run()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield pump
    finally:
        is_over.set()
        pump.stop()
        thread.join()
        if pump.pool:
            pump.pool.shutdown()


def make_endpoints(ports: list[int], code: str) -> list[Endpoint]:
    """Make an endpoint for each port; a platform has a few."""
    made = []
    for number, port in enumerate(ports):
        platform, _ = Platform.objects.get_or_create(
            code=f"{code}-{number // OF_PLATFORM}", defaults={"name": code}
        )
        url = f"http://127.0.0.1:{port}/hook"
        made.append(endpoints.create(platform.pk, url=url, events=[EventType.COMPLETED])[0])
    return made


def write(found: list[Endpoint], number: int) -> None:
    """Let so much have happened, each told to one of the endpoints in turn."""
    payload = '{"type":"task.completed","timestamp":"2026-01-01T00:00:00Z","data":{"id":"%s"}}'
    messages = [
        Message(
            platform_id=found[turn % len(found)].platform_id,
            type=EventType.COMPLETED,
            about=new_id(),
            payload=payload % turn,
        )
        for turn in range(number)
    ]
    Message.objects.bulk_create(messages)
    Delivery.objects.bulk_create(
        Delivery(
            message=message,
            endpoint=found[turn % len(found)],
            receiver=Receiver(found[turn % len(found)].pk, is_enabled=True).name,
        )
        for turn, message in enumerate(messages)
    )


def wait_for(is_so: Any, what: str) -> None:
    """Wait until something is so; raise when it never is."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while not is_so():
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{what} after {GIVE_UP_SECONDS} s")
        time.sleep(LOOK_SECONDS)


def count_waiting() -> int:
    """Return how many deliveries are not told yet."""
    return Delivery.objects.filter(state=Delivery.State.WAITING).count()


def run(*, is_quick: bool) -> Report:
    """Tell the fast ones alone, and while the others hang, in turn."""
    number = QUICK_DELIVERIES if is_quick else DELIVERIES
    with child.running("tests.bench.receivers", str(FAST), str(HANGING)) as receivers:
        names = frozenset(
            f"127.0.0.1:{port}" for ports in receivers.facts.values() for port in ports
        )
        with override_settings(WEBHOOK_HOSTS=names, WEBHOOK_SECONDS=HANG_SECONDS):
            pool_connections()
            fast = make_endpoints(receivers.facts["fast"], "fast")
            hanging = make_endpoints(receivers.facts["hanging"], "hanging")
            with sending():
                # Each receiver proves that it takes as many at a time as one may have.
                write(fast, 20 * FAST)
                wait_for(lambda: not count_waiting(), "the first are not told")

                def tell(left: int = 0) -> float:
                    began = time.perf_counter()
                    write(fast, number)
                    wait_for(lambda: count_waiting() <= left, "not all are told")
                    return number / (time.perf_counter() - began)

                def tell_beside() -> float:
                    write(hanging, HANGING)
                    wait_for(lambda: receivers.ask("count")["held"] == HANGING, "not all hang")
                    rate = tell(left=HANGING)
                    if receivers.ask("count")["held"] != HANGING:
                        raise AssertionError("some did not hang to the end")
                    receivers.ask("release")
                    wait_for(lambda: not count_waiting(), "those that hung are not told")
                    return rate

                found = interleave(
                    {"alone": tell, "while 50 hang": tell_beside},
                    rounds=3 if is_quick else 5,
                    unit="deliveries/s",
                    patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
                )
    return Report(
        arms=found.summary("deliveries/s"),
        goals=[
            Goal("a second, while 50 hang", found.values("while 50 hang"), least=LEAST_A_SECOND),
            Goal(
                "while 50 hang / alone",
                found.ratios("while 50 hang", "alone"),
                least=LEAST_OF_ALONE,
            ),
        ],
        control=found.control,
        facts={"deliveries_a_turn": number, "fast_receivers": FAST, "that_hang": HANGING},
    )
