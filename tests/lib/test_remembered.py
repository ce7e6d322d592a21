"""What is remembered of tables is what they hold, whoever changed them."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from genhub.lib import remembered
from genhub.lib.remembered import Remembered, Table
from genhub.platforms.models import Plan

pytestmark = pytest.mark.django_db(transaction=True)


class Reader:
    def __init__(self) -> None:
        self.times = 0

    def read(self) -> list[str]:
        self.times += 1
        return list(Plan.objects.order_by("code").values_list("name", flat=True))


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def names(reader: Reader) -> Any:
    return Remembered(reader.read, [Table(Plan)])


def test_it_is_read_again_after_each_change_and_not_before(reader: Reader, names: Any) -> None:
    assert names.get() == names.get() == []
    assert reader.times == 1
    plan = Plan.objects.create(code="one", name="One")
    assert names.get() == names.get() == ["One"]
    assert reader.times == 2
    Plan.objects.filter(pk=plan.pk).update(name="Two")
    assert names.get() == ["Two"]
    # The same words again are another change.
    Plan.objects.filter(pk=plan.pk).update(name="Two")
    assert names.get() == ["Two"]
    assert reader.times == 4
    plan.delete()
    assert names.get() == []


def test_it_is_read_again_after_a_while_whatever_the_marks_say(
    reader: Reader, names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.get()
    monkeypatch.setattr(remembered, "LONGEST_SECONDS", 0.0)
    names.get()
    assert reader.times == 2


def test_what_was_never_committed_is_forgotten(names: Any) -> None:
    with transaction.atomic():
        Plan.objects.create(code="one", name="One")
        assert names.get() == ["One"]
        transaction.set_rollback(True)
    assert names.get() == []


def test_a_change_while_it_is_read_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()

    def read_while_it_changes() -> list[str]:
        found = reader.read()
        if reader.times == 1:
            Plan.objects.create(code="one", name="One")
        return found

    names = Remembered(read_while_it_changes, [Table(Plan)])
    assert names.get() == []
    assert names.get() == ["One"]


def test_one_look_serves_all_that_is_asked_in_a_block(reader: Reader, names: Any) -> None:
    names.get()
    with CaptureQueriesContext(connection) as sent, remembered.together():
        assert names.get() == []
        assert names.get() == []
        assert remembered.now().tzinfo
    assert len(sent) == 1


def test_columns_that_count_for_nothing_change_nothing(reader: Reader) -> None:
    names = Remembered(reader.read, [Table(Plan, without=("mode",))])
    Plan.objects.create(code="one", name="One")
    names.get()
    Plan.objects.update(mode="fast")
    names.get()
    assert reader.times == 1
    Plan.objects.update(name="Two")
    assert names.get() == ["Two"]
