"""What orders cost in a period: by provider, model, platform and day; what is unknown is counted apart."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now

from credits.models import Hold
from generation.models import Account, Attempt, Task
from generation.selectors.closed_days import find_today
from generation.selectors.costs import (
    CostSum,
    Period,
    add_up,
    last_days,
    plain,
    sum_costs,
    whole_days,
)
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.steps import submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def costly(alice: Any, stub: Account) -> list[Task]:
    """Three tasks: one of two pictures at half a dollar, one of unknown cost, one that was given up at a quarter."""
    stub.offers.update(usd_per_picture="0.25")
    first = submit(alice, num_images=2)
    run_queue("local")
    stub.offers.update(usd_per_picture=None)
    second = submit(alice)
    run_queue("local")
    stub.offers.update(usd_per_picture="0.25")
    third = submit(alice, "stub:wait=1000000 stub:cancel=billed")
    run_queue("local")
    alice.post(f"/api/v1/tasks/{third}/cancel")
    return [first, second, third]


def by(name: str, days: int = 7, **filters: str) -> list[CostSum]:
    return sum_costs(name, last_days(days), filters)


def test_unknown_is_counted_apart_and_never_as_nothing(costly: list[Task], stub: Account) -> None:
    [row] = by("provider")
    assert (row.key, row.name, row.attempts, row.pictures) == (str(stub.pk), "stub", 3, 3)
    assert (row.known_usd, row.unknown, row.given_up_usd) == (Decimal("0.75"), 1, Decimal("0.25"))
    # Of the pictures whose cost is known: three quarters of a dollar brought two.
    assert row.average_usd == Decimal("0.375")
    assert row.credits == 30


def test_what_never_left_is_no_cost(alice: Any, stub: Account) -> None:
    task = submit(alice)
    alice.post(f"/api/v1/tasks/{task}/cancel")
    assert by("provider") == []


def test_all_unknown_is_unknown(costly: list[Task]) -> None:
    Attempt.objects.update(cost_usd=None)
    [row] = by("provider")
    assert (row.known_usd, row.average_usd, row.margin_usd, row.unknown) == (None, None, None, 3)
    assert add_up([row]).known_usd is None


def test_sums_are_of_their_model_platform_and_day(costly: list[Task], shop: Platform) -> None:
    Task.objects.filter(pk=costly[0].pk).update(model="other")
    assert [(row.name, row.known_usd) for row in by("model")] == [
        ("other", Decimal("0.5")), ("z-image-small", Decimal("0.25")),
    ]  # fmt: skip
    assert [(row.key, row.name, row.attempts) for row in by("platform")] == [
        (str(shop.pk), "Shop", 3)
    ]
    Attempt.objects.filter(task=costly[0]).update(ended_at=Now() - timedelta(days=3))
    today = find_today()
    days = whole_days(by("day", 5), last_days(5))
    assert [(row.name, row.attempts) for row in days] == [
        ((today - timedelta(days=back)).isoformat(), {3: 1, 0: 2}.get(back, 0))
        for back in (4, 3, 2, 1, 0)
    ]
    assert by("model", 3)[0].name == "z-image-small"
    assert [row.name for row in by("model", 4)] == ["other", "z-image-small"]


def test_filters_narrow_every_sum(costly: list[Task], shop: Platform, stub: Account) -> None:
    Task.objects.filter(pk=costly[0].pk).update(model="other")
    assert by("day", model="other")[0].known_usd == Decimal("0.5")
    assert by("model", platform=str(shop.pk), provider=str(stub.pk), day="ignored") == by("model")
    assert by("model", provider="0") == by("day", model="'; DROP TABLE x; --") == []


def test_days_are_whole_days_of_the_hub(costly: list[Task]) -> None:
    today = find_today()
    attempts = Attempt.objects.filter(task=costly[0])
    attempts.update(ended_at=Period(today, today).whole.since)
    assert by("day", 1)[0].attempts == 3
    attempts.update(ended_at=F("ended_at") - timedelta(microseconds=1))
    assert by("day", 1)[0].attempts == 2
    assert [row.attempts for row in by("day", 2)] == [1, 2]
    yesterday = today - timedelta(days=1)
    [row] = sum_costs("day", Period(yesterday, yesterday))
    assert (row.name, row.attempts) == (yesterday.isoformat(), 1)


class TestMargin:
    def test_margin_is_what_came_in_less_what_it_cost(self, costly: list[Task]) -> None:
        Platform.objects.update(usd_per_credit="0.1")
        Attempt.objects.filter(cost_usd=None).update(cost_usd="0.05")
        [row] = by("provider")
        assert (row.revenue_usd, row.margin_usd) == (Decimal(3), Decimal("2.2"))

    def test_refunded_credits_bring_nothing(self, costly: list[Task]) -> None:
        Platform.objects.update(usd_per_credit="0.1")
        Hold.objects.filter(reference=costly[0].pk).update(refunded=F("captured"))
        assert by("provider")[0].revenue_usd == 1

    def test_another_try_of_a_task_brings_its_credits_once(self, costly: list[Task]) -> None:
        Platform.objects.update(usd_per_credit="0.1")
        attempt = Attempt.objects.get(task=costly[0])
        attempt.pk, attempt.number, attempt.state = None, 2, "failed"
        attempt.save()
        [row] = by("provider")
        assert (row.attempts, row.revenue_usd) == (4, Decimal(3))

    def test_margin_with_an_unknown_cost_is_unknown(self, costly: list[Task]) -> None:
        Platform.objects.update(usd_per_credit="0.1")
        assert by("provider")[0].margin_usd is None

    def test_margin_of_credits_without_a_price_is_unknown(
        self, costly: list[Task], shop: Platform
    ) -> None:
        Attempt.objects.filter(cost_usd=None).update(cost_usd=0)
        [row] = by("provider")
        assert (row.revenue_usd, row.margin_usd) == (None, None)
        assert add_up([row, CostSum("x", "x")]).revenue_usd is None

    def test_platform_that_paid_nothing_needs_no_price(self, costly: list[Task]) -> None:
        Attempt.objects.update(cost_usd=1)
        Hold.objects.update(refunded=F("captured"))
        assert by("provider")[0].margin_usd == -3


def run(*words: str) -> str:
    out = StringIO()
    call_command("costs", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("group", ["provider", "model", "platform", "day"])
def test_command_says_what_the_page_says(costly: list[Task], group: str) -> None:
    said = json.loads(run("--by", group, "--since", "7d", "--json"))
    assert said["since"] == last_days(7).first.isoformat()
    [row] = said["rows"]
    assert (row["known_usd"], row["average_usd"], row["unknown"], row["margin_usd"]) == (
        "0.75", "0.375", 1, None,
    )  # fmt: skip
    assert {**said["total"], "key": row["key"], "name": row["name"]} == row
    lines = run("--by", group, "--since", said["since"]).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [row["name"], "all"]
    assert lines[2].split()[1:] == ["3", "3", "0.75", "0.375", "1", "0.25", "30", "?", "?"]


def test_command_of_nothing_says_nothing(db: None) -> None:
    assert json.loads(run("--json"))["rows"] == []
    assert run().splitlines()[1].split() == ["all", "0", "0", "?", "?", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize("since", ["0", "5000", "yesterday", "2026-13-01", "-1", ""])
def test_command_refuses_what_is_no_day(db: None, since: str) -> None:
    with pytest.raises(CommandError, match="since"):
        run(f"--since={since}")


@pytest.mark.parametrize(
    ("usd", "text"),
    [("0.250000", "0.25"), ("100", "100"), ("0", "0"), ("1E+2", "100"), ("0.0000004", "0"), ("1E-6", "0.000001")],
)  # fmt: skip
def test_amounts_are_plain(usd: str, text: str) -> None:
    assert plain(Decimal(usd)) == text
