"""Who may call at all: every route, every way a key can be wrong, and each scope where it is missing."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import URLPattern
from django.utils import timezone
from rest_framework.test import APIClient

from credits.models import GrantRule
from generation.models import Account
from genhub.platforms.keys import generator
from genhub.platforms.models import ApiKey, Platform, Scope
from genhub.urls import API
from tests.api.refusals import as_body, check_problem, nothing_moves, refused
from tests.webhooks.made import URL

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
# Route -> method -> the scope it needs, None when any key will do. What is not listed is not allowed.
SCOPES: dict[str, dict[str, Scope | None]] = {
    "generate": {"post": Scope.TASKS_WRITE},
    "quote": {"post": Scope.TASKS_WRITE},
    "task-list": {"get": Scope.TASKS_READ},
    "task": {"get": Scope.TASKS_READ},
    "task-status": {"get": Scope.TASKS_READ},
    "task-result": {"get": Scope.TASKS_READ},
    "task-events": {"get": Scope.TASKS_READ},
    "events": {"get": Scope.TASKS_READ},
    "task-cancel": {"post": Scope.TASKS_WRITE},
    "task-appeal": {"get": Scope.TASKS_READ, "post": Scope.TASKS_WRITE},
    "task-refine": {"post": Scope.TASKS_WRITE},
    "task-refine-quote": {"post": Scope.TASKS_WRITE},
    "task-follow": {"post": Scope.TASKS_WRITE},
    "task-follow-quote": {"post": Scope.TASKS_WRITE},
    "batch-list": {"get": Scope.TASKS_READ, "post": Scope.TASKS_WRITE},
    "batch-quote": {"post": Scope.TASKS_WRITE},
    "batch": {"get": Scope.TASKS_READ},
    "batch-cancel": {"post": Scope.TASKS_WRITE},
    "artifact-list": {"post": Scope.TASKS_WRITE},
    "artifact": {"get": Scope.TASKS_READ},
    "artifact-thumbnail": {"get": Scope.TASKS_READ},
    "artifact-edits": {"get": Scope.TASKS_READ, "post": Scope.TASKS_WRITE},
    "artifact-edits-quote": {"post": Scope.TASKS_WRITE},
    "artifact-follow": {"post": Scope.TASKS_WRITE},
    "artifact-follow-quote": {"post": Scope.TASKS_WRITE},
    "artifact-preview": {"get": Scope.TASKS_READ},
    "artifact-poster": {"get": Scope.TASKS_READ},
    "artifact-links": {"get": Scope.TASKS_READ, "post": Scope.TASKS_WRITE},
    "artifact-favourite": {"put": Scope.TASKS_WRITE, "delete": Scope.TASKS_WRITE},
    "template-example": {"get": Scope.TASKS_READ},
    "favourite-list": {"get": Scope.TASKS_READ},
    "artifact-review": {"get": Scope.TASKS_READ, "post": Scope.TASKS_WRITE},
    "artifact-link": {"delete": Scope.TASKS_WRITE},
    "upload-list": {"post": Scope.TASKS_WRITE},
    "upload": {"get": Scope.TASKS_READ},
    "upload-confirm": {"post": Scope.TASKS_WRITE},
    "verify": {"post": Scope.TASKS_READ},
    "preferences": {"get": Scope.TASKS_READ, "put": Scope.TASKS_WRITE, "delete": Scope.TASKS_WRITE},
    "suggestions": {"get": Scope.TASKS_READ},
    "subject-list": {"get": Scope.TASKS_READ, "delete": Scope.TASKS_WRITE},
    "subject": {"delete": Scope.TASKS_WRITE},
    "template-list": {"get": None},
    "style-list": {"get": None},
    "phrase-list": {"get": None},
    "model-list": {"get": None},
    "credits": {"get": Scope.CREDITS_READ},
    "credits-entries": {"get": Scope.CREDITS_READ},
    "credits-export": {"get": Scope.CREDITS_READ},
    "credits-grants": {"post": Scope.CREDITS_GRANT},
    "erasure-list": {"post": Scope.DATA_ERASE},
    "erasure": {"get": Scope.DATA_ERASE},
    "storage": {"get": Scope.TASKS_READ},
    "receipt-verify": {"post": Scope.TASKS_READ},
    "key": {"get": None},
    "key-rotate": {"post": Scope.KEYS_ROTATE},
    "token-list": {"get": Scope.TOKENS_CREATE, "post": Scope.TOKENS_CREATE},
    "token": {"get": Scope.TOKENS_CREATE, "delete": Scope.TOKENS_CREATE},
    "webhook-list": {"get": Scope.WEBHOOKS_MANAGE, "post": Scope.WEBHOOKS_MANAGE},
    "webhook": dict.fromkeys(("get", "patch", "delete"), Scope.WEBHOOKS_MANAGE),
    "webhook-rotate": {"post": Scope.WEBHOOKS_MANAGE},
    "webhook-test": {"post": Scope.WEBHOOKS_MANAGE},
    "webhook-replay": {"post": Scope.WEBHOOKS_MANAGE},
    "delivery-list": {"get": Scope.WEBHOOKS_MANAGE},
    "delivery": {"get": Scope.WEBHOOKS_MANAGE},
    "delivery-replay": {"post": Scope.WEBHOOKS_MANAGE},
}
PREFIXES = {
    "task_id": "task", "artifact_id": "art", "endpoint_id": "ep", "delivery_id": "dlv", "name": "subject",
    "batch_id": "batch", "link_id": "lnk", "upload_id": "upl", "erasure_id": "ers",
    "token_id": "btk",
}  # fmt: skip
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
)
# What a route that takes no order is sent.
SENT: dict[str, dict[str, Any]] = {
    "credits-grants": {"body": {"amount": 5, "kind": "welcome", "event_id": "a"}},
    "artifact-list": {"raw": PIXEL, "content_type": "image/png"},
    "verify": {"raw": PIXEL, "content_type": "image/png"},
    "webhook-list": {"body": {"url": URL}},
    "upload-list": {"body": {"content_type": "image/png", "size_bytes": 69}},
    "batch-list": {"body": {"orders": [{"prompt": "a star"}]}},
    "batch-quote": {"body": {"orders": [{"prompt": "a star"}]}},
    "key-rotate": {"body": {"overlap_hours": 1}},
    "erasure-list": {"body": {}},
    "receipt-verify": {"body": {"receipt": "a.b.c"}},
    "token-list": {"body": {"origins": ["https://app.example.com"], "max_credits": 5}},
}
ORDER = {"body": {"prompt": "a star"}}
OPEN = {"health"}
ROUTES = [route for route in API if route.name not in OPEN]


def scope_of(route: URLPattern, method: str) -> Scope | None:
    return SCOPES[str(route.name)].get("get" if method == "head" else method)


def is_allowed(route: URLPattern, method: str) -> bool:
    allowed = SCOPES[str(route.name)]
    return method == "options" or ("get" if method == "head" else method) in allowed


def address(route: URLPattern) -> str:
    """Return a path of the route; its ids are nobody's."""
    path = str(route.pattern)
    for name, prefix in PREFIXES.items():
        path = path.replace(f"<str:{name}>", f"{prefix}_{'0' * 31}1")
    return f"/api/v1/{path}"


