"""The types of vendors' SDKs refuse what their vendors would."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.providers.vendors.oracle import check_ark, check_openai
from tests.providers.vendors.server import Asked

OPENAI = {"model": "gpt-image-2", "prompt": "a star", "n": 1, "size": "1024x1024", "quality": "low"}
ARK = {"model": "seedream", "prompt": "a star", "size": "1024x1024", "watermark": False}
WORDS = {name: str(value) for name, value in OPENAI.items()} | {"stream": "true"}


def posted(body: dict[str, Any], path: str = "/v1/images/generations") -> Asked:
    return Asked("POST", path, {}, json.dumps(body).encode())


def form(words: dict[str, str], file: str = "image") -> Asked:
    parts = [f'--b\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in words.items()]  # fmt: skip
    parts += [f'--b\r\ncontent-disposition: form-data; name="{file}"; filename="a.png"\r\n\r\nPNG\r\n--b--\r\n']  # fmt: skip
    head = {"content-type": "multipart/form-data; boundary=b"}
    return Asked("POST", "/v1/images/edits", head, "".join(parts).encode())


def test_right_orders_are_let_through() -> None:
    check_openai(posted(OPENAI))
    check_openai(form(WORDS))
    check_ark(posted(ARK))
    check_ark(Asked("GET", "/v3/anything", {}, b""))


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"qualty": "low"}, "qualty"),
        ({"quality": "fine"}, "quality"),
        ({"n": "1"}, "n"),
        ({"prompt": None}, "prompt"),
    ],
)
def test_openai_takes_no_other(change: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValidationError, match=rf"Generation\.{refused}\b"):
        check_openai(posted(OPENAI | change))


@pytest.mark.parametrize(
    ("change", "refused"),
    [({"stream": "True"}, "stream"), ({"strength": "0.4"}, "strength"), ({"n": "one"}, "n")],
)
def test_openai_takes_no_other_form(change: dict[str, str], refused: str) -> None:
    with pytest.raises(ValidationError, match=rf"Edit\.{refused}\b"):
        check_openai(form(WORDS | change))


def test_openai_needs_the_picture_by_its_name() -> None:
    with pytest.raises(ValidationError, match=r"Edit\.image\n"):
        check_openai(form(WORDS, file="picture"))


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"n": 2}, "n"),
        ({"watermark": "no"}, "watermark"),
        ({"seed": 1.5}, "seed"),
        ({"model": None}, "model"),
    ],
)
def test_ark_takes_no_other(change: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValidationError, match=rf"\n{refused}\n"):
        check_ark(posted(ARK | change))
