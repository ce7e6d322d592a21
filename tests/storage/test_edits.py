"""What an edit does to pixels, and what hostile pictures and words do to the program: nothing."""

import io
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter, ImageStat

from storage.edits import drawing, geometry
from storage.edits.fonts import list_fonts
from storage.edits.geometry import EditRefused
from storage.edits.operations import Operations, Rotate
from storage.edits.wrapping import wrap
from storage.labels import NONE
from tests.storage.made_pictures import encode

RED, BLUE, WHITE, BLACK = (255, 0, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of CPU time are for a process of its own."""
    monkeypatch.setattr(drawing, "bound_seconds", lambda sizes: None)


def halves(width: int = 40, height: int = 20) -> Image.Image:
    """Return a picture that is blue on its left and red on its right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, 0, width // 2, height))
    return image


def job(*operations: dict[str, Any], logo: bytes = b"", **words: Any) -> drawing.Job:
    return drawing.Job(
        operations=msgspec.convert(operations, Operations),
        format=words.pop("format", "png"),
        quality=words.pop("quality", None),
        label=NONE,
        fonts=dict(list_fonts()),
        picture_bytes=words.pop("size", 0),
        logo_bytes={"logo": len(logo)} if logo else {},
        **words,
    )


def edit(image: Image.Image | bytes, *operations: dict[str, Any], logo: bytes = b"") -> Image.Image:
    """Return the picture after these operations."""
    data = image if isinstance(image, bytes) else encode(image)
    return drawing.edit(job(*operations, logo=logo, size=len(data)), data + logo)


def check_refused(
    image: Image.Image, *operations: dict[str, Any], logo: bytes = b""
) -> EditRefused:
    with pytest.raises(EditRefused) as refused:
        edit(image, *operations, logo=logo)
    assert refused.value.place == len(operations) - 1
    return refused.value


@pytest.mark.parametrize(
    ("crop", "size", "left_is"),
    [
        ({"width": 10, "height": 8}, (10, 8), BLUE), ({"width": 10, "x": 30}, (10, 20), RED),
        ({"width": 10, "position": "right"}, (10, 20), RED), ({"height": 5, "position": "bottom_left"}, (40, 5), BLUE),
        ({"ratio": "1:1"}, (20, 20), BLUE), ({"ratio": "1:1", "position": "right"}, (20, 20), RED),
        ({"ratio": "16:9"}, (35, 20), BLUE), ({"ratio": "9999:1"}, (40, 1), BLUE), ({"width": 1, "height": 1}, (1, 1), BLUE),
        ({"width": 40, "height": 20}, (40, 20), BLUE),
    ],
)  # fmt: skip
def test_crop_keeps_the_part_that_was_named(
    crop: dict[str, Any], size: tuple[int, int], left_is: Any
) -> None:
    found = edit(halves(), {"action": "crop", **crop})
    assert (found.size, found.getpixel((0, 0))) == (size, left_is)


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        ({"width": 10}, (10, 5)), ({"height": 40}, (80, 40)), ({"width": 10, "height": 10}, (10, 5)),
        ({"width": 10, "height": 10, "fit": "cover"}, (10, 10)), ({"width": 10, "height": 30, "fit": "stretch"}, (10, 30)),
        ({"width": 1}, (1, 1)),
    ],
)  # fmt: skip
def test_resize_fits_covers_or_stretches(resize: dict[str, Any], size: tuple[int, int]) -> None:
    found = edit(halves(), {"action": "resize", **resize})
    assert found.size == size
    if size[0] > 1:
        assert (found.getpixel((0, 0)), found.getpixel((size[0] - 1, 0))) == (BLUE, RED)


