"""What was claimed together is drawn at once, and each member meets its own end."""

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from generation import tasks
from generation.life import attempt_ends, claims, doorbell
from generation.life.unpaid_ends import cancel_task
from generation.models import Attempt, Event, Output, Task
from generation.providers.base import Work
from generation.providers.errors import ProviderError
from generation.work import batch, run, storing
from generation.work.process import draining
from genhub.platforms.models import Platform
from tests.easel import Easel
from tests.steps import attempt_states, die, submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


def work() -> dict[str, str]:
    """Run one job and return the prompts with what became of them."""
    return {
        Task.objects.get(pk=entry["task"].removeprefix("task_")).spec["prompt"]: entry["ended"]
        for entry in run.run_queue("local")
    }


def test_orders_that_fit_are_drawn_at_once(alice: APIClient, easel: Easel) -> None:
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)
    submit(alice, "wide", width=128)
    assert work() == dict.fromkeys(("a", "b", "c", "wide"), "completed")
    assert easel.batches == [["a", "b", "c"], ["wide"]]
    sizes = Attempt.objects.order_by("pk").values_list("batch_size", flat=True)
    assert list(sizes) == [3, 3, 3, 1]
    assert {tuple(row.timings) for row in Attempt.objects.all()} == {("decode", "encode_store")}


def test_batch_holds_as_many_pictures_as_the_adapter_says(alice: APIClient, easel: Easel) -> None:
    easel.most = 4
    for prompt, number in (("a", 2), ("b", 3), ("c", 1), ("d", 1), ("e", 4), ("f", 1)):
        submit(alice, prompt, num_images=number)
    assert set(work().values()) == {"completed"}
    assert easel.batches == [["a", "c", "d"], ["b", "f"], ["e"]]


def test_no_member_spoils_another(alice: APIClient, easel: Easel) -> None:
    prompts = ["good", "fail", "break", "undecodable", "canceled", "fine"]
    tasks = {prompt: submit(alice, prompt) for prompt in prompts}
    easel.before_drawing = lambda works: cancel_task(tasks["canceled"].pk)
    assert work() == {
        "good": "completed",
        "fail": "failed",
        "break": "failed",
        "undecodable": "failed",
        "canceled": "stopped",
        "fine": "completed",
    }
    assert easel.batches == [prompts]
    for task in tasks.values():
        task.refresh_from_db()
    assert tasks["undecodable"].error_code == "out_of_memory"
    assert tasks["canceled"].state == "canceled"
    assert alice.get("/api/v1/credits").json()["held"] == 0


