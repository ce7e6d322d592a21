"""What happened to a task: its attempts and events as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.accounts import routing
from generation.accounts.costs import COUNTED_HERE
from generation.admin.words import attempt_badge, show_usd
from generation.models import Attempt, Event, Task
from generation.selectors.story import Source, tell_story
from genhub.admin.show import badge, code, moment, pairs, table

EVENT_COLOURS: dict[str, str] = {
    Event.Kind.COMPLETED: "success",
    Event.Kind.FAILED: "danger",
    Event.Kind.ABANDONED: "danger",
    Event.Kind.CANCELED: "warning",
    Event.Kind.RETRIED: "warning",
    Event.Kind.UNKNOWN: "warning",
    Event.Kind.LATE: "warning",
    Event.Kind.REFUNDED: "warning",
    Event.Kind.CLAIMED: "info",
    Event.Kind.STEP_DONE: "info",
}

SOURCES = {
    Source.TASK: _("task"),
    Source.CREDITS: _("credits"),
    Source.WEBHOOK: _("webhook"),
    Source.STAFF: _("staff"),
}
RIGHTS = {Source.CREDITS: "credits.view_purse", Source.WEBHOOK: "webhooks.view_delivery"}
WHY = _("why")
ALL_REST = _("all rest, and it is the first that is back")
# What routing thinks of the providers of a model.
WHY_NOT = {
    routing.CHOSEN: _("chosen"),
    routing.RESTS: _("rests"),
    routing.AVOIDED: _("the order failed there before"),
    routing.STANDBY: _("stands by for when the others rest"),
    routing.OUTWEIGHED: _("not its turn, by the weights"),
    routing.UNABLE: _("it does not take what the order says"),
    routing.LEAVES: _("the order must stay in the house"),
    routing.HAS_PICTURE: _("it made the picture that this goes on with"),
}
# What events and timings call their values; a name that is not here is shown as it is.
NAMES = {
    "step": _("step"),
    "action": _("action"),
    "index": _("part"),
    "actor": _("by"),
    "amount": _("amount"),
    "approved_by": _("approved by"),
    "pictures": _("pictures"),
    "cached_from": _("from the cache"),
    "captured": _("captured"),
    "code": _("error code"),
    "count": _("pictures"),
    "deaths": _("deaths of workers"),
    "exposure_usd": _("may have cost, in USD"),
    "remote_id": _("id at the provider"),
    "delay_seconds": _("seconds until the next attempt"),
    "price": _("price"),
    "provider": _("provider"),
    "worker": _("worker"),
    "reason": _("reason"),
    "to": _("to"),
    "event": _("event"),
    "address": _("address"),
    "tries": _("tries"),
    "encode": _("read the prompt"),
    "denoise": _("draw"),
    "decode": _("decode"),
    "store": _("store"),
    "encode_store": _("encode and store"),
    "request_id": _("request"),
    "input_text_tokens": _("tokens of the prompt"),
    "input_image_tokens": _("tokens of pictures that were sent"),
    "output_tokens": _("tokens that were made"),
}


def attempts_table(task: Task, *, shows_costs: bool = False) -> SafeString:
    """Return each try of a task: where, how long each stage took, and the provider's own words of a failure; and what
    it cost, for those who may see that."""
    headers = [
        _("no."),
        _("state"),
        _("provider"),
        _("worker"),
        _("began"),
        _("ended"),
        _("seconds by stage"),
        _("error, for staff"),
        *([_("USD")] if shows_costs else []),
    ]
    rows = [
        [
            number_of(attempt),
            attempt_badge(attempt),
            attempt.account.alias,
            code(attempt.worker or "–"),
            moment(attempt.started_at),
            moment(attempt.ended_at),
            named({stage: f"{value:.2f}" for stage, value in attempt.timings.items()}),
            error_words(attempt.error_code, attempt.error_detail),
            *([cost_words(attempt)] if shows_costs else []),
        ]
        for attempt in task.attempts.select_related("account").order_by("number")
    ]
    return table(headers, rows)


def number_of(attempt: Attempt) -> str:
    """Return which try it is, of a chain also of which step."""
    if not attempt.step:
        return str(attempt.number)
    told = {"number": attempt.number, "step": attempt.step}
    return gettext("%(number)s (step %(step)s)") % told


def cost_words(attempt: Attempt) -> SafeString:
    """Return what a try cost and what was counted; while it lasts, the most that it may cost."""
    if attempt.ended_at is None:
        cost = gettext("at most %(usd)s") % {"usd": show_usd(attempt.dearest_usd)}
    else:
        cost = show_usd(attempt.cost_usd)
    counted = ", ".join(list_counted(attempt.usage))
    return format_html('{} <span class="hub-note">{}</span>', cost, counted)


def list_counted(usage: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was counted of a try, in words, and what of it the hub had to count itself."""
    own = usage.get(COUNTED_HERE, ())
    for name, value in usage.items():
        if name == COUNTED_HERE:
            continue
        told = f"{NAMES.get(name, name)}: {value}"
        yield gettext("%(counted)s (counted here)") % {"counted": told} if name in own else told


def error_words(error_code: str, detail: str) -> SafeString | str:
    """Return a failure's code and the provider's own words."""
    parts = [code(part) for part in (error_code, detail) if part]
    return format_html_join(" ", "{}", [(part,) for part in parts]) if parts else "–"


def story_table(request: HttpRequest, task: Task) -> SafeString:
    """Return all that happened to a task, oldest first, of the books that this member of staff may read."""
    rows = [
        [
            moment(one.at),
            SOURCES[one.source],
            badge(one.word, EVENT_COLOURS.get(one.kind, "")),
            facts_of(one.facts),
        ]
        for one in tell_story(task, readable(request))
    ]
    return table([_("time"), _("source"), _("event"), _("facts")], rows)


def readable(request: HttpRequest) -> frozenset[Source]:
    """Return the books that a member of staff may read besides the task's own."""
    held = {source for source, right in RIGHTS.items() if request.user.has_perm(right)}
    return frozenset({Source.TASK, Source.STAFF, *held})


def facts_of(facts: Mapping[str, Any]) -> SafeString | str:
    """Return a moment's values, those of a route in words: why this provider, and why none of the others."""
    values: dict[Any, Any] = dict(facts)
    chosen = values.get("provider")
    for thought in values.pop("considered", ()):
        provider, why = thought["provider"], thought["why"]
        if provider == chosen:
            values[WHY] = ALL_REST if why == routing.RESTS else WHY_NOT.get(why, why)
        else:
            values[provider] = WHY_NOT.get(why, why)
    return named(values)


def named(values: Mapping[Any, Any]) -> SafeString | str:
    """Return values under their names in the reader's language, without the empty ones."""
    filled = {NAMES.get(name, name): value for name, value in values.items() if value != ""}
    return pairs(filled) if filled else "–"
