"""An ended task's order once more, word for word: what staff do for a user whose order failed, or who complains."""

import uuid
from dataclasses import dataclass

from generation.accounts import routing
from generation.errors import NotReady
from generation.models import Task
from generation.models.task import Priority
from generation.orders.customer import Customer
from generation.orders.estimate import estimate_usd
from generation.orders.refine import OF_A_CHAIN, PROMPT_DELETED
from generation.orders.resolved import Resolved, as_gift, quote_spec
from generation.orders.submit import submit_once, use_of
from generation.providers.further import treatment_of
from generation.spec import GenerationSpec
from generation.states import TASK_LIVE
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms import idempotency
from templates.selectors import as_recipe

FOLLOWS = gettext_noop(
    "Its provider made it of a picture that it had made before, and does so once. Make a new order."
)
NOT_OFFERED = gettext_noop(
    "The model “%(model)s” is not offered now to orders like this one. Wait until it is, or make a new order."
)


@dataclass(frozen=True)
class Again:
    """An order that can be taken once more, by whom, and what its user would pay for it today."""

    task: Task
    customer: Customer
    resolved: Resolved

    def take(self, once: str, *, is_free: bool) -> uuid.UUID:
        """Take it and return the id of its task; the same id for the same `once`, a key that names this very wish.

        Raises QueueFull, IdempotencyKeyReused, InvalidRequest for a picture that is gone, or what the ledger refuses;
        then nothing was written.
        """
        resolved = as_gift(self.resolved) if is_free else self.resolved
        said = {"repeats": to_wire("task", self.task.pk), "is_free": is_free}
        use = use_of(self.customer, once, idempotency.digest(said))
        return submit_once(self.customer, use, lambda: resolved)


def make_again(task: Task) -> Again:
    """Return the order of an ended task once more, with the same seeds; raise NotReady before its end, InvalidRequest
    where it cannot be made again, and what pricing raises."""
    if task.state in TASK_LIVE:
        raise NotReady(state=task.state)
    spec = GenerationSpec.from_json(task.spec)
    if task.chain:
        raise refuse_field("task", "of_a_chain", OF_A_CHAIN)
    if task.texts_gone_at:
        raise refuse_field("task", "prompt_deleted", PROMPT_DELETED)
    if task.follows_id:
        raise refuse_field("task", "follows", FOLLOWS)
    customer = Customer.of(task.platform, task.user)
    local_only = customer.local_only or task.local_only
    route = routing.choose(
        spec.model,
        said=spec.said,
        references=len(spec.references),
        local_only=local_only,
        treatment=treatment_of(spec),
    )
    if route is None or not routing.takes_all(spec.said, route.card, len(spec.references)):
        raise refuse_field("model", "not_offered", NOT_OFFERED, model=spec.model)
    version = task.template_version
    recipe = as_recipe(version) if version else None
    resolved = Resolved(
        spec,
        route,
        recipe,
        task.style,
        Priority(task.priority).name.lower(),
        quote_spec(spec, task.platform_id, customer.plan, recipe),
        local_only,
        estimate_usd(route, spec),
        {**task.metadata, "repeats": to_wire("task", task.pk)},
        task.webhook,
        subject=task.subject,
        timeout=task.timeout_seconds,
    )
    return Again(task, customer, resolved)
