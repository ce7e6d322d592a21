"""A provider spends no more than it may on a day: what is at work counts by the most that it may cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.accounts import spending
from generation.accounts.costs import Bill
from generation.accounts.spending import NotNow
from generation.life import sending, waiting
from generation.models import Account, Attempt, Rest
from generation.providers.base import Finished, Usage
from generation.providers.stub import StubProvider
from generation.work import run
from genhub.lib.clock import NOW
from tests.races import together
from tests.steps import attempt_states, claim, submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books", "stub"),
]


@pytest.fixture(autouse=True)
def limit(stub: Account) -> None:
    """One dollar a day, and orders of a quarter."""
    Account.objects.update(daily_limit_usd=1)
    stub.offers.update(usd_per_picture="0.25")


def work() -> list[str]:
    return [entry["ended"] for entry in run.run_queue("local")]


def rest() -> tuple[str, float]:
    """Return why the account rests, and for how long from now, 0 when it does not."""
    account = Account.objects.annotate(now=NOW).get()
    until = account.resting_until
    return account.resting_why, (until - account.now).total_seconds() if until else 0.0


def day_left() -> float:
    return spending.seconds_left(Account.objects.annotate(now=NOW).get().now)


def test_account_that_spent_its_limit_rests_until_the_next_day_and_says_so(
    alice: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = [submit(alice) for _ in range(5)]
    assert work() == ["completed"] * 4
    why, seconds = rest()
    assert why == Rest.SPENT
    assert seconds == pytest.approx(day_left(), abs=60)
    account = Account.objects.get()
    assert account.last_error == "spent 1.000000 of 1.00 US dollars today (UTC)"
    assert account.last_error in caplog.text
    assert attempt_states(tasks[4]) == ["queued"]
    assert account.failures == 0


def test_order_that_would_go_beyond_it_is_not_sent(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(alice, num_images=3)
    assert work() == ["completed"]
    task = submit(alice, num_images=2)
    monkeypatch.setattr(StubProvider, "submit", None)
    assert work() == ["put_back"]
    assert rest()[0] == Rest.SPENT
    assert "the next order may cost 0.5" in Account.objects.get().last_error
    assert attempt_states(task) == ["canceled", "queued"]


def test_standby_takes_what_the_limit_keeps_back(alice: APIClient, stub: Account) -> None:
    other = Account.objects.create(alias="other", adapter="stub", queue="local", standby_rank=1)
    card = stub.offers.get()
    card.pk, card.account = None, other
    card.save()
    Account.objects.filter(pk=stub.pk).update(daily_limit_usd="0.30")
    tasks = [submit(alice) for _ in range(2)]
    assert work() == ["completed", "put_back", "completed"]
    made_by = Attempt.objects.filter(state="succeeded").values_list("account__alias", flat=True)
    assert sorted(made_by) == ["other", "stub"]
    assert attempt_states(tasks[0]) == ["succeeded"]


def test_what_is_at_work_counts_and_the_rest_is_short(alice: APIClient) -> None:
    tasks = [submit(alice) for _ in range(5)]
    taken = [claim() for _ in tasks]
    for at_work in taken[:4]:
        sending.note_sending(at_work)
    with pytest.raises(NotNow) as caught:
        sending.note_sending(taken[4])
    assert (caught.value.why, caught.value.rests) == (Rest.SPENT, True)
    # Cheaper orders make room within the day.
    assert caught.value.seconds == spending.AGAIN_SECONDS
    assert alice.post(f"/api/v1/tasks/{tasks[0]}/cancel").status_code == 200
    with pytest.raises(NotNow):
        sending.note_sending(taken[4])
    waiting.settle_late(taken[0], Bill())
    sending.note_sending(taken[4])


def test_ten_at_once_do_not_run_over(alice: APIClient) -> None:
    for _ in range(10):
        submit(alice)
    sends = [partial(sending.note_sending, claim()) for _ in range(10)]
    [outcomes] = together(*sends, lost=[NotNow])
    assert outcomes.count(NotNow) == 6
    sent = Attempt.objects.filter(sending_at__isnull=False)
    assert sum(attempt.dearest_usd or Decimal(0) for attempt in sent) == 1


def test_costs_written_at_once_are_all_seen(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of two orders came dearer than it could be known: the second one's end sees the first one's."""
    plain = StubProvider.submit

    def submit_dear(self: StubProvider, work: Any) -> Any:
        made = plain(self, work)
        assert isinstance(made, Finished)
        return Finished(made.made, usage=Usage(cost_usd=Decimal("0.5")))

    monkeypatch.setattr(StubProvider, "submit", submit_dear)
    for _ in range(2):
        submit(alice)
    outcomes = together(work, work)
    assert sum(ended.count("completed") for [*both] in outcomes for ended in both) == 2  # type: ignore[attr-defined]
    assert rest()[0] == Rest.SPENT


def test_what_was_spent_yesterday_is_not_todays(alice: APIClient) -> None:
    for _ in range(4):
        submit(alice)
    work()
    Attempt.objects.update(ended_at=Now() - timedelta(days=1))
    Account.objects.update(resting_until=None)
    submit(alice)
    assert work() == ["completed"]
    assert rest() == (Rest.SPENT, 0.0)


def test_raised_limit_lets_orders_go_at_once(alice: APIClient, stub: Account) -> None:
    for _ in range(5):
        submit(alice)
    work()
    Account.objects.update(daily_limit_usd=2)
    spending.reopen(stub.pk)
    assert work() == ["completed"]


def test_other_rests_are_not_ended_by_a_new_limit(stub: Account) -> None:
    Account.objects.update(resting_until=Now() + timedelta(hours=1), resting_why=Rest.NO_QUOTA)
    spending.reopen(stub.pk)
    assert rest()[0] == Rest.NO_QUOTA


def test_limit_shortens_no_longer_rest(alice: APIClient) -> None:
    submit(alice, num_images=4)
    work()
    Account.objects.update(resting_until=Now() + timedelta(days=9), resting_why=Rest.NO_QUOTA)
    with transaction.atomic():
        spending.watch(Account.objects.get())
    assert rest()[0] == Rest.NO_QUOTA
    assert rest()[1] > 8 * 86_400


def test_order_of_unknown_price_counts_once_its_vendor_says_it(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.offers.update(usd_per_picture=None)
    plain = StubProvider.submit

    def submit_dear(self: StubProvider, work: Any) -> Any:
        made = plain(self, work)
        assert isinstance(made, Finished)
        return Finished(made.made, usage=Usage(cost_usd=Decimal(3)))

    monkeypatch.setattr(StubProvider, "submit", submit_dear)
    submit(alice)
    submit(alice)
    assert work() == ["completed"]
    assert rest()[0] == Rest.SPENT


def test_limit_of_nothing_closes_and_none_is_no_limit(alice: APIClient, stub: Account) -> None:
    Account.objects.update(daily_limit_usd=0)
    submit(alice)
    assert work() == ["put_back"]
    Account.objects.update(daily_limit_usd=None)
    spending.reopen(stub.pk)
    Attempt.objects.filter(state="queued").update(run_at=Now())
    assert work() == ["completed"]


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        (datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 28, tzinfo=UTC), 86_400),
        (datetime.fromisoformat("2026-11-28T23:00:00-02:00"), 82_800),
    ],
    ids=str,
)
def test_days_are_utc(moment: datetime, left: float) -> None:
    assert spending.seconds_left(moment) == left
