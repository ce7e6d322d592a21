"""How long an order may wait, and how long be worked on: each has its own limit, its own end, and gives all back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.life import attempt_ends, claims, dues, polls, rescue, sending, waiting
from generation.life.batch_claims import claim_candidates, find_candidates
from generation.models import Account, Attempt, Event, Task
from generation.providers.base import Submitted
from generation.providers.errors import OutOfTime, ProviderError
from generation.work import heart, run
from generation.work.heart import Pulse
from generation.work.storing import finish_member
from tests.api.refusals import GENERATE
from tests.books import find_mistakes
from tests.easel import Easel
from tests.steps import attempt_states, claim, collect, submit

pytestmark = pytest.mark.django_db


def let_pass(task: Task, seconds: float) -> None:
    """Let all of a task have happened earlier."""
    earlier = timedelta(seconds=seconds)
    times = ("created_at", "started_at", "expires_at", "deadline_at")
    Task.objects.filter(pk=task.pk).update(**{name: F(name) - earlier for name in times})
    Attempt.objects.filter(task=task).update(run_until=F("run_until") - earlier)


def read_end(client: APIClient, task: Task) -> tuple[str, str, int]:
    """Return how a task ended, why, and what came back."""
    answer = client.get(f"/api/v1/tasks/{task}").json()
    return answer["status"], (answer["error"] or {}).get("code", ""), answer["credits"]["released"]


@pytest.mark.parametrize("word", ["timeout", "expires_in"])
@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (0, ("min_value", "en", "At least 1.")),
        (-5, ("min_value", "zh-Hans", "最小为 1。")),
        (86_401, ("too_large", "en", "At most 86400 seconds")),
        (10**30, ("too_large", "zh-Hans", "最多 86400 秒")),
        ("60", ("invalid", "en", "integer")),
    ],
)
def test_what_is_no_time_is_refused(
    alice: APIClient, stub: Account, word: str, value: Any, refusal: tuple[str, str, str]
) -> None:
    code, language, said = refusal
    for door in (GENERATE, "/api/v1/quote"):
        body = {"prompt": "a star", word: value}
        answer = alice.post(door, body, format="json", HTTP_ACCEPT_LANGUAGE=language)
        assert answer.status_code == 400, answer.json()
        [error] = answer.json()["errors"]
        assert (error["field"], error["code"]) == (word, code)
        assert said in error["message"]
    assert not Task.objects.exists()
    assert alice.get("/api/v1/credits").json()["held"] == 0


def test_the_words_are_answered_and_cost_nothing(alice: APIClient, stub: Account) -> None:
    words: dict[str, Any] = {"timeout": 60, "expires_in": 600}
    quote = alice.post("/api/v1/quote", {"prompt": "a star", **words}, format="json").json()
    assert quote["price"] == 10
    task = submit(alice, **words)
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert answer["timeout"] == 60
    row = Task.objects.get()
    assert row.expires_at is not None
    # From when the order was looked at, a moment before it was written.
    assert row.created_at < row.expires_at <= row.created_at + timedelta(seconds=600)
    assert row.deadline_at == row.expires_at
    plain = alice.get(f"/api/v1/tasks/{submit(alice)}").json()
    assert (plain["timeout"], plain["expires_at"]) == (None, None)


def test_what_has_expired_never_begins_and_gives_back(alice: APIClient, stub: Account) -> None:
    task, other = submit(alice, expires_in=60), submit(alice, expires_in=600)
    let_pass(task, 61)
    # It stands before the other, and nobody may take it.
    assert claim().task_id == other.pk
    assert not dues.is_due("local")
    assert claims.claim_next("local", worker="tests") is None
    assert rescue.end_late() == 1
    assert read_end(alice, task) == ("failed", "expired", 10)
    answer = alice.get(f"/api/v1/tasks/{task}", HTTP_ACCEPT_LANGUAGE="zh-Hans").json()
    assert "expires_in" in answer["error"]["message"]
    assert rescue.end_late() == 0
    assert find_mistakes() == []


def test_no_batch_takes_what_has_expired(alice: APIClient, easel: Easel) -> None:
    submit(alice)
    task = submit(alice, expires_in=60)
    first = claim()
    chosen = find_candidates(first, lambda spec: True, 8)
    assert [one.attempt_id for one in chosen] == [Attempt.objects.get(task=task).pk]
    let_pass(task, 61)
    assert claim_candidates(first, chosen, worker="tests") == []
    assert find_candidates(first, lambda spec: True, 8) == []


def test_what_has_begun_does_not_expire(alice: APIClient, stub: Account) -> None:
    task = submit(alice, expires_in=60)
    held = claim()
    row = Task.objects.get()
    assert row.deadline_at - row.created_at == timedelta(days=1)
    let_pass(task, 61)
    assert rescue.end_late() == 0
    # Nor does its next attempt.
    attempt_ends.fail(held, ProviderError("busy", retryable=True))
    Attempt.objects.filter(state="queued").update(run_at=Now())
    assert run.run_queue("local")[0]["ended"] == "completed"
    assert find_mistakes() == []


def test_who_begins_in_the_moment_it_expires_is_left_alone(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice, expires_in=60)
    let_pass(task, 61)

    def begin_first(end: Any) -> bool:
        Task.objects.filter(pk=task.pk).update(deadline_at=Now() + timedelta(hours=1))
        return bool(end())

    monkeypatch.setattr(rescue, "alone", begin_first)
    assert rescue.end_late() == 0
    assert attempt_states(task) == ["queued"]


def test_a_said_time_counts_from_its_begin_over_all_attempts(
    alice: APIClient, stub: Account
) -> None:
    task = submit(alice, timeout=300)
    let_pass(task, 3600)
    held = claim()
    assert held.run_seconds == pytest.approx(300, abs=1)
    row = Task.objects.get()
    assert row.started_at is not None
    assert row.deadline_at - row.started_at == timedelta(seconds=300)
    # Longer than is usual here, and it said so.
    let_pass(task, 200)
    assert rescue.end_late() == 0
    attempt_ends.fail(held, ProviderError("busy", retryable=True))
    let_pass(task, 101)
    assert rescue.end_late() == 1
    assert read_end(alice, task) == ("failed", "timed_out", 10)
    assert attempt_states(task) == ["failed", "canceled"]
    assert find_mistakes() == []


def test_a_picture_drawn_here_has_its_usual_time_from_each_claim(
    alice: APIClient, stub: Account, settings: Settings
) -> None:
    settings.LOCAL_RUN_SECONDS = 50
    task = submit(alice, num_images=3)
    held = claim()
    assert held.run_seconds == pytest.approx(150, abs=1)
    let_pass(task, claims.LOADING_SECONDS + 140)
    assert rescue.end_late() == 0
    let_pass(task, 11)
    assert rescue.end_late() == 1
    assert read_end(alice, task) == ("failed", "timed_out", 30)
    with pytest.raises(claims.LeaseLost):
        claims.heartbeat(held)
    assert find_mistakes() == []


def test_no_limit_where_the_hub_has_none(
    alice: APIClient, stub: Account, settings: Settings
) -> None:
    settings.LOCAL_RUN_SECONDS = 0
    submit(alice)
    held = claim()
    assert held.run_seconds is None
    assert Attempt.objects.get().run_until is None


@pytest.mark.django_db(transaction=True)
def test_the_engines_own_step_ends_what_takes_too_long(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its companion of the same batch, which has more time, is made."""
    late, other = submit(alice, "slow", timeout=5), submit(alice, timeout=500)
    clock = Clock()
    monkeypatch.setattr(heart, "time", clock)

    def draw(works: Any) -> None:
        for work in works:
            work.report(0.1, None)
        clock.now += 6

    easel.before_drawing = draw
    ended = {one["task"]: one["ended"] for one in run.run_queue("local")}
    assert ended == {str(late): "failed", str(other): "completed"}
    assert easel.batches == [["slow", "a star"]]
    assert read_end(alice, late) == ("failed", "timed_out", 10)
    assert Attempt.objects.get(task=late).error_code == "timed_out"
    assert find_mistakes() == []


