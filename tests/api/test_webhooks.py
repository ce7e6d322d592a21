"""Webhooks by the API: endpoints and their secrets, the log, replays, and each refusal."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import USUAL, Delivery, Endpoint
from genhub.webhooks.signing import PREFIX
from tests.api.refusals import GENERATE, nothing_moves, refused
from tests.steps import submit
from tests.webhooks.made import URL, make_ids

pytestmark = pytest.mark.django_db
WEBHOOKS = "/api/v1/webhooks"
INVALID = (400, "invalid_request")


@pytest.fixture
def app(client_of: Callable[..., APIClient]) -> APIClient:
    """The platform's own key."""
    return client_of("")


@pytest.fixture
def made(app: APIClient) -> Any:
    """An endpoint as its making answered it."""
    answer = app.post(WEBHOOKS, {"url": URL}, format="json")
    assert answer.status_code == 201, answer.json()
    assert app.get(answer["Location"]).json()["id"] == answer.json()["id"]
    return answer.json()


def test_secret_is_shown_when_it_is_made_and_never_again(app: APIClient, made: Any) -> None:
    assert made["secret"].startswith(PREFIX)
    assert (made["url"], made["events"], made["enabled"]) == (URL, [str(e) for e in USUAL], True)
    row = Endpoint.objects.get()
    assert made["secret"] not in row.secret
    listed = app.get(WEBHOOKS).json()["items"]
    read = app.get(f"{WEBHOOKS}/{made['id']}").json()
    assert listed == [read] == [{k: v for k, v in made.items() if k != "secret"}]


def test_rotation_shows_the_new_secret_and_until_when_both_sign(app: APIClient, made: Any) -> None:
    answer = app.post(f"{WEBHOOKS}/{made['id']}/rotate").json()
    assert answer["secret"] not in {None, made["secret"]}
    assert answer["previous_secret_until"] > answer["created_at"]


def test_endpoint_is_changed_word_by_word_and_deleted(app: APIClient, made: Any) -> None:
    path = f"{WEBHOOKS}/{made['id']}"
    body = {"url": f"{URL}/new", "events": ["task.failed", "task.failed"], "description": "new"}
    answer = app.patch(path, body, format="json").json()
    assert (answer["url"], answer["events"]) == (f"{URL}/new", ["task.failed"])
    assert app.patch(path, {}, format="json").json() == answer
    off = app.patch(path, {"enabled": False}, format="json").json()
    assert (off["enabled"], off["disabled_why"]) == (False, "asked")
    on = app.patch(path, {"enabled": True}, format="json").json()
    assert (on["enabled"], on["disabled_why"], on["disabled_at"]) == (True, None, None)
    assert app.delete(path).status_code == 204
    assert app.get(WEBHOOKS).json()["items"] == []
    refused(app, path, method="get", expect=(404, "not_found"))
    row = Endpoint.objects.get()
    assert (row.secret, row.previous_secret) == ("", "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://app.example.com"}, "url"),
        ({"url": "https://127.0.0.1/x"}, "url"),
        ({"url": "https://[::1]/x"}, "url"),
        ({"url": "https://localhost/x"}, "url"),
        ({"url": "https://10.0.0.1"}, "url"),
        ({"url": "https://app.example.com:8443"}, "url"),
        ({"url": "https://a:b@app.example.com"}, "url"),
        ({"url": "ftp://app.example.com"}, "url"),
        ({"url": "x"}, "url"),
        ({"url": ""}, "url"),
        ({"url": 5}, "url"),
        ({"url": "https://app.example.com/" + "x" * 2100}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["task.exploded"]}, "events.0"),
        ({"url": URL, "events": "task.failed"}, "events"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "secret": "whsec_x"}, "secret"),
        ({"url": URL, "enabled": False}, "enabled"),
    ],
)
def test_wrong_word_is_refused_by_name(app: APIClient, body: dict[str, Any], field: str) -> None:
    refused(app, WEBHOOKS, body=body, expect=(*INVALID, field))
    assert not Endpoint.objects.exists()


