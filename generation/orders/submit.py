"""Take an order: one transaction holds the credits and writes the rows; the doorbell rings after it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from credits import free, ledger
from generation.errors import QueueFull
from generation.life import doorbell
from generation.life.found import Gone, hold_pictures, write_found
from generation.models import Task
from generation.models.task import Priority
from generation.moderation.found import keep_flagged
from generation.order import Order
from generation.orders import backlog, cache, glance, screening
from generation.orders.brought import Owner
from generation.orders.customer import Customer
from generation.orders.finish import finish
from generation.orders.glance import Glance
from generation.orders.inputs import keep_inputs
from generation.orders.maker import Buyer
from generation.orders.preferences import preferred
from generation.orders.resolve import resolve
from generation.orders.resolved import Resolved
from generation.orders.rows import attempt_of, history_of, priority_of, remember_read, task_of
from generation.orders.style_pictures import with_kept
from generation.orders.subjects import keep_seed
from generation.orders.times import check_times
from generation.orders.webhook import check_webhook
from genhub.lib import remembered, tracing
from genhub.lib.ids import new_id, to_wire
from genhub.lib.inserts import insert_together
from genhub.lib.planned import planned_cursor
from genhub.lib.remembered import Marks
from genhub.platforms import idempotency
from genhub.platforms.models import Plan
from storage import usage
from templates.rendering import Recipe

HOLD_MARGIN = timedelta(days=1)
# One statement whoever came first: an order that comes beside the first one waits for its commit, then has its place.
OPEN_SHARE = """
    INSERT INTO generation_share (queue, priority, platform_id, "user") VALUES (%s, %s, %s, %s)
    ON CONFLICT (queue, priority, platform_id, "user") DO UPDATE SET queue = EXCLUDED.queue
    RETURNING id
"""


@dataclass(frozen=True)
class Taken:
    """An order that was taken: the id of its task; if it was made just now the task itself, with its attempt, what
    became of its credits, and how the remembered tables stood."""

    task_id: uuid.UUID
    task: Task | None = None
    note: ledger.Note | None = None
    marks: Marks | None = None


def take_order(customer: Customer, order: Order, *, idempotency_key: str = "") -> Taken:
    """Take an order, unless one of the same key and body was taken before.

    Raises InvalidRequest, QueueFull, IdempotencyKeyReused or what the ledger refuses; then nothing was written.
    """
    use = use_of(customer, idempotency_key, fingerprint_of(order))
    return take_once(customer, use, lambda: resolve_for(customer, order))


def use_of(customer: Customer, idempotency_key: str, fingerprint: str) -> idempotency.Use:
    """Return a customer's use of a key for an order or a batch: to use it for both is to send another body."""
    scope = idempotency.Scope.ORDER
    return idempotency.Use(customer.platform_id, customer.user, scope, idempotency_key, fingerprint)


def submit_once(
    customer: Customer, use: idempotency.Use, make_whole: Callable[[], Resolved]
) -> uuid.UUID:
    """Return the id of the task made for an order that is only made whole when its key was not used before."""
    return take_once(customer, use, make_whole).task_id


def take_once(
    customer: Customer, use: idempotency.Use, make_whole: Callable[[], Resolved]
) -> Taken:
    """Take an order that is only made whole when its key was not used before."""
    with tracing.span("accept") as accept:
        taken = look_and_take(customer, use, make_whole)
        accept.note(task=to_wire("task", taken.task_id))
    return taken


def look_and_take(
    customer: Customer, use: idempotency.Use, make_whole: Callable[[], Resolved]
) -> Taken:
    """Look whether the key was used, then take the order."""
    seen = glance.take(use)
    if seen.earlier:
        return Taken(seen.earlier)
    seen.check_allowed()
    check_quota(customer)
    with remembered.looked(seen.marks):
        ready = make_ready(customer, make_whole())
    try:
        return take_ready(customer, use, ready, seen)
    except Gone:
        return look_and_take(customer, use, make_whole)


def make_ready(customer: Customer, resolved: Resolved) -> Resolved:
    """Return an order made whole as it is taken: judged by the services, and with its pictures where these are at hand.
    Others are asked for both, so never within a transaction."""
    return cache.with_found(screening.screen(customer, resolved))


def take_ready(customer: Customer, use: idempotency.Use, ready: Resolved, seen: Glance) -> Taken:
    """Take an order that is ready. Raises Gone, and wrote nothing, where a picture of it was deleted since."""
    try:
        if ready.found is None:
            backlog.judge(seen.bounds, ready.spec.number, account_id=ready.route.account.pk)
        task, note = write_task(customer, ready, use, seen)
    except (IntegrityError, QueueFull):
        # The key was used by a request that ran beside this one and has committed since.
        if earlier := idempotency.find_earlier(use):
            return Taken(earlier)
        raise
    return Taken(task.pk, task, note, seen.marks)


