"""Hostile pictures at the gate: each is a clear refusal or a good picture, in bounded time, and kills nothing."""

import time
from collections import Counter

import pytest

from genhub.lib.errors import InvalidRequest
from storage import bounded, uploads
from storage.apart import apart
from storage.decoding import LARGEST_SIDE_PIXELS, MOST_PIXELS
from storage.uploads import REASONS, look_at_picture
from tests.faults.files.hostile import make
from tests.faults.processes import COUNT
from tests.patience import patience
from tests.storage import made_pictures as made

pytestmark = pytest.mark.timeout(3600)
# `make faults` counts 10.
PICTURES = COUNT * 200 or 60
CODES = {"unreadable", "unsupported_type", *REASONS}
MOST_CPU_SECONDS = bounded.CPU_SECONDS + bounded.CPU_SECONDS_PER_MEGAPIXEL * MOST_PIXELS / 1_000_000


def judge(number: int) -> tuple[str, str]:
    """Return what was done to a picture, and the code of its refusal; `taken` for a good one."""
    way, data = make(number)
    try:
        image = look_at_picture(data, "")
    except InvalidRequest as refusal:
        [error] = refusal.errors
        assert (error.field, error.code in CODES) == ("file", True), (number, way, error)
        return way, error.code
    assert image.mode == "RGB", (number, way)
    assert max(image.size) <= LARGEST_SIDE_PIXELS, (number, way, image.size)
    return way, "taken"


def test_hostile_pictures_are_refused_or_good_and_kill_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", patience(10 * MOST_CPU_SECONDS))
    look_at_picture(made.make_png(), "")
    keeper = apart._process
    assert keeper
    found: Counter[tuple[str, str]] = Counter()
    slowest = 0.0
    for number in range(PICTURES):
        began = time.monotonic()
        found[judge(number)] += 1
        slowest = max(slowest, time.monotonic() - began)
    assert apart._process is keeper, "who looks at them was started once"
    assert keeper.poll() is None
    assert look_at_picture(made.make_png(), "").size == (made.WIDTH, made.HEIGHT)
    codes: Counter[str] = Counter()
    for (_way, code), count in found.items():
        codes[code] += count
    print(f"{PICTURES} pictures, the slowest in {slowest:.1f} s: {dict(codes)}")  # noqa: T201 (with -s)
    assert sum(codes.values()) == PICTURES
    assert codes["taken"], "not all is refused"
    assert codes["unreadable"] > PICTURES // 4


def test_a_number_makes_the_same_file_always() -> None:
    assert [make(number) for number in (1, 2, 4)] == [make(number) for number in (1, 2, 4)]
