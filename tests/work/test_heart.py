"""While a worker works: the lease is renewed, the customer sees progress and a preview, and an end stops it."""

import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.life import attempt_ends, claims, rescue
from generation.life.claims import Claim
from generation.life.unpaid_ends import cancel_task
from generation.models import Attempt
from generation.providers.errors import GivenBack, ProviderError, Stopped
from generation.work import heart, process
from generation.work.heart import Pulse
from generation.work.process import Drain
from tests.steps import claim, collect, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
JPEG = b"\xff\xd8 a small picture"
URI = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(heart, "time", clock)
    monkeypatch.setattr(process, "time", clock)
    return clock


def row_of(held: Claim) -> Attempt:
    return Attempt.objects.get(pk=held.attempt_id)


def test_progress_is_written_four_times_a_second(alice: APIClient, clock: Clock) -> None:
    submit(alice)
    held = claim()
    report = Pulse([held]).report_of(held)
    seen = []
    for number in range(1, 11):
        report(number / 10)
        seen.append(row_of(held).progress)
        clock.now += 0.125
    assert seen == [0.1, 0.1, 0.3, 0.3, 0.5, 0.5, 0.7, 0.7, 0.9, 0.9]


def test_preview_is_drawn_once_a_second(alice: APIClient, clock: Clock) -> None:
    submit(alice)
    held = claim()
    report = Pulse([held]).report_of(held)
    drawn: list[float] = []

    def draw() -> bytes:
        drawn.append(clock.now)
        return JPEG + str(len(drawn)).encode()

    for _ in range(13):
        report(0.5, draw)
        clock.now += 0.25
    assert drawn == [1001.0, 1002.0, 1003.0]
    assert row_of(held).preview == JPEG + b"3"


def test_slow_previews_are_drawn_rarely(alice: APIClient, clock: Clock) -> None:
    submit(alice)
    held = claim()
    report = Pulse([held]).report_of(held)
    drawn: list[float] = []

    def draw() -> bytes:
        drawn.append(clock.now)
        clock.now += 0.125
        return JPEG

    for _ in range(100):
        report(0.5, draw)
        clock.now += 0.25
    assert drawn == [1001.0, 1007.375, 1013.75, 1020.125]


def test_batch_is_written_by_whoever_reports_first(alice: APIClient, clock: Clock) -> None:
    for _ in range(3):
        submit(alice)
    members = [claim(), claim(), claim()]
    beating = Pulse(members)
    clock.now += 1
    for done in (0.25, 0.5):
        for held in members:
            beating.report(held, done, lambda: JPEG)
        clock.now += 1
    assert [row_of(held).progress for held in members] == [0.5, 0.25, 0.25]
    assert {row_of(held).preview for held in members} == {JPEG}


@pytest.mark.parametrize(("is_on", "preview"), [(True, JPEG), (False, None)])
def test_previews_can_be_switched_off(
    alice: APIClient, clock: Clock, settings: Any, is_on: bool, preview: bytes | None
) -> None:
    settings.LOCAL_PREVIEWS = is_on
    submit(alice)
    held = claim()
    beating = Pulse([held])
    clock.now += 1
    beating.report(held, 0.5, lambda: JPEG)
    assert (row_of(held).progress, row_of(held).preview) == (0.5, preview)


