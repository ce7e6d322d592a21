"""Pixels of 1024 x 1024 to a stored file and its thumbnail: Pillow's defaults, read back, against `save_output` with
all its labels, and against the same without any.

Both write to this machine's disk and hash what they write; CPU time counts, of all threads.
"""

import datetime
import hashlib
import io
import math
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from storage.content import StoredFile
from storage.encoding import THUMBNAIL_PIXELS, THUMBNAIL_QUALITY
from storage.labels import NONE
from storage.outputs import save_output
from storage.services import save_picture
from tests.bench import server
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

PIXELS, PICTURES = 1024, 3
# Standard deviation of the noise, of 255: with 1.5 the PNG is as large as one of a photograph, about 1.3 MB.
NOISE, OTHER_NOISE = 1.5, (0.0, 0.5, 1.0, 3.0, 6.0)
FOLDER = "outputs/bench/"
OWNER, ATTEMPT = uuid.UUID(int=1), uuid.UUID(int=2)


@dataclass(frozen=True)
class Stored:
    """What one arm wrote for one picture."""

    path: Path
    thumbnail: Path


def draw_photo(seed: int, noise: float = NOISE) -> Image.Image:
    """Return smooth gradients with light noise, the same for the same seed."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((PIXELS, PIXELS), Image.Resampling.BICUBIC), dtype=np.float64)
    noisy = smooth + random.normal(0, noise, smooth.shape)
    return Image.fromarray(np.clip(noisy.round(), 0, 255).astype(np.uint8))


def store_by_pillow(image: Image.Image, name: str) -> Stored:
    """Store a picture as a plain script would: PNG at its default level, opened again to make the thumbnail."""
    folder = Path(settings.HOME) / "bare"
    folder.mkdir(exist_ok=True)
    path, thumbnail = folder / f"{name}.png", folder / f"{name}_thumbnail.jpg"
    image.save(path)
    hashlib.sha256(path.read_bytes()).hexdigest()
    with Image.open(path) as again:
        small = ImageOps.fit(again.convert("RGB"), THUMBNAIL_PIXELS, Image.Resampling.LANCZOS)
    small.save(thumbnail, quality=THUMBNAIL_QUALITY)
    return Stored(path, thumbnail)


def store_by_hub(image: Image.Image, name: str) -> Stored:
    """Store a picture as the hub does, labelled and signed."""
    place: dict[str, Any] = {"owner": OWNER, "attempt": ATTEMPT, "day": datetime.date(2026, 1, 2)}
    return find(save_output(image, **place, position=zlib.crc32(name.encode())))


def store_bare(image: Image.Image, name: str) -> Stored:
    """Store a picture as the hub does, without a label."""
    return find(save_picture(image, folder=FOLDER, name=name, label=NONE))


def find(stored: StoredFile) -> Stored:
    """Return where the files of a stored picture lie."""
    return Stored(
        Path(default_storage.path(stored.key)), Path(default_storage.path(stored.thumbnail_key))
    )


Store = Callable[[Image.Image, str], Stored]


def time_cpu(store: Store, image: Image.Image, name: str = "timed") -> float:
    """Store a picture and return the milliseconds of CPU time that it took."""
    began = time.process_time()
    store(image, name)
    return (time.process_time() - began) * 1000


def compare(image: Image.Image, name: str) -> tuple[float, float]:
    """Return the hub's bytes by Pillow's, and how near the thumbnails are (dB); raise unless both kept each pixel."""
    bare, ours = store_by_pillow(image, name), store_by_hub(image, name)
    for stored in (bare, ours):
        with Image.open(stored.path) as again:
            if again.mode != "RGB" or again.tobytes() != image.tobytes():
                raise AssertionError(f"{stored.path.name} is not what was drawn")
    pixels = [np.asarray(Image.open(stored.thumbnail), float) for stored in (bare, ours)]
    error = float(np.mean((pixels[0] - pixels[1]) ** 2))
    likeness = 10 * math.log10(255**2 / max(error, 1e-9))
    return ours.path.stat().st_size / bare.path.stat().st_size, likeness


def measure_other(image: Image.Image) -> dict[str, float]:
    """Return both ratios of another kind of picture: told, and no goal."""
    share, _ = compare(image, "other")
    times = [time_cpu(store, image) for store in (store_by_pillow, store_by_hub)]
    return {"cpu": round(times[0] / times[1], 1), "bytes": round(share, 3)}


def open_drawn() -> Image.Image:
    """Return pictures that the small model drew, of flat shapes."""
    path = server.ROOT / "generation" / "engine" / "small" / "samples.png"
    return Image.open(io.BytesIO(path.read_bytes())).convert("RGB").crop((0, 0, 512, 512))


def run(*, is_quick: bool) -> Report:
    """Compare what both wrote bit by bit, then measure them in turn."""
    images = [draw_photo(seed) for seed in range(PICTURES)]
    found = [compare(image, str(number)) for number, image in enumerate(images)]
    shares, likeness = [share for share, _ in found], [near for _, near in found]
    turns = {store: cycle(images) for store in (store_by_pillow, store_by_hub, store_bare)}
    figures = interleave(
        {
            "Pillow PNG 6, read back": lambda: time_cpu(
                store_by_pillow, next(turns[store_by_pillow])
            ),
            "GenHub": lambda: time_cpu(store_by_hub, next(turns[store_by_hub])),
            "without labels": lambda: time_cpu(store_bare, next(turns[store_bare])),
        },
        rounds=5 if is_quick else 11,
        calls=PICTURES,
        unit="ms of CPU",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    others = {f"noise {noise}": draw_photo(PICTURES, noise) for noise in OTHER_NOISE}
    others["small model"] = open_drawn()
    return Report(
        arms=figures.summary("ms of CPU"),
        goals=[
            Goal("CPU, Pillow / GenHub", figures.ratios("Pillow PNG 6, read back", "GenHub"), 8),
            Goal("bytes, GenHub / Pillow", shares, most=1.1),
            Goal("CPU, labelled / not", figures.ratios("GenHub", "without labels"), most=1.15),
        ],
        control=figures.control,
        facts={
            "format": settings.PICTURE_FORMAT,
            "lossless": True,
            "stored": "picture and thumbnail; nothing reads a further preview",
            "thumbnail_likeness_db": round(min(likeness), 1),
            "others": {name: measure_other(image) for name, image in others.items()},
        },
    )
