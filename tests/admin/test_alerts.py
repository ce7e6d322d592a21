"""Alerts in the admin: open ones first, counted, named on the overview, for those who may see them."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from genhub.alerts.models import Alert, Notice
from tests.admin.conftest import Hire
from tests.alerts.conftest import Kind, begin, end, mailbox, see
from tests.alerts.mailbox import Mailbox

__all__ = ["mailbox"]
pytestmark = pytest.mark.django_db
LIST = reverse("admin:alerts_alert_changelist")


def page(alert: Alert) -> str:
    return reverse("admin:alerts_alert_change", args=[alert.pk])


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def counted(html: str) -> str:
    """Return the number beside the entry of the side bar."""
    entry = re.search(rf'<a href="{LIST}".*?</a>', html, re.S)
    assert entry
    return "".join(re.findall(r"\d+", strip_tags(entry[0])))


def test_open_ones_come_first_and_what_has_not_begun_not_at_all(boss: Client) -> None:
    begin(Kind.MODEL_BROKEN, "star")
    end()
    begin(Kind.WORKER_GONE, "local")
    end()
    begin(Kind.MODEL_BROKEN, "moon")
    see((Kind.MODEL_BROKEN, "moon"), (Kind.MODEL_BROKEN, "comet"))
    html = read(boss, LIST)
    places = [html.index(f"{word} was switched off") for word in ("moon", "star")]
    assert places == sorted(places)
    assert html.index("moon") < html.index("Queue local has no worker")
    assert "comet" not in html


def test_page_says_what_to_do_and_who_was_told(boss: Client, mailbox: Mailbox) -> None:
    alert = begin(Kind.WORKER_GONE, "<b>local</b>")
    Notice.objects.update(last_error="the mail server answered 451", tries=2)
    html = read(boss, page(alert))
    for words in (
        "&lt;b&gt;local&lt;/b&gt; has no worker",
        "read its log",
        "answered 451",
        "waiting",
    ):
        assert words in html
    assert "<b>local" not in html


def test_page_says_that_nobody_was_told(boss: Client) -> None:
    assert "no channel is set" in read(boss, page(begin()))


def test_overview_names_open_ones_for_those_who_may(boss: Client, hire: Hire) -> None:
    alert = begin()
    home = reverse("admin:index")
    assert page(alert) in read(boss, home)
    assert page(alert) in read(hire("alerts.view_alert"), home)
    other = hire("generation.view_worker", name="erin")
    assert page(alert) not in read(other, home)
    assert other.get(LIST).status_code == other.get(page(alert)).status_code == 403
    end()
    assert page(alert) not in read(boss, home)


def test_side_bar_counts_open_ones(hire: Hire) -> None:
    client, home = hire("alerts.view_alert"), reverse("admin:index")
    assert counted(read(client, home)) == ""
    begin(Kind.MODEL_BROKEN, "star")
    see((Kind.MODEL_BROKEN, "star"), (Kind.MODEL_BROKEN, "moon"))
    assert counted(read(client, home)) == "1"
    assert LIST not in read(hire("generation.view_worker", name="erin"), home)


def test_figure_counts_open_ones_by_kind(client: Client) -> None:
    begin()
    text = client.get("/metrics").content.decode()
    assert 'genhub_alerts_open{kind="worker_gone"} 1.0' in text
    assert 'genhub_alerts_open{kind="disk_low"} 0.0' in text
