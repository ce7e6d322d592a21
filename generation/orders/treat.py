"""Treat: a finished picture made larger, or freed from its background, whoever made it: an order like any other, of
whichever account does so with anybody's pictures."""

import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from generation.accounts import routing
from generation.models import Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.finish import finish, form_of
from generation.orders.following import Following, make_further, submit_further
from generation.orders.resolved import Resolved
from generation.orders.times import check_times
from generation.orders.webhook import check_webhook
from generation.providers.further import TREATMENTS
from generation.selectors.tasks import find_makers_task
from generation.spec import GenerationSpec
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from storage.edits.lineage import find_edit
from storage.selectors import PREFIX

if TYPE_CHECKING:
    from storage.models import Artifact

REMOVE_BACKGROUND = "remove_background"
# Where nothing can be transparent.
WITHOUT_HOLES = "jpeg"
# So far back is looked for what a picture was edited from.
MOST_EDITS = 50


def treat_picture(
    customer: Customer, artifact: "Artifact", wanted: Following, *, idempotency_key: str = ""
) -> uuid.UUID:
    """Return the id of the task that treats a picture, or of the one made earlier for the same key and request.

    Raises what `resolve_picture` raises, QueueFull, IdempotencyKeyReused or what the ledger refuses; then nothing was
    written.
    """
    origin = {"follows": str(artifact)}
    make_whole = partial(resolve_picture, customer, artifact, wanted)
    return submit_further(customer, origin, wanted, make_whole, idempotency_key=idempotency_key)


def resolve_picture(customer: Customer, artifact: "Artifact", wanted: Following) -> Resolved:
    """Return the order that treats any picture of a customer's: drawn, edited or uploaded. Raises InvalidRequest, and
    for its price what `resolve` raises."""
    if wanted.action not in TREATMENTS:
        message = gettext_noop("With any picture one of these can be done: %(choices)s.")
        raise refuse_field("action", "unknown", message, choices=", ".join(TREATMENTS))
    task, is_mixed = find_origin(artifact)
    if is_mixed and may_be_of_the_house(artifact):
        customer = replace(customer, local_only=True)
    return resolve_treating(customer, artifact, wanted, task)


def resolve_treating(
    customer: Customer, artifact: "Artifact", wanted: Following, task: Task | None
) -> Resolved:
    """Return the order that treats a picture, which this task made, or what it was edited from; None: it came from
    outside. One picture of the model that does so; the price list decides its price."""
    check_webhook(wanted.webhook, customer.platform_id)
    check_times(wanted.timeout, wanted.expires_in)
    if artifact.is_clip:
        raise refuse_field("picture", "a_clip", gettext_noop("This is a clip; name a picture."))
    local_only = customer.local_only or (task is not None and task.local_only)
    route = find_route(wanted.action, local_only=local_only)
    before = GenerationSpec.from_json(task.spec) if task else None
    spec = GenerationSpec(
        media_type="image",
        model=route.card.alias,
        # Its labels may tell it; what was written where it is kept no longer stays gone.
        prompt=before.prompt if before else "",
        negative_prompt="",
        width=artifact.width,
        height=artifact.height,
        image=to_wire(PREFIX, artifact.pk),
        options={"action": wanted.action},
    )
    treated = make_further(customer, wanted, spec, route, task, local_only=local_only)
    return finish(treated, Order(**find_form(wanted, before or spec)), customer.labels)


def find_route(action: str, *, local_only: bool) -> routing.Route:
    """Return who does this to pictures; refuse by name what nobody does, or nobody in the house."""
    if route := routing.choose_treating(action, local_only=local_only):
        return route
    if local_only and routing.choose_treating(action):
        message = gettext_noop(
            "This picture must stay in the house, and “%(action)s” is only done outside. Nothing was ordered."
        )
        raise refuse_field("action", "leaves_the_house", message, action=action)
    message = gettext_noop(
        "Nobody here does “%(action)s” with finished pictures now. Only what “follow_ups” of a task lists is offered."
    )
    raise refuse_field("action", "not_offered", message, action=action)


def find_form(wanted: Following, before: GenerationSpec) -> dict[str, Any]:
    """Return the form of what comes of it, in an order's words: as it says, else as before; refuse a format in which
    what was taken away would be there again, in one colour."""
    form = form_of(wanted, before)
    if wanted.action != REMOVE_BACKGROUND or form["output_format"] != WITHOUT_HOLES:
        return form
    if wanted.output_format:
        message = gettext_noop(
            "Nothing is transparent in a JPEG. Name png, webp or avif, or leave it out."
        )
        raise refuse_field("output_format", "no_transparency", message)
    return {**form, "output_format": None, "output_compression": None}


def find_origin(artifact: "Artifact") -> tuple[Task | None, bool]:
    """Return the task that made a picture, or what that was edited from, edit after edit, None for one from outside;
    and whether it may come from others, too: from one that is no more, or from what was laid over it."""
    found, is_mixed = artifact.pk, False
    for _ in range(MOST_EDITS):
        if task_id := find_makers_task(found):
            task = Task.objects.filter(pk=task_id, platform_id=artifact.platform_id).first()
            return task, is_mixed
        edit = find_edit(found)
        if edit is None:
            return None, is_mixed
        is_mixed = is_mixed or edit.logos.exists()
        if edit.parent_id is None:
            return None, is_mixed or edit.is_generated
        found = edit.parent_id
    return None, True


def may_be_of_the_house(artifact: "Artifact") -> bool:
    """Return whether a picture may be of an order that had to stay in the house: its owner had such an order."""
    tasks = Task.objects.filter(platform_id=artifact.platform_id, user=artifact.user)
    return tasks.filter(local_only=True).exists()
