"""A purse's page is its statement: what happened, what it left, filters, pages, CSV, a chart, lots and budgets."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits import ledger
from credits.admin.chart import daily_balances
from credits.models import Budget, Freeze, Hold, Kind, Lot, Purse, Transfer
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire
from tests.conftest import WHY

pytestmark = pytest.mark.django_db
Rich = Callable[..., Purse]


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:credits_{name}", args=args)


def statement(client: Client, purse: Purse, **query: Any) -> Any:
    answer = client.get(address("purse_change", purse.pk), query)
    assert answer.status_code == 200
    return answer


def rows(answer: Any) -> list[Transfer]:
    return list(answer.context["page"].object_list)


def put_in_past(purse: Purse, *moves: tuple[str, int]) -> None:
    """Book grants at these UTC times, oldest first, each with the balance it left."""
    for time, available in moves:
        version = purse.version = purse.version + 1
        Transfer.objects.create(
            purse=purse,
            source="issued",
            target="available",
            amount=1,
            kind=Kind.GRANT,
            key=str(new_id()),
            actor="tests",
            reason="long ago",
            created_at=datetime.fromisoformat(time).replace(tzinfo=UTC),
            purse_version=version,
            available_after=available,
            held_after=0,
        )
    Purse.objects.filter(pk=purse.pk).update(version=purse.version, available=moves[-1][1])


def today(zone: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(ZoneInfo(zone))


def test_each_move_is_told_with_its_signs_and_the_balance_after_it(
    boss: Client, rich: Rich
) -> None:
    purse = rich("bob", 100)
    order = new_id()
    hold = ledger.hold(purse.pk, 40, reference=order)
    ledger.settle(hold, 30)
    ledger.refund(hold, 5, key="x", why=WHY)
    html = statement(boss, purse).content.decode()
    table = html[html.index('id="statement"') :]
    for words in ("Held for a task", "Paid for what was delivered", "given back", "Refunded"):
        assert words in table, words
    for signed in (">+100<", ">−40<", ">+40<", ">−30<", ">+10<", ">−10<", ">+5<"):
        assert signed in table, signed
    task = reverse("admin:generation_task_change", args=[order])
    assert table.count(f'href="{task}"') == 4
    moves = rows(statement(boss, purse))
    assert [(m.kind, m.available_after, m.held_after) for m in moves] == [
        ("refund", 75, 0), ("release", 70, 0), ("capture", 60, 10), ("hold", 60, 40), ("grant", 100, 0),
    ]  # fmt: skip


def test_tasks_are_links_only_for_those_who_may_see_them(hire: Hire, rich: Rich) -> None:
    purse = rich("bob", 100)
    order = new_id()
    ledger.hold(purse.pk, 40, reference=order)
    html = statement(hire("credits.view_purse"), purse).content.decode()
    assert f"/generation/task/{order}" not in html
    assert "/credits/budget/" not in html
    assert "/credits/transfer/" not in html
    assert "Held for a task" in html


def test_kinds_and_days_are_filtered(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 0)
    put_in_past(
        purse, ("2026-01-01T23:59:59", 1), ("2026-01-02T00:00:00", 2), ("2026-01-02T23:59:59", 3),
        ("2026-01-03T00:00:00", 4),
    )  # fmt: skip
    ledger.hold(purse.pk, 1, reference=new_id())

    def found(**query: str) -> list[int]:
        return [move.purse_version for move in rows(statement(boss, purse, **query))]

    assert found() == [5, 4, 3, 2, 1]
    assert found(kind="hold") == [5]
    assert found(since="2026-01-02", until="2026-01-02") == [3, 2]
    assert found(until="2026-01-01") == [1]
    assert found(kind="grant", since="2026-01-03") == [4]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"since": "yesterday"},
        {"until": "9999-12-31"},
        {"since": "2026-01-02", "until": "2026-01-01"},
    ],
)
def test_a_wrong_filter_is_named_and_shows_nothing(
    boss: Client, rich: Rich, wrong: dict[str, str]
) -> None:
    purse = rich("bob", 100)
    answer = statement(boss, purse, **wrong)
    assert answer.context["page"] is None
    assert set(answer.context["filter"].errors) <= wrong.keys()
    assert "Credits put in" not in answer.content.decode()
    assert boss.get(address("purse_download", purse.pk), wrong).status_code == 400


def test_pages_keep_the_filter(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 0)
    for number in range(30):
        ledger.grant(purse.pk, 1, key=str(number), why=WHY)
    first = statement(boss, purse, kind="grant")
    assert "?kind=grant&amp;page=2#statement" in first.content.decode()
    assert len(rows(first)) == 25
    second = statement(boss, purse, kind="grant", page=2)
    assert [move.purse_version for move in rows(second)] == [5, 4, 3, 2, 1]
    assert len(rows(statement(boss, purse, page=2))) == 5


def test_the_csv_holds_what_the_page_shows(boss: Client, hire: Hire, rich: Rich) -> None:
    purse = rich("bob", 100)
    ledger.hold(purse.pk, 40, reference=new_id())
    ledger.grant(purse.pk, 5, key="y", why=ledger.Why("dave", "=1+1 is what she wrote"))
    answer = boss.get(address("purse_download", purse.pk), {"kind": "grant"})
    assert answer["Content-Disposition"].startswith("attachment")
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf"), "a spreadsheet program must know that it is UTF-8"
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [(line["kind"], line["amount"]) for line in lines] == [("grant", "5"), ("grant", "100")]
    assert lines[0]["reason"] == "'=1+1 is what she wrote"
    stranger = hire("credits.view_hold")
    assert stranger.get(address("purse_download", purse.pk)).status_code == 403
    assert boss.get(address("purse_download", new_id())).status_code == 404


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_the_chart_ends_each_day_in_the_platforms_zone(
    rich: Rich, shop: Platform, zone: str
) -> None:
    Platform.objects.filter(pk=shop.pk).update(time_zone=zone)
    purse = rich("bob", 0)
    midnight = today(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def at(days: int, seconds: int) -> str:
        moved = midnight - timedelta(days=days) + timedelta(seconds=seconds)
        return moved.astimezone(UTC).replace(tzinfo=None).isoformat()

    put_in_past(
        purse, (at(200, 0), 7), (at(5, 0), 50), (at(5, 10), 55), (at(3, -1), 60), (at(3, 0), 99),
    )  # fmt: skip
    found = daily_balances(Purse.objects.select_related("platform").get(pk=purse.pk))
    assert len(found) == 30
    assert found[-1][0] == midnight.date()
    values = [available for _day, available in found]
    assert values == [7] * 24 + [55, 60, 99, 99, 99, 99]


def test_the_chart_of_a_purse_that_never_moved_is_flat(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 0)
    data = json.loads(statement(boss, purse).context["chart"]["data"])
    assert data["datasets"][0]["data"] == [0] * 30


def test_the_chart_costs_the_same_however_long_the_statement_is(rich: Rich) -> None:
    purse = rich("bob", 0)
    put_in_past(purse, *[("2026-01-01T00:00:00", number) for number in range(1, 300)])
    loaded = Purse.objects.select_related("platform").get(pk=purse.pk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert daily_balances(loaded)[-1][1] == 299
    assert len(queries) == 1


def test_lots_are_shown_soonest_first_and_marked(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 0)
    now = today("UTC")
    for days in (90, 3):
        ledger.grant(purse.pk, days, key=str(days), why=WHY, expires_at=now + timedelta(days=days))
    html = statement(boss, purse).content.decode()
    lots = html[html.index("Credits that expire") :]
    soon, late = Lot.objects.order_by("expires_at")
    assert lots.index(str(soon.pk)) < lots.index(str(late.pk))
    assert lots.count("expires soon") == 1


def test_a_frozen_purse_says_why(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 100)
    assert "frozen since" not in statement(boss, purse).content.decode()
    Purse.objects.filter(pk=purse.pk).update(frozen_at=Now())
    Freeze.objects.create(purse=purse, checks=["cached_balance_equals_transfers"])
    html = statement(boss, purse).content.decode()
    assert "frozen since" in html
    assert "A purse&#x27;s balance is the sum of its transfers." in html
    assert address("freeze_change", Freeze.objects.get().pk) in html


def test_a_hold_shows_its_lots_its_overrun_and_its_transfers(boss: Client, rich: Rich) -> None:
    purse = rich("bob", 10)
    soon = today("UTC") + timedelta(days=2)
    ledger.grant(purse.pk, 15, key="lot", why=WHY, expires_at=soon)
    hold = ledger.hold(purse.pk, 20, reference=new_id())
    ledger.settle(hold, 23)
    html = boss.get(address("hold_change", hold)).content.decode()
    lot = Lot.objects.get()
    assert address("lot_change", lot.pk) in html
    assert "3 credits more were delivered than held; the hub paid" in html
    assert Hold.objects.get(pk=hold).overrun == 3
    assert address("hold_change", hold) in boss.get(address("lot_change", lot.pk)).content.decode()


@pytest.mark.parametrize("name", ["lot", "purse"])
def test_lists_are_read_only(boss: Client, rich: Rich, name: str) -> None:
    purse = rich("bob", 0)
    ledger.grant(purse.pk, 5, key="l", why=WHY, expires_at=today("UTC") + timedelta(days=1))
    row = Lot.objects.get() if name == "lot" else purse
    assert boss.post(address(f"{name}_change", row.pk), {"amount": 9}).status_code == 403
    assert boss.get(address(f"{name}_add")).status_code == 403


def test_pages_ask_the_database_as_often_for_thirty_rows_as_for_three(
    boss: Client, rich: Rich, shop: Platform
) -> None:
    def fill(number: int, start: int) -> None:
        for n in range(start, start + number):
            user = rich(f"user{n}", 1)
            Budget.objects.create(purse=user, period="day", most=10)
            soon = today("UTC") + timedelta(days=1)
            ledger.grant(purse.pk, 10, key=f"lot{n}", why=WHY, expires_at=soon)
            hold = ledger.hold(purse.pk, 4, reference=new_id())
            ledger.settle(hold, 2)

    def count() -> dict[str, int]:
        pages = [address(f"{name}_changelist") for name in ("purse", "lot", "hold", "budget")]
        counts = {}
        for page in [*pages, address("purse_change", purse.pk)]:
            with CaptureQueriesContext(connection) as queries:
                assert boss.get(page).status_code == 200
            counts[page] = len(queries)
        return counts

    purse = rich("bob", 0)
    fill(3, 0)
    count()
    few = count()
    fill(27, 3)
    assert count() == few
