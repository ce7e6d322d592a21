"""What a page of somebody else could make a signed-in browser do, or a false Host make the hub say: nothing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from pytest_django import Settings

from generation.models import Account
from genhub.urls import API, DIALECTS
from genhub.users.models import User
from tests.api.refusals import GENERATE, check_problem, nothing_moves
from tests.api.test_keys import address

pytestmark = [pytest.mark.django_db, pytest.mark.whole]
SAMPLES = {"path": "x", "str": "x", "int": "1", "slug": "x", "uuid": "0" * 8 + "-0000-7000-8000-" + "0" * 12}  # fmt: skip
PLACE = re.compile(r"<(?:(\w+):)?\w+>")
# The doors that read no cookie: a key or a signature proves who asks.
SPOKEN = {"api/v1/": API, **{dialect.base: dialect.routes for dialect in DIALECTS}}
WITHOUT_COOKIES = {
    *(f"{base}{route.pattern}" for base, routes in SPOKEN.items() for route in routes),
    *(f"api/{page}/{dialect.name}" for dialect in DIALECTS for page in ("schema", "docs")),
    "mcp",
    "incoming/<str:upload_id>/<str:signature>",
    "api/v1/callbacks/<str:attempt_id>/<str:signature>",
    "api/schema",
    "api/docs",
}
FALSE_HOSTS = (
    "evil.example", "hub.example.evil.example", "evil.example:80", "hub.example@evil.example", "hub.example,evil.example",
    "hub.example evil.example", "hub.example/evil", "hub.example:evil", ".hub.example.", "", "[::1", "*", "127.0.0.2",
    "hub.example\t", "xhub.example", "hub.example:80:80",
)  # fmt: skip


def walk(resolver: Any, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each view of the URLconf with its whole route."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from walk(entry, route)
        else:
            yield route, entry


def sample(entry: URLPattern, route: str) -> str:
    """Return a path that a route takes."""
    if isinstance(entry.pattern, RegexPattern):
        # The admin's last word about addresses that it has not.
        return "/" + route.partition("(")[0] + "nowhere"
    return "/" + PLACE.sub(lambda place: SAMPLES[place[1] or "str"], route)


VIEWS = list(walk(get_resolver()))
PATHS = sorted({sample(entry, route) for route, entry in VIEWS if route not in WITHOUT_COOKIES})


def test_only_doors_without_cookies_are_spared() -> None:
    spared = {route for route, entry in VIEWS if getattr(entry.callback, "csrf_exempt", False)}
    assert spared == WITHOUT_COOKIES
    assert len(PATHS) > 100


@pytest.fixture
def staff(client: Client) -> Client:
    """A signed-in superuser whose browser is made to send what another site wrote."""
    person = User.objects.create_superuser("carol", password="correct horse battery")
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_no_view_that_reads_a_cookie_writes_without_the_pages_own_token(
    staff: Client, method: str
) -> None:
    people = User.objects.values_list("pk", "password", "last_login", "is_active")
    before = list(people)
    with nothing_moves():
        for path in PATHS:
            words: dict[str, Any] = {
                "HTTP_ORIGIN": "https://evil.example",
                "HTTP_REFERER": "https://evil.example/",
            }
            answer = staff.generic(
                method.upper(), path, b"post=yes&_save=1&action=x", "application/x-www-form-urlencoded", **words
            )  # fmt: skip
            assert answer.status_code == 403, path
            assert b"Traceback" not in answer.content
            assert "sessionid" not in answer.cookies
    assert list(people) == before


def test_token_of_another_page_is_no_token(staff: Client) -> None:
    staff.cookies["csrftoken"] = "a" * 32
    words = {"csrfmiddlewaretoken": "b" * 32, "language": "zh-hans"}
    assert staff.post("/i18n/setlang/", words).status_code == 403
    words["csrfmiddlewaretoken"] = "a" * 32
    assert staff.post("/i18n/setlang/", words, HTTP_ORIGIN="https://evil.example").status_code == 403  # fmt: skip
    assert staff.post("/i18n/setlang/", words).status_code == 302


def test_cookie_is_no_key(staff: Client, stub: Account) -> None:
    with nothing_moves():
        answer = staff.post(GENERATE, {"prompt": "a star"}, content_type="application/json")
    check_problem(answer, 401, "key_missing")


@pytest.fixture
def one_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["hub.example"]


@pytest.mark.parametrize("host", FALSE_HOSTS, ids=ascii)
@pytest.mark.usefixtures("one_host")
def test_false_host_is_refused_everywhere(client: Client, host: str) -> None:
    paths = [address(route) for route in API if route.name != "health"]
    paths += [
        "/",
        "/admin/",
        "/admin/login/",
        "/api/docs",
        "/api/schema",
        "/handbook/",
        "/i18n/setlang/",
        "/files/x",
    ]
    # Each of them at some addresses, and the first at every one.
    for path in paths[:: 1 if host == FALSE_HOSTS[0] else 8]:
        for method in ("GET", "POST", "OPTIONS"):
            answer = client.generic(method, path, HTTP_HOST=host, HTTP_ORIGIN="https://evil.example")  # fmt: skip
            assert answer.status_code == 400, (path, method)
            assert "evil" not in str(answer.headers).lower()
            assert b"evil" not in answer.content.lower()
    check_problem(client.get("/api/v1/tasks", HTTP_HOST=host), 400, "request_refused")


@pytest.mark.usefixtures("one_host")
def test_health_answers_probes_of_any_name_and_repeats_none(client: Client) -> None:
    answer = client.get("/api/v1/health", HTTP_HOST="evil.example")
    assert answer.status_code in {200, 503}
    assert b"evil" not in answer.content + str(answer.headers).encode()


@pytest.mark.usefixtures("one_host")
def test_what_a_proxy_is_said_to_forward_is_not_believed(
    alice: Any, stub: Account, settings: Settings
) -> None:
    assert not hub_settings.USE_X_FORWARDED_HOST
    words = {"HTTP_HOST": "hub.example", "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example",
             "HTTP_X_ORIGINAL_HOST": "evil.example", "HTTP_X_HOST": "evil.example"}  # fmt: skip
    answer = alice.post(GENERATE, {"prompt": "a star"}, format="json", **words)
    assert answer.status_code == 202
    assert answer.json()["check_status_url"].startswith("http://hub.example/")
    assert b"evil" not in answer.content + str(answer.headers).encode()
