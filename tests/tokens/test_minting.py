"""Browser tokens by the API: minted, listed and ended by their platform, and each refusal."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from genhub.lib.clock import NOW
from genhub.platforms.browser_tokens.models import BrowserToken, TokenOrigin
from genhub.platforms.browser_tokens.tokens import FOR_TOKENS, generator
from genhub.platforms.models import ApiKey, IdempotencyKey, Platform
from tests.api.refusals import nothing_moves, refused
from tests.kept import delete
from tests.tokens.conftest import APP, TOKENS, Mint, browser

pytestmark = pytest.mark.django_db
INVALID = (400, "invalid_request")
OVER = (401, "token_invalid")


def test_secret_is_shown_once_and_kept_hashed(app: APIClient, mint: Mint) -> None:
    made = mint(max_credits=7)
    row = BrowserToken.objects.get()
    secret = made["token"].partition(".")[2]
    assert not any(secret in str(value) for value in vars(row).values())
    assert generator.verify(made["token"], row.hashed_secret)
    assert (made["user"], made["origins"], made["max_credits"]) == ("alice", [APP], 7)
    assert made["scopes"] == [str(scope) for scope in FOR_TOKENS]
    shown = {name: value for name, value in made.items() if name != "token"}
    assert app.get(f"{TOKENS}/{made['id']}").json() == shown
    assert app.get(TOKENS).json()["items"] == [shown]


def test_secret_is_in_no_log(mint: Mint, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        made = mint()
        browser(made).get("/api/v1/tasks")
        browser(made, "https://evil.example").get(f"/api/v1/tasks/{made['id']}")
        browser({"token": made["token"] + "x"}).get("/api/v1/tasks")
    said = [str(vars(record)) for record in caplog.records]
    assert said
    assert not [text for text in said if made["token"].partition(".")[2] in text]


def test_token_lives_a_quarter_of_an_hour_unless_said(mint: Mint) -> None:
    mint()
    mint(expires_in=60)
    rows = BrowserToken.objects.order_by("created_at")
    assert [row.expires_at - row.created_at for row in rows] == [
        timedelta(minutes=15),
        timedelta(minutes=1),
    ]


def test_token_is_not_promised_for_longer_than_its_key(
    client_of: Callable[..., APIClient], shop: Platform, mint: Mint
) -> None:
    now = Platform.objects.annotate(now=NOW).get().now
    client = client_of("alice", expires_at=now + timedelta(minutes=5))
    mint(client)
    assert BrowserToken.objects.get().expires_at == ApiKey.objects.latest("created_at").expires_at


@pytest.mark.parametrize(
    ("origin", "sent"),
    [
        ("https://app.example.com", None),
        ("HTTPS://App.Example.COM:443", "https://app.example.com"),
        ("https://app.example.com:8443", None),
        ("http://localhost:5173", None),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000", None),
        ("https://xn--bcher-kva.example", None),
    ],
)
def test_origin_is_kept_as_browsers_send_it(mint: Mint, origin: str, sent: str | None) -> None:
    assert mint(origins=[origin, origin])["origins"] == [sent or origin]


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "", "app.example.com", "https://", "https://*.example.com", "https://app.example.com/",
     "https://app.example.com/x", "https://a:b@app.example.com", "https://app.example.com?x", "https://app.example.com#x",
     "https://app.example.com:", "https://app.example.com:99999", "https://app.example.com:08443", "http://app.example.com",
     "http://10.0.0.1", "ftp://app.example.com", "https://bücher.example", "https://a b.example", "https://[::1",
     "https://[0::1]", "https://app.example.com\n", "https://" + "a" * 300, "javascript:alert(1)", "file://"],
    ids=lambda origin: ascii(origin)[:30],
)  # fmt: skip
def test_what_is_no_origin_is_refused(app: APIClient, origin: str) -> None:
    body = {"user": "alice", "max_credits": 1, "origins": [APP, origin]}
    problem = refused(app, TOKENS, body=body, expect=INVALID)
    assert {error["field"].split(".")[0] for error in problem["errors"]} == {"origins"}
    assert not BrowserToken.objects.exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"user": None}, "user"),
        ({"user": ""}, "user"),
        ({"user": "x" * 201}, "user"),
        ({"origins": []}, "origins"),
        ({"origins": None}, "origins"),
        ({"origins": APP}, "origins"),
        ({"origins": [5]}, "origins.0"),
        ({"origins": [f"https://{n}.example.com" for n in range(11)]}, "origins"),
        ({"max_credits": None}, "max_credits"),
        ({"max_credits": -1}, "max_credits"),
        ({"max_credits": "5"}, "max_credits"),
        ({"max_credits": 10**13}, "max_credits"),
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": 3601}, "expires_in"),
        ({"expires_in": 60.5}, "expires_in"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["credits:grant"]}, "scopes.0"),
        ({"scopes": ["tokens:create"]}, "scopes.0"),
        ({"scopes": ["webhooks:manage"]}, "scopes.0"),
        ({"platform": "press"}, "platform"),
    ],
)
def test_wrong_word_is_refused_by_name(app: APIClient, words: dict[str, Any], field: str) -> None:
    body = {"user": "alice", "max_credits": 1, "origins": [APP], **words}
    refused(app, TOKENS, body=body, expect=(*INVALID, field))
    assert not BrowserToken.objects.exists()


def test_token_may_do_no_more_than_its_key(client_of: Callable[..., APIClient], mint: Mint) -> None:
    client = client_of("alice", scopes=["tokens:create", "tasks:read"])
    body = {"max_credits": 1, "origins": [APP], "scopes": ["tasks:read", "tasks:write"]}
    problem = refused(client, TOKENS, body=body, expect=(*INVALID, "scopes"))
    assert problem["errors"][0]["code"] == "not_yours"
    assert "tasks:write" in problem["errors"][0]["message"]
    assert mint(client)["scopes"] == ["tasks:read"]
    bare = client_of("alice", scopes=["tokens:create"])
    refused(bare, TOKENS, body={"max_credits": 1, "origins": [APP]}, expect=(*INVALID, "scopes"))


def test_key_of_one_user_mints_lists_and_ends_for_that_user_alone(
    app: APIClient, alice: APIClient, mint: Mint
) -> None:
    body = {"user": "bob", "max_credits": 1, "origins": [APP]}
    refused(alice, TOKENS, body=body, expect=(403, "wrong_user"))
    own, others = mint(alice), mint(user="bob")
    assert own["user"] == "alice"
    assert [item["id"] for item in alice.get(TOKENS).json()["items"]] == [own["id"]]
    assert [item["id"] for item in app.get(TOKENS).json()["items"]] == [others["id"], own["id"]]
    assert [item["id"] for item in app.get(f"{TOKENS}?user=bob").json()["items"]] == [others["id"]]
    refused(alice, f"{TOKENS}?user=bob", method="get", expect=(403, "wrong_user"))
    refused(alice, f"{TOKENS}/{others['id']}", method="delete", expect=(404, "not_found"))
    assert not BrowserToken.objects.filter(revoked_at__isnull=False).exists()


def test_idempotency_key_mints_one_and_shows_its_secret_once(app: APIClient) -> None:
    body = {"user": "alice", "max_credits": 1, "origins": [APP]}
    answers = [
        app.post(TOKENS, body, format="json", HTTP_IDEMPOTENCY_KEY="k").json() for _ in range(2)
    ]
    assert answers[1] == {**answers[0], "token": None}
    body["max_credits"] = 2
    with nothing_moves():
        other = app.post(TOKENS, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert BrowserToken.objects.count() == 1


END = pytest.mark.parametrize(
    "end", ["deleted", "expired", "key revoked", "key expired", "platform inactive"]
)


def end_by(end: str, app: APIClient, token: Any) -> None:
    if end == "deleted":
        assert app.delete(f"{TOKENS}/{token['id']}").status_code == 204
        # Once more it does nothing.
        assert app.delete(f"{TOKENS}/{token['id']}").status_code == 204
    elif end == "expired":
        BrowserToken.objects.update(expires_at=Now())
    elif end == "key revoked":
        ApiKey.objects.get().revoke()
    elif end == "key expired":
        ApiKey.objects.update(expires_at=Now())
    else:
        Platform.objects.update(is_active=False)


@END
def test_ended_token_is_refused_at_once_and_its_page_can_read_why(
    app: APIClient, mint: Mint, end: str
) -> None:
    token = mint()
    client = browser(token)
    assert client.get("/api/v1/tasks").status_code == 200
    end_by(end, app, token)
    refused(client, "/api/v1/tasks", method="get", expect=OVER)
    answer = client.get("/api/v1/tasks")
    assert answer["Access-Control-Allow-Origin"] == APP
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("change", ["last", "first", "prefix", "short", "no dot"])
def test_wrong_secret_is_refused_and_no_page_reads_it(mint: Mint, change: str) -> None:
    secret = mint()["token"]
    wrong = {
        "last": secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        "first": secret.replace(".", ".x", 1)[:-1],
        "prefix": "tok_" + "x" * 12 + secret[16:],
        "short": secret[:-1],
        "no dot": secret.replace(".", ""),
    }[change]
    client = browser({"token": wrong})
    refused(client, "/api/v1/tasks", method="get", expect=OVER)
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/tasks")


def test_tokens_go_a_day_after_their_end_with_all_that_names_them(app: APIClient) -> None:
    body = {"user": "alice", "max_credits": 1, "origins": [APP]}
    app.post(TOKENS, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
    BrowserToken.objects.update(expires_at=Now() - timedelta(hours=23))
    assert not delete("browser_tokens")
    BrowserToken.objects.update(expires_at=Now() - timedelta(hours=25))
    assert delete("browser_tokens").rows == 1
    left = (BrowserToken, TokenOrigin, IdempotencyKey)
    assert [model._default_manager.count() for model in left] == [0, 0, 0]
    assert app.post(TOKENS, body, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 201
