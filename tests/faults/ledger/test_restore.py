"""The database is restored from a backup while workers finish what it does not know: refused, or paid once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, connections
from psycopg import sql
from rest_framework.test import APIClient

from credits.models import Hold, Purse
from generation.life import attempt_ends, claims
from generation.life.claims import Claim, LeaseLost
from generation.life.news import listener
from generation.models import Account, Task
from generation.providers.errors import ProviderError
from tests import steps
from tests.books import find_mistakes
from tests.faults.ledger.connected import connected
from tests.servers import database_url
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def backup() -> Iterator[str]:
    """Copy the database as it is now; the name is that of the copy."""
    name = str(connection.settings_dict["NAME"])
    copy = sql.Identifier(f"{name}_backup")
    # Nobody may be connected to what is copied.
    listener.stop()
    connections.close_all()
    with psycopg.connect(database_url("postgres"), autocommit=True) as admin:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copy, sql.Identifier(name))
        admin.execute(make)
        try:
            yield f"{name}_backup"
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(copy))


def collect(claim: Claim) -> None:
    attempt_ends.complete(claim, steps.collect(claim))


def books() -> list[Any]:
    return [
        list(Purse.objects.values_list("available", "held", "version")),
        list(Hold.objects.order_by("pk").values_list("pk", "state", "captured")),
        list(Task.objects.order_by("pk").values_list("pk", "state")),
    ]


WRITES: dict[str, Callable[[Claim], object]] = {
    "heartbeat": claims.heartbeat,
    "collect": collect,
    "fail": lambda claim: attempt_ends.fail(claim, ProviderError("told to")),
    "give back": attempt_ends.hand_back,
}


@pytest.mark.parametrize("was_known", [True, False], ids=["claimed since", "ordered since"])
def test_worker_of_what_the_backup_does_not_know_is_refused(
    alice: APIClient, stub: Account, was_known: bool
) -> None:
    if was_known:
        submit(alice)
    with backup() as copy:
        if not was_known:
            submit(alice)
        claim = steps.claim()
        with connected(NAME=copy):
            before = books()
            for write in WRITES.values():
                with pytest.raises((LeaseLost, ObjectDoesNotExist)):
                    write(claim)
                assert books() == before
            if was_known:
                # The restored hub draws it anew, and it is paid once.
                collect(steps.claim())
                assert Purse.objects.get().available == 90
            assert find_mistakes() == []


def test_what_was_delivered_before_and_after_the_restore_is_paid_once(
    alice: APIClient, stub: Account
) -> None:
    submit(alice)
    claim = steps.claim()
    with backup() as copy:
        collect(claim)
        with connected(NAME=copy):
            collect(claim)
            with pytest.raises(LeaseLost):
                collect(claim)
            assert Purse.objects.get().available == 90
            assert find_mistakes() == []


def test_two_workers_with_one_token_deliver_once(alice: APIClient, stub: Account) -> None:
    submit(alice)
    with backup() as copy:
        lost = steps.claim()
        with connected(NAME=copy):
            again = steps.claim()
            assert again.token == lost.token
            collect(lost)
            with pytest.raises(LeaseLost):
                collect(again)
            assert Purse.objects.get().available == 90
            assert find_mistakes() == []
