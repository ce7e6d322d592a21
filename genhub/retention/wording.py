"""Ages and amounts in words, as staff read them."""

from datetime import timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import formats
from django.utils.translation import gettext, ngettext


def word_age(age: timedelta | None) -> str:
    """Return an age in words: those below a day are of whole hours."""
    if age is None:
        return gettext("for ever")
    if not age.days:
        hours = round(age / timedelta(hours=1))
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return ngettext("%(count)s day", "%(count)s days", age.days) % {"count": age.days}


def word_amount(rows: int, files: int, size_bytes: int) -> str:
    """Return what was deleted in words, or a dash."""
    parts: list[Any] = []
    if rows:
        parts.append(ngettext("%(count)s row", "%(count)s rows", rows) % {"count": grouped(rows)})
    if files:
        words = ngettext("%(count)s file", "%(count)s files", files)
        parts.append(words % {"count": grouped(files)})
    if size_bytes:
        parts.append(filesizeformat(size_bytes))
    return " · ".join(parts) or "–"


def grouped(count: int) -> str:
    """Return a count with its thousands apart."""
    return formats.number_format(count, use_l10n=True, force_grouping=True)
