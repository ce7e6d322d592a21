"""Take a batch: one transaction holds the credits of each order and writes all rows; the doorbells ring after it."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from credits import free, ledger
from credits.errors import CreditsProblem, InsufficientCredits
from generation.errors import QueueFull
from generation.life import doorbell
from generation.life.rescue import MOST_BELLS
from generation.models import Attempt, Batch, Event, Task
from generation.models.task import Priority
from generation.moderation.found import keep_flagged
from generation.orders import backlog, glance
from generation.orders.backlog import Bound
from generation.orders.batch import (
    Asked,
    Refused,
    Whole,
    keep_problem,
    make_entries_whole,
    screen_all,
    whole_refusal,
)
from generation.orders.customer import Customer
from generation.orders.glance import Glance
from generation.orders.inputs import keep_inputs
from generation.orders.rows import attempt_of, history_of, priority_of, task_of
from generation.orders.style_pictures import with_kept
from generation.orders.submit import check_quota, open_share, terms_of, with_seed
from generation.orders.webhook import check_webhook
from genhub.lib import remembered, tracing
from genhub.lib.ids import new_id
from genhub.platforms import idempotency

# The queue may fill up between the look and the rows: so often a batch that takes what it can looks anew.
MOST_LOOKS = 3


@dataclass(frozen=True)
class Line:
    """An order that is about to be taken, under the id that its task will have."""

    task_id: uuid.UUID
    one: Whole

    @property
    def price(self) -> int:
        """Return what it costs."""
        return self.one.resolved.quote.price

    @property
    def pictures(self) -> int:
        """Return how many pictures it adds to what is under way."""
        return self.one.resolved.spec.number

    @property
    def account_id(self) -> int:
        """Return at whose pace it is done; a batch is said to be done at the pace of its first order's."""
        return self.one.resolved.route.account.pk


@dataclass(frozen=True)
class Sorted:
    """The orders that are about to be taken, and those that are refused already."""

    lines: Sequence[Line]
    refused: Sequence[Refused]


@tracing.span("accept batch")
def submit_batch(customer: Customer, asked: Asked, use: idempotency.Use) -> uuid.UUID:
    """Return the id of the batch made for what was asked, or of the one made earlier for the same key and body.

    Raises what one of its orders would be refused with, at its place; then nothing was written. One that takes what it
    can is refused where that is nothing.
    """
    seen = glance.take(use)
    if seen.earlier:
        return seen.earlier
    seen.check_allowed()
    check_quota(customer)
    check_webhook(asked.webhook, customer.platform_id)
    with remembered.looked(seen.marks):
        taken, refused = make_entries_whole(customer, asked.entries)
        taken, objected = screen_all(customer, taken)
        refused += objected
    if refused and (not asked.takes_some or not taken):
        raise whole_refusal(refused)
    lines = number(taken)
    for looks_left in reversed(range(MOST_LOOKS)):
        fitting, too_many = fit(seen.bounds, lines, takes_some=asked.takes_some)
        try:
            return write_batch(customer, asked, Sorted(fitting, [*refused, *too_many]), use, seen)
        except (IntegrityError, QueueFull) as error:
            # The key was used by a request that ran beside this one and has committed since.
            if earlier := idempotency.find_earlier(use):
                return earlier
            if isinstance(error, IntegrityError) or not asked.takes_some or not looks_left:
                raise
        seen = glance.take(use)
    raise AssertionError("the last look raises")


def number(taken: Sequence[Whole]) -> list[Line]:
    """Return the orders with ids for their tasks: the newest is the first, so that lists that begin with the newest
    show a batch in its own order."""
    ids = sorted((new_id() for _ in taken), reverse=True)
    return [Line(task_id, one) for task_id, one in zip(ids, taken, strict=True)]


def fit(
    bounds: list[Bound], lines: Sequence[Line], *, takes_some: bool
) -> tuple[list[Line], list[Refused]]:
    """Return the orders for which the queue has room, in their order, and the others; raise QueueFull where all or none
    are wanted."""
    if not takes_some:
        pictures = sum(line.pictures for line in lines)
        backlog.judge(bounds, pictures, account_id=lines[0].account_id)
        return list(lines), []
    bound = backlog.find_tightest(bounds)
    room = bound.most - bound.pictures
    fitting, others = list[Line](), list[Line]()
    for line in lines:
        if line.pictures <= room:
            room -= line.pictures
            fitting.append(line)
        else:
            others.append(line)
    if not fitting:
        first = others[0]
        raise backlog.refusal(bound, first.pictures, first.pictures - room, first.account_id)
    return fitting, [refuse_for(bound, line) for line in others]


def refuse_for(bound: Bound, line: Line) -> Refused:
    """Return an order for which the queue has no room, while it has for others."""
    full = QueueFull(scope=bound.scope, limit=bound.most, wanted=line.pictures)
    return Refused(line.one.entry, full)


