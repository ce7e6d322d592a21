"""Refine: one picture of an earlier task again, from its own seed, in the fine mode: an order like any other."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from generation.accounts import routing
from generation.errors import NoResult, NotReady
from generation.models import Output, Task
from generation.order import Order
from generation.orders.brand import ANY
from generation.orders.cache import OFF
from generation.orders.customer import Customer
from generation.orders.finish import form_of
from generation.orders.following import submit_further
from generation.orders.modes import FINE, find_usual
from generation.orders.operations import measure
from generation.orders.resolved import Resolved
from generation.orders.submit import resolve_for
from generation.providers.further import treatment_of
from generation.spec import GenerationSpec, ModelCard
from generation.states import TASK_LIVE, TaskState
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from genhub.lib.ids import to_wire

OF_A_CHAIN = gettext_noop(
    "It was made in several steps, and nothing goes on from one of them. Order its template again, or start a new order "
    "from the picture (“image”)."
)
PROMPT_DELETED = gettext_noop(
    "What was written in its order is kept no longer, so that it cannot be made again. Make a new order."
)


@dataclass(frozen=True)
class Refinement:
    """Which picture to refine, counted from 0, and what shall differ. None means: as before; of webhook and times, as
    of any new order. Sizes in pixels, times in seconds.
    """

    picture: int = 0
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    quality: str | None = None
    webhook: str | None = None
    timeout: int | None = None
    expires_in: int | None = None
    output_format: str | None = None
    output_compression: int | None = None
    embed_parameters: bool | None = None


def refine_task(
    customer: Customer, task: Task, wanted: Refinement, *, idempotency_key: str = ""
) -> uuid.UUID:
    """Return the id of the task that makes a picture again, or of the one made earlier for the same key and request.

    Raises what `order_again` and `submit_once` raise; then nothing was written.
    """
    order = order_again(task, wanted)
    origin = {"refines": to_wire("task", task.pk)}
    make_whole = partial(resolve_again, customer, task, order)
    return submit_further(customer, origin, wanted, make_whole, idempotency_key=idempotency_key)


def resolve_again(customer: Customer, task: Task, order: Order) -> Resolved:
    """Return the order of a picture again, made whole. It is of the task's subject, with the picture's own seed, and
    remembers none: a subject that was forgotten stays so."""
    with named_at_the_picture():
        resolved = resolve_for(as_worn(customer), order)
        # Its template edits each picture: this one, too.
        before = GenerationSpec.from_json(task.spec)
        done = before.operations
        # Whom it moves to takes as many of these as there is room for.
        spec = replace(resolved.spec, operations=done, style_references=before.style_references)
        if done:
            measure(spec)
        return replace(resolved, spec=spec, subject=task.subject)


def as_worn(customer: Customer) -> Customer:
    """Return who orders a picture again: its prompt has the words of its style already, and wears no other."""
    return replace(customer, brand=ANY)


@contextmanager
def named_at_the_picture() -> Iterator[None]:
    """Say of LoRAs that the model no longer has that it is the picture that wears them: the request named none."""
    try:
        yield
    except InvalidRequest as error:
        message = gettext_noop(
            "It was made with the LoRA “%(name)s”, which the model “%(model)s” no longer has. Make a new order."
        )
        errors = [
            FieldError("picture", "lora_gone", message, mistake.params)
            if mistake.field.startswith("loras.")
            else mistake
            for mistake in error.errors
        ]
        raise InvalidRequest(errors=errors) from error


def order_again(task: Task, wanted: Refinement) -> Order:
    """Return the order of a delivered picture again; raise NotReady, NoResult or InvalidRequest when there is none.

    It is a direct order of what the task recorded, template and style included in its words: the price list decides
    its price, not the template.
    """
    output = find_output(task, wanted.picture)
    if task.chain:
        raise refuse_field("picture", "of_a_chain", OF_A_CHAIN)
    spec = GenerationSpec.from_json(task.spec)
    route = routing.choose(spec.model)
    card = route.card if route else ModelCard(spec.model)
    seed = find_seed(task, spec, output, card)
    quality = wanted.quality or task.quality
    return Order(
        prompt=spec.prompt,
        negative_prompt=spec.negative_prompt,
        media_type=spec.media_type,
        model=spec.model,
        num_images=1,
        width=wanted.width or spec.width,
        height=wanted.height or spec.height,
        seed=seed,
        quality=quality,
        mode=FINE,
        style=spec.style or None,
        sampler=spec.sampler or None,
        loras=spec.loras,
        image=spec.image or None,
        mask=spec.mask or None,
        strength=spec.strength if spec.image and card.takes("strength") else None,
        duration=spec.seconds,
        fps=spec.fps,
        last_image=spec.last_image or None,
        references=spec.references or None,
        audio=spec.audio or None,
        metadata={**task.metadata, "refines": to_wire("task", task.pk)},
        webhook=wanted.webhook,
        timeout=wanted.timeout,
        expires_in=wanted.expires_in,
        # To make it again is what was asked for.
        cache=OFF,
        **form_of(wanted, spec),
        **find_effort(spec, card, wanted, quality),
    )


def find_output(task: Task, position: int) -> Output:
    """Return a delivered picture of an ended task."""
    if task.state in TASK_LIVE:
        raise NotReady(state=task.state)
    if task.state != TaskState.COMPLETED:
        raise NoResult(state=task.state)
    found = next((output for output in task.outputs.all() if output.position == position), None)
    if task.texts_gone_at:
        raise refuse_field("picture", "prompt_deleted", PROMPT_DELETED)
    if found and found.shown:
        return found
    message = gettext_noop("The task delivered no picture at this position; the first one is 0.")
    raise refuse_field("picture", "not_delivered", message)


def find_seed(task: Task, spec: GenerationSpec, output: Output, card: ModelCard) -> int:
    """Return the seed that makes a picture again: the vendor's, else the ordered one; refuse where none does."""
    if task.follows_id or treatment_of(spec):
        code, message = (
            "follows",
            gettext_noop(
                "Its provider made it of another picture, not of a seed, so that it cannot be made again. Order with it "
                "as “image”."
            ),
        )
    elif not card.takes("seed"):
        code, message = (
            "no_seed",
            gettext_noop(
                "The model “%(model)s” takes no seed, so that it cannot make the same picture again. Make a new order."
            ),
        )
    elif output.seed is not None:
        return output.seed
    elif spec.seeds:
        return spec.seeds[output.position]
    else:
        code, message = (
            "seed_unknown",
            gettext_noop(
                "Nobody knows the seed of this picture, so that it cannot be made again. Order with it as “image”."
            ),
        )
    raise refuse_field("picture", code, message, model=card.alias)


def find_effort(
    spec: GenerationSpec, card: ModelCard, wanted: Refinement, quality: str
) -> Mapping[str, Any]:
    """Return steps and guidance: as said, else those of the fine mode, which never takes fewer steps than before; none
    where the model takes none."""
    steps, cfg_scale = wanted.steps, wanted.cfg_scale
    if steps is None and card.takes("steps"):
        steps = max(spec.steps or 0, find_usual(card, FINE, quality).steps)
    if cfg_scale is None and card.takes("cfg_scale"):
        cfg_scale = spec.cfg_scale if card.fine.cfg_scale is None else card.fine.cfg_scale
    return {"steps": steps, "cfg_scale": cfg_scale}
