"""A clip that goes into the store while it still comes from its vendor: the same file as if it had come before."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO, cast

import pytest

from generation.providers.files import Coming
from genhub.lib.arrivals import Arrivals, Span
from genhub.lib.fetch import FetchRefused, Reason
from storage import vendor_clips
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.mp4 import NO_HOLE, Hole
from storage.outputs import save_output
from storage.spliced import Part, open_spliced
from storage.spooling import Sent
from storage.vendor_clips import Facts
from tests.storage.test_clips import ATTEMPT, CLIP, OWNER, film, refused, save
from tests.storage.test_outputs import files_in

pytestmark = pytest.mark.usefixtures("local")
ENDS = 2000
# The head of ten seconds.
HEAD_BYTES = 5000


class Growing(Arrivals):
    """A file of which begin and end are there; the rest comes, or breaks off, once somebody asks for it."""

    def __init__(self, file: BinaryIO, data: bytes, *, breaks: bool) -> None:
        super().__init__(file)
        self.data, self.breaks = data, breaks
        self.asked: list[Span | None] = []
        self.begin(len(data))
        self.write(data[:ENDS], 0)
        self.write(data[-ENDS:], len(data) - ENDS)

    def wait(self, span: Span | None = None) -> None:
        """Bring the rest."""
        if span is None or not self.has(span):
            self.asked.append(span)
            if self.breaks:
                self.end(FetchRefused(Reason.BROKEN, "halfway"))
            elif len(self.asked) == 1:
                self.write(self.data, 0)
                self.end()
        super().wait(span)


def save_growing(data: bytes, *, breaks: bool = False) -> tuple[StoredFile, list[Span | None]]:
    """Store a clip that still comes; return also what was asked for before it was there."""
    asked: list[list[Span | None]] = []

    @contextmanager
    def open_file() -> Iterator[BinaryIO]:
        with TemporaryFile() as file:
            growing = Growing(cast("BinaryIO", file), data, breaks=breaks)
            asked.append(growing.asked)
            yield cast("BinaryIO", Coming(growing))

    stored = save_output(
        VendorFile("video/mp4", open_file),
        day=date(2026, 1, 2), owner=OWNER, attempt=ATTEMPT, position=0, finish=CLIP,
    )  # fmt: skip
    return stored, asked[0]


def watch_looks(monkeypatch: pytest.MonkeyPatch) -> list[Hole]:
    """Return what had not come of a clip each time that it was looked at."""
    holes: list[Hole] = []
    look = vendor_clips.look_apart

    def watched(sent: Sent, packet: str, places: Sequence[IO[bytes]], hole: Hole) -> Facts:
        holes.append(hole)
        return look(sent, packet, places, hole)

    monkeypatch.setattr(vendor_clips, "look_apart", watched)
    return holes


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_clips, "BEGIN_BYTES", ENDS)
    monkeypatch.setattr(vendor_clips, "END_BYTES", ENDS)
    monkeypatch.setattr(vendor_clips, "MOST_SIGNED_BYTES", 1000)


@pytest.mark.parametrize("is_in_parts", [False, True])
def test_it_is_stored_as_if_it_had_come_before(local: Path, is_in_parts: bool) -> None:
    data = film(parts=is_in_parts, size=(640, 360), frames=60)
    whole = save(data)
    stored, asked = save_growing(data)
    assert (local / stored.key).read_bytes() == (local / whole.key).read_bytes()
    assert (stored.sha256, stored.size_bytes) == (whole.sha256, whole.size_bytes)
    assert stored.key != whole.key
    # What stands in the middle of it is not known before all has come; else it was under way by then.
    assert (asked[0] is None) is is_in_parts


def test_head_that_stands_in_neither_place_is_waited_for(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor_clips, "END_BYTES", 100)
    data = film(frames=60)
    stored, asked = save_growing(data)
    assert asked[0] is None
    assert stored.sha256 == save(data).sha256


def test_it_is_looked_at_while_its_rest_comes(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_clips, "LOOKED_SECONDS", 6.0)
    monkeypatch.setattr(vendor_clips, "END_BYTES", HEAD_BYTES)
    data = film("mpeg4", (640, 360), frames=150)
    holes = watch_looks(monkeypatch)
    stored, _ = save_growing(data)
    [hole] = holes
    assert 0 < hole[0] < hole[1] == len(data) - HEAD_BYTES
    whole = save(data)
    assert (stored.width, stored.seconds, stored.fps) == (whole.width, whole.seconds, whole.fps)
    for one, other in (
        (stored.poster_key, whole.poster_key),
        (stored.preview_key, whole.preview_key),
    ):
        assert (local / one).read_bytes() == (local / other).read_bytes()


def test_one_whose_beginning_is_longer_is_looked_at_once_all_has_come(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is looked at is guessed by its seconds."""
    monkeypatch.setattr(vendor_clips, "LOOKED_SECONDS", 0.1)
    monkeypatch.setattr(vendor_clips, "END_BYTES", HEAD_BYTES)
    data = film("mpeg4", (640, 360), frames=150)
    holes = watch_looks(monkeypatch)
    stored, _ = save_growing(data)
    assert [hole == NO_HOLE for hole in holes] == [False, True]
    whole = save(data)
    assert (local / stored.preview_key).read_bytes() == (local / whole.preview_key).read_bytes()


def test_signed_one_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_clips, "MOST_SIGNED_BYTES", 2**30)
    data = film(frames=60)
    assert save_growing(data)[0].size_bytes == save(data).size_bytes


def test_one_that_breaks_off_leaves_nothing_behind(local: Path) -> None:
    with pytest.raises(OutputRefused) as caught:
        save_growing(film(frames=60), breaks=True)
    assert caught.value.code == "output_unread"
    # Its vendor is asked again.
    assert getattr(caught.value.__cause__, "retryable", False)
    assert files_in(local) == []


def test_one_that_is_none_is_refused_once_all_has_come(local: Path) -> None:
    data = film(frames=60)
    broken = data[:ENDS] + b"\0" * 50 + data[ENDS + 50 : -ENDS] + bytes(ENDS)
    assert refused(broken, local) == "output_clip_unreadable"
    with pytest.raises(OutputRefused) as caught:
        save_growing(broken)
    assert caught.value.code == "output_clip_unreadable"
    assert files_in(local) == []


def test_parts_are_read_as_one_file() -> None:
    with TemporaryFile() as one, TemporaryFile() as other:
        one.write(b"0123456789")
        other.write(b"abcdef")
        for file in (one, other):
            file.flush()
        parts = [Part(one, 2, 5), Part(other, 0, 2), Part(one, 9, 10), Part(other, 5, 6)]
        with open_spliced(parts) as spliced:
            assert spliced.read() == b"234ab9f"
            assert (spliced.seek(-3, 2), spliced.read(2), spliced.tell(), spliced.read()) == (
                4,
                b"b9",
                6,
                b"f",
            )
            assert (spliced.seek(3), spliced.read(100)) == (3, b"ab9f")