def test_quarter_turns_and_mirrors_lose_nothing() -> None:
    image = halves()
    image.putpixel((0, 0), WHITE)
    corners = {90: (19, 0), 180: (39, 19), 270: (0, 39), -90: (0, 39), 360: (0, 0), 0: (0, 0)}
    for degrees, corner in corners.items():
        found = edit(image, {"action": "rotate", "degrees": degrees})
        assert found.size == ((20, 40) if degrees % 180 else (40, 20))
        assert found.getpixel(corner) == WHITE, degrees
    for direction, corner in (("horizontal", (39, 0)), ("vertical", (0, 19))):
        assert edit(image, {"action": "flip", "direction": direction}).getpixel(corner) == WHITE


@settings(max_examples=60, derandomize=True)
@given(
    degrees=st.floats(-360, 360, allow_nan=False),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
)
def test_turned_picture_is_as_large_as_was_reckoned(
    degrees: float, width: int, height: int
) -> None:
    image = Image.new("RGB", (width, height))
    found = drawing.rotate(image, Rotate(degrees=degrees))
    assert found.size == geometry.turn((width, height), degrees)


def test_new_corners_have_their_colour_or_none() -> None:
    turn = {"action": "rotate", "degrees": 45}
    assert edit(halves(), {**turn, "color": "#00ff00"}).getpixel((0, 0)) == (0, 255, 0)
    clear = edit(halves(), {**turn, "color": "#00000000"})
    assert (clear.mode, clear.getpixel((0, 0))) == ("RGBA", (0, 0, 0, 0))
    flat = edit(halves(), {**turn, "color": "#00000000"}, {"action": "flatten", "color": "#00ff00"})
    assert (flat.mode, flat.getpixel((0, 0))) == ("RGB", (0, 255, 0))


def mean(image: Image.Image) -> list[float]:
    return ImageStat.Stat(image.convert("RGB")).mean


def test_colours_change_as_they_are_called() -> None:
    image = Image.linear_gradient("L").convert("RGB")
    tinted = Image.merge(
        "RGB",
        [
            band.point([min(255, v + add) for v in range(256)])
            for band, add in zip(image.split(), (40, 0, 0), strict=True)
        ],
    )
    before = mean(tinted)

    def change(action: str, amount: float) -> list[float]:
        return mean(edit(tinted, {"action": action, "amount": amount}))

    for action in ("brightness", "contrast", "saturation", "temperature"):
        assert change(action, 0) == before, action
    assert change("brightness", -100) == [0, 0, 0]
    assert sum(change("brightness", 50)) > sum(before)
    assert ImageStat.Stat(edit(tinted, {"action": "contrast", "amount": -100})).stddev == [0, 0, 0]
    red, green, blue = change("saturation", -100)
    assert red == green == blue
    warm, cold = change("temperature", 100), change("temperature", -100)
    assert warm[0] > before[0] > cold[0]
    assert warm[2] < before[2] < cold[2]
    soft = halves(80, 40).filter(ImageFilter.GaussianBlur(4))
    sharp = edit(soft, {"action": "sharpen", "amount": 300})
    assert ImageStat.Stat(sharp).stddev[0] > ImageStat.Stat(soft).stddev[0]


def test_transparency_stays_through_all_that_can_keep_it() -> None:
    image = Image.new("RGBA", (60, 40), (*RED, 0))
    image.paste((*RED, 128), (0, 0, 30, 40))
    found = edit(
        image,
        {"action": "brightness", "amount": 10}, {"action": "sharpen"}, {"action": "flip", "direction": "horizontal"},
        {"action": "resize", "width": 30}, text(text="A", size=8, position="top_left", margin=0),
    )  # fmt: skip
    assert found.mode == "RGBA"
    assert (found.getpixel((2, 18))[3], found.getpixel((28, 18))[3]) == (0, 128)  # type: ignore[index]
    with pytest.raises(EditRefused, match="transparent"):
        drawing.check_transparency(job(format="jpeg"), found)
    opaque = edit(Image.new("RGBA", (4, 4), (*RED, 255)))
    assert opaque.mode == "RGB", "nothing is transparent in it"


def ink(image: Image.Image, ground: Any = WHITE) -> tuple[int, int, int, int] | None:
    """Return the box in which a picture differs from its ground."""
    return ImageChops.difference(
        image.convert("RGB"), Image.new("RGB", image.size, ground)
    ).getbbox()


