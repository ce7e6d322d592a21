"""What is wrong with a price rule that is about to be saved, by field. The caller brings the clock and the list."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from credits.pricing import CACHED, EDIT, FACTOR, LARGEST_PRICE, QUANTITIES, Rule, can_both_match
from genhub.lib.errors import FieldError, gettext_noop


def find_mistakes(
    rule: Rule, others: Iterable[Rule] = (), *, now: datetime | None = None
) -> list[FieldError]:
    """Return each mistake of a rule beside the other active ones; without a clock its end may be over."""
    return [
        *find_bound_mistakes(rule),
        *find_quantity_mistakes(rule),
        *find_date_mistakes(rule, now),
        *find_conflicts(rule, others),
    ]


def find_bound_mistakes(rule: Rule) -> Iterator[FieldError]:
    """Yield the bounds that no order can meet, and a price that no purse can pay."""
    if rule.amount > LARGEST_PRICE:
        message = gettext_noop("At most %(limit)s credits.")
        yield FieldError("amount", "too_large", message, {"limit": LARGEST_PRICE})
    for name in QUANTITIES:
        bounds = getattr(rule, name)
        if bounds.least is not None and bounds.least < 0:
            yield FieldError(f"least_{name}", "negative", gettext_noop("It cannot be negative."))
        if bounds.least is not None and bounds.most is not None and bounds.least > bounds.most:
            message = gettext_noop("It is less than where the rule begins; no order can meet it.")
            yield FieldError(f"most_{name}", "below_least", message)


def find_quantity_mistakes(rule: Rule) -> Iterator[FieldError]:
    """Yield prices and conditions by what pictures, or edits, do not have."""
    if rule.media_type == EDIT:
        yield from find_edit_mistakes(rule)
        return
    if rule.media_type == "video":
        return
    message = gettext_noop("Only clips have seconds: choose the type “video”.")
    if rule.effect != FACTOR and rule.per == "second":
        yield FieldError("per", "no_seconds", message)
    if rule.media_type == "image":
        for name in ("least", "most"):
            if getattr(rule.seconds, name) is not None:
                yield FieldError(f"{name}_seconds", "no_seconds", message)


def find_edit_mistakes(rule: Rule) -> Iterator[FieldError]:
    """Yield what no edit has: it is told by its size alone."""
    message = gettext_noop("An edit has a size and nothing else: leave this.")
    if rule.effect != FACTOR and rule.per not in {"one", "megapixel"}:
        yield FieldError("per", "not_of_edits", message)
    if rule.effect == CACHED:
        yield FieldError("effect", "not_of_edits", message)
    for word in ("model", "quality", "mode"):
        if getattr(rule, word):
            yield FieldError(word, "not_of_edits", message)
    for name in ("seconds", "steps", "number"):
        for end in ("least", "most"):
            if getattr(getattr(rule, name), end) is not None:
                yield FieldError(f"{end}_{name}", "not_of_edits", message)


def find_date_mistakes(rule: Rule, now: datetime | None) -> Iterator[FieldError]:
    """Yield an end that comes before the beginning, or that is over."""
    if rule.valid_until is None:
        return
    if rule.valid_from is not None and rule.valid_until <= rule.valid_from:
        message = gettext_noop("It must be later than the beginning.")
        yield FieldError("valid_until", "before_from", message)
    elif now is not None and rule.valid_until <= now:
        message = gettext_noop("This is over: the rule would never count. Switch it off instead.")
        yield FieldError("valid_until", "expired", message)


def find_conflicts(rule: Rule, others: Iterable[Rule]) -> Iterator[FieldError]:
    """Yield the first rule that would count twice with this one, or leave open which of the two decides."""
    rivals = [r for r in others if r.effect == rule.effect and can_both_match(rule, r)]
    if rule.effect == FACTOR:
        twin = next((r for r in rivals if is_twin(rule, r)), None)
        message = gettext_noop("“%(name)s” multiplies the same orders by the same already.")
        field, code = "factor", "identical"
    else:
        twin = next((r for r in rivals if r.rank == rule.rank), None)
        message = gettext_noop(
            "“%(name)s” has the same rank and can match the same orders: choose another rank, conditions or dates."
        )
        field, code = "rank", "overlaps"
    if twin is not None:
        yield FieldError(field, code, message, {"name": twin.name})


def is_twin(one: Rule, other: Rule) -> bool:
    """Return whether two rules differ only in their names, ranks and dates."""
    apart = {"name": "", "id": "", "rank": 0, "valid_from": None, "valid_until": None}
    return replace(one, **apart) == replace(other, **apart)  # type: ignore[arg-type]
