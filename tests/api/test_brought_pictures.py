"""Pictures that an order brings along, by address or in itself: the same gate as uploads, once for one order."""

import base64
import io
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Account
from generation.orders import brought
from generation.work.run import run_queue
from genhub.lib import fetch as fetching
from genhub.lib.fetch import Fetched
from storage import uploads
from storage.models import Artifact, UploadFolder
from storage.services import open_picture
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, LANGUAGES, check_problem, nothing_moves, refused
from tests.lib.conftest import _clients_of_their_own
from tests.lib.host import Answer, Asked, Host, Send, answer, hosting
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["_clients_of_their_own", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local")]

QUOTE = "/api/v1/quote"
INVALID = (400, "invalid_request")


def encode(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def picture(width: int = 96, height: int = 48) -> Image.Image:
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, 0, width // 2, height))
    return image


PNG, MASK, SQUARE = encode(picture()), encode(Image.new("L", (96, 48), 255)), encode(picture(48))


def uri(data: bytes = PNG, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture
def album() -> Iterator[Host]:
    """A host with pictures, which the hub may call."""

    def show(asked: Asked, send: Send) -> None:
        send(answer({"/mask": MASK, "/square": SQUARE}.get(asked.path, PNG)))

    with allowed(show) as host:
        yield host


@pytest.fixture
def hostile() -> Iterator[Callable[[Answer | bytes], Host]]:
    """Have a host, which the hub may call, that answers so."""
    opened: list[Any] = []

    def open_host(answers: Answer | bytes) -> Host:
        opened.append(allowed(answers))
        host: Host = opened[-1].__enter__()
        return host

    yield open_host
    for one in opened:
        one.__exit__(None, None, None)


class allowed:  # noqa: N801 (used as a function)
    """A host that the settings name."""

    def __init__(self, answers: Answer | bytes) -> None:
        self.hosting = hosting(answers)

    def __enter__(self) -> Host:
        host = self.hosting.__enter__()
        self.settings = override_settings(INPUT_HOSTS={host.name})
        self.settings.enable()
        return host

    def __exit__(self, *error: object) -> None:
        self.settings.disable()
        self.hosting.__exit__(None, None, None)


def check_mistake(client: APIClient, body: dict[str, Any], field: str, code: str) -> str:
    """Fail unless order and quote both refuse one word, with this code, and nothing is kept; return the message."""
    order = {"prompt": "a star"} | body
    artifacts, message = Artifact.objects.count(), ""
    for path in (GENERATE, QUOTE):
        problem = refused(client, path, body=order, expect=(*INVALID, field))
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [(field, code)]
        message = problem["errors"][0]["message"]
    assert Artifact.objects.count() == artifacts
    assert UploadFolder.objects.count() == 0
    return message


# What is taken.


@pytest.mark.parametrize("way", ["address", "data"])
def test_a_picture_that_comes_along_becomes_its_owners(
    alice: APIClient, mallory: APIClient, album: Host, way: str
) -> None:
    said = {"address": (album.url("/a"), album.url("/mask")), "data": (uri(), uri(MASK))}[way]
    task = submit(alice, image=said[0], mask=said[1], strength=0.5)
    assert (task.spec["width"], task.spec["height"]) == (96, 48)
    for word, wanted in (("image", picture()), ("mask", Image.new("RGB", (96, 48), "white"))):
        row = Artifact.objects.get(pk=task.spec[word].removeprefix("art_"))
        assert (row.user, row.platform_id) == ("alice", task.platform_id)
        assert row.key.startswith("uploads/")
        assert row.used_at is not None
        assert open_picture(row.pk, platform_id=row.platform_id).tobytes() == wanted.tobytes()
    answered = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()
    assert answered["image"] == task.spec["image"]
    body = {"prompt": "a star", "image": task.spec["image"]}
    assert mallory.post(GENERATE, body, format="json").status_code == 400
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"


def test_an_id_and_an_address_go_together(alice: APIClient, album: Host) -> None:
    image = submit(alice, image=uri()).spec["image"]
    task = submit(alice, image=image, mask=album.url("/mask"))
    assert task.spec["image"] == image
    assert [asked.path for asked in album.asked] == ["/mask"]


@pytest.mark.parametrize(
    "said",
    [uri(encode(picture(), "JPEG"), "image/jpeg"), uri(encode(picture(), "WEBP"), "image/webp"), uri(PNG, ""),
     uri(PNG, "application/octet-stream"), uri(PNG, "image/png;charset=utf-8"), uri(PNG, "image/x-png"),
     uri().replace("data:image/png;base64", "DATA:IMAGE/PNG;BASE64")],
    ids=lambda said: said[:40],
)  # fmt: skip
def test_a_data_uri_is_read_as_browsers_do(alice: APIClient, said: str) -> None:
    assert submit(alice, image=said).spec["width"] == 96


def test_metadata_is_left_behind(alice: APIClient) -> None:
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    picture().save(data, "JPEG", exif=exif)
    task = submit(alice, image=uri(data.getvalue(), "image/jpeg"))
    row = Artifact.objects.get(pk=task.spec["image"].removeprefix("art_"))
    assert open_picture(row.pk, platform_id=row.platform_id).getexif() == {}


def test_a_template_leaves_it_to_the_caller(alice: APIClient, album: Host) -> None:
    words: dict[str, Any] = {"name": "Poster", "prompt": "a poster", "price": 7}
    publish(create_template("poster", **words), actor="tests")
    body = {"template": "poster", "image": album.url()}
    answered = alice.post(GENERATE, body, format="json").json()
    assert answered["image"].startswith("art_")
    body["image"] = "https://127.0.0.1/"
    refused(alice, GENERATE, body=body, expect=(*INVALID, "image"))


def test_a_quote_looks_and_keeps_nothing(alice: APIClient, album: Host) -> None:
    with nothing_moves():
        for said in (album.url(), uri()):
            quote = alice.post(QUOTE, {"prompt": "a star", "image": said}, format="json")
            assert quote.json()["price"] == 10
    assert Artifact.objects.count() == UploadFolder.objects.count() == 0
    assert len(album.asked) == 1


def test_the_size_is_the_pictures_in_a_quote_too(alice: APIClient, stub: Account) -> None:
    stub.offers.update(sizes=[[64, 64], [96, 48]])
    answers = [
        alice.post(path, {"prompt": "a star", "image": uri(SQUARE), "width": 96}, format="json")
        for path in (GENERATE, QUOTE)
    ]
    assert {answered.status_code for answered in answers} <= {200, 202}


# Once for one order.


def test_a_repeated_order_fetches_nothing_again(alice: APIClient, album: Host) -> None:
    body = {"prompt": "a star", "image": album.url("/a"), "mask": album.url("/mask")}

    def send(**words: Any) -> Any:
        return alice.post(GENERATE, body | words, format="json", HTTP_IDEMPOTENCY_KEY="once")

    first = send()
    assert first.status_code == 202
    with nothing_moves():
        assert send().json()["id"] == first.json()["id"]
        check_problem(send(image=album.url("/b")), 422, "idempotency_key_reused")
    assert [asked.path for asked in album.asked] == ["/a", "/mask"]
    assert Artifact.objects.filter(key__startswith="uploads/").count() == 2


def test_the_same_bytes_said_in_another_way_are_another_order(
    alice: APIClient, album: Host
) -> None:
    def send(image: str) -> Any:
        body = {"prompt": "a star", "image": image}
        return alice.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="once")

    assert send(uri()).status_code == 202
    check_problem(send(album.url("/a")), 422, "idempotency_key_reused")
    assert album.asked == []


@pytest.mark.django_db(transaction=True)
def test_nobody_is_waited_for_inside_of_a_transaction(
    alice: APIClient, album: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    fetch = fetching.fetch

    def look(*args: Any, **words: Any) -> Fetched:
        seen.append(connection.in_atomic_block)
        return fetch(*args, **words)

    monkeypatch.setattr(brought, "fetch", look)
    submit(alice, image=album.url())
    assert seen == [False]


def test_what_else_is_wrong_is_told_before_anybody_is_called(
    alice: APIClient, album: Host, stub: Account
) -> None:
    for body, field in (
        ({"model": "nobody"}, "model"),
        ({"style_preset": "nobody"}, "style_preset"),
        ({"mask": f"art_{'1' * 32}"}, "mask"),
        ({"mask": "oss://x"}, "mask"),
    ):
        order = {"prompt": "a star", "image": album.url()} | body
        refused(alice, GENERATE, body=order, expect=(*INVALID, field))
    stub.offers.update(unsupported=["image"])
    order = {"prompt": "a star", "image": album.url()}
    refused(alice, GENERATE, body=order, expect=(*INVALID, "image"))
    assert album.asked == []


def test_the_second_picture_is_not_fetched_when_the_first_is_refused(
    alice: APIClient, album: Host
) -> None:
    check_mistake(alice, {"image": uri(b"no"), "mask": album.url()}, "image", "unreadable")
    assert album.asked == []


def test_the_mask_of_another_shape_is_refused(alice: APIClient, album: Host) -> None:
    body = {"image": album.url(), "mask": album.url("/square")}
    order = {"prompt": "a star"} | body
    refused(alice, QUOTE, body=order, expect=(*INVALID, "mask"))


# What is refused.


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

    def drip(asked: Asked, send: Send) -> None:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + PNG)
        while True:
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