@transaction.atomic
def write_batch(
    customer: Customer,
    asked: Asked,
    found: Sorted,
    use: idempotency.Use,
    seen: Glance,
) -> uuid.UUID:
    """Write key, holds, batch, tasks and attempts, or nothing at all. Locks: key, inputs, purse, shares, backlog."""
    batch_id, lines, refused = new_id(), found.lines, found.refused
    idempotency.keep(use, batch_id)
    keep_inputs(*(line.one.resolved.spec.pictures() for line in lines))
    purse_id = seen.purse_id or ledger.open_purse(customer.platform_id, customer.user).pk
    if asked.takes_some:
        unpaid = hold_some(purse_id, customer, lines)
        lines = [line for line in lines if line.task_id not in unpaid]
        refused = [*refused, *unpaid.values()]
        if not lines:
            raise whole_refusal(refused)
    else:
        hold_all(purse_id, customer, lines)
    Batch.objects.create(
        id=batch_id,
        platform_id=customer.platform_id,
        user=customer.user,
        policy=Batch.Policy.SOME if asked.takes_some else Batch.Policy.ALL,
        total=len(lines),
        pending=len(lines),
        price=sum(line.price for line in lines),
        refused=[keep_problem(one) for one in sorted(refused, key=lambda one: one.entry.index)],
        metadata=dict(asked.metadata),
        webhook=asked.webhook or "",
    )
    write_tasks(batch_id, customer, lines, seen)
    pictures, account_id = sum(line.pictures for line in lines), lines[0].account_id
    backlog.keep(customer.platform_id, customer.user, pictures, account_id=account_id)
    return batch_id


def write_tasks(
    batch_id: uuid.UUID, customer: Customer, lines: Sequence[Line], seen: Glance
) -> None:
    """Write the tasks of a batch with their first attempts and events, and ring for them."""
    tasks, attempts, history = list[Task](), list[Attempt](), list[Event]()
    shares: dict[tuple[str, Priority], int] = {}
    # Those of one moment are worked on in the order of their ids: as they were asked for.
    attempt_ids = sorted(new_id() for _ in lines)
    for line, attempt_id in zip(lines, attempt_ids, strict=True):
        # Under the purse's lock, as of a single order.
        resolved = with_kept(with_seed(customer, line.one.resolved))
        task = task_of(line.task_id, customer, resolved, seen.marks.now)
        task.batch_id, task.batch_index = batch_id, line.one.entry.index
        place = (resolved.route.account.queue, priority_of(resolved))
        if place not in shares:
            shares[place] = seen.find_share(*place) or open_share(customer, *place)
        attempt = attempt_of(task, resolved, shares[place])
        attempt.pk = attempt_id
        tasks.append(task)
        attempts.append(attempt)
        history += history_of(task, resolved)
    Task.objects.bulk_create(tasks)
    Attempt.objects.bulk_create(attempts)
    Event.objects.bulk_create(history)
    for task, line in zip(tasks, lines, strict=True):
        keep_flagged(task, line.one.resolved.flagged)
    # One bell wakes one worker, which goes on until the queue is empty; others find work sooner by their own.
    rung = Counter(line.one.resolved.route.account.queue for line in lines)
    for queue, waiting in rung.items():
        for _ in range(min(waiting, MOST_BELLS)):
            doorbell.ring_after_commit(queue)


def hold_all(purse_id: uuid.UUID, customer: Customer, lines: Sequence[Line]) -> None:
    """Hold what each order costs, for all or for none."""
    terms = terms_of(customer)
    priced = [(line.task_id, line.price) for line in lines if line.price]
    ledger.hold_many(purse_id, priced, terms=terms)
    free.admit_many(purse_id, [line.task_id for line in lines if not line.price], terms=terms)


def hold_some(
    purse_id: uuid.UUID, customer: Customer, lines: Sequence[Line]
) -> dict[uuid.UUID, Refused]:
    """Hold what the orders cost, one after the other, as far as credits and budgets reach; return the others."""
    if not (whole := refusal_of(purse_id, customer, lines)):
        return {}
    refused: dict[uuid.UUID, Refused] = {}
    available: int | None = None
    for line in lines:
        problem: CreditsProblem | None
        if available is not None and line.price > available:
            # Known since an earlier one was refused; credits that come meanwhile are for the next request.
            problem = InsufficientCredits(price=line.price, available=available)
        elif len(lines) == 1:
            problem = whole
        else:
            problem = refusal_of(purse_id, customer, [line])
            available = None if available is None or problem else available - line.price
        if isinstance(problem, InsufficientCredits):
            available = int(problem.params["available"])
        if problem:
            refused[line.task_id] = Refused(line.one.entry, problem)
    return refused


def refusal_of(
    purse_id: uuid.UUID, customer: Customer, lines: Sequence[Line]
) -> CreditsProblem | None:
    """Hold what orders cost, or return why not: then nothing is held for them."""
    try:
        with transaction.atomic():
            hold_all(purse_id, customer, lines)
    except CreditsProblem as problem:
        return problem
    return None


def sum_of(taken: Sequence[Whole]) -> dict[str, Any]:
    """Return price, pictures and number of orders together."""
    return {
        "price": sum(one.resolved.quote.price for one in taken),
        "pictures": sum(one.resolved.spec.number for one in taken),
        "orders": len(taken),
    }
