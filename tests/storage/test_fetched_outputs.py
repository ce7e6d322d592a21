"""A vendor's result that lies at an address: fetched by the one door, stored through the other (FAULTS P8)."""

import datetime
import io
import uuid
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from genhub.lib.fetch import FetchRefused, Reason, fetch
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.outputs import save_output
from tests.lib.host import Asked, Host, Send, answer, hosting
from tests.patience import patience
from tests.storage.conftest import local

__all__ = ["local"]
BUFFER = io.BytesIO()
Image.new("RGB", (40, 20), "red").save(BUFFER, "PNG")
PNG = BUFFER.getvalue()


def save(host: Host, path: str = "/") -> StoredFile:
    opening = partial(
        fetch,
        host.url(path),
        most_bytes=1_000_000,
        types={"image/png"},
        seconds=patience(),
        private_hosts={host.name},
    )
    day = datetime.date(2026, 1, 2)
    owner, attempt = uuid.UUID(int=1), uuid.UUID(int=2)
    return save_output(
        VendorFile("image/png", opening), day=day, owner=owner, attempt=attempt, position=0
    )


def test_a_result_is_stored_from_its_address(local: Path) -> None:
    with hosting(answer(PNG)) as host:
        stored = save(host)
    assert (stored.content_type, stored.width, stored.height) == ("image/png", 40, 20)


def test_a_result_on_another_host_is_followed_without_what_the_first_was_told(local: Path) -> None:
    with hosting(answer(PNG)) as there:
        leading = answer(status="307 Temporary Redirect", Location=there.url("/b.png"))
        with hosting(leading) as here, pytest.raises(OutputRefused):
            save(here)
    assert there.asked == [], "a second private host was not named"


GONE = {
    "expired": (answer(b"<Error>Request has expired</Error>", "403 Forbidden"), Reason.STATUS, True),
    "not there yet": (answer(b"", "404 Not Found"), Reason.STATUS, True),
    "deleted": (answer(b"", "410 Gone"), Reason.STATUS, False),
    "inward": (answer(status="302 Found", Location="https://127.0.0.1/"), Reason.PRIVATE, False),
    "metadata": (answer(status="302 Found", Location="https://169.254.169.254/"), Reason.PRIVATE, False),
    "empty": (answer(b""), Reason.EMPTY, True),
    "page": (answer(b"<!doctype html>" + bytes(50)), Reason.WRONG_TYPE, False),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "reason", "may_pass"), GONE.values(), ids=GONE)
def test_a_result_that_does_not_come_says_whether_to_ask_again(
    local: Path, sent: bytes, reason: Reason, *, may_pass: bool
) -> None:
    with hosting(sent) as host, pytest.raises(OutputRefused) as refused:
        save(host)
    assert refused.value.code == "output_unread"
    cause = refused.value.__cause__
    assert isinstance(cause, FetchRefused)
    assert (cause.code, cause.may_pass) == (reason, may_pass)
    assert [path for path in local.rglob("*") if path.is_file()] == []


def test_asking_again_is_no_second_order(local: Path) -> None:
    """A download may be repeated: it is a GET, and the file lands where it would have."""
    tries: list[str] = []

    def expire_once(asked: Asked, send: Send) -> None:
        tries.append(asked.line)
        send(answer(b"", "403 Forbidden") if len(tries) == 1 else answer(PNG))

    with hosting(expire_once) as host:
        with pytest.raises(OutputRefused):
            save(host)
        assert save(host).size_bytes
    assert tries == ["GET / HTTP/1.1"] * 2
