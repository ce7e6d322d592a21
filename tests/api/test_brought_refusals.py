"""Pictures of an order that are refused: by name, with nothing kept, and nothing told of our own network."""

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.orders import brought
from storage import uploads
from tests.api.album import (
    INVALID,
    PNG,
    album,
    check_mistake,
    encode,
    hostile,
    picture,
    uri,
)
from tests.api.refusals import GENERATE, LANGUAGES, refused
from tests.lib.host import Answer, Asked, Host, Send, answer
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["album", "hostile", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local")]


@pytest.mark.parametrize("word", ["image", "mask"])
@pytest.mark.parametrize("said", ["file:///etc/passwd", "/etc/passwd", "oss://bucket/x", "ftp://example.com/a.png",
                                  "//example.com/a.png", "example.com/a.png", "javascript:alert(1)", "htt", "data"])  # fmt: skip
def test_what_names_no_picture_is_refused_before_anything(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, said: str, word: str
) -> None:
    monkeypatch.setattr(brought, "read", None)
    body = {"image": uri()} | {word: said}
    message = check_mistake(alice, body, word, "not_an_id")
    assert "/api/v1/artifacts" in message


@pytest.mark.parametrize(
    "said",
    ["http://example.com/a.png", "https://me:secret@example.com/a.png", "https://example.com:8443/a.png", "https:///a",
     "https://127.0.0.1:22/"],
)  # fmt: skip
def test_an_address_is_plain_https(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    check_mistake(alice, {"image": said}, "image", "bad_address")


LEADING = {
    "/inward": answer(status="302 Found", Location="https://169.254.169.254/latest/"),
    "/nobody": answer(status="302 Found", Location="https://no.such.name.invalid/"),
    "/around": answer(status="302 Found", Location="/around"),
    "/forbidden": answer(b"secret of the host", "403 Forbidden"),
    "/packed": answer(PNG, Content_Encoding="gzip"),
    "/broken": answer(PNG[:50], Content_Length=len(PNG)),
    "/empty": answer(b""),
}


def lead(asked: Asked, send: Send) -> None:
    send(LEADING[asked.path])
    if asked.path == "/broken":
        raise ConnectionAbortedError("as a host that dies")


def test_nothing_of_our_network_can_be_learnt_from_a_refusal(
    alice: APIClient, hostile: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    """Private, redirected inward, closed, unknown, forbidden, empty, broken: one sentence, and the log knows which."""
    caplog.set_level("INFO")
    host = hostile(lead)
    said = ["https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", *map(host.url, LEADING)]
    messages = {check_mistake(alice, {"image": one}, "image", "not_fetched") for one in said}
    assert len(messages) == 1
    reasons = ("private: 127.0.0.1", "private: 10.0.0.1", "private: ::1", "private: 169.254.169.254", "unreachable: ",
               "redirected: more than 3", "status: 127.0.0.1 answered 403", "encoded: gzip", "broken: ", "empty: ")  # fmt: skip
    for reason in reasons:
        assert reason in caplog.text
    # From two doors, in two languages.
    assert caplog.text.count("no picture for alice of") == 4 * len(said)
    assert "secret of the host" not in caplog.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_says_how_to_mend_it(alice: APIClient, language: str) -> None:
    body = {"prompt": "a star", "image": "https://127.0.0.1/"}
    answered = alice.post(GENERATE, body, format="json", HTTP_ACCEPT_LANGUAGE=language)
    message = answered.json()["errors"][0]["message"]
    assert "30" in message
    assert "POST /api/v1/artifacts" in message
    assert "127.0.0.1" not in message


def page(asked: Asked, send: Send) -> None:
    send(answer(b"<!doctype html><title>Sign in</title>", Content_Type="image/png"))


def five_gigabytes(asked: Asked, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n" + PNG)


def endless(asked: Asked, send: Send) -> None:
    send(b"HTTP/1.1 200 OK\r\n\r\n" + PNG)
    while True:
        send(bytes(2**20))


@pytest.mark.parametrize(
    ("answers", "code"),
    [(page, "unreadable"), (answer(PNG[:-40]), "unreadable"), (five_gigabytes, "too_large"), (endless, "too_large"),
     (answer(b"\x89PNG\r\n\x1a\n" + bytes(100)), "unreadable"), (answer(b"GIF89a" + bytes(100)), "unreadable")],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_is_told(
    alice: APIClient, hostile: Callable[..., Host], answers: Answer | bytes, code: str
) -> None:
    host = hostile(answers)
    check_mistake(alice, {"image": host.url()}, "image", code)


def test_a_drip_is_not_waited_for(
    alice: APIClient, hostile: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is that of all pictures of an order."""
    monkeypatch.setattr(brought, "FETCH_SECONDS", 0.3)
    never = threading.Event()

    def drip(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PNG)
        # A byte now and then: all of them would take minutes.
        while not never.wait(0.01):
            send(b"\0")

    host = hostile(drip)
    order = {"prompt": "a star", "image": uri(), "mask": host.url()}
    refused(alice, GENERATE, body=order, expect=(*INVALID, "mask"))


@pytest.mark.parametrize(
    ("said", "code"),
    [("data:", "bad_data"), ("data:image/png", "bad_data"), ("data:image/png,abc", "bad_data"),
     ("data:image/png;base64", "bad_data"), ("data:image/png;base64,", "bad_data"), (uri()[:-1], "bad_data"),
     (uri() + "=", "bad_data"), (uri().replace("A", "*", 1), "bad_data"), (uri().replace("A", "é", 1), "bad_data"),
     (uri(PNG[:60]), "unreadable"), (uri(b"<svg/>", "image/svg+xml"), "unsupported_type"),
     (uri(PNG, "text/html"), "unsupported_type"), (uri(PNG, "image/jpeg"), "type_differs"),
     (uri(encode(picture(2000, 20))), "too_narrow")],
    ids=lambda said: said[-30:],
)  # fmt: skip
def test_a_broken_data_uri_is_refused_by_name(alice: APIClient, said: str, code: str) -> None:
    check_mistake(alice, {"image": said}, "image", code)


@pytest.mark.parametrize("more", [0, 1, 2, 3, 4000])
def test_a_picture_may_have_as_many_bytes_as_an_upload(
    alice: APIClient, hostile: Callable[..., Host], settings: Any, more: int
) -> None:
    settings.UPLOAD_MAX_BYTES = len(PNG)
    # What follows a picture's end is no part of it.
    data = PNG + bytes(more)
    for said in (uri(data), hostile(answer(data)).url()):
        if more:
            check_mistake(alice, {"image": said}, "image", "too_large")
        else:
            assert submit(alice, image=said).spec["image"]


# Bodies and busy hours.


def test_a_body_holds_the_largest_picture_and_all_else_besides(
    alice: APIClient, settings: Any
) -> None:
    settings.API_MAX_BODY_BYTES, settings.UPLOAD_MAX_BYTES = 2000, 30_000
    noise = PNG + b"\0" * (30_000 - len(PNG))
    assert submit(alice, image=uri(noise), metadata={"a": "x" * 1500}).spec["image"]
    body = {"prompt": "a star", "image": uri(noise[:20_000]), "metadata": {"a": "x" * 2000}}
    problem = refused(alice, GENERATE, body=body, expect=(413, "body_too_large"))
    assert problem["params"]["limit_bytes"] == 2000
    body = {"prompt": "a star", "image": uri(noise + bytes(3000))}
    problem = refused(alice, GENERATE, body=body, expect=(413, "body_too_large"))
    assert problem["params"]["limit_bytes"] == 2000 + 40_000


def test_a_slash_may_be_escaped(alice: APIClient) -> None:
    """PHP's encoder does so."""
    raw = json.dumps({"prompt": "a star", "image": uri()}).replace("/", "\\/")
    assert "\\/png" in raw
    assert alice.generic("POST", GENERATE, raw, "application/json").status_code == 202


@pytest.mark.parametrize(
    "raw",
    [b'{"prompt": "a", "metadata": {"data:": [%s]}}', b'{"prompt": "data:", "metadata": {"a": [%s]}}',
     b'{"metadata": [%s], "image": "data:image/png;base64,AAAA"}', b'{"image": "\\"data:", "metadata": [%s]}'],
)  # fmt: skip
def test_no_word_of_a_data_uri_lets_a_large_body_of_anything_else_in(
    alice: APIClient, settings: Any, raw: bytes
) -> None:
    settings.API_MAX_BODY_BYTES = 2000
    refused(alice, GENERATE, raw=raw % (b"[]," * 2000), expect=(413, "body_too_large"))


def test_other_doors_take_no_larger_bodies(alice: APIClient, settings: Any) -> None:
    settings.API_MAX_BODY_BYTES = 2000
    task = submit(alice)
    path = f"/api/v1/tasks/task_{task.pk.hex}/refine"
    refused(alice, path, body={"image": uri(bytes(3000))}, expect=(413, "body_too_large"))


def test_slow_hosts_do_not_take_every_thread(
    alice: APIClient, album: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought, "TURN_SECONDS", 0)
    for _ in range(brought.FETCHERS):
        assert brought.turns.acquire(blocking=False)
    try:
        body = {"prompt": "a star", "image": album.url()}
        refused(alice, GENERATE, body=body, expect=(503, "uploads_busy"))
        assert submit(alice, image=uri()).spec["image"], "this one calls nobody"
    finally:
        for _ in range(brought.FETCHERS):
            brought.turns.release()
    assert submit(alice, image=album.url()).spec["image"]
    assert album.asked
    assert uploads.turns is not brought.turns
