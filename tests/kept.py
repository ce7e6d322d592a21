"""Rules of retention, carried out as if time had passed."""

from dataclasses import replace
from datetime import timedelta

from genhub.retention.rules import Gone, Rule, list_rules
from genhub.retention.turns import carry_out

NONE = timedelta(0)
FILES = ("attempt_files", "upload_files")


def rule_of(name: str) -> Rule:
    """Return a rule of the hub."""
    return next(rule for rule in list_rules() if rule.name == name)


def delete(name: str, age: timedelta | None = None) -> Gone:
    """Carry out a rule, of any age or at its own, and return what went."""
    rule = rule_of(name)
    return carry_out(rule if age is None else replace(rule, margin=age))[0]


def sweep_files(age: timedelta | None = None) -> int:
    """Delete the files that no artifact names, of any age or at their rules' own; return how many."""
    return sum(delete(name, age).files for name in FILES)
