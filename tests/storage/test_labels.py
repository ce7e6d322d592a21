"""Labels in files: what each format tells, once, whatever the file said before; and what people see."""

import io
import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops

from storage.content import Finish
from storage.encoding import FORMATS, encode_as
from storage.keys import output_id
from storage.labels import TC260, Label, describe, name_producer, read_fields
from storage.seals import find_sealed, label_output
from storage.visible import CORNERS, draw_mark
from tests.storage import made_pictures as made
from tests.storage.conftest import local
from tests.storage.test_outputs import ATTEMPT, save

__all__ = ["local"]
FIELDS = ["Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2"]  # fmt: skip
OTHER = Label(describe(name_producer("another", "their-id", "their-code")), "their words")
USER_COMMENT, EXIF_FOLDER = 0x9286, 0x8769


def parameters_of(data: bytes) -> str | None:
    """Return what a picture says that it was made of, as tools of the trade look for it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        comment = image.getexif().get_ifd(EXIF_FOLDER).get(USER_COMMENT)
        if comment is None:
            return image.info.get("parameters")
    assert comment.startswith(b"UNICODE\0")
    return str(comment[8:], "utf-16-be")


@pytest.mark.parametrize("source", ["pixels", "png", "jpeg", "webp"])
@pytest.mark.parametrize("form", ["", *FORMATS])
def test_a_stored_picture_has_one_label(local: Path, source: str, form: str) -> None:
    """Also one whose vendor had labelled it."""
    image = made.scene().resize((160, 120))
    content: Any = image if source == "pixels" else encode_as(image, OTHER, source).data
    finish = Finish(form=form, producer="某公司 “A&B” <x>", parameters="一颗星\nSteps: 12")
    stored = save(content, f"image/{source}", finish=finish)
    expected = form or ("webp" if source == "pixels" else source)
    assert stored.content_type == f"image/{expected}"
    data = (local / stored.key).read_bytes()
    assert data.count(b"<TC260:AIGC>") == 1
    assert b"their" not in data
    with Image.open(io.BytesIO(data)) as kept:
        assert (kept.format, kept.size) == (expected.upper(), (160, 120))
        packet = kept.info["xmp"]
    assert packet.count(b"trainedAlgorithmicMedia") == 1
    fields = read_fields(packet)
    assert list(fields) == FIELDS
    wire_id = f"art_{output_id(ATTEMPT, 0).hex}"
    assert [fields[name] for name in FIELDS[:3]] == ["1", finish.producer, wire_id]
    assert find_sealed(fields) == output_id(ATTEMPT, 0)
    assert parameters_of(data) == finish.parameters
    small = (local / stored.thumbnail_key).read_bytes()
    assert read_fields(Image.open(io.BytesIO(small)).info["xmp"]) == fields
    assert parameters_of(small) is None


def test_nobody_else_writes_a_label_of_this_hub() -> None:
    ours = read_fields(label_output(output_id(ATTEMPT, 0)).xmp)
    assert ours["ContentProducer"] == "GenHub"
    assert find_sealed(ours) == output_id(ATTEMPT, 0)
    for name in ("ContentProducer", "ProduceID", "ReservedCode1"):
        for value in (f"{ours[name]}x", ours[name][:-1], "", "é:ü"):
            assert find_sealed({**ours, name: value}) is None, (name, value)
        assert find_sealed({other: ours[other] for other in ours if other != name}) is None


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (b"", {}),
        (b"<x", {}),
        (OTHER.xmp[:-30], {}),
        (OTHER.xmp.replace(b"{", b"[", 1), {}),
        (OTHER.xmp + b" " * 65_536, {}),
        (describe({"Label": "2"}), {"Label": "2"}),
        (json.dumps([1]).encode(), {}),
        (f'<a xmlns:t="{TC260}"><t:AIGC>[1, 2]</t:AIGC></a>'.encode(), {}),
        (f'<a xmlns:t="{TC260}"><t:AIGC>{{"Label": 1}}</t:AIGC></a>'.encode(), {}),
        (f'<a xmlns:t="{TC260}" t:AIGC=\'{{"Label":"3"}}\'/>'.encode(), {"Label": "3"}),
    ],
)  # fmt: skip
def test_labels_of_others_are_read_as_far_as_they_can_be(packet: bytes, expected: Any) -> None:
    assert read_fields(packet) == expected


def test_packet_is_xml_that_says_what_was_said() -> None:
    producer = "\x01 & < > \" ' ]]> 某"
    packet = describe(name_producer(producer, "id", "code"))
    tree = ElementTree.fromstring(packet)  # noqa: S314 (our own)
    (said,) = (one.text for one in tree.iter(f"{{{TC260}}}AIGC"))
    assert json.loads(said or "")["ContentProducer"] == producer


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("size", [(512, 512), (1000, 300), (300, 1000), (128, 128), (128, 1600)])
def test_words_that_people_see(size: tuple[int, int], language: str) -> None:
    """As high as GB 45438 wants: 5 % of the shorter side; and the rest of the picture is as it was."""
    for corner in CORNERS:
        image = Image.new("RGB", size, (120, 60, 200))
        marked = draw_mark(image, language, corner)
        assert image.getextrema() == ((120, 120), (60, 60), (200, 200))
        changed = ImageChops.difference(image, marked).getbbox()
        assert changed
        left, top, right, bottom = changed
        assert (right == size[0]) if corner.endswith("right") else (left == 0)
        assert (bottom == size[1]) if corner.startswith("bottom") else (top == 0)
        white = marked.convert("L").point(lambda value: 255 * (value > 130)).getbbox()
        assert white
        is_narrow = white[2] - white[0] >= size[0] - 2
        assert white[3] - white[1] >= math.ceil(min(size) * 0.05) - 1 or is_narrow
        assert (right - left) * (bottom - top) < size[0] * size[1] / 6 or min(size) < 100


@pytest.mark.parametrize("form", ["", "webp", "jpeg"])
def test_a_mark_on_pixels_and_on_a_vendors_file(local: Path, form: str) -> None:
    grey = Image.new("RGB", (320, 240), "grey")
    finish = Finish(form=form, corner="top_left", language="zh-hans")
    seen = []
    for content in (grey, made.encode(grey, "PNG")):
        stored = save(content, finish=finish)
        with Image.open(local / stored.key) as image:
            assert max(image.convert("L").tobytes()) > 190, "white words"
            seen.append(image.convert("RGB").tobytes())
    assert seen[0] == seen[1]


def test_a_transparent_picture_stays_so_where_it_can(local: Path) -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    for form, mode in (("webp", "RGBA"), ("avif", "RGBA"), ("png", "RGBA"), ("jpeg", "RGB")):
        stored = save(made.encode(clear, "PNG"), finish=Finish(form=form))
        with Image.open(local / stored.key) as image:
            assert image.mode == mode, form
            whole = image.convert("RGBA")
        alpha = whole.getchannel("A").tobytes()
        if form == "jpeg":
            assert min(whole.tobytes()) > 250, "on white"
        else:
            assert set(alpha) == {0}, form


def test_a_quality_decides_how_large_a_picture_is(local: Path) -> None:
    image = made.scene().resize((320, 240)).effect_spread(20)
    for form in ("webp", "jpeg", "avif"):
        for content in (image, made.encode(image, "PNG")):
            sizes = [
                save(content, finish=Finish(form=form, quality=quality)).size_bytes
                for quality in (0, 40, 95)
            ]
            assert sizes == sorted(sizes)
            assert sizes[0] < sizes[2] / 2, form
    stored = save(made.encode(image, "PNG"), finish=Finish(form="webp"))
    with Image.open(local / stored.key) as kept:
        assert kept.convert("RGB").tobytes() == image.tobytes(), "without loss where nobody says"


def test_names_of_files_hold_their_digest(local: Path) -> None:
    stored = save(made.scene(), finish=Finish(form="avif"))
    assert re.fullmatch(rf".*/0-{stored.sha256[:16]}\.avif", stored.key)
