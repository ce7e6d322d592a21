"""The live queue: who draws what, what waits where, for those who may see it; and the hand on the tap."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from generation.life import claims, steering
from generation.models import Account, Attempt, Queue, QueueChange, Worker
from generation.selectors import live
from generation.work import presence
from generation.work.machine import own_process
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire
from tests.queued import place_in, wait_in
from tests.steps import submit

pytestmark = pytest.mark.django_db
PAGE = "admin:generation_queue_changelist"
REASON = {"reason": "The card is being changed."}


def read(client: Client, query: str = "") -> str:
    answer = client.get(reverse(PAGE) + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def deed(name: str, queue: str = "local") -> str:
    return reverse("admin:generation_queue_steer", args=[queue, name])


def test_worker_shows_what_it_draws_and_how_far(
    boss: Client, alice: APIClient, stub: Account
) -> None:
    submit(alice, "a red <b>star</b> over the sea", steps=10)
    claim = claims.claim_next("local", worker=f"{own_process()}:one")
    assert claim
    claims.heartbeat(claim, progress=0.4, preview=b"jpeg")
    presence.beat("local@here", ["local"])
    html = read(boss)
    for words in (
        "local@here", "alive", "a red &lt;b&gt;star&lt;/b&gt;", "step 4 of 10", "40 %", "alice @",
        "data:image/jpeg;base64,anBlZw==", "MiB", "Flower",
    ):  # fmt: skip
        assert words in html, words
    assert "Workers that say nothing" not in html
    assert 'data-follow-seconds="3"' in html
    Worker.objects.update(beat_at=Now() - timedelta(minutes=5))
    assert "gone" in read(boss)
    Worker.objects.all().delete()
    assert "Workers that say nothing" in read(boss)


def test_waiting_orders_have_place_estimate_and_what_keeps_them(
    boss: Client, alice: APIClient, stub: Account
) -> None:
    submit(alice, "the first one"), submit(alice, "the second one")
    rows = re.findall(r"the (first|second) one", read(boss))
    assert rows == ["first", "second"]
    assert "not known" in read(boss)
    steering.pause("local", by="carol", reason=REASON["reason"])
    html = read(boss)
    assert html.count("The queue is paused by the hub&#x27;s staff") == 2
    assert "carol" in html


def test_pages_follow_each_other_without_a_gap(boss: Client, shop: Platform, stub: Account) -> None:
    share = place_in(shop, "bob")
    tasks = wait_in([share] * (live.PAGE * 2 + 3), stub)
    seen: list[str] = []
    query = ""
    while True:
        html = read(boss, query)
        seen += re.findall(r"/task/([0-9a-f-]{36})/change/", html)
        found = re.search(r'href="(\?after=[^"]+)"', html)
        if not found:
            break
        query = found[1].replace("&amp;", "&")
    assert sorted(seen) == sorted(str(task.pk) for task in tasks)


@pytest.mark.parametrize(
    "query", ["?after=", "?after=x_y", "?after=2026-01-01T00:00:00_" + "0" * 32]
)
def test_strange_addresses_show_the_first_page(
    boss: Client, alice: APIClient, stub: Account, query: str
) -> None:
    submit(alice, "the first one")
    assert "the first one" in read(boss, query)


def test_few_queries_however_many_wait_and_nothing_is_counted_by_row(
    boss: Client, shop: Platform, stub: Account
) -> None:
    wait_in([place_in(shop, f"user{n}") for n in range(60)], stub)
    for n in range(5):
        claims.claim_next("local", worker=f"host:1:{n}")
    read(boss)
    with CaptureQueriesContext(connection) as made:
        read(boss)
    assert len(made) <= 20, [one["sql"][:100] for one in made]
    for one in made:
        assert not re.search(r'COUNT\(\*\).*FROM "generation_task"', one["sql"])


def test_prompts_and_pictures_are_for_those_who_may_read_orders(
    hire: Hire, alice: APIClient, stub: Account
) -> None:
    submit(alice, "a secret star"), submit(alice, "another secret star")
    claim = claims.claim_next("local", worker="host:1:one")
    assert claim
    claims.heartbeat(claim, preview=b"jpeg")
    html = read(hire("generation.view_queue"))
    assert "secret" not in html
    assert "anBlZw==" not in html
    assert "/steer/" not in html
    assert "secret" in read(hire("generation.view_queue", "generation.view_task", name="erin"))
    assert hire(name="frank").get(reverse(PAGE)).status_code == 403


@pytest.mark.parametrize(("name", "state"), [("pause", "paused"), ("drain", "draining")])
def test_queue_is_held_up_and_resumed_with_a_reason(
    hire: Hire, alice: APIClient, stub: Account, name: str, state: str
) -> None:
    client = hire("generation.view_queue", "generation.steer_queue")
    submit(alice)
    assert client.post(deed(name), {"reason": "short"}).status_code == 200
    assert not Queue.objects.exists()
    assert client.post(deed(name), REASON).status_code == 302
    assert Queue.objects.get().state == state
    assert claims.claim_next("local", worker="tests") is None
    assert client.post(deed("resume"), REASON).status_code == 302
    assert claims.claim_next("local", worker="tests")
    found = QueueChange.objects.order_by("id").values_list("deed", "actor", "reason")
    assert list(found) == [(state, "dave", REASON["reason"]), ("resumed", "dave", REASON["reason"])]
    row = client.get(reverse("admin:generation_queue_change", args=["local"])).content.decode()
    assert REASON["reason"] in row


def test_who_may_only_look_steers_nothing(hire: Hire, stub: Account) -> None:
    client = hire("generation.view_queue", "generation.view_task")
    assert client.post(deed("pause"), REASON).status_code == 403
    assert not Queue.objects.exists()


def test_unknown_queues_and_deeds_are_not_found(boss: Client, stub: Account) -> None:
    assert boss.post(deed("pause", "lokal"), REASON).status_code == 404
    assert boss.post(deed("stop"), REASON).status_code == 404
    assert not Attempt.objects.exists()
