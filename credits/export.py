"""A purse's entries as CSV: every row of one moment, read a few at a time."""

import csv
import io
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.utils.text import get_valid_filename
from django.utils.translation import get_language, override

from credits.entries import Filters, describe_entry
from credits.models import Purse
from credits.selectors import find_entries

# Without it Excel takes UTF-8 for the old code page of its country.
BYTE_ORDER_MARK = "\ufeff"
CONTENT_TYPE = "text/csv; charset=utf-8"
COLUMNS = (
    "user",
    "id",
    "created_at",
    "kind",
    "amount",
    "available_change",
    "held_change",
    "available_after",
    "held_after",
    "reason_code",
    "reason",
    "by",
    "task",
    "expires_at",
    "artifact",
)
ROWS_A_READ = 500

# What a spreadsheet takes for a formula when a cell begins with it (OWASP, "CSV Injection"), full-width forms included.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def file_name(user: str) -> str:
    """Return what the file of a user's entries is called."""
    return get_valid_filename(f"entries-{user}.csv")


def stream_entries(purse_id: uuid.UUID | None, filters: Filters) -> Iterator[str]:
    """Yield CSV lines: the header, then the entries that were asked for, newest first, in the language of the call.

    Rows never change and a purse numbers its own without a gap, so all up to its number of now are the rows of now:
    no transaction stays open while the reader takes its time. None: a purse that nobody opened has no entry.
    """
    purse = Purse.objects.get(pk=purse_id) if purse_id else None
    return _stream(purse, filters, get_language() or "en")


def _stream(purse: Purse | None, filters: Filters, language: str) -> Iterator[str]:
    yield BYTE_ORDER_MARK + write_line(COLUMNS)
    if purse is None:
        return
    entries, below = find_entries(purse.pk, filters), purse.version + 1
    while rows := list(entries.filter(purse_version__lt=below)[:ROWS_A_READ]):
        # Nothing is yielded with the language switched: the reader's thread has its own.
        with override(language):
            lines = [write_entry(purse.user, describe_entry(row)) for row in rows]
        yield from lines
        below = rows[-1].purse_version


def write_entry(user: str, entry: dict[str, Any]) -> str:
    """Return an entry as a line of CSV."""
    cells = {**entry, "user": user}
    return write_line(cells[name] for name in COLUMNS)


def write_line(cells: Iterable[Any]) -> str:
    """Return one line of CSV (RFC 4180) whose cells no spreadsheet runs."""
    line = io.StringIO()
    csv.writer(line).writerow([defuse(cell) for cell in cells])
    return line.getvalue()


def defuse(cell: Any) -> str:
    """Return a cell as text; one that begins like a formula and is no plain number gets an apostrophe in front."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
