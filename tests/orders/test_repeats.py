"""An order that its client sends again by itself is one order, whichever of the two comes to the hub first."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from generation.life.found import Gone
from generation.models import Account, Task
from generation.order import Order
from generation.orders import repeats, screening, submit
from generation.orders.customer import Customer
from generation.orders.repeats import CLOCKS_DIFFER, take_repeatable
from genhub.platforms import idempotency
from genhub.platforms.models import Platform
from tests.races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]
STAR = Order(prompt="a star")


@pytest.fixture
def customer(shop: Platform, rich: Any, stub: Account) -> Customer:
    rich("alice", 1000)
    return Customer(shop.pk, "", "alice")


def take(customer: Customer, *, is_repeat: bool, seconds: float = 0) -> Any:
    waited = timedelta(seconds=seconds)
    return take_repeatable(customer, STAR, is_repeat=is_repeat, waited=waited).task_id


def test_repeats_find_the_first_try(customer: Customer) -> None:
    first = take(customer, is_repeat=False)
    assert {take(customer, is_repeat=True) for _ in range(3)} == {first}
    assert take(customer, is_repeat=False) != first, "the same words, ordered anew"


def test_a_first_try_that_is_late_finds_its_repeat_once(customer: Customer) -> None:
    """The client gave up the first while it waited for a thread."""
    ahead = take(customer, is_repeat=True)
    assert take(customer, is_repeat=False, seconds=3) == ahead
    assert take(customer, is_repeat=True) == ahead
    anew = take(customer, is_repeat=False, seconds=3)
    assert anew != ahead
    assert Task.objects.count() == 2


def test_who_orders_long_after_a_repeat_orders_anew(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = take(customer, is_repeat=True)
    real = time.time_ns
    later = int((CLOCKS_DIFFER.total_seconds() + 1) * 1e9)
    monkeypatch.setattr(time, "time_ns", lambda: real() + later)
    assert take(customer, is_repeat=False, seconds=0.5) != ahead
    assert take(customer, is_repeat=False, seconds=30) == ahead, "it has been here as long"


def test_a_first_try_and_its_repeats_at_the_same_moment_are_one(customer: Customer) -> None:
    calls = [lambda repeat=repeat: take(customer, is_repeat=repeat) for repeat in (False, True, True)]  # fmt: skip
    [found] = together(*calls)
    assert len(set(found)) == 1
    assert Task.objects.count() == 1


def test_a_prompt_is_judged_once_and_never_within_a_transaction(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, judged = screening.screen, list[bool]()

    def screen(*args: Any) -> Any:
        judged.append(connection.in_atomic_block)
        return real(*args)

    monkeypatch.setattr(screening, "screen", screen)
    first = take(customer, is_repeat=False)
    assert judged == [False]
    assert take(customer, is_repeat=True) == first
    assert judged == [False], "a repeat is judged no more"
    # What was found before the lock is found no more under it: it has grown too old.
    found = iter(["known", None])
    monkeypatch.setattr(idempotency, "find_latest", lambda *_, **__: next(found, None))
    assert take(customer, is_repeat=True) != first
    assert judged == [False, False]


def test_a_picture_that_goes_under_the_lock_has_the_order_made_ready_anew(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = submit.take_ready, list[bool]()

    def lose(*args: Any) -> Any:
        tries.append(connection.in_atomic_block)
        if len(tries) == 1:
            raise Gone
        return real(*args)

    monkeypatch.setattr(repeats, "take_ready", lose)
    taken = take(customer, is_repeat=False)
    assert (tries, Task.objects.get().pk) == ([True, True], taken)
