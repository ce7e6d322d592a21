"""Credentials that are made of a digest: as good as those for which the library reads the picture."""

import io
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import c2pa
import pytest
from PIL import Image

from storage.credentials import History, Ingredient
from storage.digest_signing import DigestSigner, open_signer
from storage.plain_png import FREE_AT
from storage.vendor_pictures import write_signed
from tests.storage import made_pictures as made
from tests.storage.test_credentials import MADE, actions, active, local, read
from tests.storage.test_plain_png import PACKED, png, save

__all__ = ["local"]
PLAIN = png(PACKED)


def read_parts(free_bytes: int) -> list[bytes]:
    return [PLAIN[:FREE_AT], bytes(free_bytes), PLAIN[FREE_AT:]]


def sign(history: History = MADE) -> bytes:
    """Return the plain picture as it is written."""
    with TemporaryFile(buffering=0) as place:
        write_signed(place, read_parts, history)
        return place.read()


def test_reader_trusts_them_and_finds_each_change(local: Path) -> None:
    stored = save(PLAIN)
    data = (local / stored.key).read_bytes()
    told = read(data, "image/png")
    assert (told["validation_state"], told.get("validation_status")) == ("Trusted", None)
    manifest = active(told)
    assert stored.artifact_id
    assert manifest["title"] == f"art_{stored.artifact_id.hex}"
    assert [done["action"] for done in actions(manifest)] == ["c2pa.created"]
    seen = Image.open(io.BytesIO(data))
    assert seen.tobytes() == Image.open(io.BytesIO(PLAIN)).tobytes()
    for place in (20, FREE_AT + 300, data.index(b"AIGC"), len(data) - 30):
        changed = bytearray(data)
        changed[place] ^= 1
        try:
            state = read(bytes(changed), "image/png")["validation_state"]
        except c2pa.C2paError:
            continue
        assert state == "Invalid", place


def test_they_name_what_a_picture_was_made_of() -> None:
    file = io.BytesIO(made.jpeg())
    history = History(MADE.artifact_id, "a model", (), [Ingredient("inputTo", "art_1", "image/jpeg", file)])  # fmt: skip
    manifest = active(read(sign(history), "image/png"))
    [ingredient] = manifest["ingredients"]
    assert (ingredient["title"], ingredient["relationship"]) == ("art_1", "inputTo")


def test_several_threads_sign_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda _: sign(), range(64)))
    assert len(set(signed)) == 64
    assert {read(data, "image/png")["validation_state"] for data in signed} == {"Trusted"}


@pytest.mark.parametrize("calls", [1, 2])
def test_what_the_library_does_not_sign_is_whole_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, calls: int
) -> None:
    """It may refuse to leave room, or to sign."""
    take = DigestSigner._take
    done: list[int] = []

    def refuse(self: DigestSigner, *words: Any) -> bytes:
        done.append(1)
        if len(done) == calls:
            raise c2pa.C2paError("no key")
        return take(self, *words)

    monkeypatch.setattr(DigestSigner, "_take", refuse)
    assert sign() == PLAIN
    assert "without content credentials" in caplog.text


def test_one_of_another_length_is_not_put_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    signer = open_signer("image/png", MADE)
    assert signer
    monkeypatch.setattr(DigestSigner, "_take", lambda *_: b"short")
    with caplog.at_level(logging.ERROR):
        assert signer.sign(FREE_AT, bytes(32)) is None
    signer.close()
    assert "5 bytes" in caplog.text


def test_nothing_is_signed_where_that_is_off(settings: Any) -> None:
    settings.CONTENT_CREDENTIALS = False
    assert open_signer("image/png", MADE) is None
    assert sign() == PLAIN
