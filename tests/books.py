"""The oracle of every test that moves credits or tasks: the whole audit."""

from credits.audit import Finding, find_mistakes

__all__ = ["Finding", "find_mistakes"]
