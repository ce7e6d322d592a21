"""Parts of local files: what browsers and download managers ask for, and what nobody can."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

pytestmark = pytest.mark.usefixtures("local")
DATA = bytes(range(100))


def ask(**headers: str) -> Any:
    if not default_storage.exists("outputs/a.webp"):
        default_storage.save("outputs/a.webp", ContentFile(DATA))
    path = default_storage.url("outputs/a.webp").partition("/files/")[2]
    return Client().get(f"/files/{path}", headers=headers)


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, 99), ("bytes=-5", 95, 99), ("bytes=90-500", 90, 99), ("bytes=-500", 0, 99),
     ("bytes=99-99", 99, 99), ("BYTES=0-0", 0, 0)],
)  # fmt: skip
def test_part_is_served_as_it_was_asked_for(local: Path, said: str, first: int, last: int) -> None:
    answer = ask(range=said)
    assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes {first}-{last}/100")
    assert answer["Content-Length"] == str(last + 1 - first)
    assert b"".join(answer.streaming_content) == DATA[first : last + 1]


@pytest.mark.parametrize(
    "said", ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "bytes=a-b", "lines=0-1", "", "bytes=0-1x", f"bytes=0-{'9' * 30}"]
)  # fmt: skip
def test_what_is_no_single_part_is_answered_with_the_whole(local: Path, said: str) -> None:
    answer = ask(range=said)
    assert (answer.status_code, answer["Accept-Ranges"], answer["Content-Length"]) == (
        200,
        "bytes",
        "100",
    )
    assert b"".join(answer.streaming_content) == DATA


@pytest.mark.parametrize("said", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_part_beyond_the_end_is_416(local: Path, said: str) -> None:
    answer = ask(range=said)
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */100")


def test_part_is_only_of_the_file_that_the_caller_knows(local: Path) -> None:
    tag = ask()["ETag"]
    assert ask(**{"range": "bytes=0-1", "if-range": tag}).status_code == 206
    assert ask(**{"range": "bytes=0-1", "if-range": '"other"'}).status_code == 200
    assert ask(**{"range": "bytes=0-1", "if-none-match": tag}).status_code == 304
