"""Proof that the books are right: each check is one query that must find nothing.

Here are the ledger's own checks; `runs` joins them with those of the other apps, and freezes what is broken.
"""

from credits.audit import budgets, holds, lots, purses
from credits.audit.checks import Check, Finding, find_broken
from credits.audit.runs import (
    NoCheckpoint,
    find_checkpoint,
    find_mistakes,
    list_checks,
    prove,
    read_checkpoint,
    view_standing,
)

__all__ = [
    "CHECKS",
    "Check",
    "Finding",
    "NoCheckpoint",
    "audit",
    "find_broken",
    "find_checkpoint",
    "find_mistakes",
    "list_checks",
    "prove",
    "read_checkpoint",
    "view_standing",
]

CHECKS: dict[str, Check] = {**purses.CHECKS, **holds.CHECKS, **lots.CHECKS, **budgets.CHECKS}


def audit() -> list[Finding]:
    """Return what is wrong with the ledger alone: an empty list when nothing is. It mends nothing."""
    return find_broken(CHECKS)
