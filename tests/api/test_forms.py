"""The form of an order's files: format and compression, and what they tell, as order and platform say."""

import io
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Task
from generation.spec import GenerationSpec
from generation.work.finish import tell_parameters
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from storage.labels import LONGEST_PARAMETERS_BYTES, read_fields
from storage.models import Artifact
from storage.selectors import read_bytes
from tests.api.refusals import nothing_moves
from tests.steps import submit
from tests.storage.conftest import local
from tests.storage.test_labels import parameters_of

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local", "stub")]
SMALL: dict[str, Any] = {"width": 256, "height": 256}
INVALID = (400, "invalid_request")


def draw(client: APIClient, prompt: str = "a star", **words: Any) -> tuple[Task, bytes]:
    """Order a picture, work, and return its task and its file."""
    task = submit(client, prompt, **SMALL, **words)
    run_queue("local")
    task.refresh_from_db()
    return task, read_bytes(task.outputs.get().artifact)  # type: ignore[arg-type]


def seen(data: bytes) -> Image.Image:
    """Return the picture in a file."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("form", "compression"), [("png", None), ("jpeg", 60), ("avif", None), ("webp", 0)]
)
def test_an_order_names_format_and_compression(
    alice: APIClient, form: str, compression: int | None
) -> None:
    words: dict[str, Any] = {"output_format": form}
    if compression is not None:
        words["output_compression"] = compression
    task, data = draw(alice, **words)
    answer = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()
    assert (answer["output_format"], answer["output_compression"]) == (form, compression)
    assert answer["result"]["images"][0]["content_type"] == f"image/{form}"
    assert seen(data).format == form.upper()
    link = alice.get(answer["result"]["images"][0]["url"]).headers["Location"]
    assert alice.get(link).headers["Content-Type"] == f"image/{form}"


def test_a_picture_of_another_format_is_drawn_for_itself(alice: APIClient) -> None:
    """And one of the same is found, however much else of its form differs."""
    first, _ = draw(alice, seed=7, output_format="jpeg")
    for words in (
        {"output_format": "jpeg", "output_compression": 50},
        {"output_format": "webp"},
        {},
    ):
        again, _ = draw(alice, seed=7, **words)
        assert again.cached_from_id is None, words
    same, _ = draw(alice, seed=7, output_format="jpeg")
    assert same.cached_from_id == first.pk


def test_a_picture_is_refined_in_its_form_or_in_another(alice: APIClient) -> None:
    task, _ = draw(alice, output_format="jpeg", output_compression=40, embed_parameters=True)
    for words, expected in (
        ({}, ("jpeg", 40, True)),
        ({"output_compression": 90}, ("jpeg", 90, True)),
        ({"output_format": "webp", "embed_parameters": False}, ("webp", None, False)),
    ):
        answer = alice.post(f"/api/v1/tasks/task_{task.pk.hex}/refine", words, format="json")
        spec = Task.objects.get(pk=answer.json()["id"].removeprefix("task_")).spec
        form = spec["output_format"], spec["output_compression"], spec["embeds_parameters"]
        assert form == expected, words


def test_a_picture_in_any_format_can_be_started_from(alice: APIClient) -> None:
    _, data = draw(alice, output_format="avif")
    artifact = Artifact.objects.get()
    task, again = draw(alice, image=str(artifact), strength=0.5)
    assert task.state == "completed"
    assert again.count(b"<TC260:AIGC>") == 1 == data.count(b"<TC260:AIGC>")
    assert str(artifact).encode() in again, "its ingredient"


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ({"output_format": "gif"}, "output_format", "invalid_choice"),
        ({"output_format": "jpeg", "output_compression": 101}, "output_compression", "max_value"),
        ({"output_format": "jpeg", "output_compression": -1}, "output_compression", "min_value"),
        ({"output_format": "png", "output_compression": 9}, "output_compression", "no_format"),
        ({"output_compression": 50}, "output_compression", "no_format"),
        ({"embed_parameters": "yes"}, "embed_parameters", "invalid"),
    ],
)
def test_what_no_file_can_be_is_refused(
    alice: APIClient, words: dict[str, Any], field: str, code: str
) -> None:
    for door in ("generate", "quote"):
        with nothing_moves():
            answer = alice.post(
                f"/api/v1/{door}", {"prompt": "a star", **words}, format="json",
                headers={"Accept-Language": "zh-hans"},
            )  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == INVALID
        (mistake,) = answer.json()["errors"]
        assert (mistake["field"], mistake["code"]) == (field, code)
        assert code != "no_format" or mistake["message"].startswith("须与")


def test_files_tell_what_their_platform_lets_them(alice: APIClient, shop: Platform) -> None:
    words: dict[str, Any] = {"negative_prompt": "dust", "seed": 41, "steps": 9}
    task, data = draw(alice, **words)
    assert parameters_of(data) is None
    assert read_fields(seen(data).info["xmp"])["ContentProducer"] == "GenHub"
    before = seen(data)
    Platform.objects.filter(pk=shop.pk).update(
        embeds_parameters=True,
        label_producer="某公司",
        visible_label="top_left",
        language="zh-hans",
    )
    for form in ("webp", "png", "jpeg"):
        _, data = draw(alice, **words, output_format=form)
        told = parameters_of(data)
        assert told is not None
        lines = told.split("\n")
        assert lines[:2] == ["a star", "Negative prompt: dust"]
        assert lines[2].startswith("Steps: 9, CFG scale: ")
        assert "Seed: 41, Size: 256x256, Model: " in lines[2]
        assert read_fields(seen(data).info["xmp"])["ContentProducer"] == "某公司"
        corner = (0, 0, 60, 20)
        assert seen(data).convert("RGB").crop(corner).tobytes() != before.crop(corner).tobytes()
    _, data = draw(alice, **words, embed_parameters=False)
    assert parameters_of(data) is None
    assert task.spec["corner"] == ""


def test_parameters_are_short_and_plain() -> None:
    spec = GenerationSpec(
        "image", "m", "一颗\0星\n\n" * 2000, "\ud800 dust\r\nSteps: 1", 64, 64, steps=3, image="art_1", strength=0.5
    )  # fmt: skip
    told = tell_parameters(spec, None)
    assert len(told.encode()) <= LONGEST_PARAMETERS_BYTES
    first, last = told.split("\n")
    assert first.startswith("一颗 星 一颗 星")
    assert first.endswith("…")
    assert last == "Steps: 3, Size: 64x64, Model: m, Denoising strength: 0.5, Version: GenHub"
    lines = tell_parameters(
        GenerationSpec("image", "m, as it was", "a", spec.negative_prompt, 64, 64), 7
    ).split("\n")
    assert lines == [
        "a",
        "Negative prompt: dust Steps: 1",
        'Seed: 7, Size: 64x64, Model: "m, as it was", Version: GenHub',
    ]


def test_form_words_of_a_batch(alice: APIClient) -> None:
    body = {
        "orders": [{"prompt": "a"}, {"prompt": "b", "output_format": "png"}],
        "order": {**SMALL, "output_format": "jpeg"},
    }
    answer = alice.post("/api/v1/batches", body, format="json")
    assert answer.status_code == 202, answer.json()
    forms = {task.spec["prompt"]: task.spec["output_format"] for task in Task.objects.all()}
    assert forms == {"a": "jpeg", "b": "png"}