def text(**words: Any) -> dict[str, Any]:
    return {"action": "text", "font": "sans", "color": "#000000", **words}


def test_text_stands_where_it_was_put() -> None:
    blank = Image.new("RGB", (400, 300), WHITE)
    boxes = {
        position: ink(edit(blank, text(text="你好 Hub", size=30, position=position, margin=20)))
        for position in ("top_left", "top", "center", "bottom_right")
    }
    assert all(boxes.values())
    left, top, right, bottom = boxes["top_left"] or (0, 0, 0, 0)
    assert 20 <= left <= 26
    assert 20 <= top <= 40
    left, top, right, bottom = boxes["bottom_right"] or (0, 0, 0, 0)
    assert 374 <= right <= 380
    assert 262 <= bottom <= 280
    left, _, right, _ = boxes["top"] or (0, 0, 0, 0)
    assert abs(left - (400 - right)) <= 4
    placed = ink(edit(blank, text(text="中", size=30, x=100, y=50))) or (0, 0, 0, 0)
    assert 100 <= placed[0] <= 104
    assert 50 <= placed[1] <= 66


def test_every_sign_is_drawn_and_none_is_a_box() -> None:
    """Each has a form of its own: what a font lacks would all look alike."""
    blank = Image.new("RGB", (60, 60), WHITE)
    for font in list_fonts():
        seen = {
            edit(blank, text(text=sign, size=30, font=font, margin=0)).tobytes()
            for sign in "龙凤呈祥，。Ａz9龘"
        }
        assert len(seen) == 10, font


def test_outline_background_and_alpha_are_painted() -> None:
    blank = Image.new("RGB", (200, 160), (128, 128, 128))
    operation = text(
        text="字",
        size=60,
        color="#ffffff",
        outline_width=4,
        outline_color="#ff0000",
        position="center",
    )
    colours = {colour for _, colour in edit(blank, operation).getcolors(1 << 20) or []}
    assert {WHITE, RED} <= colours
    backed = edit(blank, {**operation, "background": "#0000ff80", "padding": 10})
    box = ink(backed, (128, 128, 128)) or (0, 0, 0, 0)
    assert backed.getpixel((box[0], box[1])) == (64, 64, 192)


def test_text_is_broken_to_its_box() -> None:
    blank = Image.new("RGB", (400, 400), WHITE)
    long = "人工智能生成的图片可以在这里加上一段很长的中文说明，并且自动换行。"
    one = ink(
        edit(blank, text(text=long, size=20, width=200, align="left", position="top_left"))
    ) or (0, 0, 0, 0)
    assert one[2] - one[0] <= 200
    assert one[3] - one[1] > 60
    assert check_refused(blank, text(text=long, size=200)).code == "does_not_fit"
    assert check_refused(blank, text(text="W", size=50, width=20)).code == "does_not_fit"
    assert check_refused(blank, text(text="a", size=20, x=395, y=0)).field == "x"
    assert check_refused(blank, text(text="a", size=20, width=401)).field == "width"


