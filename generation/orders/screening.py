"""Whether an order may be made at all: the list of terms has been asked, now the services are, before credits are held
and outside of any transaction. What is refused is kept for staff."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from generation.errors import ModerationUnavailable, PromptRefused
from generation.models import Finding
from generation.moderation import prompts, services
from generation.moderation.found import Found, keep_refused
from generation.moderation.judges.base import Verdict
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved
from genhub.platforms.models import Moderation, Unjudged


@contextmanager
def keeping_refusals(customer: Customer, *, keeps: bool = True) -> Iterator[None]:
    """Keep for staff why an order is refused, where it would have been one."""
    try:
        yield
    except PromptRefused as refusal:
        if keeps:
            keep_refused(customer.platform_id, customer.user, refusal.found)
        raise


def screen(customer: Customer, resolved: Resolved) -> Resolved:
    """Return an order with what the services found in it, where it is taken; raise PromptRefused or
    ModerationUnavailable."""
    with keeping_refusals(customer):
        [verdict] = ask(customer, [resolved], local_only=resolved.local_only)
        return judged(customer, resolved, verdict)


def ask(
    customer: Customer, orders: Sequence[Resolved], *, local_only: bool
) -> Sequence[Verdict | None]:
    """Return what a service says of each order, None where nobody is asked; raise ModerationUnavailable where nobody
    answers and the platform takes nothing that was not judged."""
    texts = [
        "" if customer.policy_on(order.recipe) == Moderation.OFF else order.asked
        for order in orders
    ]
    said = services.judge_each(texts, local_only=local_only)
    if said is None and customer.unjudged == Unjudged.BLOCK:
        raise ModerationUnavailable
    return [(said or {}).get(text) for text in texts]


def judged(customer: Customer, resolved: Resolved, verdict: Verdict | None) -> Resolved:
    """Return an order with what a service objects to in it; raise PromptRefused where the platform or
    its template takes no such."""
    if verdict is None or not verdict.is_objection:
        return resolved
    field = "parameters" if resolved.recipe else "prompt"
    found = Found(
        Finding.Source.SERVICE, verdict.labels, field, resolved.asked, service=verdict.service
    )
    if customer.policy_on(resolved.recipe) == Moderation.BLOCK:
        raise prompts.refusal_of([found])
    return replace(resolved, flagged=(*resolved.flagged, found))
