"""Crop, resize and write on a picture of 2048 x 2048: bare Pillow in this process against the hub's edit, which a
process of its own draws, with label and thumbnail. And a thumbnail of pixels at hand against decoding and resizing.

Both read one file of this machine and make the same one; the time on the clock counts.
"""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw, ImageFont, ImageOps

from genhub.lib.ids import new_id
from storage.edits.editing import Plan, Wanted, draw_edit
from storage.edits.fonts import list_fonts
from storage.encoding import FORMATS, THUMBNAIL_PIXELS, encode_thumbnail
from storage.models import Artifact
from storage.seals import label_output
from tests.bench.encode import draw_photo
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

SIDE_PIXELS, WIDTH, HEIGHT, SIZE = 2048, 1600, 900, 72
KEY = "outputs/bench/edit.png"
ROW_ID = new_id()
WORDS = "春季上新 Spring sale"
OPERATIONS: list[dict[str, Any]] = [
    {"action": "crop", "ratio": "16:9"},
    {"action": "resize", "width": WIDTH},
    {"action": "text", "text": WORDS, "font": "sans", "size": SIZE, "position": "top_left", "margin": 40},
]  # fmt: skip
# More than antialiasing of letters by another way of laying them on differs.
LARGEST_DIFFERENCE = 0.05


def edit_by_pillow() -> bytes:
    """Return the edited file as a plain script would make it."""
    with default_storage.open(KEY) as file:
        image = Image.open(io.BytesIO(file.read())).convert("RGB")
    top = (SIDE_PIXELS - SIDE_PIXELS * HEIGHT // WIDTH) // 2
    image = image.crop((0, top, SIDE_PIXELS, top + SIDE_PIXELS * HEIGHT // WIDTH))
    image = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    path, index = list_fonts()["sans"]
    font = ImageFont.truetype(path, SIZE, index=index)
    ImageDraw.Draw(image).text((40, 40), WORDS, fill="#ffffff", font=font)
    buffer = io.BytesIO()
    image.save(buffer, **FORMATS["webp"])
    return buffer.getvalue()


def edit_by_hub() -> bytes:
    """Return the edited file as the hub makes it."""
    row = Artifact(
        id=ROW_ID, key=KEY, width=SIDE_PIXELS, height=SIDE_PIXELS, content_type="image/png"
    )
    fonts = {"sans": list_fonts()["sans"]}
    plan = Plan(
        new_id(),
        row,
        Wanted(OPERATIONS, "webp"),
        "webp",
        None,
        {},
        fonts,
        (WIDTH, HEIGHT),
        is_generated=True,
    )
    return draw_edit(plan).data


def compare() -> float:
    """Return how far both results are from each other, as the mean of a difference of 255; raise when that is far."""
    made = [Image.open(io.BytesIO(edit())).convert("RGB") for edit in (edit_by_pillow, edit_by_hub)]
    one, other = (np.asarray(image, float) for image in made)
    difference = float(np.mean(np.abs(one - other)))
    if difference > LARGEST_DIFFERENCE:
        raise AssertionError(f"the two are not alike: {difference}")
    return difference


def time_wall(act: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    began = time.monotonic()
    act()
    return (time.monotonic() - began) * 1000


def run(*, is_quick: bool) -> Report:
    """Hold the two results against each other, then measure in turn."""
    image = draw_photo(0).resize((SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    default_storage.save(KEY, ContentFile(buffer.getvalue()))
    difference = compare()

    def decode_and_resize() -> Image.Image:
        opened = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
        return ImageOps.fit(opened, THUMBNAIL_PIXELS, Image.Resampling.LANCZOS)

    figures = interleave(
        {
            "Pillow": lambda: time_wall(edit_by_pillow),
            "GenHub": lambda: time_wall(edit_by_hub),
            "decode and resize": lambda: time_wall(decode_and_resize),
            "thumbnail": lambda: time_wall(lambda: encode_thumbnail(image, label_output(ROW_ID))),
        },
        rounds=5 if is_quick else 15,
        unit="ms",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    return Report(
        arms=figures.summary("ms"),
        goals=[
            Goal("edit, GenHub / Pillow", figures.ratios("GenHub", "Pillow"), most=1.2),
            Goal(
                "thumbnail / decode and resize",
                figures.ratios("thumbnail", "decode and resize"),
                most=0.15,
            ),
        ],
        control=figures.control,
        facts={"pixels": SIDE_PIXELS, "mean_difference": round(difference, 4)},
    )
