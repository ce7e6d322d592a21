"""Rows of a list as a phone shows them: one card a row, its name large, a few facts below, all of it one link."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

TICK = "action_checkbox"
USUAL_FACTS = 3
NOTHING = {"-", "–"}


def mark_cells(cells: Iterable[str], cl: Any) -> Iterator[SafeString]:
    """Yield a row's cells, each marked with its part in the card: `lead`, `picture`, `fact`, `tick`, or `rest`, unseen.

    A fact of plain text is marked `data-named`, too: its column's name stands before it.
    """
    columns = [name_of(column) for column in cl.list_display]
    lead = cl.model_admin.card_lead or lead_of(columns, cl.list_display_links or ())
    facts = cl.model_admin.card_facts or usual_facts(columns, lead)
    for column, cell in zip(columns, cells, strict=False):
        part = "lead" if column == lead else part_of(column, cell, facts)
        named = " data-named" if part == "fact" and is_plain(cell) else ""
        yield mark_safe(f'{cell[:3]} data-card="{part}"{named}{cell[3:]}')  # noqa: S308 (the theme's own cell)


def name_of(column: Any) -> str:
    """Return the name of a column, which may be what draws it."""
    return column if isinstance(column, str) else str(column.__name__)


def lead_of(columns: list[str], links: Iterable[Any]) -> str:
    """Return the column that names the row: the one that links to it, else the first."""
    linking = {name_of(column) for column in links}
    others = [column for column in columns if column != TICK]
    return next((column for column in others if column in linking), others[0])


def usual_facts(columns: list[str], lead: str) -> tuple[str, ...]:
    """Return the first columns besides the one that names the row."""
    others = [column for column in columns if column not in {TICK, lead}]
    return tuple(others[:USUAL_FACTS])


def part_of(column: str, cell: str, facts: tuple[str, ...]) -> str:
    """Return the part in the card of a column that does not name the row."""
    if column == TICK:
        return "tick"
    if column in facts and strip_tags(cell).strip() not in NOTHING:
        return "picture" if "<img" in cell else "fact"
    return "rest"


def is_plain(cell: str) -> bool:
    """Return whether a cell is text alone, or a tick; a coloured word, a link or a user with a platform is not."""
    inside = cell.partition(">")[2]
    return "material-symbols" in inside or not re.search("<(a|span|strong) ", inside)
