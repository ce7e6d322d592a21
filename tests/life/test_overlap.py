"""While one batch is drawn the one before is finished, and never do more than two wait for that."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Attempt, Task
from generation.providers.base import Work
from generation.services import finishing, run
from generation.services.finishing import Finisher
from generation.services.heart import draining
from tests.books import find_mistakes
from tests.life.easel import PATIENCE_SECONDS, Easel, Gate
from tests.life.orders import submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _books_are_right(rich: Callable[..., Purse]) -> Iterator[None]:
    rich("alice", 10_000)
    yield
    draining.clear()
    assert find_mistakes() == []


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
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive(), "the job does not end"
        return self.ended


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


def test_drawn_pictures_do_not_pile_up(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    easel.most = 1
    for number in range(7):
        submit(alice, str(number))
    decoding = Gate()
    decoded: list[str] = []
    unfinished: list[int] = []

    def decode(prompt: str) -> None:
        decoding.pass_through()
        decoded.append(prompt)

    def draw(works: Sequence[Work]) -> None:
        unfinished.append(len(easel.batches) - 1 - len(decoded))

    settle = Finisher.settle

    def open_when_full(self: Finisher, most_pending: int = 0) -> None:
        if len(self._pending) > most_pending:
            decoding.open()
        settle(self, most_pending)

    monkeypatch.setattr(Finisher, "settle", open_when_full)
    easel.before_decoding, easel.before_drawing = decode, draw
    assert Job().join() == ["completed"] * 7
    # One is being finished and one waits, while the third is drawn.
    assert max(unfinished) == finishing.MOST_PENDING == 2


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
    Attempt.objects.filter(task__spec__prompt="alone").update(is_alone=True)
    decoding = Gate()
    easel.before_decoding = lambda prompt: decoding.pass_through()
    job = Job()
    decoding.await_arrival()
    pause = threading.Event()
    while not (claimed := Attempt.objects.filter(state="running", is_alone=True).first()):
        assert not pause.wait(0.05)
    while Attempt.objects.get(pk=claimed.pk).lease_expires_at == claimed.lease_expires_at:
        assert not pause.wait(0.05)
    assert easel.batches == [["a"]]
    decoding.open()
    assert job.join() == ["completed"] * 2
