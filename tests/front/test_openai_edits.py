"""Pictures that a stock OpenAI client sends along: the same gate as uploads, its masks turned into the hub's."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from PIL import Image

from credits.models import Hold
from generation.models import Offer, Task
from storage.models import Artifact
from storage.services import open_picture
from tests.api.album import PNG, SQUARE, encode, picture, uri
from tests.api.refusals import books
from tests.front.stock import Dropping, Make, draw, first, stock, threads
from tests.front.web import Web
from tests.patience import patience

__all__ = ["stock", "threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("front")]
EDITS = "/v1/images/edits"


def holed(width: int = 96, height: int = 48) -> Image.Image:
    """The picture itself, its left half erased: what is left of it is as bright as it was."""
    image = Image.new("RGBA", (width, height), "white")
    image.paste((255, 255, 255, 0), (0, 0, width // 2, height))
    return image


MASK = encode(holed())


def pixels_of(task: Task, word: str) -> Image.Image:
    row = Artifact.objects.get(pk=task.spec[word].removeprefix("art_"))
    assert row.user == "alice"
    return open_picture(row.pk, platform_id=row.platform_id)


def test_an_edit_starts_from_the_picture_that_is_sent(
    stock: Make, threads: ThreadPoolExecutor
) -> None:
    edit: Callable[..., Any] = stock().images.edit
    words: dict[str, Any] = {
        "prompt": "a star", "image": ("photo.png", PNG, "image/png"), "mask": ("mask.png", MASK, "image/png"),
        "n": 2, "quality": "high", "input_fidelity": "high", "response_format": "b64_json", "user": "tag",
    }  # fmt: skip
    waiting = threads.submit(edit, **words)
    draw()
    answer, task = waiting.result(patience()), Task.objects.get()
    assert len(answer.data) == task.num_images == 2
    assert (answer.size, answer.quality) == ("96x48", "high")
    assert (task.spec["width"], task.spec["height"], task.spec["strength"]) == (96, 48, 0.4)
    assert (task.quality, task.metadata) == ("high", {"user": "tag"})
    assert pixels_of(task, "image").tobytes() == picture().tobytes()
    mask = Image.new("RGB", (96, 48))
    mask.paste("white", (0, 0, 48, 48))
    assert pixels_of(task, "mask").tobytes() == mask.tobytes(), "white where it was transparent"
    # In the form that is sent for a list, without a mask.
    waiting = threads.submit(edit, prompt="a star", image=[PNG], extra_body={"strength": 0.5})  # fmt: skip
    draw()
    assert first(waiting.result(patience())).b64_json
    assert Task.objects.latest("created_at").spec["strength"] == 0.5


def test_an_edit_in_json_names_its_pictures(web: Web, bearer: dict[str, Any]) -> None:
    ready = [
        {"images": [{"image_url": uri()}], "mask": {"image_url": uri(MASK)}},
        {"images": [{"file_id": ""}], "mask": {"file_id": ""}},
    ]
    for body in ready:
        if found := Task.objects.first():
            body |= {"images": [{"file_id": found.spec["image"]}], "mask": {"file_id": found.spec["mask"]}}  # fmt: skip
        sent = json.dumps({"prompt": "a star", **body}).encode()
        headers = bearer | {"Content-Type": "application/json", "x-genhub-async": "true"}
        assert web.ask("POST", EDITS, sent, headers=headers).status == 202
    one, other = Task.objects.all()
    assert one.spec["image"] == other.spec["image"]
    assert pixels_of(one, "mask").tobytes() == pixels_of(other, "mask").tobytes()


def test_a_lost_answer_of_an_edit_is_paid_once(stock: Make, threads: ThreadPoolExecutor) -> None:
    client = stock(max_retries=2, http_client=httpx.Client(transport=Dropping(2)))
    edit: Callable[..., Any] = client.images.edit
    waiting = threads.submit(edit, prompt="a star", image=PNG, mask=MASK)
    draw()
    assert first(waiting.result(patience())).b64_json
    assert (Task.objects.count(), Hold.objects.count(), Artifact.objects.count()) == (1, 1, 3)


def test_what_is_wrong_with_an_edit_is_said_by_name(
    web: Web, stock: Make, bearer: dict[str, Any]
) -> None:
    client, before = stock(), books()
    words: dict[str, Any] = {"prompt": "a", "image": PNG}
    opaque = encode(picture())
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"image": [PNG, PNG]}, "image", "too_many"),
        ({"image": b"no picture"}, "image", "unreadable"),
        ({"image": b""}, "image", "bad_data"),
        ({"image": ("a.gif", PNG, "image/gif")}, "image", "unsupported_type"),
        ({"mask": opaque}, "mask", "opaque"),
        ({"mask": encode(holed().convert("RGB"))}, "mask", "opaque"),
        ({"mask": b"no picture"}, "mask", "unreadable"),
        ({"mask": encode(holed(48))}, "mask", "shape_differs"),
        ({"n": 99}, "n", "max_value"),
        ({"extra_body": {"n": "two"}}, "n", "invalid"),
        ({"extra_body": {"n": ["1", "2"]}}, "n[]", "unknown"),
        ({"extra_body": {"strength": "9"}}, "strength", "max_value"),
        ({"extra_body": {"markup": "x"}}, "markup", "unknown"),
        ({"partial_images": 2}, "partial_images", "invalid"),
        ({"response_format": "url", "stream": True}, "response_format", "invalid"),
    ]
    for changed, param, code in cases:
        with pytest.raises(openai.BadRequestError) as refusal:
            client.images.edit(**(words | changed))
        assert (refusal.value.param, refusal.value.code) == (param, code), refusal.value
    json_bodies: list[tuple[Any, str, str]] = [
        ({"images": []}, "image", "empty"),
        ({"images": [{}]}, "image.0.image_url", "required"),
        ({"images": [{"image_url": uri(), "file_id": "x"}]}, "image.0.image_url", "required"),
        ({"images": [{"image_url": "x"}]}, "image", "not_an_id"),
        ({"images": [{"image_url": uri()}], "mask": {"image_url": uri(SQUARE)}}, "mask", "opaque"),
        ({}, "image", "required"),
    ]
    headers = bearer | {"Content-Type": "application/json"}
    for body, param, code in json_bodies:
        answer = web.ask(
            "POST", EDITS, json.dumps({"prompt": "a", **body}).encode(), headers=headers
        )
        error = answer.json()["error"]
        assert (answer.status, error["param"], error["code"]) == (400, param, code), error
    form = bearer | {"Content-Type": "multipart/form-data"}
    answer = web.ask("POST", EDITS, b"--y", headers=form)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "malformed_edit")
    plain = web.ask("POST", EDITS, b"a", headers=bearer | {"Content-Type": "text/plain"})
    assert (plain.status, plain.json()["error"]["code"]) == (415, "wrong_content_type")
    assert books() == before
    # The shapes of two are only known once both were let in.
    assert Artifact.objects.count() == 2


@pytest.mark.parametrize("form", [True, False])
def test_pictures_after_the_first_are_looked_at_where_the_model_does_so(
    web: Web, stock: Make, bearer: dict[str, Any], threads: ThreadPoolExecutor, form: bool
) -> None:
    Offer.objects.update(most_references=2)
    others = [encode(picture(48)), encode(picture(32))]
    if form:
        edit: Callable[..., Any] = stock().images.edit
        waiting = threads.submit(edit, prompt="a star", image=[PNG, *others])
        draw()
        assert first(waiting.result(patience())).b64_json
    else:
        sent = {"prompt": "a star", "images": [{"image_url": uri(data)} for data in (PNG, *others)]}
        headers = bearer | {"Content-Type": "application/json", "x-genhub-async": "true"}
        body = json.dumps(sent).encode()
        assert web.ask("POST", EDITS, body, headers=headers).status == 202
    task = Task.objects.get()
    assert pixels_of(task, "image").size == (96, 48)
    rows = [Artifact.objects.get(pk=one.removeprefix("art_")) for one in task.spec["references"]]
    assert [(row.user, row.width) for row in rows] == [("alice", 48), ("alice", 32)]


def test_more_pictures_than_a_model_takes_are_refused_as_image(stock: Make) -> None:
    cases: list[tuple[int, list[bytes], str]] = [
        (0, [PNG] * 2, "too_many"), (1, [PNG] * 3, "too_many"), (16, [PNG] * 18, "too_many"),
        (1, [PNG, b"no picture"], "unreadable"),
    ]  # fmt: skip
    for most, pictures, code in cases:
        Offer.objects.update(most_references=most)
        with pytest.raises(openai.BadRequestError) as refusal:
            stock().images.edit(prompt="a", image=pictures)
        assert (refusal.value.param, refusal.value.code) == ("image", code), refusal.value
        assert "references" not in refusal.value.message


def test_a_model_without_masks_refuses_one_by_name(stock: Make) -> None:
    Offer.objects.update(unsupported=["mask"])
    with pytest.raises(openai.BadRequestError) as refusal:
        stock().images.edit(prompt="a", image=PNG, mask=MASK)
    assert refusal.value.param == "mask"
    assert not Artifact.objects.exists()


def test_a_picture_that_is_too_large_is_refused_before_it_comes(
    web: Web, bearer: dict[str, Any]
) -> None:
    headers = bearer | {"Content-Length": "99999999", "Content-Type": "multipart/form-data; boundary=x"}  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    answer = web.talk(f"POST {EDITS} HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode())
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (413, "body_too_large")
    assert error["message"]


def test_base64_is_what_was_drawn(stock: Make, threads: ThreadPoolExecutor) -> None:
    edit: Callable[..., Any] = stock().images.edit
    waiting = threads.submit(edit, prompt="a", image=PNG, output_format="png")
    draw()
    data = base64.b64decode(first(waiting.result(patience())).b64_json)
    assert data.startswith(b"\x89PNG")