def test_wrong_change_is_refused_by_name(app: APIClient, made: Any) -> None:
    path = f"{WEBHOOKS}/{made['id']}"
    for body, field in (({"enabled": 1}, "enabled"), ({"url": "http://x.example"}, "url"),
                        ({"platform": "x"}, "platform"), ({"events": None, "url": ""}, "url")):  # fmt: skip
        refused(app, path, method="patch", body=body, expect=(*INVALID, field))
    assert app.get(path).json()["url"] == URL


def test_key_of_one_user_is_refused(alice: APIClient, shop: Platform) -> None:
    path = f"{WEBHOOKS}/{make_ids(shop)['endpoint_id']}"
    for method, address in (("get", WEBHOOKS), ("post", WEBHOOKS), ("get", path), ("delete", path)):
        refused(alice, address, method=method, expect=(403, "platform_key_needed"))


def test_platform_has_a_bounded_number_of_endpoints(
    app: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 2)
    for _ in range(2):
        assert app.post(WEBHOOKS, {"url": URL}, format="json").status_code == 201
    refused(app, WEBHOOKS, body={"url": URL}, expect=(409, "too_many_endpoints"))


def test_hub_without_a_key_of_its_own_makes_no_secret(app: APIClient) -> None:
    with override_settings(ENCRYPTION_KEYS=[]):
        refused(app, WEBHOOKS, body={"url": URL}, expect=(503, "secrets_not_kept"))


