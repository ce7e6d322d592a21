"""The connection is cut while COMMIT is under way: the same call again, with the same keys, leaves one effect."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection
from rest_framework.test import APIClient

from credits import ledger
from credits.errors import HoldNotOpen
from credits.models import Hold, Purse, Transfer
from generation.models import Account, Task
from genhub.embedded import paths
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.faults.ledger.cut import Cut, Proxy, connected_through
from tests.faults.processes import COUNT
from tests.servers import HOME
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
# Each of the five moves, cut on both sides of the COMMIT.
ROUNDS = 5 if COUNT else 1
STAFF = ledger.Why("staff", "told again after a cut")
MOVES = b"INTO credits_transfer"

Move = Callable[[], object]


class Customer:
    """Every move of credits, each with the keys that make it the same move when it is told again."""

    def __init__(self, purse: UUID, headers: dict[str, str]) -> None:
        self.purse = purse
        self.headers = headers

    def moves(self) -> Iterator[tuple[str, Move]]:
        """Yield each move, ready to be told once or more."""
        yield "grant", self._grant(str(uuid4()))
        yield "hold", self._hold(uuid4())
        yield "settle", self._settle(self._new_hold())
        settled = self._new_hold()
        ledger.settle(settled, 10)
        yield "refund", self._refund(settled, str(uuid4()))
        yield "submit", self._submit(str(uuid4()))

    def _new_hold(self) -> UUID:
        return ledger.hold(self.purse, 10, reference=uuid4())

    def _grant(self, key: str) -> Move:
        return lambda: ledger.grant(self.purse, 5, key=key, why=STAFF)

    def _hold(self, reference: UUID) -> Move:
        return lambda: ledger.hold(self.purse, 10, reference=reference)

    def _settle(self, hold: UUID) -> Move:
        def settle() -> None:
            # The second time it says so: whoever asks again then knows that it is done.
            with suppress(HoldNotOpen):
                ledger.settle(hold, 7)

        return settle

    def _refund(self, hold: UUID, key: str) -> Move:
        return lambda: ledger.refund(hold, 4, key=key, why=STAFF)

    def _submit(self, key: str) -> Move:
        def submit() -> str:
            client = APIClient(raise_request_exception=False)
            client.credentials(**self.headers)
            body = {"prompt": "a star"}
            answer = client.post("/api/v1/generate", body, format="json", HTTP_IDEMPOTENCY_KEY=key)
            if answer.status_code >= 500:
                raise DatabaseError(answer.status_code)
            assert answer.status_code == 202, answer.json()
            return str(answer.json()["id"])

        return submit


def state() -> dict[str, Any]:
    """Return what a move leaves behind."""
    return {
        "purses": list(Purse.objects.values_list("available", "held", "version")),
        "transfers": Transfer.objects.count(),
        "holds": Counter(Hold.objects.values_list("state", flat=True)),
        "tasks": Task.objects.count(),
    }


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy(paths.run_folder(HOME) / ".s.PGSQL.5432")
    yield proxy
    proxy.close()


def test_move_that_was_cut_in_its_commit_and_told_again_has_one_effect(
    proxy: Proxy,
    rich: Callable[..., Purse],
    client_of: Callable[..., APIClient],
    stub: Account,
    seed: int,
) -> None:
    customer = Customer(rich("alice", 100_000).pk, header_of(client_of("alice")))
    met: Counter[tuple[str, Cut]] = Counter()
    cuts = [cut for cut in Cut for _ in range(ROUNDS)]
    random.Random(seed).shuffle(cuts)
    for cut in cuts:
        for name, move in customer.moves():
            before = state()
            with connected_through(proxy):
                proxy.plan(cut, MOVES)
                with pytest.raises(DatabaseError):
                    move()
                # As after each request: a broken connection is thrown away.
                connection.close()
                told = state()
                assert (told == before) == (cut is Cut.BEFORE), name
                move()
                once = state()
                assert once != before, name
                assert cut is Cut.BEFORE or once == told, name
                move()
                assert state() == once, name
            assert once["transfers"] - before["transfers"] == (2 if name == "settle" else 1)
            met[name, cut] += 1
    assert Counter(proxy.struck) == dict.fromkeys(Cut, 5 * ROUNDS)
    assert met == dict.fromkeys(met, ROUNDS)
    assert len(met) == 10
    for fault in ("J1", "J9"):
        struck(fault, met.total())
    for hold in Hold.objects.filter(state="open").exclude(reference__in=Task.objects.values("pk")):
        # The bank's own: no task stands behind them, which the audit would say.
        ledger.release(hold.pk)
    assert find_mistakes() == []
