"""A worker whose claim is not the newest writes nothing and moves nothing, whatever it tries."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F
from rest_framework.test import APIClient

from credits.models import Hold, Transfer
from generation.life import attempt_ends, claims
from generation.life.claims import Claim, LeaseLost
from generation.life.outputs import Stored
from generation.models import Account, Attempt, Event, Task
from generation.providers.errors import ProviderError
from tests.books import find_mistakes
from tests.steps import collect, submit
from tests.strikes import struck

Write = Callable[[Claim, Stored], Any]
WRITES: dict[str, Write] = {
    "heartbeat": lambda claim, _: claims.heartbeat(claim, progress=0.5),
    "collect": attempt_ends.complete,
    "fail for good": lambda claim, _: attempt_ends.fail(claim, ProviderError("told to")),
    "give back": lambda claim, _: attempt_ends.hand_back(claim),
}


def rows() -> list[Any]:
    return [
        list(model._default_manager.order_by("pk").values())
        for model in (Task, Attempt, Event, Hold, Transfer)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_claim_with_an_older_token_writes_nothing(
    alice: APIClient, stub: Account, write: Write
) -> None:
    submit(alice)
    claim = claims.claim_next("local", worker="first")
    assert claim
    delivery = collect(claim)
    # Somebody else claims the same attempt, and runs it.
    Attempt.objects.filter(pk=claim.attempt_id).update(lease_token=F("lease_token") + 1)
    before = rows()
    with pytest.raises(LeaseLost):
        write(claim, delivery)
    struck("J4")
    assert rows() == before
    newer = replace(claim, token=claim.token + 1)
    write(newer, delivery)
    assert rows() != before
    assert find_mistakes() == []