def test_key_makes_one_endpoint_and_shows_its_secret_once(app: APIClient) -> None:
    answers = [
        app.post(WEBHOOKS, {"url": URL}, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)
    ]
    first, second = (answer.json() for answer in answers)
    assert (first["id"], second["secret"]) == (second["id"], None)
    body = {"url": f"{URL}/other"}
    with nothing_moves():
        other = app.post(WEBHOOKS, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert other.json()["code"] == "idempotency_key_reused"
    assert Endpoint.objects.count() == 1


def test_log_shows_request_and_answers_and_filters_by_state(app: APIClient, shop: Platform) -> None:
    ids = make_ids(shop)
    path = f"{WEBHOOKS}/{ids['endpoint_id']}/deliveries"
    [row] = app.get(path).json()["items"]
    assert row == app.get(f"{path}/{ids['delivery_id']}").json()
    assert (row["state"], row["event"], row["url"]) == ("waiting", "task.completed", URL)
    assert row["payload"]["data"] == {"status": "completed"}
    assert row["message_id"].startswith("msg_")
    assert app.get(f"{path}?state=failed").json()["items"] == []
    refused(app, f"{path}?state=lost", method="get", expect=(*INVALID, "state"))


def test_replays_send_what_was_lost_under_its_id(app: APIClient, shop: Platform) -> None:
    ids = make_ids(shop)
    path = f"{WEBHOOKS}/{ids['endpoint_id']}"
    Delivery.objects.update(state="failed", tries=10)
    before = app.get(f"{path}/deliveries/{ids['delivery_id']}").json()
    one = app.post(f"{path}/deliveries/{ids['delivery_id']}/replay")
    assert (one.status_code, one.json()["state"], one.json()["tries"]) == (202, "waiting", 0)
    assert one.json()["message_id"] == before["message_id"]
    Delivery.objects.update(state="held")
    body = {"since": before["created_at"]}
    answer = app.post(f"{path}/replay", body, format="json")
    assert (answer.status_code, answer.json()) == (202, {"count": 1, "has_more": False})
    Delivery.objects.update(state="delivered")
    assert app.post(f"{path}/replay", body, format="json").json()["count"] == 0
    body["states"] = ["delivered"]
    assert app.post(f"{path}/replay", body, format="json").json()["count"] == 1
    body = {"since": before["created_at"], "until": before["created_at"]}
    Delivery.objects.update(state="failed")
    assert app.post(f"{path}/replay", body, format="json").json()["count"] == 0


def test_replay_without_a_time_is_refused_by_name(app: APIClient, shop: Platform) -> None:
    path = f"{WEBHOOKS}/{make_ids(shop)['endpoint_id']}/replay"
    for body, field in (({}, "since"), ({"since": "x"}, "since"),
                        ({"since": "2026-01-01T00:00:00Z", "states": ["waiting"]}, "states.0")):  # fmt: skip
        refused(app, path, body=body, expect=(*INVALID, field))


def test_nothing_is_sent_to_an_endpoint_that_is_off(app: APIClient, shop: Platform) -> None:
    ids = make_ids(shop)
    path = f"{WEBHOOKS}/{ids['endpoint_id']}"
    app.patch(path, {"enabled": False}, format="json")
    since = {"since": "2026-01-01T00:00:00Z"}
    for address, body in ((f"{path}/test", {}), (f"{path}/replay", since),
                          (f"{path}/deliveries/{ids['delivery_id']}/replay", {})):  # fmt: skip
        refused(app, address, body=body, expect=(409, "endpoint_off"))
    assert Delivery.objects.get().state == "held"


def test_test_event_is_a_delivery_to_watch(app: APIClient, made: Any) -> None:
    answer = app.post(f"{WEBHOOKS}/{made['id']}/test")
    assert (answer.status_code, answer.json()["event"]) == (202, "webhook.test")
    assert answer.json()["payload"]["data"] == {"endpoint": made["id"]}
    assert app.get(answer["Location"]).json()["id"] == answer.json()["id"]


def test_endpoint_of_orders_signs_for_them_and_there_is_one(app: APIClient) -> None:
    made = app.post(WEBHOOKS, {}, format="json").json()
    assert (made["url"], made["secret"][:6]) == (None, PREFIX)
    problem = refused(app, WEBHOOKS, body={}, expect=(409, "orders_endpoint_exists"))
    assert made["id"] in problem["detail"]
    path = f"{WEBHOOKS}/{made['id']}"
    refused(app, path, method="patch", body={"url": URL}, expect=(*INVALID, "url"))
    refused(app, f"{path}/test", expect=(409, "endpoint_without_address"))


def test_order_with_an_address_that_nothing_signs_for_is_refused(
    app: APIClient, alice: APIClient, stub: Account
) -> None:
    body = {"prompt": "a star", "webhook": URL}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "webhook"))
    assert problem["errors"][0]["code"] == "nobody_signs"
    refused(alice, "/api/v1/quote", body=body, expect=(*INVALID, "webhook"))
    made = app.post(WEBHOOKS, {}, format="json").json()
    assert submit(alice, webhook=URL).webhook == URL
    app.patch(f"{WEBHOOKS}/{made['id']}", {"enabled": False}, format="json")
    refused(alice, GENERATE, body=body, expect=(*INVALID, "webhook"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a.example", "begin with https://"),
        ("https://127.0.0.1", "not on the public internet"),
        ("https://localhost", "not on the public internet"),
        ("x", "begin with https://"),
        ("https://a.example:99", "names a port"),
        ("https://a:b@a.example", "without name and password"),
    ],
)
def test_order_with_a_wrong_address_is_refused_by_name(
    app: APIClient, alice: APIClient, stub: Account, url: str, why: str
) -> None:
    app.post(WEBHOOKS, {}, format="json")
    body = {"prompt": "a star", "webhook": url}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "webhook"))
    assert problem["errors"][0]["code"] == "bad_address"
    assert why in problem["errors"][0]["message"]
    assert not Task.objects.exists()


def test_same_key_and_address_answer_the_same_task(
    app: APIClient, alice: APIClient, stub: Account
) -> None:
    app.post(WEBHOOKS, {}, format="json")
    words: dict[str, Any] = {"format": "json", "HTTP_IDEMPOTENCY_KEY": "k"}
    body = {"prompt": "a star", "webhook": URL}
    ids = {alice.post(GENERATE, body, **words).json()["id"] for _ in range(2)}
    assert len(ids) == 1
    other = alice.post(GENERATE, {**body, "webhook": f"{URL}/2"}, **words)
    assert other.json()["code"] == "idempotency_key_reused"
    run_queue("local")
    assert Delivery.objects.count() == 1
