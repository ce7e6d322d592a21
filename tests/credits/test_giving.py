"""Grants and corrections by staff as services: what one may move alone, and what takes a second person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import Settings

from credits import freezes, ledger
from credits.errors import (
    BooksMoved,
    ExpiryPast,
    GrantDecided,
    InsufficientCredits,
    KeyReused,
    OwnGrant,
    PurseErased,
)
from credits.giving import approve_move, reject_move, request_move
from credits.last_moves import seen_of
from credits.models import (
    Freeze,
    GrantKind,
    GrantRequest,
    GrantState,
    Kind,
    Lot,
    Purse,
    Transfer,
)
from genhub.lib.errors import NotFound, SeenChanged
from genhub.lib.ids import new_id
from genhub.lib.reasons import ReasonTooShort
from genhub.users.models import User
from tests.books import find_mistakes
from tests.conftest import WHY
from tests.races import told

pytestmark = pytest.mark.django_db
REASON = "Won the contest of June."
Rich = Callable[..., Purse]


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.GRANT_APPROVAL_ABOVE = 100


@pytest.fixture
def dave(db: None) -> User:
    """Who asks."""
    return User.objects.create_user("dave", is_staff=True)


@pytest.fixture
def erin(db: None) -> User:
    """Who approves."""
    return User.objects.create_user("erin", is_staff=True)


def ask(purse: Purse, amount: int, person: User, **words: Any) -> GrantRequest:
    kind = GrantKind.GRANT if amount > 0 else GrantKind.ADJUST
    values: dict[str, Any] = {"kind": kind, "amount": amount, "reason": REASON} | words
    return request_move(GrantRequest(purse=purse, requested_by=person, **values))[0]


def state(purse: Purse, stated: int, person: User) -> GrantRequest:
    """State the true balance of a frozen purse as it stands now."""
    version = Purse.objects.get(pk=purse.pk).version
    words = {"kind": GrantKind.UNFREEZE, "stated": stated, "purse_version": version}
    return ask(purse, 1, person, **words)


def moves() -> list[int]:
    """Return what people moved since the purse was made rich, the first move."""
    found = Transfer.objects.filter(kind__in=(Kind.GRANT, Kind.ADJUST)).order_by("purse_version")
    return [move.amount if move.target == "available" else -move.amount for move in found[1:]]


def test_up_to_the_limit_credits_move_at_once(rich: Rich, dave: User) -> None:
    row = ask(rich("bob", 500), 100, dave)
    assert (row.state, row.decided_by) == (GrantState.DONE, None)
    move = Transfer.objects.get(key=f"grant:staff:{row.pk}")
    assert (row.transfer, move.actor, move.reason) == (move, "dave", REASON)
    assert moves() == [100]
    assert find_mistakes() == []


@pytest.mark.parametrize("amount", [101, -101, 10**12])
def test_above_it_nothing_moves_until_another_person_approves(
    rich: Rich, dave: User, erin: User, amount: int
) -> None:
    row = ask(rich("bob", 500), amount, dave)
    row.refresh_from_db()
    assert (row.state, row.transfer, moves()) == (GrantState.PENDING, None, [])
    approve_move(row.pk, person=erin, reason="I saw the list of winners.")
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (GrantState.DONE, erin)
    assert row.decision == "I saw the list of winners."
    assert row.decided_at
    assert row.transfer
    assert (row.transfer.actor, moves()) == ("dave", [amount])
    assert find_mistakes() == []


def test_splitting_is_no_way_around(rich: Rich, dave: User, erin: User) -> None:
    """What is taken counts like what is given, and whatever the purse; what another approved does not."""
    bob, alice = rich("bob", 500), rich("alice", 500)
    assert ask(bob, 60, dave).state == GrantState.DONE
    assert ask(bob, -40, dave).state == GrantState.DONE
    waiting = ask(alice, 1, dave)
    assert (waiting.state, ask(alice, -1, dave).state) == (GrantState.PENDING, GrantState.PENDING)
    approve_move(waiting.pk, person=erin, reason=REASON)
    assert ask(alice, 100, erin).state == GrantState.DONE
    # A day later it begins anew.
    GrantRequest.objects.update(created_at=F("created_at") - timedelta(hours=24))
    assert ask(alice, 100, dave).state == GrantState.DONE
    assert find_mistakes() == []


def test_without_a_limit_each_needs_a_second_person(
    rich: Rich, dave: User, settings: Settings
) -> None:
    settings.GRANT_APPROVAL_ABOVE = 0
    assert ask(rich("bob", 500), 1, dave).state == GrantState.PENDING
    assert moves() == []


def test_the_same_wish_is_asked_once(rich: Rich, dave: User, erin: User) -> None:
    purse, small, large = rich("bob", 500), new_id(), new_id()
    for key, amount in ((small, 10), (large, 101)):
        ask(purse, amount, dave, id=key)
        again = GrantRequest(id=key, purse=purse, amount=amount, reason=REASON, requested_by=dave)
        assert request_move(again)[1] is False
        for other in ({"amount": amount + 1}, {"requested_by": erin}, {"kind": GrantKind.ADJUST}):
            words = {"amount": amount, "requested_by": dave, "reason": REASON} | other
            with pytest.raises(KeyReused):
                request_move(GrantRequest(id=key, purse=purse, **words))
    assert (moves(), GrantRequest.objects.count()) == ([10], 2)


@pytest.mark.parametrize("decide", [approve_move, reject_move])
def test_nobody_decides_about_an_own_wish(
    rich: Rich, dave: User, decide: Callable[..., Any]
) -> None:
    boss = User.objects.create_superuser("carol")
    for person in (dave, boss):
        row = ask(rich(person.username, 500), 101, person)
        with pytest.raises(OwnGrant):
            decide(row.pk, person=person, reason=REASON)
        with pytest.raises(IntegrityError), transaction.atomic():
            GrantRequest.objects.filter(pk=row.pk).update(
                decided_by=person, decided_at=F("created_at"), decision=REASON, state="rejected"
            )
    assert GrantRequest.objects.filter(state=GrantState.PENDING).count() == 2


@pytest.mark.parametrize("first", [approve_move, reject_move])
@pytest.mark.parametrize("second", [approve_move, reject_move])
def test_a_decision_is_taken_once(
    rich: Rich, dave: User, erin: User, first: Callable[..., Any], second: Callable[..., Any]
) -> None:
    row = ask(rich("bob", 500), 101, dave)
    with pytest.raises(ReasonTooShort):
        first(row.pk, person=erin, reason="   short   ")
    first(row.pk, person=erin, reason=REASON)
    with pytest.raises(GrantDecided):
        second(row.pk, person=erin, reason=REASON)
    assert moves() == ([101] if first is approve_move else [])
    with pytest.raises(NotFound):
        second(new_id(), person=erin, reason=REASON)
    assert find_mistakes() == []


def test_what_could_not_move_now_does_not_wait(rich: Rich, dave: User) -> None:
    purse = rich("bob", 500)
    with pytest.raises(InsufficientCredits):
        ask(purse, -501, dave)
    with pytest.raises(ExpiryPast):
        ask(purse, 101, dave, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    Purse.objects.filter(pk=purse.pk).update(erased_at=purse.created_at)
    with pytest.raises(PurseErased):
        ask(purse, 101, dave)
    assert not GrantRequest.objects.exists()


def test_what_cannot_move_when_it_is_approved_waits_on(rich: Rich, dave: User, erin: User) -> None:
    purse = rich("bob", 500)
    taking, dying = ask(purse, -400, dave), ask(purse, 101, dave)
    held = ledger.hold(purse.pk, 200, reference=new_id())
    with pytest.raises(InsufficientCredits):
        approve_move(taking.pk, person=erin, reason=REASON)
    ledger.release(held)
    GrantRequest.objects.filter(pk=dying.pk).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(ExpiryPast):
        approve_move(dying.pk, person=erin, reason=REASON)
    seen = seen_of(purse)
    ask(purse, 5, dave)
    with pytest.raises(SeenChanged):
        approve_move(taking.pk, person=erin, reason=REASON, seen=seen)
    assert set(GrantRequest.objects.filter(decided_by=None, transfer=None)) == {taking, dying}
    approve_move(taking.pk, person=erin, reason=REASON, seen=seen_of(purse))
    assert moves() == [5, -400]
    assert find_mistakes() == []


def test_what_expires_keeps_its_day(rich: Rich, dave: User, erin: User) -> None:
    day = datetime(2999, 1, 1, tzinfo=UTC)
    row = ask(rich("bob", 500), 101, dave, expires_at=day)
    assert not Lot.objects.exists()
    approve_move(row.pk, person=erin, reason=REASON)
    lot = Lot.objects.get()
    assert (lot.amount, lot.expires_at) == (101, day)
    assert find_mistakes() == []


def test_a_balance_stated_far_from_the_books_waits_with_its_freeze(
    rich: Rich, dave: User, erin: User
) -> None:
    purse = rich("bob", 500)
    freezes.freeze(purse.pk, ["sum"])
    row = state(purse, 700, dave)
    assert (row.amount, row.state) == (200, GrantState.PENDING)
    assert Freeze.objects.get().lifted_at is None
    # Credits moved: the balance that was stated knows nothing of them.
    ledger.grant(purse.pk, 5, key="late", why=WHY)
    with pytest.raises(BooksMoved):
        approve_move(row.pk, person=erin, reason=REASON)
    assert Purse.objects.get().frozen_at
    reject_move(row.pk, person=erin, reason=REASON)
    approve_move(state(purse, 700, dave).pk, person=erin, reason=REASON)
    purse.refresh_from_db()
    assert (purse.available, purse.frozen_at, moves()) == (700, None, [5, 195])
    assert find_mistakes() == []


def test_a_balance_stated_near_the_books_ends_the_freeze_at_once(rich: Rich, dave: User) -> None:
    purse = rich("bob", 500)
    for stated, difference in ((500, 0), (400, -100), (400, 0)):
        freezes.freeze(purse.pk, ["sum"])
        row = state(purse, stated, dave)
        assert (row.amount, row.state) == (difference, GrantState.DONE)
        assert bool(row.transfer) == bool(difference)
    assert Purse.objects.get().frozen_at is None
    freezes.freeze(purse.pk, ["sum"])
    assert state(purse, 399, dave).state == GrantState.PENDING
    assert moves() == [-100]


@pytest.mark.django_db(transaction=True)
def test_grants_of_one_person_at_once_do_not_pass_the_limit_together(
    rich: Rich, dave: User
) -> None:
    purses = [rich(f"user-{number}", 500) for number in range(8)]
    assert told(*[partial(ask, purse, 20, dave) for purse in purses]) == [["done"] * 8]
    assert GrantRequest.objects.filter(state=GrantState.DONE).count() == 5
    assert Transfer.objects.filter(actor="dave").count() == 5
    assert find_mistakes() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", [approve_move, reject_move])
def test_two_deciders_at_once_have_one_effect(
    rich: Rich, dave: User, erin: User, second: Callable[..., Any]
) -> None:
    purse, frank = rich("bob", 500), User.objects.create_user("frank")
    for _ in range(8):
        row, before = ask(purse, 101, dave), len(moves())
        [ends] = told(
            partial(approve_move, row.pk, person=erin, reason=REASON),
            partial(second, row.pk, person=frank, reason=REASON),
        )
        assert sorted(ends) == ["done", "grant_decided"]
        row.refresh_from_db()
        assert len(moves()) - before == (row.state == GrantState.DONE)
    assert find_mistakes() == []
