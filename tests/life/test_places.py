"""Places of events: whoever goes on after the last one it saw misses none, whichever transaction committed first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from generation.life import events
from generation.life.events import place_events
from generation.models import Account, Event, Task
from generation.selectors.events import keeps_all_after, newest_position, read_after
from tests.patience import patience
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tasks(alice: APIClient, stub: Account) -> list[Task]:
    found = [submit(alice), submit(alice)]
    place_events()
    return found


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Do some work in a transaction of another connection; it commits when it is let."""
    has_worked, may_commit = threading.Event(), threading.Event()

    def run() -> None:
        try:
            with transaction.atomic():
                work()
                has_worked.set()
                assert may_commit.wait(patience())
        finally:
            connection.close()

    thread = threading.Thread(target=run)

    def commit() -> None:
        may_commit.set()
        thread.join()

    thread.start()
    assert has_worked.wait(patience())
    try:
        yield commit
    finally:
        commit()


def read_ids(after: int) -> list[int]:
    """Return the ids of the events that a reader sees after a place."""
    rows = read_after(after, newest_position())
    by_position = dict(Event.objects.values_list("position", "id"))
    return [by_position[row.position] for row in rows]


def test_an_event_that_commits_late_is_read_after_those_that_overtook_it(tasks: list[Task]) -> None:
    first, second = tasks
    began = newest_position()
    with beside(lambda: events.record(first.pk, Event.Kind.CLAIMED)) as commit:
        events.record(second.pk, Event.Kind.CLAIMED)
        assert place_events() == 1
        [overtaker] = read_ids(began)
        seen = newest_position()
        commit()
    assert place_events() == 1
    [late] = read_ids(seen)
    # By id, a reader that had seen the one would never have asked for the other.
    assert late < overtaker
    assert read_ids(began) == [overtaker, late]


def test_places_are_given_one_reader_after_the_other(tasks: list[Task]) -> None:
    began = newest_position()
    events.record(tasks[0].pk, Event.Kind.CLAIMED)
    placed: list[int] = []

    def place_too() -> None:
        try:
            placed.append(place_events())
        finally:
            connection.close()

    with beside(place_events) as commit:
        other = threading.Thread(target=place_too)
        other.start()
        # It waits: what it placed could be seen before a smaller place is.
        wait_for_lock()
        assert newest_position() == began
        commit()
        other.join()
    assert placed == [0]
    assert newest_position() == began + 1


def test_events_of_one_task_keep_their_order(tasks: list[Task]) -> None:
    began = newest_position()
    kinds = [Event.Kind.CLAIMED, Event.Kind.RETRIED, Event.Kind.CLAIMED, Event.Kind.COMPLETED]
    for kind in kinds:
        events.record(tasks[0].pk, kind)
    assert place_events(3) == 3
    assert place_events(3) == 1
    assert [row.kind for row in read_after(began, newest_position())] == kinds


def test_what_was_there_before_there_were_places_is_told_to_nobody(tasks: list[Task]) -> None:
    began = newest_position()
    Event.objects.update(position=0)
    events.record(tasks[0].pk, Event.Kind.CANCELED)
    assert place_events() == 1
    assert [row.kind for row in read_after(0, newest_position())] == ["canceled"]
    assert newest_position() > began


def wait_for_lock() -> None:
    """Wait until somebody waits for the lock of places."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    until = threading.Event()
    for _ in range(int(patience() * 20)):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        until.wait(0.05)
    pytest.fail("nobody waits for the lock")


def test_on_a_quiet_hub_whose_events_are_swept_a_reader_goes_on(
    alice: APIClient, tasks: list[Task]
) -> None:
    """What it was greeted with names a place that has no event any more, and nothing after it is gone."""
    greeted = newest_position()
    Event.objects.all().delete()
    assert newest_position() == greeted > 0
    assert keeps_all_after(greeted)
    assert not keeps_all_after(greeted - 1)
    submit(alice)
    assert place_events() > 0
    assert keeps_all_after(greeted)
    assert not keeps_all_after(greeted - 1)
    told = Event.objects.filter(kind=Event.Kind.SUBMITTED)
    assert read_ids(greeted) == [event.pk for event in told]
