"""Which pages may read what the hub says: those of the token's own origins, and no others."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.urls import URLPattern
from rest_framework.test import APIClient

from generation.api.live.application import Handler
from generation.api.views import TaskListView
from generation.models import Account
from generation.work.run import run_queue
from genhub.front.refusals import HubBusy
from genhub.front.wording import word_problem
from genhub.platforms.browser_tokens import cors, origins
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import ApiKey, Scope
from genhub.urls import API
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.api.test_keys import SCOPES, address, name_case
from tests.one_transaction import one_transaction
from tests.tokens.conftest import APP, TOKENS, Mint, browser

pytestmark = pytest.mark.django_db
EVIL = "https://evil.example"
ALLOW = "Access-Control-Allow-Origin"
ROUTES = [route for route in API if route.name != "health"]
OTHERS = ("/admin/", "/admin/login/", "/api/docs", "/api/schema", "/api/v1/health", "/handbook/",
          "/api/v1/callbacks/att_x/y", "/")  # fmt: skip
TASKS = "/api/v1/tasks"


def preflight(client: Any, path: str, origin: str = APP, method: str = "POST") -> Any:
    """Ask as a browser does before it sends what a plain form could not."""
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": method,
             "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization,content-type"}  # fmt: skip
    return client.options(path, HTTP_ORIGIN=origin, **asked)


def cors_headers(answer: Any) -> list[str]:
    return [name for name in answer.headers if name.lower().startswith("access-control-")]


def words_of(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",")}


def test_preflight_is_opened_by_a_live_token_of_its_origin(client: Any, mint: Mint) -> None:
    mint()
    for path in (*(address(route) for route in ROUTES), "/files/x.webp"):
        answer = preflight(client, path)
        assert (answer.status_code, answer.content) == (204, b""), path
        assert answer[ALLOW] == APP
        assert "Origin" in answer["Vary"]
        assert {"authorization", "idempotency-key", "prefer", "last-event-id"} <= words_of(
            answer["Access-Control-Allow-Headers"]
        )
        assert {"get", "post", "put", "patch", "delete"} <= words_of(
            answer["Access-Control-Allow-Methods"]
        )
        assert int(answer["Access-Control-Max-Age"]) > 0
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize(
    "origin",
    [EVIL, "null", "*", "http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example",
     "https://evil.example/https://app.example.com", "https://xapp.example.com", "https://app.example.com/",
     "https://app.example.com, https://evil.example", "\0", "x" * 5000],
    ids=lambda origin: ascii(origin)[:30],
)  # fmt: skip
def test_another_origin_opens_nothing(client: Any, mint: Mint, origin: str) -> None:
    token = mint()
    asked = preflight(client, TASKS, origin)
    check_problem(asked, 401, "key_missing")
    answer = browser(token, origin).get(TASKS)
    check_problem(answer, 403, "origin_not_allowed")
    assert cors_headers(asked) == cors_headers(answer) == []
    assert "Origin" in asked["Vary"]
    assert "Origin" in answer["Vary"]


def test_order_from_another_origin_is_refused_and_nothing_moves(
    mint: Mint, rich: Callable[..., Any], stub: Account
) -> None:
    rich("alice", 100)
    client = browser(mint(), EVIL)
    refused(client, GENERATE, body={"prompt": "a star"}, expect=(403, "origin_not_allowed"))


@pytest.mark.parametrize("end", ["revoked", "expired", "key revoked", "deleted"])
def test_origin_of_no_live_token_opens_nothing(client: Any, mint: Mint, end: str) -> None:
    mint()
    if end == "deleted":
        BrowserToken.objects.all().delete()
    elif end == "key revoked":
        ApiKey.objects.get().revoke()
    else:
        # Kept below the time of origins, so that each of both ends is seen by itself.
        row = BrowserToken.objects.get()
        values = {"revoked_at": row.created_at} if end == "revoked" else {"expires_at": row.created_at}  # fmt: skip
        BrowserToken.objects.update(**values)
    check_problem(preflight(client, TASKS), 401, "key_missing")


def test_one_live_token_among_ended_ones_opens(client: Any, app: APIClient, mint: Mint) -> None:
    mint(expires_in=120)
    for _ in range(3):
        app.delete(f"{TOKENS}/{mint()['id']}")
    assert preflight(client, TASKS).status_code == 204


def test_remembered_origin_costs_no_statement(
    client: Any, mint: Mint, django_assert_num_queries: Any
) -> None:
    mint()
    with django_assert_num_queries(1):
        assert preflight(client, TASKS).status_code == 204
    with django_assert_num_queries(0):
        assert preflight(client, f"{TASKS}/x/events").status_code == 204


def test_without_the_database_a_known_origin_stays_known(
    client: Any, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(mint()).get(TASKS)

    def fail(origin: str) -> bool:
        raise DatabaseError

    monkeypatch.setattr(origins, "has_tokens", fail)
    assert preflight(client, TASKS).status_code == 204
    assert preflight(client, TASKS, EVIL).status_code == 401


def test_answers_and_refusals_are_readable_by_the_tokens_own_origins(
    mint: Mint, rich: Callable[..., Any], stub: Account
) -> None:
    rich("alice", 100)
    client = browser(mint(origins=[APP, "http://localhost:5173"]), "http://localhost:5173")
    order = client.post(GENERATE, {"prompt": "a star"}, format="json")
    answers = [
        order,
        client.get(order["Location"]),
        client.get(f"{TASKS}/{order.json()['id']}/result"),
        client.post(GENERATE, {"prompt": ""}, format="json"),
        client.put(GENERATE),
        client.get(f"{TASKS}/task_x"),
        client.get("/api/v1/nowhere"),
        client.head(TASKS),
        client.options(TASKS),
        client.get("/api/v1/events"),
        client.get(TOKENS),
    ]
    assert [answer.status_code for answer in answers] == [
        202, 200, 409, 400, 405, 404, 404, 200, 200, 503, 403,
    ]  # fmt: skip
    for answer in answers:
        assert answer[ALLOW] == "http://localhost:5173"
        assert "Origin" in answer["Vary"]
        assert {"location", "retry-after", "etag", "ratelimit", "preference-applied"} <= words_of(
            answer["Access-Control-Expose-Headers"]
        )
        assert "Access-Control-Allow-Credentials" not in answer


def test_key_in_a_page_is_read_by_nobody(app: APIClient, mint: Mint) -> None:
    mint()
    answer = app.get(TASKS, HTTP_ORIGIN=APP)
    assert (answer.status_code, cors_headers(answer)) == (200, [])


def test_tokens_of_one_app_are_not_for_pages_of_another(mint: Mint) -> None:
    other = "https://other.example"
    mint(origins=[other])
    answer = browser(mint(), other).get(TASKS)
    assert (answer.status_code, cors_headers(answer)) == (403, [])


@pytest.mark.parametrize("path", OTHERS)
def test_pages_and_probes_are_for_no_other_origin(client: Any, mint: Mint, path: str) -> None:
    token = mint()
    assert cors_headers(browser(token).get(path)) == []
    assert cors_headers(preflight(client, path)) == []
    assert cors.refusal_headers({"PATH_INFO": path, "HTTP_ORIGIN": APP}) == {}


def test_refusals_of_the_server_itself_are_readable_by_known_origins(mint: Mint) -> None:
    environ = {"PATH_INFO": TASKS, "REQUEST_METHOD": "GET", "HTTP_ORIGIN": APP}
    assert ALLOW not in dict(word_problem(HubBusy(), environ)[1])
    browser(mint()).get(TASKS)
    headers = dict(word_problem(HubBusy(), environ)[1])
    assert (headers[ALLOW], headers["Vary"]) == (APP, "Origin")
    assert ALLOW not in dict(word_problem(HubBusy(), environ | {"HTTP_ORIGIN": EVIL})[1])


def test_token_works_where_no_origin_is_sent(mint: Mint) -> None:
    answer = browser(mint(), None).get(TASKS)
    assert (answer.status_code, cors_headers(answer)) == (200, [])


def test_picture_is_read_by_its_page_through_the_link_that_it_is_led_to(
    client: Any, mint: Mint, rich: Callable[..., Any], stub: Account, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    rich("alice", 100)
    page = browser(mint())
    task = page.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    image = page.get(task["result_url"]).json()["images"][0]
    led = page.get(image["url"])
    assert (led.status_code, led[ALLOW]) == (302, APP)
    link = led["Location"].removeprefix("http://testserver")
    assert preflight(client, link, method="GET")[ALLOW] == APP
    fetched = client.get(link, HTTP_ORIGIN=APP)
    assert (fetched.status_code, fetched[ALLOW]) == (200, APP)
    # An <img> sends no Origin; what a browser keeps of it must not be taken for the answer to a fetch.
    shown = client.get(link)
    assert (shown.status_code, cors_headers(shown)) == (200, [])
    assert "Origin" in shown["Vary"]
    assert cors_headers(client.get(link, HTTP_ORIGIN=EVIL)) == []


@pytest.mark.whole
@pytest.mark.parametrize("route", ROUTES, ids=name_case)
def test_token_does_what_its_scopes_say_and_nothing_of_a_key(
    mint: Mint, rich: Callable[..., Any], stub: Account, route: URLPattern
) -> None:
    rich("alice", 100)
    for method, scope in SCOPES[str(route.name)].items():
        for words in ({}, {"scopes": ["credits:read"]}, {"scopes": ["tasks:read", "tasks:write"]}):
            token = mint(**words)
            with nothing_moves():
                answer = browser(token).generic(method.upper(), address(route), "[]", "application/json")  # fmt: skip
            if scope is None:
                is_allowed = method == "get" and route.name != "key"
                refusal = "token_not_enough"
            else:
                is_allowed = scope in token["scopes"]
                refusal = "scope_missing"
            assert answer[ALLOW] == APP
            if is_allowed and route.name == "storage":
                check_problem(answer, 403, "platform_key_needed")
            elif is_allowed:
                assert answer.status_code not in {401, 403}, answer.content
            else:
                check_problem(answer, 403, refusal)


def test_scopes_that_are_taken_from_a_key_are_gone_from_its_tokens(mint: Mint) -> None:
    client = browser(mint())
    ApiKey.objects.update(scopes=[Scope.CREDITS_READ])
    refused(client, TASKS, method="get", expect=(403, "scope_missing"))


def test_any_key_may_read_what_a_token_may_but_only_a_key_may_write_it(
    mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that a later release opens to every key stays closed to tokens, unless it only reads."""
    monkeypatch.setattr(TaskListView, "scopes", {})
    monkeypatch.setattr(TaskListView, "post", TaskListView.get, raising=False)
    client = browser(mint())
    assert client.get(TASKS).status_code == 200
    check_problem(client.post(TASKS), 403, "token_not_enough")


def test_process_of_events_answers_preflights_as_well(mint: Mint) -> None:
    """A proxy in front sends every method of a stream's address there."""
    mint()
    headers = {"host": "testserver", "origin": APP, "access-control-request-method": "GET"}
    scope = {
        "type": "http", "http_version": "1.1", "method": "OPTIONS", "path": "/api/v1/events", "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    with one_transaction():
        answer = Handler().answer(scope)
        assert (answer.status_code, answer[ALLOW]) == (204, APP)
        scope["headers"] = [(b"host", b"testserver"), (b"origin", EVIL.encode())]
        assert cors_headers(Handler().answer(scope)) == []