def words_of_allow(answer: Any) -> list[str]:
    """Return the methods that an answer says its address has."""
    return [word.strip() for word in answer.headers["Allow"].split(",")]


def name_case(value: Any) -> str | None:
    return str(value.name) if isinstance(value, URLPattern) else None


def check_refusal(answer: Any, method: str, status: int, code: str) -> None:
    """A HEAD answer has the status and no body; every other is a problem."""
    if method == "head":
        assert answer.status_code == status
    else:
        check_problem(answer, status, code)


def test_every_route_has_an_entry_in_these_matrices() -> None:
    assert {route.name for route in ROUTES} == set(SCOPES)


@pytest.mark.whole
@pytest.mark.parametrize("route", ROUTES, ids=name_case)
def test_nothing_answers_without_a_key(client: Any, route: URLPattern) -> None:
    for method in METHODS:
        with nothing_moves():
            answer = client.generic(method.upper(), address(route))
        check_refusal(answer, method, 401, "key_missing")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), method


@pytest.mark.whole
@pytest.mark.parametrize("route", ROUTES, ids=name_case)
def test_each_route_refuses_a_key_without_its_scope(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account, route: URLPattern
) -> None:
    rich("alice", 100)
    for method in METHODS:
        needed = scope_of(route, method)
        others = [scope for scope in Scope.values if scope != needed]
        key = client_of("alice", scopes=others)
        with nothing_moves():
            answer = key.generic(method.upper(), address(route))
        if needed and is_allowed(route, method):
            check_refusal(answer, method, 403, "scope_missing")
        elif is_allowed(route, method):
            assert answer.status_code == 200, method
        else:
            check_refusal(answer, method, 405, "method_not_allowed")


@pytest.mark.whole
@pytest.mark.parametrize("route", ROUTES, ids=name_case)
def test_its_scope_alone_opens_each_route(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account, route: URLPattern
) -> None:
    purse = rich("alice", 100)
    GrantRule.objects.create(
        platform=purse.platform, kind="welcome", daily_most_per_user=5, daily_most=5
    )
    for method in METHODS:
        answer = ask_with_its_scope(client_of, route, method)
        if is_allowed(route, method):
            # 404: the id is nobody's; 503: streams open in a process of their own.
            is_stream = route.name == "events" and method != "options"
            assert answer.status_code in ({503} if is_stream else {200, 201, 202, 204, 404}), method
            assert method != "head" or not getattr(answer, "content", b"")
            if method == "options":
                methods = words_of_allow(answer)
                assert answer.json() == {"methods": methods}
                assert {m for m in METHODS if is_allowed(route, m)} == {m.lower() for m in methods}
        else:
            check_refusal(answer, method, 405, "method_not_allowed")
            assert method.upper() not in words_of_allow(answer)


