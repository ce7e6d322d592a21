"""Small pieces of HTML that several admin pages show."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Shown = TypeVar("Shown")


def shown_once(show: Callable[[Any, Any], Shown]) -> Callable[[Any, Any], Shown]:
    """Make a column or a read-only field that is worked out once for a row: pages ask for the latter several times."""

    @wraps(show)
    def showing(page: Any, row: Any) -> Shown:
        found = vars(row).setdefault("_shown", {})
        if show.__name__ not in found:
            found[show.__name__] = show(page, row)
        shown: Shown = found[show.__name__]
        return shown

    return showing


def badge(text: Any, kind: str = "") -> SafeString:
    """Return a word in a coloured box; kinds: success, info, warning, danger, primary."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": kind})


def link(view: str, key: Any, text: Any) -> SafeString:
    """Return a link to a row's page, such as view `credits_purse`."""
    address = reverse(f"admin:{view}_change", args=[key])
    return format_html('<a href="{}" class="text-link">{}</a>', address, text)


def leads(where: str, text: Any) -> SafeString:
    """Return a link to an address of the admin, such as a list and its filters."""
    return format_html('<a class="text-link" href="{}">{}</a>', where, text)


def code(text: Any) -> SafeString:
    """Return machine words in a fixed-width face."""
    return format_html('<code class="hub-code">{}</code>', text)


def moment(at: datetime | None) -> str:
    """Return a time to the second, in the zone of who looks and beside it in UTC where that is another; or a dash."""
    if at is None:
        return "–"
    local, plain = timezone.localtime(at), at.astimezone(UTC)
    told = formats.date_format(local, "DATETIME_FORMAT")
    if local.utcoffset() == plain.utcoffset():
        return told
    beside = "%H:%M UTC" if local.date() == plain.date() else "%m-%d %H:%M UTC"
    return f"{told} ({plain:{beside}})"


def table(headers: Sequence[Any], rows: Sequence[Sequence[Any]]) -> SafeString:
    """Return a table in the admin's look."""
    return render_to_string(
        "unfold/components/table.html", {"table": {"headers": list(headers), "rows": list(rows)}}
    )


def pairs(values: Mapping[Any, Any]) -> SafeString:
    """Return names and values, one pair a line."""
    lines = [format_html("<dt>{}</dt><dd>{}</dd>", name, value) for name, value in values.items()]
    return format_html('<dl class="hub-pairs">{}</dl>', mark_safe("".join(lines)))  # noqa: S308
