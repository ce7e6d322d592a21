"""Bodies come whole, whichever way they are framed, or are refused; never read as empty."""

import base64
import io
import json
import socket
from typing import Any

import pytest
from PIL import Image

from generation.models import Task
from genhub.lib.limits import with_picture
from tests.front.web import Kept, Web, read_answer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
ORDER = json.dumps({"prompt": "a star", "seed": 7}).encode()


def head(method: str, path: str, bearer: dict[str, Any], *lines: str) -> bytes:
    fixed = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    named = [f"{name}: {value}" for name, value in bearer.items()]
    return "\r\n".join([*fixed, *named, *lines, "", ""]).encode()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces) + b"0\r\n"


CHUNKED = "Transfer-Encoding: chunked"


def test_chunked_bodies_are_read(web: Web, bearer: dict[str, Any]) -> None:
    for path, status in (("/api/v1/quote", 200), ("/api/v1/generate", 202)):
        sent = head("POST", path, bearer, CHUNKED) + chunked(ORDER[:9], ORDER[9:])
        for end in (b"\r\n", b"X-Trailer: ignored\r\nIdempotency-Key: late\r\n\r\n"):
            assert web.talk(sent + end).status == status
    assert Task.objects.count() == 2
    task = "task_" + Task.objects.values_list("id", flat=True)[0].hex
    sent = head("POST", f"/api/v1/tasks/{task}/refine", bearer, CHUNKED)
    # What the body says is heard: there is no such picture, and nothing is ordered in its place.
    answer = web.talk(sent + chunked(b'{"picture": 1}') + b"\r\n")
    assert answer.status >= 400
    assert Task.objects.count() == 2


def test_chunked_upload_is_read_and_bounded(
    web: Web, bearer: dict[str, Any], picture: bytes
) -> None:
    words = {"headers": bearer | {"Content-Type": "image/png"}, "encode_chunked": True}
    taken = web.ask("POST", "/api/v1/artifacts", iter([picture[:50], picture[50:]]), **words)
    assert taken.status == 201, taken.body
    block = b"x" * 2**20
    refused = web.ask("POST", "/api/v1/artifacts", iter([block] * 22), **words)
    assert (refused.status, refused.json()["code"]) == (413, "body_too_large")


def test_body_over_the_limit_is_refused_unread(web: Web, bearer: dict[str, Any]) -> None:
    largest_order = with_picture(2**20, 20 * 2**20)
    sizes = {
        "/api/v1/generate": largest_order + 1,
        "/api/v1/quote": largest_order + 1,
        "/api/v1/tasks/task_1/refine": 2**20 + 1,
        "/api/v1/artifacts": 10**40,
    }
    for path, size in sizes.items():
        answer = web.talk(head("POST", path, bearer, f"Content-Length: {size}"))
        if size < 2**63:
            assert (answer.status, answer.json()["code"]) == (413, "body_too_large")
        assert 400 <= answer.status < 500
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_order_with_a_picture_in_it_passes(web: Web, bearer: dict[str, Any]) -> None:
    noise, buffer = Image.effect_noise((1100, 1100), 100), io.BytesIO()
    noise.save(buffer, "PNG")
    order = {
        "prompt": "a star",
        "image": f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}",
    }
    body = json.dumps(order).encode()
    assert len(body) > 2**20
    words = {"headers": bearer | {"Content-Type": "application/json"}}
    answer = web.ask("POST", "/api/v1/generate", body, **words)
    assert answer.status == 202, answer.body
    assert answer.json()["image"].startswith("art_")


@pytest.mark.parametrize(
    ("lines", "body", "code"),
    [
        (["Content-Length: 99"], ORDER, "body_cut_short"),
        ([CHUNKED], b"5\r\n{\"pro", "body_cut_short"),
        ([CHUNKED], b"zz\r\nhello\r\n0\r\n\r\n", "request_malformed"),
        ([CHUNKED, "Content-Length: 5"], chunked(ORDER) + b"\r\n", "request_malformed"),
        (["Content-Length: 5", CHUNKED], chunked(ORDER) + b"\r\n", "request_malformed"),
        (["Transfer-Encoding: gzip, chunked"], chunked(ORDER) + b"\r\n", "request_malformed"),
        (["Content-Length: 5", "Content-Length: 6"], ORDER, "request_malformed"),
        (["Content-Length: -1"], b"", "request_malformed"),
        (["Content-Length: 5x"], ORDER, "request_malformed"),
        (["Expect: miracles", f"Content-Length: {len(ORDER)}"], ORDER, "expectation_unknown"),
        (["Bad Header: x"], b"", "request_malformed"),
        (["X-Note: a\x01b"], b"", "request_malformed"),
        ([f"X-Long: {'x' * 70_000}"], b"", "headers_too_large"),
        ([f"X-{n}: x" for n in range(101)], b"", "headers_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_bad_framing_is_refused_by_name(
    web: Web, bearer: dict[str, Any], lines: list[str], body: bytes, code: str
) -> None:
    answer = web.talk(head("POST", "/api/v1/generate", bearer, *lines) + body, ends=True)
    assert answer.json()["code"] == code
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Connection"] == "close"
    assert not Task.objects.exists()


def test_expect_continue_is_answered_before_the_body(web: Web, bearer: dict[str, Any]) -> None:
    with web.connect() as sock:
        length = f"Content-Length: {len(ORDER)}"
        sock.sendall(head("POST", "/api/v1/generate", bearer, length, "Expect: 100-continue"))
        assert sock.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(ORDER)
        assert read_answer(sock).status == 202


def test_requests_sent_ahead_are_answered_in_order(web: Web, bearer: dict[str, Any]) -> None:
    first = head("POST", "/api/v1/quote", bearer, f"Content-Length: {len(ORDER)}") + ORDER
    rest = [head("GET", f"/api/v1/{path}", bearer) for path in ("nowhere", "health", "tasks")]
    with web.connect() as sock:
        sock.sendall(b"".join([first, *rest]))
        kept = Kept(sock)
        answers = [read_answer(kept) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 404, 503, 200]


@pytest.mark.parametrize("framing", [f"Content-Length: {len(ORDER)}", CHUNKED])
def test_offer_of_another_protocol_does_not_cost_the_body(
    web: Web, bearer: dict[str, Any], framing: str
) -> None:
    # As Java's client and `curl --http2` send it.
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")
    body = chunked(ORDER) + b"\r\n" if framing == CHUNKED else ORDER
    with web.connect() as sock:
        sock.sendall(head("POST", "/api/v1/quote", bearer, framing, *offer) + body[:5])
        sock.sendall(body[5:] + head("GET", "/api/v1/tasks", bearer, *offer))
        kept = Kept(sock)
        assert [read_answer(kept).status for _ in range(2)] == [200, 200]


def test_requests_before_the_end_are_all_answered(web: Web) -> None:
    lines = b"GET /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with web.connect() as sock:
        sock.sendall(lines * 3)
        sock.shutdown(socket.SHUT_WR)
        kept = Kept(sock)
        assert [read_answer(kept).status for _ in range(3)] == [404] * 3
        assert kept.read() == b""


def test_old_and_whole_addresses_are_understood(web: Web) -> None:
    assert web.talk(b"GET /api/v1/nowhere HTTP/1.0\r\nHost: localhost\r\n\r\n").status == 404
    whole = b"GET http://localhost/api/v1/nowhere?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert web.talk(whole).json()["code"] == "address_unknown"
    for target in (b"*", b"nowhere", b"http://["):
        assert web.talk(b"OPTIONS %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target).status == 400
