"""Days that are over, added up: every figure made of them is what the rows alone tell, whatever changes later."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from credits.selectors import Turnover
from generation import closing
from generation.failures import TaskFailure
from generation.life.unpaid_ends import cancel_task, end_unpaid
from generation.models import Account, Attempt, ClosedDay, DayCost, Task
from generation.refunds.one import request_refund
from generation.selectors.closed_days import Parts, Stretch, find_today, part, stretch_of
from generation.selectors.costs import GROUPS, CostSum, sum_costs, sum_costs_by
from generation.selectors.periods import DAY, HOUR, Figures, count_parts
from generation.selectors.times import SHORTEST_SECONDS, STEP, length_of
from generation.states import TaskState
from generation.work.run import run_queue
from genhub.lib.clock import read_clock
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.users.models import User
from tests.races import together, told_after
from tests.steps import submit

pytestmark = pytest.mark.django_db
Told = tuple[Figures, Figures, dict[str, list[CostSum]], Turnover]


def zone_of(hours: int) -> str:
    """Return a zone in which it is so many hours past midnight: the orders' day is its day, whenever this runs."""
    return f"Etc/GMT{datetime.now(UTC).hour - hours:+}"


@pytest.fixture(autouse=True)
def _about_noon(settings: Any) -> None:
    settings.HUB_TIME_ZONE = zone_of(12)


@pytest.fixture
def orders(alice: APIClient, stub: Account, shop: Platform) -> list[Task]:
    """One delivered of known cost, one of unknown cost, one failed, one canceled, one that waits; an hour old."""
    stub.offers.update(usd_per_picture="0.25")
    tasks = [submit(alice, num_images=2)]
    run_queue("local")
    stub.offers.update(usd_per_picture=None)
    tasks.append(submit(alice))
    run_queue("local")
    tasks += [submit(alice) for _ in range(3)]
    end_unpaid(tasks[2].pk, TaskState.FAILED, problem=TaskFailure())
    cancel_task(tasks[3].pk)
    hour = timedelta(hours=1)
    # What a trigger lets pass is too young for a closed day.
    Task.objects.update(created_at=F("created_at") - hour)
    Attempt.objects.filter(ended_at__isnull=False).update(ended_at=F("ended_at") - hour)
    return tasks


def days_around() -> Stretch:
    today = find_today()
    return stretch_of(today - timedelta(days=2), today + timedelta(days=2))


def close() -> int:
    """Close all days until today, as if they were over, in as many turns as that takes; return how many there were."""
    closed = 0
    while turn := close_some():
        closed += turn
    return closed


def close_some() -> int:
    return closing.close_days(at=read_clock() + timedelta(days=1) + closing.GRACE)


def tell(parts: Parts) -> Told:
    return (
        count_parts(parts, HOUR),
        count_parts(parts, DAY),
        sum_costs_by(list(GROUPS), parts),
        parts.sum_turnover(),
    )


def tell_rows() -> Told:
    """Return what the rows alone say."""
    return tell(Parts([], [days_around()]))


def is_closed() -> bool:
    """Return whether the orders' day is read from its sums, and say that what is told is what rows tell."""
    parts = part(days_around())
    assert tell(parts) == tell_rows()
    return find_today() in {day.day for day in parts.closed}


def test_closed_days_tell_what_rows_tell(orders: list[Task]) -> None:
    before = tell_rows()
    figures, _of_days, costs, turnover = before
    assert (figures.whole.tasks, figures.whole.completed, figures.whole.judged) == (5, 2, 3)
    assert (costs["model"][0].unknown, costs["model"][0].credits) == (1, 30)
    assert turnover == Turnover(captured=30, refunded=0)
    assert not is_closed()
    assert close() >= 1
    assert is_closed()
    assert tell(part(days_around())) == before
    # A part of a day is read from its rows.
    now = datetime.now(UTC)
    assert part(Stretch(now - timedelta(hours=1), now)).closed == []
    assert close() == 0


def test_sums_are_read_and_not_the_rows(orders: list[Task]) -> None:
    close()
    DayCost.objects.update(attempts=F("attempts") + 100)
    assert sum_costs("model", part(days_around()))[0].attempts == 102


def test_refund_the_day_after_is_told_at_once_and_by_the_next_turn(orders: list[Task]) -> None:
    close()
    person = User.objects.create_superuser("frank")
    request_refund(orders[0].pk, 4, request_id=new_id(), person=person, reason="A grey picture.")
    assert not is_closed()
    close()
    assert is_closed()
    [row] = sum_costs("platform", part(days_around()))
    assert row.credits == 26


def test_late_end_is_told_at_once_and_by_the_next_turn(orders: list[Task]) -> None:
    close()
    run_queue("local")
    assert not is_closed()
    close()
    assert is_closed()
    assert count_parts(part(days_around())).of(TaskState.COMPLETED) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda task: Attempt.objects.filter(task=task).update(cost_usd="7"),
        lambda task: Attempt.objects.filter(task=task).update(ended_at=F("ended_at") - timedelta(days=1)),
        lambda task: Attempt.objects.filter(task=task).update(usage={"pictures": 9}),
        lambda task: Task.objects.filter(pk=task.pk).update(model="other"),
        lambda task: Task.objects.filter(pk=task.pk).update(started_at=F("started_at") - timedelta(hours=1)),
        lambda task: Hold.objects.filter(reference=task.pk).update(refunded=1),
    ],
)  # fmt: skip
def test_each_change_of_what_was_counted_opens_its_day(
    orders: list[Task], change: Callable[[Task], Any]
) -> None:
    close()
    change(orders[0])
    assert not is_closed()
    close()
    assert is_closed()


