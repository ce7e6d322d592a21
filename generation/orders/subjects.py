"""Subjects: a series, a character, a session of a user, each with one seed that its orders share."""

import secrets
import uuid
from dataclasses import replace

from django.db import connection, transaction
from django.db.models import QuerySet

from generation.models import Subject
from generation.order import Order
from generation.orders.brought import Owner
from generation.orders.resolved import Resolved
from generation.spec import LARGEST_EXACT, LARGEST_SEED, GenerationSpec
from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.lib.ids import new_id
from genhub.retention.holds import refuse_held

# One statement whoever came first: an order that comes beside the first one waits for its commit, then has its seed.
REMEMBER = """
    INSERT INTO generation_subject (id, platform_id, "user", name, seed) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (platform_id, "user", name) DO UPDATE SET used_at = statement_timestamp()
    RETURNING seed
"""


def find_subjects(platform_id: uuid.UUID, user: str) -> QuerySet[Subject]:
    """Return a user's subjects, newest first."""
    return Subject.objects.filter(platform_id=platform_id, user=user)


def find_seed(owner: Owner, name: str) -> int | None:
    """Return the seed that is remembered for a subject, or None."""
    found = find_subjects(owner.platform_id, owner.user).filter(name=name)
    return found.values_list("seed", flat=True).first()


def remember(platform_id: uuid.UUID, user: str, name: str, seed: int) -> int:
    """Return the seed of a subject: the one remembered, else this one from now on. In the transaction of its order."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, [new_id(), platform_id, user, name, seed])
        (found,) = cursor.fetchone()
    return int(found)


@transaction.atomic
def forget(platform_id: uuid.UUID, user: str, name: str) -> None:
    """Forget a subject's seed: the next order of it draws another one. Raises NotFound, or UnderHold."""
    # PostgreSQL takes no NUL, which an address may hold.
    if "\0" in name or not forget_these(find_subjects(platform_id, user).filter(name=name.strip())):
        raise NotFound(thing=gettext_noop("subject"))


@transaction.atomic
def forget_these(subjects: QuerySet[Subject]) -> int:
    """Forget some of one user's subjects and return how many; raise UnderHold."""
    for platform_id, user in subjects.order_by().values_list("platform_id", "user").distinct():
        refuse_held(platform_id, user)
    return subjects.delete()[0]


def draw_seed() -> int:
    """Return a seed that JavaScript, too, reads as it is."""
    return secrets.randbelow(LARGEST_EXACT + 1)


def find_seeds(order: Order, number: int, owner: Owner) -> tuple[int, ...]:
    """Return a seed for each picture: from the one that the order names, else its subject's, on; else each is drawn."""
    if order.seed is not None:
        return count_from(order.seed, number, "seed")
    if order.subject is None:
        return tuple(draw_seed() for _ in range(number))
    first = find_seed(owner, order.subject)
    return count_from(draw_seed() if first is None else first, number, "subject")


def count_from(first: int, number: int, field: str) -> tuple[int, ...]:
    """Return a seed for each picture, from the first one's on; raise InvalidRequest at the field that decided it."""
    if first + number - 1 > LARGEST_SEED:
        message = gettext_noop(
            "Each further picture takes the next seed: the last would be above %(most)s."
        )
        raise refuse_field(field, "too_large", message, most=LARGEST_SEED)
    return tuple(range(first, first + number))


def keep_seed(platform_id: uuid.UUID, user: str, resolved: Resolved) -> GenerationSpec:
    """Return what to make, with the seeds of the order's subject, which is remembered from now on; in the transaction
    that writes the order. A seed that the order named stays its own, and moves no remembered one."""
    spec = resolved.spec
    if not resolved.keeps_seed:
        return spec
    seed = remember(platform_id, user, resolved.subject, spec.seeds[0])
    if resolved.names_seed or seed == spec.seeds[0]:
        return spec
    # Another order was the first, since this one was made whole.
    return replace(spec, seeds=count_from(seed, spec.number, "subject"))