def measure(line: str) -> float:
    """Return a line's length where wide signs take two."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in line)


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("hello big world", ["hello big", "world"]), ("aaaaaaaaaaaaaa bb", ["aaaaaaaaaa", "aaaa bb"]),
        ("春夏秋冬春夏秋冬", ["春夏秋冬春", "夏秋冬"]), ("春夏秋冬春，夏", ["春夏秋冬", "春，夏"]),
        ("春夏秋冬（春）", ["春夏秋冬", "（春）"]), ("用GenHub画图", ["用GenHub画", "图"]),
        ("a\n\nb", ["a", "", "b"]), ("  a", ["  a"]), ("aaaaaaaaaa b", ["aaaaaaaaaa", "b"]), ("。。。。。。。", ["。。。。。", "。。"]),
    ],
)  # fmt: skip
def test_lines_end_where_they_may(said: str, lines: list[str]) -> None:
    assert wrap(said, 10, measure) == lines


@settings(max_examples=60, derandomize=True)
@given(st.text("ab 春，（）。\n", max_size=60))
def test_no_sign_is_lost_and_no_line_too_long(said: str) -> None:
    lines = wrap(said, 6, measure)
    assert "".join("".join(lines).split()) == "".join(said.split())
    assert all(measure(line) <= 6 for line in lines)


def test_logo_keeps_its_transparency_and_place() -> None:
    logo = Image.new("RGBA", (20, 10), (0, 255, 0, 0))
    logo.paste((0, 255, 0, 255), (10, 0, 20, 10))
    over = {"action": "overlay", "image": "logo", "width": 20, "margin": 0, "position": "top_left"}
    found = edit(halves(80, 40), over, logo=encode(logo))
    assert [found.getpixel((x, 5)) for x in (2, 17, 25)] == [BLUE, (0, 255, 0), BLUE]
    faint = edit(halves(80, 40), {**over, "opacity": 0.5}, logo=encode(logo))
    assert faint.getpixel((17, 5)) == (0, 128, 127)
    wide = edit(
        halves(80, 40),
        {"action": "overlay", "image": "logo", "percent": 50, "x": 0, "y": 0},
        logo=encode(logo),
    )
    assert ink(wide, BLUE) is not None
    assert wide.getpixel((38, 18)) == (0, 255, 0)
    tall = encode(Image.new("RGB", (1, 40)))
    assert (
        check_refused(halves(), {"action": "overlay", "image": "logo"}, logo=tall).code == "outside"
    )


def test_picture_is_seen_as_people_see_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encode(halves(), "JPEG", exif=exif, quality=95)
    found = edit(turned, {"action": "crop", "height": 10, "position": "top"})
    assert found.size == (20, 10)
    pixel = found.getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200
    frames = [halves(), Image.new("RGB", (40, 20), WHITE)]
    moving = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert edit(moving).getpixel((0, 0)) == BLUE, "the first of its frames"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "CMYK", "RGBA"])
def test_pictures_of_any_mode_are_edited(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.linear_gradient("L").convert("I;16" if mode == "I;16" else mode)
    for operation in (
        {"action": "sharpen"},
        text(text="字", size=40),
        {"action": "rotate", "degrees": 10},
    ):
        assert edit(encode(image, form), operation).mode == "RGB"


def test_result_is_never_larger_than_the_hub_takes() -> None:
    for operation in (
        {"action": "resize", "width": 8192}, {"action": "resize", "width": 6000, "height": 6000, "fit": "stretch"},
    ):  # fmt: skip
        assert (
            check_refused(halves(), operation).code in {"too_large"}
            if operation.get("fit")
            else True
        )
    large = Image.new("RGB", (5000, 5000))
    assert check_refused(large, {"action": "rotate", "degrees": 45}).code == "too_large"
    assert math.prod(edit(large, {"action": "rotate", "degrees": 90}).size) == 25_000_000


def test_answer_has_picture_thumbnail_and_refusals(capfd: Any) -> None:
    data = encode(halves())
    whole = (
        msgspec.json.encode(job({"action": "flip", "direction": "horizontal"}, size=len(data)))
        + b"\n"
        + data
    )
    head, _, rest = drawing.answer_edit(whole).partition(b"\n")
    answer = msgspec.json.decode(head.removeprefix(b"ok "), type=drawing.Answer)
    assert (
        Image.open(io.BytesIO(rest[: answer.picture_bytes])).size
        == (answer.width, answer.height)
        == (40, 20)
    )
    assert Image.open(io.BytesIO(rest[answer.picture_bytes :])).size == (200, 200)
    wrong = msgspec.json.encode(job({"action": "crop", "width": 41}, size=len(data))) + b"\n" + data
    refusal = drawing.answer_edit(wrong)
    assert refusal.startswith(b"edit_refused ")
    assert msgspec.json.decode(refusal.removeprefix(b"edit_refused "))["place"] == 0
