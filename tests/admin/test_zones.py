"""Each member of staff reads times in a zone of their own; days in figures are the hub's, and the API is in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.admin.statement import begin
from generation.admin.tasks.figures import Period
from generation.models import Account, Event, Task
from genhub.admin.show import moment
from genhub.lib.zones import list_zones, word_offset
from genhub.settings.parts import time_zone
from genhub.users.models import User
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db
OWN = reverse("admin:users_user_own")
AT = datetime(2026, 3, 1, 18, 30, 15, tzinfo=UTC)


def choose(client: Client, name: str) -> Any:
    return client.post(OWN, {"time_zone": name})


def page_of(task: Task) -> str:
    return reverse("admin:generation_task_change", args=[task.pk])


@pytest.fixture
def task(alice: APIClient, stub: Account) -> Task:
    alice.post("/api/v1/generate", {"prompt": "a star"}, format="json")
    Task.objects.update(created_at=AT)
    return Task.objects.get()


def test_times_are_told_in_the_readers_zone_with_utc_beside(
    hire: Hire, boss: Client, alice: APIClient, task: Task
) -> None:
    clerk = hire("generation.view_task")
    assert "All times are UTC" in clerk.get(page_of(task)).content.decode()
    assert choose(clerk, "Asia/Shanghai").url == OWN
    text = clerk.get(page_of(task)).content.decode()
    assert "All times are UTC+08:00 (Asia/Shanghai)" in text
    assert "2026-03-02 02:30:15" in text
    # Of the story, each time has its UTC beside it.
    at = Event.objects.earliest("id").created_at
    assert f"{at.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S} (" in text
    assert f"{at:%H:%M UTC})" in text
    # Nobody else's pages, and no app's answers.
    other = boss.get(page_of(task)).content.decode()
    assert "2026-03-01 18:30:15" in other
    assert "UTC)" not in other
    assert alice.get(f"/api/v1/tasks/{task}").json()["created_at"].startswith("2026-03-01T18:30:15")
    assert "2026-03-01 18:30:15" in boss.get(page_of(task)).content.decode()


def test_who_chose_none_reads_the_hubs_zone(hire: Hire, task: Task, settings: Settings) -> None:
    settings.HUB_TIME_ZONE = "America/New_York"
    clerk = hire("generation.view_task")
    text = clerk.get(page_of(task)).content.decode()
    assert "2026-03-01 13:30:15" in text
    assert re.search(r"All times are UTC-0[45]:00 \(America/New_York\)", text)
    assert "the hub&#x27;s: America/New_York" in clerk.get(OWN).content.decode()


def test_days_in_figures_are_the_hubs_whoever_looks(
    hire: Hire, task: Task, settings: Settings
) -> None:
    settings.HUB_TIME_ZONE = "Asia/Tokyo"
    clerk = hire("generation.view_task")
    choose(clerk, "America/New_York")
    period = Period(datetime(2026, 3, 2, tzinfo=UTC).date(), 1)
    assert period.begin == datetime(2026, 3, 1, 15, tzinfo=UTC)
    assert period.end - period.begin == timedelta(days=1)
    page = clerk.get(reverse("admin:generation_task_figures"), {"day": "2026-03-02"})
    assert page.context["period"].begin == period.begin


def test_day_that_is_typed_on_a_statement_begins_in_the_zone_that_is_shown() -> None:
    for name, hours in (("Asia/Shanghai", -8), ("America/New_York", 5), ("UTC", 0)):
        with timezone.override(name):
            assert begin(date(2026, 3, 2)) == datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hours)  # fmt: skip


@pytest.mark.parametrize("name", ["Mars/Base", "localtime", "../etc/passwd", "UTC\0"])
def test_zone_that_there_is_not_is_refused(boss: Client, name: str) -> None:
    answer = choose(boss, name)
    assert answer.status_code == 200
    assert "time_zone" in answer.context["question"].form.errors
    assert User.objects.get().time_zone == ""


def test_own_page_is_for_all_staff_and_nobody_else(hire: Hire) -> None:
    assert hire().get(OWN).status_code == 200
    led: Any = Client().get(OWN)
    assert led.url.startswith(reverse("admin:login"))
    assert OWN in hire(name="erin").get(reverse("admin:index")).content.decode()


def test_zone_that_this_machine_lost_means_the_hubs(boss: Client) -> None:
    User.objects.update(time_zone="Mars/Base")
    assert boss.get(OWN).status_code == 200


def test_moments_and_offsets() -> None:
    assert moment(None) == "–"
    assert moment(AT) == "2026-03-01 18:30:15"
    with timezone.override("Asia/Shanghai"):
        assert moment(AT) == "2026-03-02 02:30:15 (03-01 18:30 UTC)"
    with timezone.override("America/New_York"):
        assert moment(AT) == "2026-03-01 13:30:15 (18:30 UTC)"
    with timezone.override("Europe/London"):
        assert moment(AT) == "2026-03-01 18:30:15"
    assert word_offset(AT) == "UTC"
    assert {"UTC", "Asia/Shanghai", "Europe/Berlin"} <= set(list_zones())


def test_hub_does_not_begin_with_a_zone_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_TIME_ZONE", "Mars/Base")
    with pytest.raises(ImproperlyConfigured, match="HUB_TIME_ZONE must be an IANA time zone"):
        time_zone("HUB_TIME_ZONE", "UTC")
    monkeypatch.setenv("HUB_TIME_ZONE", "Asia/Shanghai")
    assert time_zone("HUB_TIME_ZONE", "UTC") == "Asia/Shanghai"