def test_what_is_not_counted_opens_no_day(orders: list[Task]) -> None:
    close()
    Task.objects.update(metadata={"a": 1}, texts_gone_at=Now())
    Attempt.objects.update(evidence={}, error_detail="")
    assert is_closed()


def test_price_of_a_credit_and_names_are_as_they_are_now(orders: list[Task]) -> None:
    close()
    Platform.objects.update(usd_per_credit="0.5", name="Market")
    [row] = sum_costs("platform", part(days_around()))
    assert (row.name, row.revenue_usd) == ("Market", Decimal(15))
    assert is_closed()


def test_change_while_a_day_is_added_up_leaves_it_open(orders: list[Task]) -> None:
    marked = closing.mark(find_today())
    Attempt.objects.filter(task=orders[0]).update(cost_usd="7")
    with pytest.raises(closing.Reopened):
        closing.close(marked)
    assert not is_closed()
    close()
    assert is_closed()


def test_only_whoever_marked_last_closes(orders: list[Task]) -> None:
    first, second = closing.mark(find_today()), closing.mark(find_today())
    with pytest.raises(closing.Reopened):
        closing.close(first)
    closing.close(second)
    assert is_closed()


def test_death_leaves_a_day_open(orders: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(Parts, "sum_turnover", lambda parts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            close()
    assert not is_closed()
    assert not DayCost.objects.exists()
    close()
    assert is_closed()


def test_turn_is_short_and_begins_with_the_newest(
    orders: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "TURN_SECONDS", -1)
    Task.objects.filter(pk=orders[0].pk).update(created_at=F("created_at") - timedelta(days=9))
    today = find_today()
    for turn in range(4):
        assert close_some() == 1
        newest = {today - timedelta(days=back) for back in range(turn + 1)}
        assert set(ClosedDay.objects.values_list("day", flat=True)) == newest


def test_day_is_open_until_late_writers_are_done(orders: list[Task]) -> None:
    over = stretch_of(find_today(), find_today()).until
    closing.close_days(at=over + closing.GRACE - timedelta(seconds=1))
    assert not is_closed()
    closing.close_days(at=over + closing.GRACE)
    assert is_closed()


def test_days_are_of_the_zone_as_it_is_set(orders: list[Task], settings: Any) -> None:
    close()
    [hour] = {day.begins_at.hour for day in ClosedDay.objects.all()}
    settings.HUB_TIME_ZONE = zone_of(13)
    assert not is_closed()
    close()
    assert is_closed()
    assert {day.begins_at.hour for day in ClosedDay.objects.all()} == {(hour - 1) % 24}


def test_nothing_is_closed_where_nothing_was_ordered(db: None) -> None:
    assert close() == 0
    assert not ClosedDay.objects.exists()


def test_times_are_close(orders: list[Task]) -> None:
    length = timedelta(seconds=100)
    Task.objects.filter(pk=orders[0].pk).update(completed_at=F("started_at") + length)
    Task.objects.filter(pk=orders[1].pk).update(completed_at=F("started_at") + length / 50)
    half, most = count_parts(Parts([], [days_around()])).times["z-image-small"].worked
    assert half == pytest.approx(2, rel=0.025)
    assert most == pytest.approx(100, rel=0.025)
    assert (length_of(0), length_of(1)) == (0, SHORTEST_SECONDS * STEP**0.5)


def test_task_of_several_steps_brings_its_credits_once(orders: list[Task]) -> None:
    Task.objects.filter(pk=orders[0].pk).update(step=2, chain=[{}, {}])
    attempt = Attempt.objects.get(task=orders[0])
    attempt.pk, attempt.number = new_id(), 2
    attempt.save(force_insert=True)
    [row] = sum_costs("model", Parts([], [days_around()]))
    assert (row.attempts, row.credits) == (3, 30)


@pytest.mark.django_db(transaction=True)
def test_change_that_is_under_way_is_waited_for(
    orders: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "LOCK_MILLISECONDS", 100)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE generation_attempt SET cost_usd = 7 WHERE task_id = %s", [orders[0].pk])  # fmt: skip
        with pytest.raises(closing.Reopened):
            closing.mark(find_today())
        assert close() == 0
        other.commit()
    finally:
        other.close()
    assert close() >= 1
    assert is_closed()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_up_a_day_the_one_whose_mark_stands_has_it(orders: list[Task]) -> None:
    late, stands = closing.mark(find_today()), closing.mark(find_today())
    with pytest.raises(closing.Reopened):
        told_after(lambda: closing.close(stands), lambda: closing.close(late))
    assert is_closed()


@pytest.mark.django_db(transaction=True)
def test_whoever_adds_up_beside_changes_tells_the_truth(orders: list[Task]) -> None:
    """At each moment the sums that are read are those of the rows, however many hands there are."""
    costs = iter(range(1, 1000))

    def change() -> None:
        Attempt.objects.filter(task=orders[0]).update(cost_usd=next(costs))

    for _ in range(8):
        together(close, close, change)
        is_closed()
        change()
        assert not is_closed()
    assert close() >= 1
    assert is_closed()
