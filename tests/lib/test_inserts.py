"""Rows written by one statement are those that `save` writes; a prepared query finds what the query finds."""

from typing import Any

import pytest
from django.db import IntegrityError

from generation.models import Account
from genhub.lib.inserts import insert_together
from genhub.lib.prepared import (
    NO_NUMBER,
    Prepared,
    PreparedCount,
    PreparedUpdate,
    count_together,
)
from genhub.platforms.models import ApiKey, IdempotencyKey, Plan, Platform

pytestmark = pytest.mark.django_db(transaction=True)


def columns(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


def test_rows_are_as_they_were_said_and_as_the_database_filled_them() -> None:
    plan = Plan(code="one", name="")
    platform = Platform(code="app", name="App", plan=None)
    used = [
        IdempotencyKey(platform=platform, user="u", scope="order", key=str(n), made_id=platform.pk)
        for n in range(2)
    ]
    insert_together([plan, platform, *used])
    for row in (plan, platform, *used):
        assert not row._state.adding
        read = type(row)._default_manager.get(pk=row.pk)
        assert columns(row) == columns(read)
    assert plan.created_at == platform.created_at


def test_what_is_written_out_is_what_was_said() -> None:
    usual = Account(alias="usual", adapter="stub", queue="local")
    other = Account(
        alias="other", adapter="stub", queue="local", options={"zero": 0}, is_enabled=False, weight=12
    )  # fmt: skip
    insert_together([usual, other])
    for row in (usual, other):
        assert columns(row) == columns(Account.objects.get(pk=row.pk))
    assert (usual.options, other.options) == ({}, {"zero": 0})


def test_all_are_written_or_none() -> None:
    Platform.objects.create(code="app", name="App")
    with pytest.raises(IntegrityError):
        insert_together([Plan(code="one", name="One"), Platform(code="app", name="Other")])
    assert not Plan.objects.exists()


def test_prepared_query_finds_what_the_query_finds() -> None:
    plan = Plan.objects.create(code="one", name="One", discount_percent="12.50")
    for code, terms in (("app", plan), ("other", None)):
        platform = Platform.objects.create(code=code, name=code, plan=terms)
        ApiKey.objects.issue(platform, name="tests", user="alice")
    rows = ApiKey.objects.select_related("platform__plan")
    prepared = Prepared(lambda prefix: rows.filter(prefix=prefix), "prefix")
    for key in rows:
        for _ in range(2):
            [found] = prepared.find(key.prefix)
            assert columns(found) == columns(key)
            assert columns(found.platform) == columns(key.platform)
            assert found.platform.plan == key.platform.plan
    assert prepared.find("unknown") == []


def test_prepared_count_counts_what_there_is_now() -> None:
    rows = Platform.objects.filter(code__startswith="a").order_by("name")
    prepared = PreparedCount(rows.all)
    for number, code in enumerate(("app", "other", "another")):
        assert prepared.count() == rows.count() == (number + 1) // 2
        Platform.objects.create(code=code, name=code)
    assert prepared.count() == 2


def test_prepared_update_writes_what_the_update_writes() -> None:
    for code in ("app", "other"):
        Platform.objects.create(code=code, name=code, plan=Plan.objects.create(code=code, name=""))
    prepared = PreparedUpdate(
        lambda code, name, plan_id: (
            Platform.objects.filter(code=code),
            {"name": name, "plan": plan_id},
        ),
        "a code",
        "a name",
        NO_NUMBER,
    )
    other = Plan.objects.get(code="other")
    for name, plan_id in (("App", other.pk), ("", None)):
        assert prepared.run("app", name, plan_id) == 1
        platform = Platform.objects.get(code="app")
        assert (platform.name, platform.plan_id) == (name, plan_id)
    assert Platform.objects.get(code="other").plan == other
    assert prepared.run("unknown", "", None) == 0


def test_what_has_no_place_in_a_statement_is_an_error() -> None:
    prepared: Prepared[Platform] = Prepared(lambda _: Platform.objects.filter(code="app"), "a code")
    with pytest.raises(AssertionError, match="not every value has a place"):
        prepared.find("app")


def test_several_are_counted_by_one_statement(django_assert_num_queries: Any) -> None:
    counts = [
        PreparedCount(Platform.objects.all),
        PreparedCount(lambda: Plan.objects.filter(code="one")),
        PreparedCount(lambda: Plan.objects.filter(code__in=["two", "three"])),
    ]
    for code in ("one", "two", "three"):
        Plan.objects.create(code=code, name=code)
    with django_assert_num_queries(1):
        assert count_together(counts) == [0, 1, 2]
