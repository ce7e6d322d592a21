"""Who draws hears of a cancel at once, without asking; and if the news do not come through, a little later."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from generation.life.claims import Claim
from generation.life.news import ENDED, listener
from generation.life.unpaid_ends import cancel_task, end_unpaid
from generation.models import Account
from generation.providers.errors import Stopped
from generation.states import TaskState
from generation.work import heart
from generation.work.heart import Pulse
from tests.patience import patience
from tests.steps import claim, submit

pytestmark = pytest.mark.django_db(transaction=True)
# The listener's session, by the last statement that it ran.
SESSION = "FROM pg_stat_activity WHERE datname = current_database() AND query = %s"


@pytest.fixture
def _only_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """No progress is written, so that nothing else can tell."""
    monkeypatch.setattr(heart, "PROGRESS_EVERY_SECONDS", 3600)


@pytest.fixture
def beating(alice: APIClient, stub: Account) -> Iterator[Pulse]:
    """The heart of two members of two tasks, which hears."""
    for _ in range(2):
        submit(alice)
    found = Pulse([claim(), claim()])
    for sign in found.signs.values():
        found.report(sign.claim, 0.1)
    found.start()
    assert listener.is_listening.wait(patience(20))
    yield found
    found.stop()


def await_stop(beating: Pulse, member: Claim) -> None:
    """Report as one step after the other does; that must be refused."""
    with pytest.raises(Stopped):
        report_on(beating, member)


def report_on(beating: Pulse, member: Claim) -> None:
    pause = threading.Event()
    for _ in range(round(100 * patience(20))):
        beating.report(member, 0.2)
        pause.wait(0.01)


@pytest.mark.usefixtures("_only_news")
def test_a_cancel_stops_its_member_and_costs_the_steps_no_query(
    beating: Pulse, django_assert_num_queries: Any
) -> None:
    first, second = (sign.claim for sign in beating.signs.values())
    cancel_task(first.task_id)
    with django_assert_num_queries(0):
        await_stop(beating, first)
        beating.report(second, 0.2)


@pytest.mark.usefixtures("_only_news")
def test_a_cancel_that_is_rolled_back_is_no_news(beating: Pulse) -> None:
    first, second = (sign.claim for sign in beating.signs.values())
    with transaction.atomic():
        cancel_task(first.task_id)
        transaction.set_rollback(True)
    cancel_task(second.task_id)
    await_stop(beating, second)
    beating.report(first, 0.2)


@pytest.mark.usefixtures("_only_news")
def test_an_attempt_that_ends_its_own_task_is_not_stopped(beating: Pulse) -> None:
    first, second = (sign.claim for sign in beating.signs.values())
    assert end_unpaid(first.task_id, TaskState.FAILED, spared=first.attempt_id)
    cancel_task(second.task_id)
    await_stop(beating, second)
    beating.report(first, 0.2)


def test_without_news_the_next_progress_finds_out(beating: Pulse) -> None:
    first, _ = (sign.claim for sign in beating.signs.values())
    listener.remove(beating.lose)
    cancel_task(first.task_id)
    await_stop(beating, first)


@pytest.mark.usefixtures("_only_news")
def test_a_broken_connection_is_made_anew(beating: Pulse) -> None:
    first, _ = (sign.claim for sign in beating.signs.values())
    with connection.cursor() as cursor:
        listening = [f"LISTEN {ENDED}"]
        cursor.execute(f"SELECT pid, pg_terminate_backend(pid) {SESSION}", listening)
        ((before, _),) = cursor.fetchall()
        for _ in range(round(100 * patience(20))):
            cursor.execute(f"SELECT pid {SESSION}", listening)
            if (found := cursor.fetchall()) and found != [(before,)]:
                break
            threading.Event().wait(0.01)
    cancel_task(first.task_id)
    await_stop(beating, first)


@pytest.mark.usefixtures("beating")
def test_the_listener_ends_and_begins_anew() -> None:
    listener.stop()
    assert not listener.is_listening.is_set()
    heard: list[str] = []
    listener.add(heard.append)
    assert listener.is_listening.wait(patience(20))
    listener.remove(heard.append)
