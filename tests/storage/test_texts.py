"""Texts of PNG files: what is written is read by others and by us, and no file makes much of them."""

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from storage.containers import write_png
from storage.texts import LONGEST_TEXTS, MOST_TEXTS, add_text, read_texts

PICTURE = Image.effect_noise((40, 30), 90).convert("RGB")


def encode(info: PngInfo | None = None) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


@pytest.mark.parametrize("text", ["a star\nSteps: 12", "zoë", "一颗星\n🌟", ""])
def test_a_text_that_was_added_is_read_by_all(text: str) -> None:
    data = add_text(encode(), "parameters", text)
    assert read_texts(data) == {"parameters": text}
    with Image.open(io.BytesIO(data)) as image:
        assert image.tobytes() == PICTURE.tobytes()
        assert image.info == {"parameters": text}


@pytest.mark.parametrize("is_packed", [False, True])
def test_texts_of_others_are_read(is_packed: bool) -> None:
    info = PngInfo()
    info.add_text("plain", "a star", zip=is_packed)
    info.add_itxt("said", "一颗星", "zh", "话", zip=is_packed)
    info.add_text("plain", "another")
    assert read_texts(encode(info)) == {"plain": "a star", "said": "一颗星"}


def test_what_is_too_much_is_passed_over() -> None:
    info = PngInfo()
    info.add_text("bomb", "x" * (LONGEST_TEXTS + 1), zip=True)
    info.add_text("long", "x" * (LONGEST_TEXTS + 1))
    info.add_text("good", "a star")
    for number in range(2 * MOST_TEXTS):
        info.add_text(f"text {number}", "x")
    found = read_texts(encode(info))
    assert found["good"] == "a star"
    assert not {"bomb", "long"} & found.keys()
    assert len(found) <= MOST_TEXTS


def test_what_cannot_be_read_is_passed_over() -> None:
    head, rest = encode()[:33], encode()[33:]
    broken = [
        (b"tEXt", b"\0nameless"), (b"zTXt", b"packed\0\0nothing"), (b"iTXt", b"short\0\0"),
        (b"iTXt", b"bytes\0\0\0\0\0\xff\xfe"), (b"tEXt", b"x" * 80 + b"\0long name"),
        (b"zTXt", b"cut\0\0" + zlib.compress(b"a star" * 100)[:-20]), (b"tEXt", b"good\0a star"),
    ]  # fmt: skip
    found = read_texts(write_png(broken, head) + rest)
    assert found["good"] == "a star"
    assert {*found} <= {"good", "cut"}


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", encode()[:7], encode()[:40] + b"x" + encode()[41:]]
)
def test_what_is_no_png_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no PNG|broken"):
        read_texts(data)
