"""While one batch is drawn the one before is finished, and never do more than two wait for that."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Attempt, Share, Task
from generation.providers.base import Work
from generation.work import finisher, process, run
from generation.work.finisher import Finisher
from generation.work.process import draining
from tests.easel import Easel, Gate
from tests.patience import patience
from tests.steps import attempt_states, die, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


class Job:
    """A worker's job in a thread of its own."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.ended = [entry["ended"] for entry in run.run_queue("local")]
        finally:
            connections.close_all()

    def join(self) -> list[str]:
        """Wait for its end and return how its tasks ended."""
        self.thread.join(patience(30))
        assert not self.thread.is_alive(), "the job does not end"
        return self.ended


def when_it_waits(act: Callable[[], None]) -> Callable[..., None]:
    """Return what notes who shares the process, and does something once an isolated attempt waits for the others."""
    note_shared = process.note_shared

    def note_and_act(occupant: process.Occupant, *, is_shared: bool) -> None:
        note_shared(occupant, is_shared=is_shared)
        if occupant.is_isolated and is_shared:
            act()

    return note_and_act


@pytest.fixture
def decoding(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Where every decoding waits until the job waits for the finisher."""
    gate = Gate()
    wait = Finisher.wait

    def open_when_awaited(self: Finisher, most_pending: int = 0) -> None:
        if len(self.list_unfinished()) > most_pending:
            gate.open()
        wait(self, most_pending)

    monkeypatch.setattr(Finisher, "wait", open_when_awaited)
    monkeypatch.setattr(process, "note_shared", when_it_waits(gate.open))
    easel.before_decoding = lambda prompt: gate.pass_through()
    return gate


def state_of(prompt: str) -> str:
    return Task.objects.get(spec__prompt=prompt).state


def test_next_batch_is_drawn_while_the_one_before_is_stored(alice: APIClient, easel: Easel) -> None:
    easel.most = 1
    submit(alice, "first")
    submit(alice, "second")
    decoding, drawing = Gate(), Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    easel.before_drawing = lambda works: (
        drawing.pass_through() if works[0].spec.prompt == "second" else None
    )
    job = Job()
    # Both places are reached, and neither is left: the two happen at the same time.
    decoding.await_arrival()
    drawing.await_arrival()
    assert (state_of("first"), state_of("second")) == ("processing", "processing")
    decoding.open()
    drawing.open()
    assert job.join() == ["completed", "completed"]


def test_job_ends_only_when_everything_is_finished(alice: APIClient, easel: Easel) -> None:
    submit(alice, "slow")
    decoding = Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    job = Job()
    decoding.await_arrival()
    job.thread.join(0.2)
    assert job.thread.is_alive()
    decoding.open()
    assert job.join() == ["completed"]


def test_drawn_pictures_do_not_pile_up(alice: APIClient, easel: Easel, decoding: Gate) -> None:
    easel.most = 1
    for number in range(7):
        submit(alice, str(number))
    decoded: list[str] = []
    unfinished: list[int] = []

    def decode(prompt: str) -> None:
        decoding.pass_through()
        decoded.append(prompt)

    def draw(works: Sequence[Work]) -> None:
        unfinished.append(len(easel.batches) - 1 - len(decoded))

    easel.before_decoding, easel.before_drawing = decode, draw
    assert Job().join() == ["completed"] * 7
    # One is being finished and one waits, while the third is drawn.
    assert max(unfinished) == finisher.MOST_PENDING == 2


def test_next_order_is_not_waited_for_while_the_finisher_works(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    # Were it waited for, this would last 100 s.
    settings.LOCAL_BATCH_WAIT_MS = 50_000
    easel.most = 2
    for prompt, width in (("a", 64), ("b", 64), ("wide", 128)):
        submit(alice, prompt, width=width)
    decoding = Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()

    def draw(works: Sequence[Work]) -> None:
        if works[0].spec.prompt == "wide":
            decoding.open()

    easel.before_drawing = draw
    assert Job().join() == ["completed"] * 3


def test_lease_of_what_waits_to_be_finished_is_kept(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.LEASE_SECONDS = 1
    easel.most = 1
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)
    decoding = Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    job = Job()
    decoding.await_arrival()
    [claimed] = Attempt.objects.filter(state="running", task__spec__prompt="a")
    pause = threading.Event()
    while Attempt.objects.get(pk=claimed.pk).lease_expires_at == claimed.lease_expires_at:
        assert not pause.wait(0.05)
    decoding.open()
    assert job.join() == ["completed"] * 3


def test_lease_of_what_must_wait_to_be_alone_is_kept(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.LEASE_SECONDS = 1
    submit(alice, "a")
    submit(alice, "alone")
    Attempt.objects.filter(task__spec__prompt="alone").update(isolated=True)
    decoding = Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    job = Job()
    decoding.await_arrival()
    pause = threading.Event()
    while not (claimed := Attempt.objects.filter(state="running", isolated=True).first()):
        assert not pause.wait(0.05)
    while Attempt.objects.get(pk=claimed.pk).lease_expires_at == claimed.lease_expires_at:
        assert not pause.wait(0.05)
    assert easel.batches == [["a"]]
    decoding.open()
    assert job.join() == ["completed"] * 2


def deaths_of(task: Task) -> int:
    return claims.count_deaths(task.pk)


def test_death_of_a_process_that_held_two_batches_counts_for_neither(
    alice: APIClient, easel: Easel, settings: Any
) -> None:
    settings.LEASE_SECONDS = 60
    easel.most = 1
    stored, drawn = submit(alice, "stored"), submit(alice, "drawn")
    decoding, drawing = Gate(), Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    easel.before_drawing = lambda works: (
        drawing.pass_through() if works[0].spec.prompt == "drawn" else None
    )
    job = Job()
    decoding.await_arrival()
    drawing.await_arrival()
    die()
    decoding.open()
    drawing.open()
    # What was lost is made again, each alone; the size of the batches is told as it was.
    assert job.join() == ["stopped", "stopped", "completed", "completed"]
    assert (deaths_of(stored), deaths_of(drawn)) == (0, 0)
    assert set(Attempt.objects.values_list("number", "isolated", "batch_size")) == {
        (1, False, 1), (2, True, 1)
    }  # fmt: skip


def test_attempt_that_waits_to_be_alone_is_not_charged_with_the_death_of_the_others(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LEASE_SECONDS = 60
    stored, alone = submit(alice, "stored"), submit(alice, "alone")
    Attempt.objects.filter(task=alone).update(isolated=True)
    decoding, waiting = Gate(), Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    monkeypatch.setattr(process, "note_shared", when_it_waits(waiting.pass_through))
    job = Job()
    decoding.await_arrival()
    waiting.await_arrival()
    die()
    waiting.open()
    decoding.open()
    assert job.join() == ["stopped", "stopped", "completed", "completed"]
    # Nothing was at work but what was being stored: that death is its own.
    assert (deaths_of(stored), deaths_of(alone)) == (1, 0)


@pytest.mark.parametrize("prompt", ["alone", "lonely"])
def test_attempt_that_waited_to_be_alone_is_charged_with_its_own_death(
    alice: APIClient, easel: Easel, decoding: Gate, settings: Any, prompt: str
) -> None:
    settings.LEASE_SECONDS = 60
    submit(alice, "stored")
    alone = submit(alice, prompt)
    Attempt.objects.filter(task__spec__prompt="alone").update(isolated=True)

    def die_once(works: Sequence[Work]) -> None:
        if works[0].spec.prompt == prompt and not deaths_of(alone):
            die()

    easel.before_drawing = die_once
    assert Job().join() == ["completed", "stopped", "completed"]
    assert deaths_of(alone) == 1
    assert attempt_states(alone) == ["abandoned", "succeeded"]


@pytest.fixture
def pool_of_one(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One connection for all threads of the process; whoever gets none soon is told so."""
    connection.close()
    pool = {"min_size": 0, "max_size": 1, "timeout": patience(5)}
    options = {**connection.settings_dict["OPTIONS"], "pool": pool}
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "OPTIONS", options)
        yield
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


@pytest.mark.parametrize("last", ["alone", "none"])
def test_worker_that_waits_holds_no_connection(
    alice: APIClient, easel: Easel, decoding: Gate, pool_of_one: None, last: str
) -> None:
    prompts = ["a", "alone"] if last == "alone" else ["a"]
    for prompt in prompts:
        submit(alice, prompt)
    Attempt.objects.filter(task__spec__prompt="alone").update(isolated=True)
    connection.close()
    assert Job().join() == ["completed"] * len(prompts)


def test_user_who_may_run_one_at_a_time_is_served_on_in_the_same_job(
    alice: APIClient, easel: Easel, decoding: Gate
) -> None:
    for prompt in ("a", "b", "c"):
        submit(alice, prompt)
    Share.objects.filter(user="alice").update(cap=1)
    assert Job().join() == ["completed"] * 3
    assert easel.batches == [["a"], ["b"], ["c"]]


def test_draining_worker_looks_for_nothing_more(
    alice: APIClient, easel: Easel, decoding: Gate
) -> None:
    submit(alice, "a")
    submit(alice, "b")
    Share.objects.filter(user="alice").update(cap=1)
    easel.before_drawing = lambda works: draining.set()
    assert Job().join() == ["completed"]
