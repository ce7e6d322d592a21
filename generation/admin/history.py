"""What happened to a task: its attempts and events as tables."""

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from generation.admin.words import attempt_badge
from generation.models import Event, Task
from generation.selectors import list_events
from genhub.admin.show import badge, code, moment, pairs, table

EVENT_COLOURS = {
    Event.Kind.COMPLETED: "success",
    Event.Kind.FAILED: "danger",
    Event.Kind.ABANDONED: "danger",
    Event.Kind.CANCELED: "warning",
    Event.Kind.RETRIED: "warning",
    Event.Kind.REFUNDED: "warning",
    Event.Kind.CLAIMED: "info",
}


def attempts_table(task: Task) -> SafeString:
    """Return each try of a task: where, how long each stage took, and the provider's own words of a failure."""
    headers = [
        _("no."),
        _("state"),
        _("provider"),
        _("worker"),
        _("began"),
        _("ended"),
        _("seconds by stage"),
        _("error, for staff"),
    ]
    rows = [
        [
            attempt.number,
            attempt_badge(attempt),
            attempt.provider.alias,
            code(attempt.worker or "–"),
            moment(attempt.started_at),
            moment(attempt.ended_at),
            pairs({name: f"{value:.2f}" for name, value in attempt.timings.items()}),
            error_words(attempt.error_code, attempt.error_detail),
        ]
        for attempt in task.attempts.select_related("provider").order_by("number")
    ]
    return table(headers, rows)


def error_words(error_code: str, detail: str) -> SafeString | str:
    """Return a failure's code and the provider's own words."""
    parts = [code(part) for part in (error_code, detail) if part]
    return format_html_join(" ", "{}", [(part,) for part in parts]) if parts else "–"


def events_table(task: Task) -> SafeString:
    """Return the steps of a task's life, oldest first."""
    rows = [
        [
            moment(event.created_at),
            badge(event.get_kind_display(), EVENT_COLOURS.get(Event.Kind(event.kind), "")),
            pairs(event.data) if event.data else "–",
        ]
        for event in list_events(task)
    ]
    return table([_("time"), _("event"), _("facts")], rows)