class Clock:
    """Time as the test says."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_what_a_vendor_makes_is_not_thrown_away_by_a_report(
    alice: APIClient, stub: Account
) -> None:
    """It is paid for: the loop ends its task, and staff see what comes of it."""
    submit(alice, timeout=1)
    held = claim()
    pulse = Pulse([held])
    sign = pulse.signs[held.attempt_id]
    sign.ends_at = 0.0
    with pytest.raises(OutOfTime):
        pulse.report(held, 0.5)
    sign.was_sent = True
    pulse.report(held, 0.5)
    assert finish_member(held, OutOfTime(), pulse) == "failed"


def test_an_order_at_a_vendor_that_takes_too_long_is_cancelled_there_and_booked(
    alice: APIClient, stub: Account, settings: Settings
) -> None:
    settings.REMOTE_RUN_SECONDS = 900
    Account.objects.filter(pk=stub.pk).update(queue="remote")
    task, said = submit(alice, num_images=2), submit(alice, timeout=2000)
    for held in (claim("remote"), claim("remote")):
        sending.note_sending(held)
        waiting.wait(held, Submitted(f"job-{held.task_id}", poll_after_seconds=60))
    Attempt.objects.update(dearest_usd="0.25")
    for one in (task, said):
        let_pass(one, 901)
    assert rescue.end_late() == 1
    assert read_end(alice, task) == ("failed", "timed_out", 20)
    attempt = Attempt.objects.get(task=task)
    assert (attempt.state, attempt.needs_cancel) == ("canceled", True)
    event = Event.objects.get(task=task, kind="failed")
    assert event.data == {"code": "timed_out", "exposure_usd": "0.250000"}
    let_pass(said, 1100)
    assert rescue.end_late() == 1
    assert read_end(alice, said) == ("failed", "timed_out", 10)
    assert find_mistakes() == []


def test_a_doubt_waits_for_whoever_knows_and_its_order_begins_anew(
    alice: APIClient, stub: Account
) -> None:
    task = submit(alice)
    held = claim()
    sending.note_sending(held)
    waiting.doubt(held, "lost")
    let_pass(task, 4000)
    assert rescue.end_late() == 0
    waiting.decide_taken(held.attempt_id, "job-1", by="staff", reason="seen there")
    assert rescue.end_late() == 0
    [polled] = polls.claim_due("local", worker="tests")
    assert polled.run_seconds == pytest.approx(120, abs=1)


def test_an_order_made_of_another_has_its_own_times(alice: APIClient, stub: Account) -> None:
    task = submit(alice, timeout=60, expires_in=60)
    held = claim()
    attempt_ends.complete(held, collect(held))
    answer = alice.post(f"/api/v1/tasks/{task}/refine", {"picture": 0}, format="json").json()
    assert (answer["timeout"], answer["expires_at"]) == (None, None)
    word = {"picture": 0, "timeout": 5}
    answer = alice.post(f"/api/v1/tasks/{task}/refine", word, format="json").json()
    assert answer["timeout"] == 5
