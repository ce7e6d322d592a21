"""The oracle of every test that moves credits or tasks: the whole audit."""

from credits.audit import CHECKS, Finding, find_broken
from generation.selectors import AUDIT_CHECKS


def find_mistakes() -> list[Finding]:
    """Return what the audit finds wrong with books and tasks."""
    return find_broken({**CHECKS, **AUDIT_CHECKS})
