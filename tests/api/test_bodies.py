"""Bodies that cannot be read: one problem, nothing written; and no more is read than the hub allows."""

import io
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from rest_framework.test import APIClient

from generation.api.views import GenerateView
from tests.api.refusals import GENERATE, as_body, check_problem, header_of, nothing_moves, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]

MALFORMED = (400, "malformed_body")
INVALID = (400, "invalid_request")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"prompt": "a"',
        b'{"prompt": }',
        b"{'prompt': 'a'}",
        b'{"prompt": "a",}',
        b"prompt=a",
        b"<xml/>",
        b" ",
        b'{"prompt": "\xff\xfe"}',
        '{"prompt": "a"}'.encode("utf-16"),
        b'{"prompt": "a"} {"prompt": "b"}',
        b'{"prompt": "a", "cfg_scale": NaN}',
        b'{"prompt": "a", "width": NaN}',
        b'{"prompt": "a", "width": Infinity}',
        b'{"prompt": "a", "seed": -Infinity}',
        b'{"prompt": "a", "seed": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"metadata":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"prompt": "a", "metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda raw: ascii(raw[:28]),
)
def test_body_that_is_not_json_is_refused(alice: APIClient, raw: bytes) -> None:
    refused(alice, GENERATE, raw=raw, expect=MALFORMED)


@pytest.mark.parametrize(
    "raw", [b"[]", b'[{"prompt": "a"}]', b'"a"', b"5", b"null", b"true", b"1e999"]
)
def test_json_that_is_no_object_is_refused(alice: APIClient, raw: bytes) -> None:
    problem = refused(alice, GENERATE, raw=raw, expect=MALFORMED)
    assert "one JSON object" in problem["detail"]


def test_empty_body_is_refused(alice: APIClient) -> None:
    refused(alice, GENERATE, raw=b"", expect=(*INVALID, "prompt"))
    refused(alice, GENERATE, raw=b"", content_type="text/plain", expect=(*INVALID, "prompt"))


@pytest.mark.parametrize(
    ("word", "value"),
    [("width", "1e400"), ("cfg_scale", "1e400"), ("cfg_scale", "-1e400"), ("seed", "1e400"),
     ("metadata", '{"a": 1e400}'), ("metadata", '{"a": [[-1e400]]}')],
)  # fmt: skip
def test_number_that_is_infinite_is_refused_by_name(
    alice: APIClient, word: str, value: str
) -> None:
    raw = f'{{"prompt": "a", "{word}": {value}}}'.encode()
    refused(alice, GENERATE, raw=raw, expect=(*INVALID, word))


@pytest.mark.parametrize("depth", [21, 100, 400])
def test_metadata_nested_too_deep_is_refused_by_name(alice: APIClient, depth: int) -> None:
    raw = b'{"prompt": "a", "metadata": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    refused(alice, GENERATE, raw=raw, expect=(*INVALID, "metadata"))


@pytest.mark.parametrize("depth", [2, 20])
def test_metadata_of_ordinary_depth_is_kept(alice: APIClient, depth: int) -> None:
    raw = b'{"prompt": "a", "metadata": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    assert alice.generic("POST", GENERATE, **as_body(raw=raw)).status_code == 202


def test_deep_nesting_in_an_unexpected_place_is_refused(alice: APIClient) -> None:
    for word in ("prompt", "seed", "type", "quality", "user", "template", "nobody"):
        raw = f'{{"prompt": "a", "{word}": {"[" * 400}{"]" * 400}}}'.encode()
        refused(alice, GENERATE, raw=raw, expect=(*INVALID, word))


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/octet-stream",
     "multipart/form-data; boundary=x", "application/json-seq", "nonsense", "image/png"],
)  # fmt: skip
def test_wrong_content_type_is_refused(alice: APIClient, content_type: str) -> None:
    expect = (415, "wrong_content_type")
    refused(alice, GENERATE, raw=b'{"prompt": "a"}', content_type=content_type, expect=expect)


def test_content_type_with_a_charset_is_understood(alice: APIClient) -> None:
    for content_type in ("application/json; charset=utf-8", "APPLICATION/JSON"):
        sent = as_body(body={"prompt": "a"}, content_type=content_type)
        answer = alice.generic("POST", GENERATE, **sent)
        assert answer.status_code == 202


def test_unacceptable_answer_type_is_refused(alice: APIClient) -> None:
    with nothing_moves():
        answer = alice.post(GENERATE, {"prompt": "a"}, format="json", HTTP_ACCEPT="image/png")
    check_problem(answer, 406, "not_acceptable")


def test_body_of_ten_megabytes_is_refused(alice: APIClient) -> None:
    raw = b'{"prompt": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    problem = refused(alice, GENERATE, raw=raw, expect=(413, "body_too_large"))
    assert problem["params"]["limit_bytes"] == settings.API_MAX_BODY_BYTES


def test_body_of_just_the_limit_is_read(alice: APIClient) -> None:
    frame = b'{"prompt": "a", "negative_prompt": "%s"}'
    room = settings.API_MAX_BODY_BYTES - len(frame) + 2
    refused(alice, GENERATE, raw=frame % (b"x" * room), expect=(*INVALID, "negative_prompt"))
    too_much = frame % (b"x" * (room + 1))
    refused(alice, GENERATE, raw=too_much, expect=(413, "body_too_large"))


class CountingStream(io.RawIOBase):
    """A body that a client would go on sending, and how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.taken += size
        return b"x" * size


def test_large_body_is_not_read_whole(alice: APIClient) -> None:
    size = 10 * 1024 * 1024
    stream = CountingStream(size)
    environ: dict[str, Any] = (
        RequestFactory().post(GENERATE, content_type="application/json").environ
    )
    environ |= {
        "wsgi.input": stream,
        "CONTENT_LENGTH": str(size),
        "HTTP_AUTHORIZATION": header_of(alice)["HTTP_AUTHORIZATION"],
    }
    answer = GenerateView.as_view()(WSGIRequest(environ))
    assert answer.status_code == 413
    assert stream.taken <= settings.API_MAX_BODY_BYTES + 1


def test_body_without_a_key_is_not_read(db: None) -> None:
    stream = CountingStream(10 * 1024 * 1024)
    environ: dict[str, Any] = (
        RequestFactory().post(GENERATE, content_type="application/json").environ
    )
    environ |= {"wsgi.input": stream, "CONTENT_LENGTH": str(stream.left)}
    assert GenerateView.as_view()(WSGIRequest(environ)).status_code == 401
    assert stream.taken == 0
