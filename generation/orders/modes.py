"""What a platform's plan decides of an order that does not say it: mode and priority. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.order import Order
from generation.spec import ModelCard, ModeSettings
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.platforms.models import Plan

FAST, FINE = Plan.Mode.FAST.value, Plan.Mode.FINE.value
# From the last to be served to the first.
PRIORITIES = [
    priority.value for priority in (Plan.Priority.LOW, Plan.Priority.NORMAL, Plan.Priority.HIGH)
]


def choose_mode(order: Order, settings: Mapping[str, Any], plan: Plan, quality: str) -> str:
    """Return how to make an order: as it says, else as its template says, else as the plan says; empty: the usual way.

    Nobody pays for high quality and gets the fast way: both said at once are refused, and high quality that was asked
    for outdoes a fast mode that was not.
    """
    mode = order.mode or settings.get("mode") or plan.mode
    if mode != FAST or quality != "high":
        return str(mode)
    if order.mode:
        message = gettext_noop("High quality cannot be made the fast way; leave one of them out.")
        raise InvalidRequest(errors=[FieldError("mode", "contradicts_quality", message)])
    return ""


@dataclass(frozen=True)
class Usual:
    """What an order gets that names none of these. Sizes in pixels."""

    width: int
    height: int
    steps: int
    cfg_scale: float


def find_usual(card: ModelCard, mode: str, quality: str) -> Usual:
    """Return what a mode makes of a model's defaults; high quality takes the steps of the fine mode, and only them."""
    wanted = {FAST: card.fast, FINE: card.fine}.get(mode, ModeSettings())
    steps = card.default_steps
    if mode == FAST:
        steps = wanted.steps or max(1, card.default_steps // 2)
    elif mode == FINE or quality == "high":
        steps = card.fine.steps or min(2 * card.default_steps, card.largest_steps)
    return Usual(
        width=wanted.width or card.default_width,
        height=wanted.height or card.default_height,
        steps=steps,
        cfg_scale=card.default_cfg_scale if wanted.cfg_scale is None else wanted.cfg_scale,
    )


def find_usual_effort(card: ModelCard, usual: Usual) -> dict[str, Any]:
    """Return what is usual of the words that a model may not take, without those."""
    effort = {"steps": usual.steps, "cfg_scale": usual.cfg_scale}
    return {name: value for name, value in effort.items() if card.takes(name)}


def choose_priority(order: Order, plan: Plan) -> str:
    """Return an order's priority: normal unless it says otherwise; refuse one above what the plan allows."""
    highest = plan.highest_priority
    if order.priority is None:
        return min(Plan.Priority.NORMAL.value, highest, key=PRIORITIES.index)
    if PRIORITIES.index(order.priority) > PRIORITIES.index(highest):
        message = gettext_noop("Your plan allows “%(highest)s” at most.")
        error = FieldError("priority", "above_plan", message, {"highest": highest})
        raise InvalidRequest(errors=[error])
    return order.priority
