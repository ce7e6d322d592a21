"""An alert begins when its condition has held for a while, ends when it has been gone for a while, and is one row."""

import threading

import pytest
from django.db import connection
from pytest_django import Settings

from genhub.alerts import conditions, noting, turns
from genhub.alerts.conditions import Condition, Findings, Probe
from genhub.alerts.models import Alert, Notice
from genhub.alerts.turns import LooksBroke
from tests.alerts.conftest import HOLD, Kind, begin, end, pass_time, see
from tests.alerts.mailbox import Mailbox

pytestmark = pytest.mark.django_db
GONE = (Kind.WORKER_GONE, "local")


def test_begins_once_it_held_and_is_told_once(mailbox: Mailbox) -> None:
    assert see(GONE) == 0
    pass_time(HOLD - 5)
    assert see(GONE) == 0
    assert noting.OPEN.count() == 0
    assert not Notice.objects.exists()
    pass_time(10)
    assert see(GONE) == 1
    assert noting.OPEN.count() == 1
    for _ in range(5):
        pass_time()
        assert see(GONE) == 0
    assert Notice.objects.get().what == Notice.What.BEGAN


def test_ends_once_it_was_gone_and_is_told_once(mailbox: Mailbox) -> None:
    begin()
    assert see() == 0
    assert noting.OPEN.count() == 1
    pass_time()
    assert see() == 1
    assert see() == 0
    assert noting.OPEN.count() == 0
    assert list(Notice.objects.order_by("created_at").values_list("what", flat=True)) == ["began", "ended"]  # fmt: skip
    # What comes again is another one.
    begin()
    assert Alert.objects.count() == 2


def test_what_flaps_is_told_once(mailbox: Mailbox) -> None:
    for _ in range(20):
        see(GONE)
        pass_time(HOLD / 2)
        see()
    assert not Alert.objects.exists()
    begin()
    for _ in range(20):
        see()
        pass_time(HOLD / 2)
        see(GONE)
        pass_time(HOLD / 2)
    assert Notice.objects.count() == 1
    end()
    assert Notice.objects.count() == 2


def test_what_nobody_looked_at_is_counted_anew(mailbox: Mailbox) -> None:
    see(GONE)
    # The hub is off for an hour, and its workers are not back yet when the loops are.
    pass_time(3600)
    Alert.objects.update(looked_at="2026-01-01T00:00:00Z")
    assert see(GONE) == 0
    see()
    assert not Alert.objects.exists()
    alert = begin()
    see()
    pass_time(3600)
    Alert.objects.update(looked_at="2026-01-01T00:00:00Z")
    assert see() == 0
    # After the restart it is still the same alert.
    assert see(GONE) == 0
    assert Alert.objects.get() == alert
    assert Notice.objects.count() == 1


def test_two_machines_judge_each_their_own_disk(mailbox: Mailbox) -> None:
    begin(Kind.DISK_LOW, "north")
    south = Findings(judged={(Kind.DISK_LOW.value, "south")})
    for _ in range(3):
        noting.note(south)
        pass_time()
    assert noting.OPEN.count() == 1
    # A machine that looks no more is gone.
    Alert.objects.update(looked_at="2026-01-01T00:00:00Z")
    assert noting.note(south) == 1


@pytest.mark.django_db(transaction=True)
def test_a_look_that_breaks_hides_no_other_and_ends_nothing(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin()

    def break_off() -> list[Condition]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing")
        return []

    probes = (Probe(Kind.WORKER_GONE, break_off), Probe(Kind.MODEL_BROKEN, lambda: [Condition("star")]))  # fmt: skip
    monkeypatch.setattr(conditions, "import_string", lambda _path: probes)
    with pytest.raises(LooksBroke, match="worker_gone"):
        turns.watch_alerts()
    assert noting.OPEN.count() == 1
    assert Alert.objects.filter(kind=Kind.MODEL_BROKEN, about="star").exists()
    pass_time()
    with pytest.raises(LooksBroke):
        turns.watch_alerts()
    assert {alert.kind for alert in noting.list_open()} == {Kind.WORKER_GONE, Kind.MODEL_BROKEN}


def test_no_channel_no_notice(settings: Settings) -> None:
    begin()
    end()
    assert not Notice.objects.exists()
    assert Alert.objects.get().ended_at


@pytest.mark.django_db(transaction=True)
def test_two_loops_begin_one_alert(mailbox: Mailbox) -> None:
    def watch() -> None:
        try:
            for _ in range(10):
                see(GONE)
                see(GONE, (Kind.MODEL_BROKEN, "star"))
        finally:
            connection.close()

    see(GONE)
    pass_time()
    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Alert.objects.get(kind=Kind.WORKER_GONE).began_at
    assert Notice.objects.count() == 1
