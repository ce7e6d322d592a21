"""Hosts with pictures that orders may name, and how an order with one is refused."""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.test import override_settings
from PIL import Image
from rest_framework.test import APIClient

from genhub.lib.ids import new_id, to_wire
from genhub.platforms.models import Platform
from storage.models import Artifact, UploadFolder
from storage.services import record_artifact, save_picture
from tests.api.refusals import GENERATE, refused
from tests.lib.host import Answer, Asked, Host, Send, answer, hosting
from tests.storage.made_pictures import LABEL

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
    with ExitStack() as opened:
        yield lambda answers: opened.enter_context(allowed(answers))


@pytest.fixture
def give(shop: Platform) -> Callable[..., str]:
    """Give somebody a stored picture and return its id on the wire."""

    def give_picture(
        width: int = 96, height: int = 48, user: str = "alice", platform: Platform = shop
    ) -> str:
        image = Image.new("RGB", (width, height), "navy")
        stored = save_picture(image, folder=f"uploads/tests/{new_id().hex}/", name="0", label=LABEL)
        return to_wire("art", record_artifact(stored, platform_id=platform.pk, user=user))

    return give_picture


@contextmanager
def allowed(answers: Answer | bytes) -> Iterator[Host]:
    """Have a host that the settings name."""
    with hosting(answers) as host, override_settings(INPUT_HOSTS={host.name}):
        yield host


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
