"""Pictures in base64, as they lie on the disk until somebody stores them."""

import gc
import os
from pathlib import Path

import pybase64
import pytest

from generation.providers import files
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import CHARACTERS, PART_BYTES, file_of_base64
from storage.containers import PNG_START


def encode(data: bytes) -> str:
    return pybase64.b64encode(data).decode()


@pytest.mark.parametrize("length", [16, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES])
@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_picture_is_decoded_part_by_part_and_opened_as_often_as_it_is_stored(
    length: int, prefix: str
) -> None:
    data = (PNG_START + os.urandom(length))[:length]
    file = file_of_base64(prefix + encode(data))
    assert file.media_type == "image/png"
    for _ in range(2):
        with file.open() as stream:
            assert stream.read() == data


@pytest.mark.parametrize(
    "text",
    [
        # What ends before its end would be another picture than was sent.
        "A" * (CHARACTERS - 2) + "==" + "AAAA",
        "A" * CHARACTERS + "A",
        "A" * CHARACTERS + "AA\nA",
        "data:image/png;base64",
        "a picture",
        "Ä" * 8,
    ],
)
def test_what_is_no_base64_is_paid_and_unreadable(text: str) -> None:
    with pytest.raises(ProviderError) as failure:
        file_of_base64(text)
    assert (failure.value.code, failure.value.is_billed) == ("provider_answer_unreadable", True)


def test_nothing_is_left_of_a_picture_that_nobody_holds() -> None:
    file = file_of_base64(encode(PNG_START * 4))
    with file.open() as stream:
        pass
    assert not stream.closed
    del file
    gc.collect()
    assert stream.closed


def test_disk_without_room_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(files, "TemporaryFile", lambda: full)
        with pytest.raises(ProviderError) as failure:
            file_of_base64(encode(PNG_START * 4))
    error = failure.value
    assert (error.code, error.sent, error.is_billed) == ("store_failed", Sent.YES, True)
