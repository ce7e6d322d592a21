"""POST verify: what this hub made is known again, by whom it was made only to its owner, and what was changed since."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from storage import uploads
from storage.encoding import encode_as
from storage.labels import Label
from storage.models import Artifact
from storage.seals import label_output
from storage.selectors import read_bytes
from storage.verifying import likeness, verify_picture
from tests.storage import made_pictures as made
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = pytest.mark.django_db
UNKNOWN = {
    "made_here": None, "artifact": None, "task": None, "changed": None, "aigc": None, "producer": None,
    "credentials": None,
}  # fmt: skip


def send(client: APIClient, data: Any, content_type: str) -> Any:
    """Return the answer to a picture."""
    return client.generic("POST", "/api/v1/verify", data, content_type=content_type)


def ask(client: APIClient, data: bytes, content_type: str = "image/webp") -> dict[str, Any]:
    """Return what the hub knows of a picture."""
    answer = send(client, data, content_type)
    assert answer.status_code == 200, answer.json()
    said: dict[str, Any] = answer.json()
    return said


@pytest.fixture
def drawn(alice: APIClient, stub: Account, local: Path) -> tuple[dict[str, Any], bytes]:
    """Return what alice is told of a picture that was drawn for her, and its file."""
    # A seed whose colour JPEG changes: some it keeps exactly.
    order = {"prompt": "a star", "width": 256, "height": 256, "seed": 7}
    alice.post("/api/v1/generate", order, format="json")
    run_queue("local")
    row = Artifact.objects.get()
    known = {
        "made_here": True, "artifact": str(row), "task": f"task_{Task.objects.get().pk.hex}", "changed": "nothing",
        "aigc": "ours", "producer": "GenHub", "credentials": "ours",
    }  # fmt: skip
    return known, read_bytes(row)


def test_its_owner_is_told_all_and_others_no_id(
    alice: APIClient, client_of: Callable[..., APIClient], drawn: tuple[dict[str, Any], bytes]
) -> None:
    known, data = drawn
    assert ask(alice, data) == known
    form = alice.post("/api/v1/verify", {"file": io.BytesIO(data)})
    assert (form.status_code, form.json()) == (200, known)
    assert ask(client_of("bob"), data) == {**known, "artifact": None, "task": None}


def test_edited_one_names_the_task_of_what_it_was_made_of(
    alice: APIClient, client_of: Callable[..., APIClient], drawn: tuple[dict[str, Any], bytes]
) -> None:
    known, _ = drawn
    picture = known["artifact"]
    for crop in ({"width": 200}, {"width": 100}):
        words = {"operations": [{"action": "resize", **crop}]}
        answer = alice.post(f"/api/v1/artifacts/{picture}/edits", words, format="json")
        assert answer.status_code == 201, answer.json()
        picture = answer.json()["id"]
    data = read_bytes(Artifact.objects.get(width=100))
    assert ask(alice, data) == {**known, "artifact": picture}
    assert ask(client_of("bob"), data)["task"] is None


def test_what_was_changed_since(alice: APIClient, drawn: tuple[dict[str, Any], bytes]) -> None:
    known, data = drawn
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        label = Label(image.info["xmp"])
        pixels = image.convert("RGB")
    # Saved again by a program that keeps XMP and knows nothing of C2PA.
    saved = encode_as(pixels, label, "png").data
    assert ask(alice, saved) == {**known, "changed": "metadata", "credentials": None}
    coded = encode_as(pixels, label, "jpeg", 75).data
    assert ask(alice, coded) == {**known, "changed": "pixels", "credentials": None}
    half = encode_as(pixels.resize((128, 128)), label, "avif").data
    assert ask(alice, half) == {**known, "changed": "size", "credentials": None}
    # In the file as it was signed.
    at = data.index(b"GenHub")
    broken = data[:at] + b"genhub" + data[at + 6 :]
    found = ask(alice, broken)
    assert (found["made_here"], found["changed"]) == (True, "metadata")
    assert (found["aigc"], found["credentials"]) == ("other", "broken")


def test_a_label_in_another_picture_proves_nothing(
    alice: APIClient, drawn: tuple[dict[str, Any], bytes]
) -> None:
    known, data = drawn
    with Image.open(io.BytesIO(data)) as image:
        label = Label(image.info["xmp"])
    other = Image.radial_gradient("L").convert("RGB").resize((256, 256))
    moved = encode_as(Image.eval(other, lambda value: 255 * (value > 100)), label, "png").data
    assert ask(alice, moved) == {
        **known, "made_here": None, "changed": "pixels", "credentials": None,
    }  # fmt: skip


def draw_scene(size: tuple[int, int] = (640, 480), seed: int = 1) -> Image.Image:
    """Return a picture with a little of everything everywhere, as a camera would see it; another for each seed."""
    small = Image.effect_mandelbrot((32, 24), (-2 + seed / 9, -1, 1, 1), 60).convert("L")
    noise = Image.effect_noise((8, 6), 120 + seed)
    bands = [small, noise.resize(small.size), small.rotate(40 * seed)]
    return Image.merge("RGB", bands).resize(size, Image.Resampling.BICUBIC)


def crop_apart(data: bytes, box: tuple[int, int, int, int]) -> tuple[Image.Image, Label]:
    """Return a part of a picture, and its label."""
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").crop(box), Label(image.info["xmp"])


@pytest.fixture
def scene(local: Path, drawn: tuple[dict[str, Any], bytes]) -> tuple[dict[str, Any], bytes]:
    """Return what alice is told of a picture with something to see on it, and its file."""
    known, data = drawn
    with Image.open(io.BytesIO(data)) as image:
        label = Label(image.info["xmp"])
    row = Artifact.objects.get()
    file = encode_as(draw_scene(), label, "webp").data
    (local / row.key).write_bytes(file)
    return {**known, "credentials": None}, file


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize(
    "box", [(0, 0, 320, 240), (160, 90, 487, 333), (1, 1, 640, 480), (213, 0, 427, 480)], ids=str
)
def test_a_crop_that_kept_its_label_is_of_its_task_and_of_another_size(
    alice: APIClient, scene: tuple[dict[str, Any], bytes], box: tuple[int, ...], form: str
) -> None:
    known, data = scene
    part, label = crop_apart(data, box)  # type: ignore[arg-type]
    sent = encode_as(part, label, form, None if form == "png" else 75).data
    assert ask(alice, sent) == {**known, "changed": "size"}


def test_a_crop_without_labels_is_of_nobody_knows_whom(
    alice: APIClient, scene: tuple[dict[str, Any], bytes]
) -> None:
    part, _label = crop_apart(scene[1], (160, 90, 487, 333))
    file = io.BytesIO()
    part.save(file, "PNG")
    assert ask(alice, file.getvalue(), "image/png") == UNKNOWN


def test_a_label_in_a_small_other_picture_proves_nothing(
    alice: APIClient, scene: tuple[dict[str, Any], bytes]
) -> None:
    """A flat one would be found somewhere in any picture."""
    known, data = scene
    _part, label = crop_apart(data, (0, 0, 9, 9))
    flat = Image.new("RGB", (300, 200), draw_scene().getpixel((200, 200)))
    for other in (flat, draw_scene(seed=4).crop((0, 0, 400, 300)), flat.resize((16, 16))):
        moved = encode_as(other, label, "png").data
        assert ask(alice, moved) == {**known, "made_here": None, "changed": "size"}


def test_what_others_made_and_what_is_gone(
    alice: APIClient, drawn: tuple[dict[str, Any], bytes], local: Path
) -> None:
    known, data = drawn
    assert ask(alice, made.make_png(), "image/png") == UNKNOWN
    forged = encode_as(made.scene(), label_output(uuid.UUID(int=5)), "jpeg").data
    forged = forged.replace(b"GenHub", b"Hacker")
    assert ask(alice, forged) == {
        **UNKNOWN,
        "made_here": False,
        "aigc": "other",
        "producer": "Hacker",
    }
    never = encode_as(made.scene(), label_output(uuid.UUID(int=5)), "jpeg").data
    gone = {**known, "artifact": None, "task": None}
    assert ask(alice, never) == {**gone, "changed": None, "credentials": None}
    (local / Artifact.objects.get().key).unlink()
    assert ask(alice, data) == known, "by its digest"
    assert ask(alice, data + b"more")["changed"] is None


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"GIF89a" + bytes(40), "image/gif", "unsupported_type"),
        (made.make_png()[:60], "image/png", "unreadable"),
        (b"", "image/png", "required"),
        (b"x", "multipart/form-data; boundary=a", "required"),
    ],
    ids=["gif", "cut", "empty", "form"],
)
def test_what_is_no_picture_is_refused(
    alice: APIClient, body: bytes, content_type: str, code: str
) -> None:
    answer = send(alice, body, content_type)
    assert answer.status_code == 400, answer.content
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("file", code)
    ]


def test_a_picture_too_large_and_a_busy_hub_are_refused(
    alice: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    answer = send(alice, bytes(101), "image/png")
    assert answer.status_code == 413
    settings.UPLOAD_MAX_BYTES = 10_000
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", 0.0)
    answer = send(alice, made.make_png(), "image/png")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_pictures_that_would_do_harm_end_in_their_own_process() -> None:
    from genhub.lib.errors import InvalidRequest  # noqa: PLC0415 (only here)

    refuse: Callable[[bytes], Any] = verify_picture
    for data in (
        made.animated_png()[:50],
        b"\0\0\0\x1cftypavif" + bytes(100),
        b"RIFF....WEBP" + bytes(50),
    ):
        with pytest.raises(InvalidRequest):
            refuse(data)


def test_likeness_of_sketches() -> None:
    assert likeness("00ff", "00ff") == 1
    assert likeness("0000", "ffff") == 0
