"""The API's doors at their edges: times that few calendars hold, words that look like codes, lots that are over."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Lot, Purse
from generation.models import Account
from tests.api.documented import read_document

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("word", ["since", "until"])
@pytest.mark.parametrize(
    ("address", "begins"), [("entries", b'{"items":['), ("entries.csv", b"user,")]
)
@pytest.mark.parametrize("offset", ["+16:00", "-23:59"])
def test_offset_that_postgresql_does_not_know_is_a_time_too(
    alice: APIClient, word: str, address: str, begins: bytes, offset: str
) -> None:
    query = urlencode({word: f"2026-11-22T10:00:00{offset}"})
    answer = alice.get(f"/api/v1/credits/{address}?{query}")
    assert answer.status_code == 200
    assert answer.getvalue().removeprefix(b"\xef\xbb\xbf").startswith(begins)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_time_beyond_the_calendar_is_refused(alice: APIClient, time: str) -> None:
    answer = alice.get("/api/v1/credits/entries?" + urlencode({"since": time}))
    assert [error["field"] for error in answer.json()["errors"]] == ["since"]


@pytest.mark.parametrize("word", ["lot_expired", "ai_generation"])
def test_staffs_words_are_no_code_of_the_hub(alice: APIClient, word: str) -> None:
    ledger.grant(Purse.objects.get().pk, 5, key="x", why=ledger.Why("carol", word))
    [entry] = alice.get("/api/v1/credits/entries?limit=1").json()["items"]
    assert (entry["by"], entry["reason_code"], entry["reason"]) == ("staff", None, word)


def test_document_names_each_refusal_of_an_order() -> None:
    answers = read_document()["paths"]["/api/v1/generate"]["post"]["responses"]
    assert {"402", "409", "422", "429"} <= answers.keys()


def test_balance_and_quote_tell_the_same(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account
) -> None:
    purse = rich("bob", 50)
    Lot.objects.create(purse=purse, amount=50, remaining=50, expires_at=timezone.now())
    bob = client_of("bob")
    quoted = bob.post("/api/v1/quote", {"prompt": "a star"}, format="json").json()
    told = bob.get("/api/v1/credits").json()
    assert quoted["available"] == told["available"] == 0
    assert told["expiring"] == []


@pytest.mark.parametrize("letter", ["a", "é", "图", "🎨"])
def test_metadata_is_measured_in_bytes_of_utf_8(
    stub: Account, alice: APIClient, letter: str
) -> None:
    room = 16_384 - len('{"a":""}')
    number = room // len(letter.encode())

    def order(letters: int) -> Any:
        body = {"prompt": "a star", "metadata": {"a": letter * letters}}
        return alice.post("/api/v1/generate", body, format="json")

    assert order(number).status_code == 202
    [error] = order(number + 1).json()["errors"]
    assert (error["field"], error["code"]) == ("metadata", "too_large")