def test_preview_that_cannot_be_drawn_costs_nothing(
    alice: APIClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    submit(alice)
    held = claim()
    beating = Pulse([held])
    clock.now += 1
    beating.report(held, 0.5, lambda: bytes(1 // 0))
    assert "no preview of attempt" in caplog.text
    assert (row_of(held).progress, row_of(held).preview) == (0.5, None)


def test_preview_is_for_the_owner_of_a_task_under_way(alice: APIClient, mallory: APIClient) -> None:
    task = submit(alice)
    address = f"/api/v1/tasks/{task}"
    assert alice.get(address).json()["preview"] is None
    held = claim()
    assert alice.get(address).json()["preview"] is None
    claims.heartbeat(held, progress=0.5, preview=JPEG)
    assert alice.get(address).json()["preview"] == URI
    assert mallory.get(address).status_code == 404
    assert "preview" not in alice.get("/api/v1/tasks").json()["items"][0]
    assert "preview" not in alice.get(f"{address}/status").json()
    attempt_ends.complete(held, collect(held))
    assert alice.get(address).json()["preview"] is None


def die(held: Claim) -> None:
    Attempt.objects.filter(pk=held.attempt_id).update(lease_expires_at=Now() - claims.lease())
    rescue.reap()


ENDINGS: dict[str, Callable[[Claim], object]] = {
    "completed": lambda held: attempt_ends.complete(held, collect(held)),
    "failed": lambda held: attempt_ends.fail(held, ProviderError("told to")),
    "tried again": lambda held: attempt_ends.fail(held, ProviderError("busy", retryable=True)),
    "given back": attempt_ends.hand_back,
    "canceled": lambda held: cancel_task(held.task_id),
    "dead": die,
}


@pytest.mark.parametrize("end", ENDINGS.values(), ids=ENDINGS)
def test_preview_goes_with_its_attempt(alice: APIClient, end: Callable[[Claim], object]) -> None:
    submit(alice)
    held = claim()
    claims.heartbeat(held, preview=JPEG)
    end(held)
    assert row_of(held).state != "running"
    assert not Attempt.objects.filter(preview__isnull=False).exists()


def test_lost_member_is_stopped_and_the_others_go_on(alice: APIClient, clock: Clock) -> None:
    tasks = [submit(alice), submit(alice)]
    members = [claim(), claim()]
    beating = Pulse(members)
    for held in members:
        beating.report(held, 0.1)
    cancel_task(tasks[1].pk)
    clock.now += 0.25
    beating.report(members[0], 0.2)
    with pytest.raises(Stopped):
        beating.report(members[1], 0.2)
    beating.report(members[0], 0.3)


def test_member_that_left_is_not_written(alice: APIClient, clock: Clock) -> None:
    for _ in range(2):
        submit(alice)
    members = [claim(), claim()]
    beating = Pulse(members)
    attempt_ends.complete(members[0], collect(members[0]))
    beating.leave(members[0])
    beating.report(members[1], 0.5)
    beating.check(members[0])
    assert row_of(members[1]).progress == 0.5


def test_time_to_end_counts_from_the_call_to_stop(
    alice: APIClient, clock: Clock, drain: Drain, settings: Any
) -> None:
    settings.DRAIN_SECONDS = 5
    submit(alice)
    held = claim()
    beating = Pulse([held])
    drain.set()
    clock.now += 4
    beating.report(held, 0.5)
    drain.set()
    clock.now += 1.5
    with pytest.raises(GivenBack):
        beating.report(held, 0.6)


def test_database_that_is_away_for_a_beat_stops_nothing(
    alice: APIClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(alice)
    held = claim()
    beating = Pulse([held])
    with monkeypatch.context() as patch:
        patch.setattr(claims, "heartbeat", raising(OperationalError("away")))
        beating.report(held, 0.5)
    clock.now += 1
    beating.report(held, 0.6)
    assert row_of(held).progress == 0.6


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.django_db(transaction=True)
def test_heart_beats_by_itself_until_the_last_member_leaves(
    alice: APIClient, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0.3
    for _ in range(2):
        submit(alice)
    members = [claim(), claim()]
    before = {held.attempt_id: row_of(held).lease_expires_at for held in members}
    beating = Pulse(members)
    beating.start()
    pause = threading.Event()
    while any(row_of(held).lease_expires_at == before[held.attempt_id] for held in members):
        assert not pause.wait(0.02)
    beating.leave(members[0])
    assert heart.heart.pulses == [beating]
    beating.leave(members[1])
    assert heart.heart.pulses == []
