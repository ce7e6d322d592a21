"""Headers are taken as they were meant or refused by their name; none is ignored, none ends in an error of ours."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from credits.models import Hold
from generation.models import Task
from tests.front.web import HEALTH, Answer, Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
GENERATE = "/api/v1/generate"
ORDER = json.dumps({"prompt": "a star"}).encode()


def send(
    web: Web, path: str, lines: list[bytes], method: str = "POST", body: bytes = ORDER
) -> Answer:
    first = f"{method} {path} HTTP/1.1".encode()
    length = [b"Content-Length: %d" % len(body)] if body else []
    return web.talk(b"\r\n".join([first, *lines, *length, b"", body]))


def order(web: Web, bearer: dict[str, Any], *lines: bytes) -> Answer:
    fixed = [b"Host: localhost", b"Content-Type: application/json"]
    key = f"Authorization: {bearer['Authorization']}".encode()
    return send(web, GENERATE, [*fixed, key, *lines])


def key_line(value: bytes) -> bytes:
    return b"Idempotency-Key: " + value


@pytest.mark.parametrize("key", ["订单-4711", "café-1", "x" * 255, "订" * 85, 'a b;c,d="e"'])
def test_same_key_in_any_script_orders_once(web: Web, bearer: dict[str, Any], key: str) -> None:
    answers = [order(web, bearer, key_line(key.encode())) for _ in range(3)]
    assert [answer.status for answer in answers] == [202] * 3
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Hold.objects.count() == 1


def test_same_key_twice_in_one_request_is_one_key(web: Web, bearer: dict[str, Any]) -> None:
    line = key_line("键".encode())
    first = order(web, bearer, line, line).json()["id"]
    assert order(web, bearer, line).json()["id"] == first
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    "lines",
    [
        [key_line(b"")], [key_line(b"   ")], [key_line("café".encode("latin-1"))], [key_line(b"\xff")],
        [key_line(b"a\x01b")], [key_line(b"a\x7fb")], [key_line("\u200b".encode())], [key_line(b"\xc2\x85")],
        [key_line(b"x" * 256)], [key_line(("订" * 86).encode())], [key_line(b"a"), key_line(b"b")],
        [key_line(b"a"), key_line(b"")], [key_line(b"a\tb")],
        [b"Content-Encoding: gzip"], [b"Content-Encoding: deflate"], [b"Content-Encoding: br"],
        [b"Content-Encoding: x, gzip"], [b"Content-Type: text/plain"],
        [b"Authorization: Bearer other"], [b"Host: other"],
        [b"Content-Encoding: identity", b"Content-Encoding: gzip"],
    ],
    ids=lambda lines: str(lines)[:50],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_by_name(
    web: Web, bearer: dict[str, Any], lines: list[bytes]
) -> None:
    answer = order(web, bearer, *lines)
    assert answer.status in {400, 415}, answer
    name = lines[0].partition(b":")[0].decode()
    said = answer.json()
    named = {error["field"] for error in said["errors"]} | {said["code"].replace("_", "-").title()}
    assert said["code"] == "request_malformed" or any(name in each for each in named), said
    assert not Task.objects.exists()
    assert not Hold.objects.exists()


def test_plain_encoding_is_no_encoding(web: Web, bearer: dict[str, Any]) -> None:
    assert order(web, bearer, b"Content-Encoding: identity").status == 202


@pytest.mark.parametrize("given", [[b"Authorization:"], [b"Authorization: a", b"Authorization: b"]])
def test_refusals_speak_the_callers_language(web: Web, given: list[bytes]) -> None:
    lines = [b"Host: localhost", *given, b"Accept-Language: zh-CN"]
    said = send(web, GENERATE, lines).json()
    assert said["title"] == "有一个请求头无法接受"
    [error] = said["errors"]
    assert (error["field"], error["code"]) == ("Authorization", "invalid")
    assert not error["message"].isascii()


@pytest.mark.parametrize("key", [b"", b"  ", b"\xff", b"x" * 256])
def test_key_that_cannot_be_kept_has_one_code_whatever_is_wrong(
    web: Web, bearer: dict[str, Any], key: bytes
) -> None:
    answer = order(web, bearer, key_line(key))
    assert (answer.status, answer.json()["code"]) == (400, "invalid_request")
    assert "ratelimit" in {name.lower() for name in answer.headers}


def test_probes_reach_health_by_any_name_and_nothing_else(web: Web) -> None:
    for host in (b"10.0.0.5:8000", b"hub.internal", b"[fe80::1]:8000", b"a_b", b""):
        answer = send(web, HEALTH, [b"Host: " + host], "GET", b"")
        assert answer.json()["status"] in {"healthy", "unhealthy"}
    for version in (b"1.0", b"1.1"):
        bare = b"GET /api/v1/health HTTP/%s\r\n\r\n" % version
        assert "checks" in web.talk(bare).json()
    foreign = [b"Host: 10.0.0.5:8000"]
    assert send(web, "/api/v1/tasks", foreign, "GET", b"").json()["code"] == "request_refused"
    assert send(web, "/admin/", foreign, "GET", b"").status == 400


def test_address_with_two_slashes_is_answered_in_problem_json(web: Web) -> None:
    for path in ("//api/v1/tasks", "///api/v1/health", "//api/v1/tasks/?a=b"):
        answer = send(web, path, [b"Host: localhost"], "GET", b"")
        assert (answer.status, answer.json()["code"]) == (404, "address_unknown")


CONTENT_TYPES = [
    b"text/plain; charset*=BOGUS''x", b"text/plain; charset*=utf-16''%ff", b"application/json; charset=base64",
    b"application/json; charset=undefined", b"application/json; charset=\xff", b"application/json; charset=idna",
    b"a;b*=;c*0*=x;charset=punycode", b"multipart/form-data; boundary=\xe9", b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary*=BOGUS''x", b"application/x-www-form-urlencoded; charset=utf-7", b";;;", b"/",
    b"application/json; charset=\"", b"application/json;" + b"a" * 9000,
]  # fmt: skip
ODD = [
    *(b"Content-Type: " + each for each in CONTENT_TYPES),
    b"Accept: */*;q=x", b"Accept: ;;", b"Accept: a/b/c", b"Accept: \xff", b"Accept: text/html;charset*=BOGUS''x",
    b"Accept: application/json; charset*=utf-16''%ff", b"Accept: " + b"a/b," * 5000, b"Accept: application/json;q=NaN",
    b"Accept-Language: \xff", b"Accept-Language: " + b"a-" * 4000, b"Accept-Language: zh-hans;q=1e999",
    b"Accept-Language: ../../etc", b"Cookie: \xff=\xfe", b"Cookie: sessionid=" + b"%00" * 99, b"Cookie: csrftoken=\xff",
    b"Cookie: django_language=\x80", b"Cookie: messages=x$y", b"Cookie: ;;==;", b"Referer: http://[", b"Referer: \xff",
    b"Origin: http://[", b"Origin: null", b"X-CSRFToken: \xff", b"X-Forwarded-For: \xff, ,,x", b"X-Forwarded-Proto: \xff",
    b"X-Forwarded-Host: http://[", b"Forwarded: for=_x", b"Range: bytes=9-1", b"Range: bytes=\xff", b"Range: bytes=-0",
    b"Range: bytes=" + b"9" * 5000 + b"-", b"Range: bytes=0-1,4-5", b"If-None-Match: \"\xff", b"If-None-Match: ,,",
    b"If-Match: x", b"If-Modified-Since: yesterday", b"If-Modified-Since: Mon, 01 Jan 99999 00:00:00 GMT",
    b"If-Unmodified-Since: \xff", b"Authorization: Bearer \xff", b"Authorization: Bearer \xe2\x80\xae",
    b"Authorization: " + b"B" * 9000, b"Authorization: Basic !!!", b"X-HTTP-Method-Override: \xff", b"Upgrade: h2c",
    b"Connection: upgrade, \xff", b"Content-MD5: \xff", b"User-Agent: \xff", b"X-Requested-With: \xff",
    b"Host: [", b"Host: a..b", b"Host: localhost:99999", b"Host: \xff", b"Host: localhost, other", b"Date: x",
    b"Idempotency-Key: \xed\xa0\x80", b"Content-Language: \xff", b"Accept-Encoding: gzip;q=x", b"HX-Request: true",
    b"A-B_C: x", b"Sec-Fetch-Site: \xff", b"TE: \xff", b"Pragma: \xff", b"X-Real-IP: \xff", b"X-Request-ID: \xff",
]  # fmt: skip
PATHS = ["/", "/api/v1/%ff", "/%00", "/files/%ff%00", "/static/%ff", "/static/%00", "/static/../x", "/admin/%ff/",
         "/admin/login/?next=%ff", "/static/unfold/css/styles.css", "/i18n/setlang/", "/api/v1/tasks?cursor=%ff",
         "/api/v1/tasks/" + "a" * 3000, "/?" + "a=b&" * 3000, "/admin/jsi18n/?%ff", quote("/api/v1/订单")]  # fmt: skip


# What the events process answers.
ELSEWHERE = re.compile(r"/events$|/streams/|^/mcp$")


def addresses(resolver: URLResolver, prefix: str = "/") -> list[str]:
    """Return an address for each view there is outside of the admin, with a word in each of its gaps."""
    found = []
    for entry in resolver.url_patterns:
        route = str(entry.pattern)
        if isinstance(entry, URLResolver) and not route.startswith("admin"):
            found += addresses(entry, prefix + route)
        elif isinstance(entry, URLPattern):
            for gap in ("<str:task_id>", "<str:artifact_id>", "<path:name>"):
                route = route.replace(gap, "x")
            found.append(prefix + route)
    return found


def test_no_header_at_any_address_ends_in_an_error_of_ours(
    web: Web, bearer: dict[str, Any]
) -> None:
    places = [
        *addresses(get_resolver()),
        *PATHS,
        "/admin/",
        "/admin/login/",
        "/admin/generation/task/",
    ]
    assert len(places) > 35
    key = f"Authorization: {bearer['Authorization']}".encode()
    failed = []
    for turn, place in enumerate(places):
        # Each header comes at every fifth address, and each address sees it with a key or without.
        for line in ODD[turn % 5 :: 5]:
            host = [] if line.startswith(b"Host") else [b"Host: localhost"]
            named = [key] if turn % 2 and not line.startswith(b"Authorization") else []
            method = ("GET", "POST")[len(line) % 2]
            answer = send(
                web, place, [*host, *named, line], method, ORDER if method == "POST" else b""
            )
            # Streams are answered by another process, which tests/live asks the same.
            is_away = b"events_away" in answer.body and ELSEWHERE.search(place)
            if answer.status >= 500 and place != HEALTH and not is_away:
                failed.append((place, line[:60], answer.status, answer.body[:200]))
    assert failed == []
