"""Callbacks of vendors: a hint to ask now, at an address that nobody can guess."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.accounts.callbacks import callback_url, sign
from generation.life import waiting
from generation.models import Account, Attempt
from generation.models.attempt import LONGEST_REMOTE_ID
from generation.work import run
from genhub.lib.ids import new_id, to_wire
from tests.steps import submit


@pytest.fixture
def attempt(alice: APIClient, stub: Account) -> Attempt:
    """An attempt that waits at its vendor, and is to be asked for in an hour."""
    submit(alice, "stub:wait=1000000")
    run.run_queue("local")
    Attempt.objects.update(run_at=Now() + timedelta(hours=1))
    return Attempt.objects.get()


def call(url: str, body: Any = b"{}", **words: Any) -> Any:
    words.setdefault("content_type", "application/json")
    return APIClient().post(url, body, **words)


@pytest.mark.django_db
@pytest.mark.parametrize("accepted", ["", "*/*", "text/html", "image/png"])
def test_callback_makes_an_order_due(attempt: Attempt, accepted: str) -> None:
    assert waiting.list_due_queues() == []
    answer = call(callback_url(attempt.pk), headers={"Accept": accepted})
    assert (answer.status_code, answer.content) == (204, b"")
    assert waiting.list_due_queues() == ["local"]


@pytest.mark.django_db
def test_id_of_an_order_that_has_one_is_not_believed(attempt: Attempt) -> None:
    assert call(callback_url(attempt.pk), json.dumps({"id": "stub-other"})).status_code == 204
    assert Attempt.objects.get().remote_id == attempt.remote_id


@pytest.mark.django_db
def test_address_of_another_attempt_is_unknown(attempt: Attempt) -> None:
    good = callback_url(attempt.pk)
    other = new_id()
    for url in (
        good[:-1],
        good + "A",
        good.replace(sign(attempt.pk), sign(other)),
        f"/api/v1/callbacks/{to_wire('att', other)}/{sign(other)}",
        f"/api/v1/callbacks/nonsense/{sign(attempt.pk)}",
        f"/api/v1/callbacks/{to_wire('task', attempt.pk)}/{sign(attempt.pk)}",
    ):
        answer = call(url)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), url
    assert waiting.list_due_queues() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"id": 3}', b"\xff\xfe", b"{", b"a=b", b'"' + b"x" * 500 + b'"']
)
def test_words_that_are_none_of_the_vendors_are_refused(attempt: Attempt, body: bytes) -> None:
    answer = call(callback_url(attempt.pk), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "body"
    assert waiting.list_due_queues() == []


@pytest.mark.django_db
def test_id_that_no_row_can_keep_is_refused(attempt: Attempt) -> None:
    answer = call(callback_url(attempt.pk), json.dumps({"id": "x" * (LONGEST_REMOTE_ID + 1)}))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "id")


@pytest.mark.django_db
def test_nobody_reads_there(attempt: Attempt) -> None:
    assert APIClient().get(callback_url(attempt.pk)).status_code == 405
