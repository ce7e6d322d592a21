"""Who is at work in one process: those beside each other carry no count of its death, and the isolated work alone."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Account, Attempt
from generation.providers.base import Finished, Submitted, Work
from generation.providers.stub import StubProvider
from generation.work import run
from generation.work.process import Occupancy, Occupant
from tests.easel import Gate
from tests.patience import patience
from tests.steps import attempt_states, claim, die, submit

pytestmark = pytest.mark.django_db(transaction=True)


class Thread:
    """Something done beside the test, which waits for its end and tells what went wrong."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self.act = act
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.act()
        except BaseException as error:  # noqa: BLE001 (raised where the test waits)
            self.error = error
        finally:
            connections.close_all()

    def join(self) -> None:
        self.thread.join(patience(30))
        assert not self.thread.is_alive(), "it does not end"
        if self.error:
            raise self.error


def occupant(*, isolated: bool = False) -> Occupant:
    return Occupant(claim(), isolated, shares_process=False)


def shared() -> list[bool]:
    return list(Attempt.objects.order_by("id").values_list("shared_process", flat=True))


def test_guests_share_the_process_and_one_alone_does_not(alice: APIClient, stub: Account) -> None:
    for _ in range(3):
        submit(alice)
    occupancy = Occupancy()
    first, second, third = occupant(), occupant(), occupant()
    occupancy.enter(first)
    assert shared() == [False, False, False]
    occupancy.enter(second)
    assert shared() == [True, True, False]
    occupancy.leave(first)
    occupancy.leave(second)
    occupancy.enter(third)
    assert shared() == [True, True, False]


def test_isolated_guest_waits_for_the_others_and_keeps_later_ones_out(
    alice: APIClient, stub: Account
) -> None:
    for _ in range(3):
        submit(alice)
    occupancy = Occupancy()
    first, alone, later = occupant(), occupant(isolated=True), occupant()
    entered: list[str] = []
    occupancy.enter(first)

    def enter(name: str, one: Occupant) -> Callable[[], None]:
        def act() -> None:
            occupancy.enter(one)
            entered.append(name)

        return act

    waits = Thread(enter("alone", alone))
    while not occupancy.waiting:
        threading.Event().wait(0.01)
    comes = Thread(enter("later", later))
    comes.thread.join(0.1)
    assert entered == []
    occupancy.leave(first)
    waits.join()
    assert entered == ["alone"]
    occupancy.leave(alone)
    comes.join()
    assert entered == ["alone", "later"]
    assert shared() == [False, False, False]


@pytest.mark.whole
@pytest.mark.usefixtures("right_books")
def test_death_of_a_process_counts_for_nobody_of_eight(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Eight threads of one worker, one vendor each: the process dies, and no innocent order is nearer to quarantine."""
    settings.LEASE_SECONDS = 60
    gate, plain = Gate(), StubProvider.submit
    arrived = threading.Semaphore(0)

    def wait_there(self: StubProvider, work: Work) -> Submitted | Finished:
        arrived.release()
        gate.pass_through()
        return plain(self, work)

    monkeypatch.setattr(StubProvider, "submit", wait_there)
    tasks = [submit(alice, "stub:wait=0") for _ in range(8)]
    threads = [Thread(lambda: run.run_queue("local")) for _ in tasks]
    for _ in tasks:
        assert arrived.acquire(timeout=patience(30))
    # Before the orders had left: what a vendor may have is never made anew.
    Attempt.objects.update(sending_at=None)
    die()
    gate.open()
    for thread in threads:
        thread.join()
    assert {tuple(attempt_states(task)[:1]) for task in tasks} == {("abandoned",)}
    assert all(Attempt.objects.filter(state="abandoned").values_list("shared_process", flat=True))
    assert set(Attempt.objects.filter(number=2).values_list("isolated", flat=True)) == {True}
    assert [claims.count_deaths(task.pk) for task in tasks] == [0] * 8