def check_quota(customer: Customer) -> None:
    """Raise StorageFull when there is no room for what a platform orders."""
    if customer.has_quota:
        usage.check_room(customer.platform_id)


@remembered.together()
def resolve_for(
    customer: Customer, order: Order, *, keeps: bool = True, recipe: Recipe | None = None
) -> Resolved:
    """Return a customer's order made whole, as `resolve` does; pictures that it brings along become theirs if kept."""
    check_webhook(order.webhook, customer.platform_id)
    check_times(order.timeout, order.expires_in)
    owner = Owner(customer.platform_id, customer.user, keeps)
    with preferred(order, owner) as filled, screening.keeping_refusals(customer, keeps=keeps):
        resolved = resolve(
            filled,
            Buyer(
                owner,
                customer.platform_model,
                customer.plan or Plan(),
                customer.local_only,
                customer.brand,
                customer.fitting,
            ),
            moderation=customer.moderation,
            recipe=recipe,
        )
        finished = finish(resolved, filled, customer.labels)
        # Who only asks for the price is told it, whatever was drawn before.
        wanted = filled.cache if keeps or filled.cache == cache.ONLY else cache.OFF
        return cache.mark(customer, finished, wanted)


def fingerprint_of(order: Order) -> str:
    """Return the SHA-256 of an order's canonical JSON: equal for equal orders, whatever their key order."""
    # Only what was said: a word that a later release adds must not make old keys look reused.
    said = {name: value for name, value in vars(order).items() if value not in (None, {})}
    # Keys of earlier releases count a priority that nobody named as said.
    said.setdefault("priority", "normal")
    return idempotency.digest(said)


@transaction.atomic
def write_task(
    customer: Customer, resolved: Resolved, use: idempotency.Use, seen: Glance
) -> tuple[Task, ledger.Note]:
    """Write key, hold, task and attempt, or nothing at all. Locks: key, pictures, purse, subject, share, backlog."""
    task_id = new_id()
    # First, so that an equal request running beside this one waits here and moves no credits.
    idempotency.keep(use, task_id)
    keep_inputs(resolved.spec.pictures())
    if resolved.found:
        hold_pictures(resolved.found)
    price, priority = resolved.quote.price, priority_of(resolved)
    purse_id = seen.purse_id or ledger.open_purse(customer.platform_id, customer.user).pk
    hold_id, note = None, ledger.Note()
    if price:
        terms = terms_of(customer)
        hold_id = ledger.hold(purse_id, price, reference=task_id, terms=terms, note=note)
    else:
        free.admit(purse_id, reference=task_id, terms=terms_of(customer))
    # Under the purse's lock, so that a user's orders take their subjects one after the other.
    resolved = with_kept(with_seed(customer, resolved))
    task = task_of(task_id, customer, resolved, seen.marks.now)
    account = resolved.route.account
    share_id = seen.find_share(account.queue, priority)
    if share_id is None:
        share_id = open_share(customer, account.queue, priority)
    attempt = attempt_of(task, resolved, share_id)
    history = history_of(task, resolved)
    if resolved.found:
        task.created_at = seen.marks.now
        outputs = write_found(task, attempt, history, resolved.found, hold_id, note)
        remember_read(task, attempt, *outputs)
        keep_flagged(task, resolved.flagged)
        return task, note
    insert_together([task, attempt, *history])
    keep_flagged(task, resolved.flagged)
    number = resolved.spec.number
    backlog.keep(customer.platform_id, customer.user, number, account_id=account.pk)
    doorbell.ring_after_commit(account.queue)
    remember_read(task, attempt)
    return task, note


def with_seed(customer: Customer, resolved: Resolved) -> Resolved:
    """Return an order with the seeds of its subject, in the transaction that writes it."""
    if not resolved.keeps_seed:
        return resolved
    return replace(resolved, spec=keep_seed(customer.platform_id, customer.user, resolved))


def terms_of(customer: Customer) -> ledger.Terms:
    """Return what the hold answers to: it outlives the task's deadline, so that only a forgotten one ever expires."""
    lifetime = timedelta(seconds=settings.TASK_DEADLINE_SECONDS) + HOLD_MARGIN
    return ledger.Terms(customer.api_key_id, customer.allowance, lifetime, customer.low_credits)


def open_share(customer: Customer, queue: str, priority: Priority) -> int:
    """Return the id of the customer's place in a queue, new on first sight."""
    with planned_cursor() as cursor:
        cursor.execute(OPEN_SHARE, [queue, priority, customer.platform_id, customer.user])
        (share_id,) = cursor.fetchone()
    return int(share_id)


def order_of(values: Mapping[str, Any]) -> Order:
    """Return an order from validated request words."""
    names = {"type": "media_type"}
    return Order(**{names.get(name, name): value for name, value in values.items()})
