"""Orders of clients that send a lost request again without an Idempotency-Key, and say only that they do."""

from datetime import timedelta

from django.db import transaction

from generation.life.found import Gone
from generation.order import Order
from generation.orders import glance
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved
from generation.orders.submit import (
    Taken,
    check_quota,
    fingerprint_of,
    make_ready,
    resolve_for,
    take_ready,
    use_of,
)
from genhub.lib import locks
from genhub.lib.ids import new_id
from genhub.lib.once import reading_once
from genhub.platforms import idempotency

# For so long after the first try an equal request that calls itself a repeat is one. Clients that repeat by
# themselves wait seconds between two tries, and ten minutes at most for an answer.
WINDOW = timedelta(minutes=10)
# Ends the key of what a repeat made that found no first try. No hexadecimal digit.
AHEAD = "r"
# By so much the clocks of web servers may differ, and requests may wait in a kernel.
CLOCKS_DIFFER = timedelta(seconds=5)
# Apart from every other advisory lock: ASCII “rept”.
LOCK = 0x72657074


class NotReady(Exception):
    """An order that was thought to be taken already is not, and has to be made ready: nothing was written."""


def take_repeatable(
    customer: Customer, order: Order, *, is_repeat: bool, waited: timedelta = timedelta()
) -> Taken:
    """Take an order so that a repeat finds it, or find the one that this repeats. `waited`: for so long the request has
    been here.

    Equal orders of a key are taken one after another: the first try may still be at it when its repeat comes.
    """
    fingerprint = fingerprint_of(order)
    prefix = f"repeatable {customer.api_key_id} {fingerprint} "
    alike = use_of(customer, prefix, "")

    def find_key() -> str:
        if is_repeat:
            return idempotency.find_latest(alike, WINDOW) or f"{prefix}{new_id().hex}{AHEAD}"
        return find_ahead(customer, alike, waited) or f"{prefix}{new_id().hex}"

    with reading_once():
        ready = None
        is_known = is_repeat and idempotency.find_latest(alike, WINDOW)
        while True:
            if not is_known:
                # Before the transaction: neither a slow host of a picture nor a judge of the prompt is asked within.
                ready = make_ready(customer, resolve_for(customer, order))
            try:
                with transaction.atomic():
                    lock_equals(f"{customer.user} {prefix}")
                    return take_under_lock(
                        customer, use_of(customer, find_key(), fingerprint), ready
                    )
            except (NotReady, Gone):
                is_known = None


def take_under_lock(customer: Customer, use: idempotency.Use, ready: Resolved | None) -> Taken:
    """Take an order, or find the one that its key made; raise NotReady where it is neither made nor ready, or Gone."""
    seen = glance.take(use)
    if seen.earlier:
        return Taken(seen.earlier)
    if ready is None:
        raise NotReady
    seen.check_allowed()
    check_quota(customer)
    return take_ready(customer, use, ready, seen)


def lock_equals(name: str) -> None:
    """Wait for an equal order that is just being taken."""
    locks.take(LOCK, name)


def find_ahead(customer: Customer, alike: idempotency.Use, waited: timedelta) -> str | None:
    """Return the key of what this request's own repeat made before it: a client may have given up a first try that
    still waited for a thread. It is found once; who orders the same later orders anew."""
    found = idempotency.find_latest(alike, waited + CLOCKS_DIFFER, ending=AHEAD)
    if found is None:
        return None
    key = found.removesuffix(AHEAD)
    idempotency.rename(use_of(customer, found, ""), key)
    return key
