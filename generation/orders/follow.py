"""Follow: what a vendor does further with a picture that it made, as an upscale of a part of it: an order like any
other, but only the account that made the picture can take it. What any account can do, `treat` orders."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from generation.accounts import routing
from generation.errors import MakerOff
from generation.models import Attempt, Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.finish import finish, form_of
from generation.orders.following import Following, make_further, submit_further
from generation.orders.refine import OF_A_CHAIN, find_output
from generation.orders.resolved import Resolved
from generation.orders.times import check_times
from generation.orders.treat import resolve_treating
from generation.orders.webhook import check_webhook
from generation.providers.further import TASKS, TREATMENTS, FollowUp
from generation.providers.registry import ADAPTERS, find_class
from generation.spec import GenerationSpec
from generation.states import AttemptState
from genhub.lib import remembered
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.ids import to_wire


def follow_task(
    customer: Customer, task: Task, wanted: Following, *, idempotency_key: str = ""
) -> uuid.UUID:
    """Return the id of the task that goes on with a picture, or of the one made earlier for the same key and request.

    Raises what `resolve_following` raises, QueueFull, IdempotencyKeyReused or what the ledger refuses; then nothing was
    written.
    """
    origin = {"follows": to_wire("task", task.pk)}
    make_whole = partial(resolve_following, customer, task, wanted)
    return submit_further(customer, origin, wanted, make_whole, idempotency_key=idempotency_key)


def resolve_following(customer: Customer, task: Task, wanted: Following) -> Resolved:
    """Return the order that goes on with a delivered picture: at the account that made it where that does so with its
    own, as one picture of the same model, else at any that does so with everybody's. The price list decides the price.

    Raises NotReady, NoResult, InvalidRequest or MakerOff, and for its price what `resolve` raises.
    """
    output = find_output(task, wanted.picture)
    if is_treatment(task, wanted):
        assert output.artifact is not None  # noqa: S101 (what is shown is there)
        return resolve_treating(customer, output.artifact, wanted, task)
    check_webhook(wanted.webhook, customer.platform_id)
    check_times(wanted.timeout, wanted.expires_in)
    if task.chain:
        raise refuse_field("picture", "of_a_chain", OF_A_CHAIN)
    maker = find_maker(task)
    assert maker is not None  # noqa: S101 (what was delivered, one of its attempts has made)
    options = find_options(task, maker, wanted)
    local_only = task.local_only or customer.local_only
    keep_in_house(maker, local_only)
    route = routing.choose_maker(task.model, maker.account_id)
    if route is None:
        raise MakerOff(provider=maker.account.alias, model=task.model)
    before = GenerationSpec.from_json(task.spec)
    # Seed, steps, negative prompt and input pictures are in the picture already; no vendor takes them again.
    spec = GenerationSpec(
        media_type=before.media_type,
        model=before.model,
        prompt=before.prompt,
        negative_prompt="",
        width=before.width,
        height=before.height,
        quality=task.quality,
        mode=task.mode,
        options=options,
    )
    followed = make_further(customer, wanted, spec, route, task, local_only=local_only)
    followed = replace(followed, follows_id=maker.pk)
    return finish(followed, Order(**form_of(wanted, before)), customer.labels)


def is_treatment(task: Task, wanted: Following) -> bool:
    """Return whether an order means what anybody can do to a picture: its maker, if that is known and goes on with its
    own, does not call so what it does."""
    if wanted.action not in TREATMENTS or wanted.part is not None:
        return False
    maker = find_maker(task)
    if maker is None or not find_remote_id(maker, wanted.picture):
        return True
    follow_ups = list_of(maker.account.adapter)
    does_so = any(one.action == wanted.action for one in follow_ups)
    return is_last(task, follow_ups) or not does_so


def find_maker(task: Task) -> Attempt | None:
    """Return the attempt that made what a task delivered, None where none did, or several, each a step of a chain."""
    if task.chain:
        return None
    attempts = task.attempts.all()
    return next((one for one in attempts if one.state == AttemptState.SUCCEEDED), None)


def list_of(adapter: str) -> tuple[FollowUp, ...]:
    """Return what an adapter does further with its pictures; nothing where there is none of this name any more."""
    return find_class(adapter).capabilities.follow_ups if adapter in ADAPTERS else ()


def find_remote_id(maker: Attempt, position: int) -> str:
    """Return under which id a vendor keeps a picture; empty where it did not say."""
    ids = maker.facts.get(TASKS, [])
    return ids[position] if position < len(ids) else ""


def is_last(task: Task, follow_ups: Iterable[FollowUp]) -> bool:
    """Return whether nothing follows what a task made, because it was made by such a follow-up itself."""
    action = task.spec.get("options", {}).get("action")
    return any(one.action == action and one.is_last for one in follow_ups)


def find_options(task: Task, maker: Attempt, wanted: Following) -> dict[str, Any]:
    """Return a follow-up in the words of the contract; raise InvalidRequest naming what its vendor does not do."""
    follow_ups = list_of(maker.account.adapter)
    params = {"provider": maker.account.alias, "action": wanted.action}
    if not follow_ups:
        message = gettext_noop(
            "“%(provider)s”, which made this picture, does nothing further with its pictures: only what “follow_ups” of "
            "a task lists is offered. Refine it, or order with it as “image”."
        )
        raise refuse_field("picture", "no_follow_ups", message, **params)
    if is_last(task, follow_ups):
        message = gettext_noop(
            "It was made of a part of another picture, and nothing follows that. Go on with a picture of the task that "
            "its metadata names as “follows”."
        )
        raise refuse_field("picture", "is_last", message, **params)
    remote_id = find_remote_id(maker, wanted.picture)
    if not remote_id:
        message = gettext_noop(
            "It is not known under which name “%(provider)s” keeps this picture. Order with it as “image”."
        )
        raise refuse_field("picture", "not_kept", message, **params)
    found = next((one for one in follow_ups if one.action == wanted.action), None)
    if found is None:
        params["choices"] = ", ".join(one.action for one in follow_ups)
        message = gettext_noop("“%(provider)s” does one of these with its pictures: %(choices)s.")
        raise refuse_field("action", "unknown", message, **params)
    part = find_part(found, wanted.part)
    return {"of": remote_id, "action": found.action, **({"index": part} if part else {})}


def find_part(follow_up: FollowUp, part: int | None) -> int | None:
    """Return the part that a follow-up is of; raise InvalidRequest when it names none, or one that there is not."""
    params = {"action": follow_up.action, "most": follow_up.parts}
    if not follow_up.parts:
        if part is None:
            return None
        message = gettext_noop("“%(action)s” takes the whole picture; leave the part out.")
        raise refuse_field("part", "unsupported", message, **params)
    if part is None:
        message = gettext_noop("“%(action)s” takes one part of the picture: 1 to %(most)s.")
        raise refuse_field("part", "required", message, **params)
    if not 1 <= part <= follow_up.parts:
        message = gettext_noop("The picture has the parts 1 to %(most)s.")
        raise refuse_field("part", "out_of_range", message, **params)
    return part


def keep_in_house(maker: Attempt, local_only: bool) -> None:  # noqa: FBT001 (the one thing that is asked)
    """Raise InvalidRequest where an order must stay in the house and its maker is outside."""
    if not local_only or routing.keeps_in_house(maker.account):
        return
    message = gettext_noop(
        "This order must stay in the house, and “%(provider)s”, which alone has the picture, is outside."
    )
    raise refuse_field("picture", "leaves_the_house", message, provider=maker.account.alias)


def find_follow_ups(tasks: Sequence[Task]) -> dict[uuid.UUID, tuple[FollowUp, ...]]:
    """Return what can be ordered further of each of these tasks, by their ids: what its maker does with its own, and
    what somebody does with any picture.

    Their attempts and outputs were read; two queries for all of them, and none when nothing was delivered.
    """
    delivered = [task for task in tasks if any(one.shown for one in task.outputs.all())]
    delivered = [task for task in delivered if not task.texts_gone_at]
    if not delivered:
        return {}
    own = find_own(delivered)
    with remembered.together():
        anybodys = {
            local_only: list_anybodys(local_only=local_only) for local_only in (False, True)
        }
    found = {}
    for task in delivered:
        first = own.get(task.pk, ())
        names = {one.action for one in first}
        further = anybodys[task.local_only] if has_picture(task) else ()
        found[task.pk] = (*first, *(one for one in further if one.action not in names))
    return found


def find_own(tasks: Iterable[Task]) -> dict[uuid.UUID, tuple[FollowUp, ...]]:
    """Return what the maker of each of these tasks does with its own pictures: nothing where its account is off."""
    found: dict[uuid.UUID, tuple[FollowUp, ...]] = {}
    makers = {}
    for task in tasks:
        maker = find_maker(task)
        if maker is None or not (follow_ups := list_of(maker.account.adapter)):
            continue
        shown = [output for output in task.outputs.all() if output.shown]
        kept = [output for output in shown if find_remote_id(maker, output.position)]
        if kept and not is_last(task, follow_ups):
            found[task.pk], makers[task.pk] = follow_ups, (maker.account_id, task.model)
    if not makers:
        return {}
    rows = routing.offered().filter(
        account__in={account_id for account_id, _ in makers.values()},
        alias__in={alias for _, alias in makers.values()},
    )
    offered = set(rows.order_by().values_list("account_id", "alias"))
    return {pk: follow_ups for pk, follow_ups in found.items() if makers[pk] in offered}


def list_anybodys(*, local_only: bool) -> tuple[FollowUp, ...]:
    """Return what somebody does now with any picture."""
    return tuple(FollowUp(name) for name in routing.list_treatments(local_only=local_only))


def has_picture(task: Task) -> bool:
    """Return whether a task delivered a picture: nobody treats clips."""
    shown = (output.shown for output in task.outputs.all())
    return any(artifact and not artifact.is_clip for artifact in shown)