def ask_with_its_scope(client_of: Callable[..., APIClient], route: URLPattern, method: str) -> Any:
    needed = scope_of(route, method)
    # What concerns all users of a platform is for its own keys.
    user = "" if needed == Scope.WEBHOOKS_MANAGE or route.name == "storage" else "alice"
    # Of what a token is to be: the key's own.
    also = [Scope.TASKS_READ] if needed == Scope.TOKENS_CREATE else []
    key = client_of(user, scopes=[needed, *also] if needed else [])
    sent = as_body(**(SENT.get(str(route.name), ORDER) if method == "post" else {}))
    return key.generic(method.upper(), address(route), **sent)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer \t", "Basic YWxpY2U6eA==", "Token abc", "gh_abc.def", "Bearergh_abc.def"],
)  # fmt: skip
def test_header_without_a_bearer_key_is_refused(client: Any, stub: Account, header: str) -> None:
    expect = (401, "key_missing")
    body = {"prompt": "a star"}
    refused(client, "/api/v1/generate", body=body, HTTP_AUTHORIZATION=header, expect=expect)


@pytest.mark.parametrize(
    "key",
    ["x", ".", "gh_", "gh_abcdefgh", "gh_abcdefgh.", ".secret", "gh_abcdefgh." + "x" * 40, "\0", "gh_\0.x",
     "é", "密钥", "' OR 1=1 --", "x" * 10_000, "gh_abcdefgh.x.y.z", "a b c", "%00", "{}"],
    ids=lambda key: ascii(key)[:20],
)  # fmt: skip
def test_unknown_or_malformed_key_is_refused(client: Any, stub: Account, key: str) -> None:
    expect = (401, "key_invalid")
    body = {"prompt": "a star"}
    refused(
        client, "/api/v1/generate", body=body, HTTP_AUTHORIZATION=f"Bearer {key}", expect=expect
    )


def test_key_with_one_wrong_character_is_refused(client: Any, shop: Platform) -> None:
    row, key = ApiKey.objects.issue(shop, name="tests", user="alice")
    secret = key.partition(".")[2]
    for wrong in (
        key[:-1] + ("a" if key[-1] != "a" else "b"),
        key + "a",
        key[:-1],
        key.swapcase(),
        f"{row.prefix}.{row.hashed_key}",
        f"{row.prefix}.",
        secret,
    ):
        header = f"Bearer {wrong}"
        refused(client, "/api/v1/credits", method="get", HTTP_AUTHORIZATION=header,
                expect=(401, "key_invalid"))  # fmt: skip
    right = client.get("/api/v1/credits", HTTP_AUTHORIZATION=f"bearer  {key} ")
    assert right.status_code == 200


@pytest.mark.parametrize("end", ["revoked", "expired", "platform inactive", "gone"])
def test_ended_key_is_refused_at_once(
    alice: APIClient, stub: Account, shop: Platform, end: str
) -> None:
    assert alice.get("/api/v1/credits").status_code == 200
    row = ApiKey.objects.get()
    if end == "revoked":
        row.revoke()
    elif end == "expired":
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "gone":
        row.delete()
    else:
        Platform.objects.update(is_active=False)
    for method, path in (
        ("get", "/api/v1/credits"),
        ("get", "/api/v1/tasks"),
        ("post", "/api/v1/generate"),
    ):
        refused(alice, path, method=method, body={"prompt": "a"}, expect=(401, "key_invalid"))


def test_key_that_expires_later_still_opens(alice: APIClient, shop: Platform) -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert alice.get("/api/v1/credits").status_code == 200


def test_revoking_twice_keeps_the_first_time(alice: APIClient) -> None:
    row = ApiKey.objects.get()
    first = row.revoke().revoked_at
    assert row.revoke().revoked_at == first


def test_key_is_kept_nowhere_but_hashed(shop: Platform) -> None:
    row, key = ApiKey.objects.issue(shop, name="tests")
    secret = key.partition(".")[2]
    stored = [str(value) for value in vars(row).values()]
    assert len(secret) == 40
    assert not any(secret in value for value in stored)
    assert key.startswith(row.prefix)
    assert generator.verify(key, row.hashed_key)


def test_key_in_the_address_is_no_key(client: Any, shop: Platform) -> None:
    _, key = ApiKey.objects.issue(shop, name="tests", user="alice")
    check_problem(client.get(f"/api/v1/credits?key={key}&api_key={key}"), 401, "key_missing")


def test_problem_speaks_the_language_of_the_platform(alice: APIClient, shop: Platform) -> None:
    Platform.objects.update(language="zh-hans")
    asked = alice.get("/api/v1/tasks?limit=x", HTTP_ACCEPT_LANGUAGE="en")
    unasked = alice.get("/api/v1/tasks?limit=x")
    assert asked.headers["Content-Language"] == "en"
    assert unasked.headers["Content-Language"] == "zh-hans"