def test_adapter_that_breaks_fails_each_member_once(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prompt in ("a", "b"):
        submit(alice, prompt)
    monkeypatch.setattr(easel, "submit_batch", lambda works: [])
    assert work() == {"a": "failed", "b": "failed"}
    assert {row.error_code for row in Attempt.objects.all()} == {"generation_failed"}


def test_adapter_that_cannot_group_still_draws(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for prompt in ("a", "b"):
        submit(alice, prompt)
    monkeypatch.setattr(easel, "largest_batch", lambda spec, card: 1 // 0)
    assert work() == {"a": "completed", "b": "completed"}
    assert easel.batches == [["a"], ["b"]]


def test_picture_of_several_that_cannot_be_decoded_is_not_paid(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice, "four", num_images=4)
    calls: list[str] = []

    def break_second(prompt: str) -> None:
        calls.append(prompt)
        if len(calls) == 2:
            raise MemoryError("no room")

    easel.before_decoding = break_second
    assert work() == {"four": "completed"}
    assert len(calls) == 4
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert answer["credits"]["captured"] == task.unit_price * 3
    assert [error["position"] for error in answer["result"]["errors"]] == [1]


def test_batch_that_takes_too_long_is_given_back_uncounted(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.DRAIN_SECONDS = 0
    tasks = [submit(alice, prompt) for prompt in ("a", "b", "c")]
    easel.before_drawing = lambda works: draining.set()
    assert work() == dict.fromkeys(("a", "b", "c"), "handed_back")
    assert work() == {}
    draining.clear()
    easel.before_drawing = lambda works: None
    # Nobody died: they may go together again.
    assert work() == dict.fromkeys(("a", "b", "c"), "completed")
    assert easel.batches == [["a", "b", "c"]] * 2
    for task in tasks:
        assert attempt_states(task) == ["canceled", "succeeded"]


def test_draining_worker_finishes_what_is_drawn_and_claims_no_more(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.DRAIN_SECONDS = 60
    easel.most = 1
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)

    def drain_at_second(works: Sequence[Work]) -> None:
        if works[0].spec.prompt == "b":
            draining.set()
            struck("J3")

    easel.before_drawing = drain_at_second
    assert work() == {"a": "completed", "b": "completed"}
    assert Attempt.objects.get(state="queued").task.spec["prompt"] == "c"


def test_storing_that_takes_too_long_is_given_back(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.DRAIN_SECONDS = 0
    task = submit(alice, "three", num_images=3)
    decoded: list[str] = []

    def drain(prompt: str) -> None:
        decoded.append(prompt)
        draining.set()

    easel.before_decoding = drain
    assert work() == {"three": "handed_back"}
    assert decoded == ["three"]
    assert attempt_states(task) == ["canceled", "queued"]


def test_members_of_a_dead_batch_run_alone_and_carry_no_count(
    alice: APIClient, easel: Easel
) -> None:
    tasks = [submit(alice, prompt) for prompt in ("a", "b", "c")]
    first = claims.claim_next("local", worker="dies")
    assert first
    batch.gather(first, is_patient=False)
    die()
    assert not Attempt.objects.filter(state="queued", isolated=False).exists()
    assert set(work().values()) == {"completed"}
    assert easel.batches == [["a"], ["b"], ["c"]]
    for task in tasks:
        assert attempt_states(task) == ["abandoned", "succeeded"]
        assert claims.count_deaths(task.pk) == 0
        assert Event.objects.get(task=task, kind="abandoned").data["deaths"] == 0


def test_four_deaths_alone_end_a_task_that_died_in_a_batch_before(
    alice: APIClient, easel: Easel
) -> None:
    poison = submit(alice, "poison")
    submit(alice, "innocent")
    for members in (2, 1, 1, 1, 1):
        first = claims.claim_next("local", worker="dies")
        assert first
        assert first.task_id == poison.pk
        assert len(batch.gather(first, is_patient=False).members) == members
        die()
    struck("J18")
    poison.refresh_from_db()
    assert (poison.state, poison.error_code) == ("failed", "quarantined")
    assert poison.error_params == {"deaths": 4}
    assert work() == {"innocent": "completed"}


def test_alone_attempt_shares_its_process_with_nobody(alice: APIClient, easel: Easel) -> None:
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)
    Attempt.objects.filter(task__spec__prompt="b").update(isolated=True)
    unfinished: list[int] = []
    easel.before_drawing = lambda works: unfinished.append(
        Attempt.objects.filter(state="running").count() - len(works)
    )
    assert set(work().values()) == {"completed"}
    assert easel.batches == [["a", "c"], ["b"]]
    assert unfinished[1] == 0


@pytest.mark.parametrize("end", ["handed back", "tried again"])
def test_once_alone_always_alone(alice: APIClient, easel: Easel, end: str) -> None:
    submit(alice, "poison")
    Attempt.objects.update(isolated=True)
    held = claims.claim_next("local", worker="tests")
    assert held
    if end == "handed back":
        attempt_ends.hand_back(held)
    else:
        attempt_ends.fail(held, ProviderError("busy", retryable=True))
    assert Attempt.objects.get(state="queued").isolated


def test_nobody_holds_a_connection_while_slow_work_runs(alice: APIClient, easel: Easel) -> None:
    held: list[bool] = []
    threads: set[str] = set()

    def look(_: object) -> None:
        threads.add(threading.current_thread().name.partition("_")[0])
        held.append(connection.connection is not None)

    for prompt in ("a", "b"):
        submit(alice, prompt)
    easel.before_drawing, easel.before_decoding = look, look
    work()
    assert held == [False] * 3
    assert threads == {"MainThread", "finish"}


def test_adapter_without_batches_is_finished_in_its_own_thread(
    alice: APIClient, easel: Easel
) -> None:
    threads: set[str] = set()
    easel.before_decoding = lambda prompt: threads.add(threading.current_thread().name)
    submit(alice, "lonely one")
    submit(alice, "lonely other")
    assert set(work().values()) == {"completed"}
    assert easel.batches == [["lonely one"], ["lonely other"]]
    assert threads == {"MainThread"}


def test_idle_worker_waits_a_moment_for_a_second_order(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Late:
        """An order that comes while the worker waits."""

        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            submit(alice, "late")
            return False

    monkeypatch.setattr(batch, "draining", Late())
    submit(alice, "early")
    assert work() == {"early": "completed", "late": "completed"}
    assert easel.batches == [["early", "late"]]
    assert waits == [0.005]


def test_finisher_that_breaks_fails_that_attempt_only(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = storing.collect

    def break_one(claim: claims.Claim, *others: Any, **words: Any) -> Any:
        if claim.spec.prompt == "b":
            raise ZeroDivisionError("nobody foresaw this")
        return collect(claim, *others, **words)

    monkeypatch.setattr(storing, "collect", break_one)
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)
    submit(alice, "next", width=128)
    assert work() == {"a": "completed", "b": "failed", "c": "completed", "next": "completed"}


def test_end_that_cannot_be_written_is_left_to_the_lease(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(attempt_ends, "fail", lambda claim, error: 1 // 0)
        submit(alice, "fail once")
        submit(alice, "good")
        assert work() == {"fail once": "unwritten", "good": "completed"}
    die()
    assert work() == {"fail once": "failed"}


def test_long_queue_is_worked_on_by_several_jobs(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0

    def draw(works: Sequence[Work]) -> None:
        nonlocal now
        now += run.LONGEST_JOB_SECONDS / 2

    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: now))
    easel.before_drawing = draw
    for number in range(3):
        submit(alice, f"lonely {number}")
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring", rung.append)
    assert [entry["ended"] for entry in run.run_queue("local")] == ["completed"] * 2
    assert rung == ["local"]
    assert [entry["ended"] for entry in run.run_queue("local")] == ["completed"]
    assert rung == ["local"]


def test_one_batch_of_many_needs_no_other_job(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(easel.most):
        submit(alice, str(number))
    rung: list[str] = []
    monkeypatch.setattr(doorbell, "ring", rung.append)
    assert tasks.work("local") == f"bell of queue local: {easel.most} completed"
    assert len(easel.batches) == 1
    assert rung == []


def start_from(task: Task, **inputs: str) -> None:
    task.spec |= inputs
    task.save(update_fields=["spec"])


def test_input_pictures_are_handed_to_the_adapter(alice: APIClient, easel: Easel) -> None:
    earlier = submit(alice, "earlier")
    work()
    [image] = alice.get(f"/api/v1/tasks/{earlier}").json()["result"]["images"]
    start_from(submit(alice, "later"), image=image["id"], mask=image["id"])
    submit(alice, "from noise")
    seen: list[Work] = []
    easel.before_drawing = seen.extend
    assert set(work().values()) == {"completed"}
    later, plain = seen
    assert later.image
    assert later.mask
    assert (later.image.mode, later.image.size, later.mask.mode) == ("RGB", (64, 64), "L")
    assert later.image.getpixel((0, 0)) == (255, 0, 0)
    assert (plain.image, plain.mask) == (None, None)


@pytest.mark.parametrize("lost", ["deleted", "another platform's", "no id", "away"])
def test_input_picture_that_cannot_be_had_fails_that_member_only(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    earlier = submit(alice, "earlier")
    work()
    [image] = alice.get(f"/api/v1/tasks/{earlier}").json()["result"]["images"]
    task = submit(alice, "later")
    submit(alice, "from noise")
    start_from(task, image=image["id"])
    match lost:
        case "deleted":
            start_from(task, image="art_" + "0" * 32)
        case "another platform's":
            other = Platform.objects.create(code="other", name="Other")
            Output.objects.get().artifact.__class__.objects.update(platform=other)  # type: ignore[union-attr]
        case "no id":
            start_from(task, image="../../etc/passwd")
        case _:
            monkeypatch.setattr(batch, "open_picture", lambda pk, platform_id: 1 // 0)
    ended = work()
    assert ended.pop("from noise") == "completed"
    assert ended == {"later": "processing" if lost == "away" else "failed"}
    attempt = Attempt.objects.filter(task=task).order_by("number")[0]
    assert attempt.error_code == "input_lost"
