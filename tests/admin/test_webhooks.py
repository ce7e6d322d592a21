"""Webhooks in the admin: a secret shown once, what the API refuses refused, rights of their own, the log."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints, selectors
from genhub.webhooks.models import DELIVERY, Delivery, Endpoint
from tests.admin.conftest import Hire
from tests.webhooks.made import URL, make_ids

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:webhooks_{name}", args=args)


def make(client: Client, shop: Platform, **words: Any) -> Any:
    values = {"platform": shop.pk, "url": URL, "description": "", "events": ["task.failed"]}
    return client.post(page("endpoint_add"), values | words)


def shown(answer: Any) -> set[str]:
    return set(SECRET.findall(answer.content.decode()))


@pytest.fixture
def delivery(shop: Platform) -> Delivery:
    ids = make_ids(shop)
    return Delivery.objects.get(pk=from_wire(DELIVERY, ids["delivery_id"]))


@pytest.fixture
def endpoint(delivery: Delivery) -> Endpoint:
    return delivery.endpoint


def test_secret_is_shown_once_when_it_is_made_and_when_it_is_changed(
    hire: Hire, shop: Platform
) -> None:
    client = hire("webhooks.add_endpoint", "webhooks.view_endpoint", "webhooks.rotate_secret")
    answer = make(client, shop)
    assert len(shown(answer)) == 1
    assert "no-store" in answer["Cache-Control"]
    row = Endpoint.objects.get()
    assert (row.url, row.events) == (URL, ["task.failed"])
    rotate = page("endpoint_rotate", row.pk)
    assert "24 hours" in client.get(rotate).content.decode()
    assert shown(client.get(rotate)) == set()
    new = shown(client.post(rotate))
    assert len(new - shown(answer)) == 1
    for address in (page("endpoint_change", row.pk), page("endpoint_changelist"),
                    page("endpoint_history", row.pk)):  # fmt: skip
        assert shown(client.get(address)) == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"url": "http://app.example.com"}, "It must begin with https://"),
        ({"url": "https://10.0.0.1/x"}, "It is not on the public internet"),
        ({"events": []}, "required"),
    ],
)
def test_what_the_api_refuses_is_refused(
    boss: Client, shop: Platform, words: dict[str, Any], said: str
) -> None:
    answer = make(boss, shop, **words)
    assert said in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_second_endpoint_of_orders_is_refused(boss: Client, shop: Platform) -> None:
    assert shown(make(boss, shop, url=""))
    answer = make(boss, shop, url="")
    assert "one endpoint without “url”" in answer.content.decode()
    assert Endpoint.objects.count() == 1
    change = page("endpoint_change", Endpoint.objects.get().pk)
    assert "addresses that orders name" in boss.get(page("endpoint_changelist")).content.decode()
    assert 'name="url"' not in boss.get(change).content.decode()


def test_endpoint_is_changed_and_switched_off_with_all_that_waits(
    boss: Client, endpoint: Endpoint
) -> None:
    words = {"url": f"{URL}/new", "description": "new", "events": ["task.completed"]}
    answer = boss.post(page("endpoint_change", endpoint.pk), words)
    assert answer.status_code == 302
    row = Endpoint.objects.get()
    assert (row.url, row.events, row.disabled_why) == (f"{URL}/new", ["task.completed"], "asked")
    assert Delivery.objects.get().state == "held"
    answer = boss.post(
        page("endpoint_change", endpoint.pk), words | {"url": "", "is_enabled": "on"}
    )
    assert "needs its address" in answer.content.decode()
    boss.post(page("endpoint_change", endpoint.pk), words | {"is_enabled": "on"})
    assert Endpoint.objects.get().is_enabled


def test_test_event_and_replays_have_a_right_of_their_own(
    hire: Hire, endpoint: Endpoint, delivery: Delivery
) -> None:
    Delivery.objects.update(state="failed")
    views = ("webhooks.view_endpoint", "webhooks.view_delivery")
    deeds = [page("endpoint_send_test", endpoint.pk), page("endpoint_replay_lost", endpoint.pk),
             page("delivery_replay", delivery.pk), page("endpoint_rotate", endpoint.pk)]  # fmt: skip
    looker = hire(*views, name="erin")
    for deed in deeds:
        assert looker.post(deed).status_code == 403
    assert Delivery.objects.get().state == "failed"
    sender = hire(*views, "webhooks.replay_delivery")
    assert "webhook.test" in sender.get(deeds[0]).content.decode()
    assert sender.post(deeds[0]).status_code == 302
    assert Delivery.objects.count() == 2
    for deed in deeds[1:3]:
        assert sender.get(deed).status_code == 200
        Delivery.objects.update(state="held")
        assert sender.post(deed).status_code == 302
        assert "waiting" in Delivery.objects.values_list("state", flat=True)
    assert sender.post(deeds[3]).status_code == 403


def test_replay_to_an_endpoint_that_is_off_says_why_not(
    boss: Client, endpoint: Endpoint, delivery: Delivery
) -> None:
    boss.post(page("endpoint_change", endpoint.pk),
              {"url": URL, "description": "", "events": ["task.failed"]})  # fmt: skip
    for deed in (page("endpoint_replay_lost", endpoint.pk), page("endpoint_send_test", endpoint.pk),
                 page("delivery_replay", delivery.pk)):  # fmt: skip
        answer = boss.post(deed, follow=True)
        assert "The webhook endpoint is off" in answer.content.decode()
    assert Delivery.objects.get().state == "held"


def test_log_shows_request_and_answers_and_nothing_runs_in_it(
    boss: Client, delivery: Delivery
) -> None:
    evil = "<script>alert(1)</script>"
    Delivery.objects.update(
        answers=[
            {"at": "2026-11-28T22:00:00Z", "seconds": 0.2, "status": 500, "body": evil, "error": ""}
        ]
    )
    html = boss.get(page("delivery_change", delivery.pk)).content.decode()
    assert "task.completed" in html
    assert "&lt;script&gt;alert(1)" in html
    assert evil not in html
    listed = boss.get(page("delivery_changelist"), {"q": str(delivery.message)}).content.decode()
    assert str(delivery.message) in listed
    newest = boss.get(page("endpoint_change", delivery.endpoint_id)).content.decode()
    assert str(delivery.message) in newest


def test_menu_counts_endpoints_that_were_given_up(boss: Client, endpoint: Endpoint) -> None:
    endpoints.disable(endpoint.pk, Endpoint.Why.FAILING)
    assert selectors.count_given_up() == 1
    html = boss.get(page("endpoint_changelist")).content.decode()
    assert "it failed for days" in html
    endpoints.enable(endpoint.pk)
    endpoints.disable(endpoint.pk, Endpoint.Why.ASKED)
    assert selectors.count_given_up() == 0
    assert str(endpoint) == URL
