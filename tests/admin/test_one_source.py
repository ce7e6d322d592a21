"""The pages of staff and /metrics tell the same of one day: what they say of the hub comes from the same reads."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families as read_text
from rest_framework.test import APIClient

from credits import boundary
from credits.selectors import sum_turnover
from generation.life.attempt_ends import complete, fail
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Attempt, Offer, Worker
from generation.providers.errors import ProviderError
from generation.refunds.one import request_refund
from generation.selectors.periods import count_period
from generation.states import TaskState
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from genhub.users.models import User
from tests.steps import claim, collect, submit

pytestmark = pytest.mark.django_db
Sum = Callable[..., float]


@pytest.fixture
def look(client: Client, monkeypatch: pytest.MonkeyPatch) -> Sum:
    """Return the sum of a figure over all labels but those given; of counters, since the test began."""
    # What moved credits a moment ago counts at once.
    monkeypatch.setattr(boundary, "MARGIN", "0 seconds")

    def read() -> list[Any]:
        families = read_text(client.get("/metrics").content.decode())
        return [sample for family in families for sample in family.samples]

    def add(samples: list[Any], name: str, labels: dict[str, str]) -> float:
        found = [s.value for s in samples if s.name == name and labels.items() <= s.labels.items()]
        return float(sum(found))

    before = read()

    def moved(name: str, *, is_counter: bool = True, **labels: str) -> float:
        return add(read(), name, labels) - (add(before, name, labels) if is_counter else 0)

    return moved


@pytest.fixture
def day(alice: APIClient, stub: Account) -> None:
    """Two delivered, one of them refunded in part, one failed, one canceled, two that wait."""
    submit(alice)
    delivered = submit(alice)
    for _ in range(2):
        found = claim()
        complete(found, collect(found))
    person = User.objects.create_superuser("frank")
    request_refund(delivered.pk, 4, request_id=new_id(), person=person, reason="A grey picture.")
    submit(alice)
    fail(claim(), ProviderError("no", code="content_refused"))
    cancel_task(submit(alice).pk)
    submit(alice)
    submit(alice)


def test_what_ended_and_was_paid_is_the_same_for_both(boss: Client, look: Sum, day: None) -> None:
    shown = boss.get(reverse("admin:index")).context
    now = datetime.now(UTC)
    figures = count_period(now - timedelta(hours=1), now + timedelta(hours=1))
    counted = {task["link"].split("state__exact=")[1].split("&")[0]: task["count"] for task in shown["tasks"]}  # fmt: skip
    expected = {TaskState.COMPLETED: 2, TaskState.FAILED: 1, TaskState.CANCELED: 1}
    for state, number in expected.items():
        assert counted[state] == figures.of(state) == number
        assert look("genhub_tasks_ended_total", state=state.value) == number
    assert look("genhub_orders_total") == figures.whole.tasks == sum(counted.values()) == 6
    turnover = shown["turnover"]
    assert turnover == sum_turnover(timedelta(hours=24))
    assert look("genhub_credits_total", kind="captured") == turnover.captured == 20
    assert look("genhub_credits_total", kind="refunded") == turnover.refunded == 4


def test_how_things_stand_is_the_same_for_both(boss: Client, look: Sum, day: None) -> None:
    facts = {"memory_total": 2**37, "memory_used": 2**36, "gpu_utilization": 40}
    Worker.objects.create(name="painter", queues=["local"], beat_at=Now(), facts=facts)
    Offer.objects.update(is_enabled=False, broken_at=Now())
    shown = boss.get(reverse("admin:index")).context
    (waits,) = shown["waits"]
    assert (waits.queue, waits.number) == ("local", 2)
    assert look("genhub_waiting", is_counter=False, queue="local") == 2
    assert look("genhub_oldest_waiting_seconds", is_counter=False, queue="local") < 60
    assert waits.age == "0\xa0minutes"
    ((_page, name, words),) = shown["gpus"]
    assert (name, words) == ("painter", "65,536 MiB / 131,072 MiB · 40 %")
    assert look("genhub_gpu_memory_used_bytes", is_counter=False, worker="painter") == 2**36
    off = {alias for alias, _page in shown["switched_off"]}
    assert off
    assert look("genhub_held_up", is_counter=False, kind="model", state="broken") == len(off)
    assert look("genhub_storage_files", is_counter=False) == shown["stored"]["files"] == 2


def test_margin_needs_the_price_of_a_credit_and_says_so(boss: Client, day: None) -> None:
    page = reverse("admin:generation_task_figures")
    shop = Platform.objects.get()
    answer = boss.get(page)
    margin = next(card for card in answer.context["cards"] if card[0] == "Margin in USD")
    assert margin[1] == "not known"
    assert reverse("admin:platforms_platform_change", args=[shop.pk]) in answer.content.decode()
    assert "what this platform pays for a credit" in answer.content.decode()
    assert "attempts are of unknown cost" in answer.content.decode()
    Platform.objects.update(usd_per_credit="0.25")
    Attempt.objects.filter(ended_at__isnull=False).update(cost_usd="0.5")
    answer = boss.get(page)
    # 16 credits for 0.25 each; the two that delivered, the one that failed and the one given up cost 0.5 each.
    margin = next(card for card in answer.context["cards"] if card[0] == "Margin in USD")
    assert margin[1:3] == ("2.00", "–")
    assert "what this platform pays" not in answer.content.decode()
    for address in (card[3] for card in answer.context["cards"]):
        assert boss.get(address).status_code == 200


def test_every_number_leads_to_its_list(boss: Client, day: None, stub: Account) -> None:
    Worker.objects.create(name="painter", queues=["local"], beat_at=Now(), facts={})
    html = boss.get(reverse("admin:index")).content.decode()
    assert "No worker that is alive tells of a card." in html
    assert "no platform has one" in html
    main = html[html.index('id="followed"') :]
    places = set(re.findall(r'href="(/admin/[^"]*)"', main))
    assert reverse("admin:generation_account_change", args=[stub.pk]) in places
    for place in places:
        assert boss.get(place.replace("&amp;", "&"), follow=True).status_code == 200, place
    figures = boss.get(reverse("admin:generation_task_figures")).content.decode()
    failed = re.search(r'href="([^"]*error_code=content_refused[^"]*)"', figures)
    assert failed
    assert boss.get(failed[1].replace("&amp;", "&")).content.decode().count('class="hub-code">task_') == 1  # fmt: skip


@pytest.mark.parametrize("name", ["index", "generation_task_figures"])
def test_pages_read_little(boss: Client, day: None, name: str) -> None:
    boss.get(reverse(f"admin:{name}"))
    with CaptureQueriesContext(connection) as asked:
        boss.get(reverse(f"admin:{name}"))
    statements = [one["sql"] for one in asked.captured_queries]
    assert len(statements) <= 20, statements


def test_who_may_not_sees_no_part_of_it(hire: Any, day: None) -> None:
    shown = hire("generation.view_task").get(reverse("admin:index")).context
    for part in ("waits", "gpus", "providers", "switched_off", "stored"):
        assert part not in shown
