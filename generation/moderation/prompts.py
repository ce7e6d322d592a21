"""What an order says, held against the list of terms. The prompt that is drawn stays as it was written."""

from collections.abc import Iterable
from typing import Any

from generation.errors import PromptRefused
from generation.models import Finding
from generation.moderation.found import Found
from generation.moderation.terms import Known, find_terms
from generation.order import Order
from genhub.lib.errors import FieldError, gettext_noop

REFUSED = "content_refused"
BY_TERM = gettext_noop(
    "“%(term)s” is on the list of what this hub does not make. Say it otherwise."
)
BY_SERVICE = gettext_noop("The moderation service objects to this (%(labels)s). Say it otherwise.")


def find_in_order(order: Order, recipe_prompt: str, rendered: str) -> list[Found]:
    """Return what the caller's own words hold of the list: what a template says itself is staff's. The negative prompt
    says what shall not be drawn, and is not looked at."""
    found = [
        found_of(known, field, text)
        for field, text in list_said(order)
        for known in find_terms(text)
    ]
    if order.template and not found:
        # Of parts that stand in several parameters.
        own = {known.term_id for known in find_terms(recipe_prompt)}
        found = [
            found_of(known, "parameters", rendered)
            for known in find_terms(rendered)
            if known.term_id not in own
        ]
    return found


def found_of(known: Known, field: str, text: str) -> Found:
    """Return a term in a text as what was found."""
    return Found(
        Finding.Source.TERM, (known.category, known.text), field, text, term_id=known.term_id
    )


def list_said(order: Order) -> list[tuple[str, str]]:
    """Return the fields of an order in which a caller may write what they like, with their texts."""
    said = [("prompt", order.prompt)] if order.prompt else []
    return said + [
        (f"parameters.{name}", text)
        for name, value in order.parameters.items()
        if (text := " ".join(list_texts(value)))
    ]


def list_texts(value: Any) -> Iterable[str]:
    """Yield the texts of a parameter, which may be a list."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from list_texts(part)


def refusal_of(found: Iterable[Found]) -> PromptRefused:
    """Return the refusal of an order for what was found in it: what was hit, and nothing else of the list."""
    listed = list(found)
    return PromptRefused(listed, errors=[error_of(one) for one in listed])


def error_of(found: Found) -> FieldError:
    """Return what was found as its field's mistake."""
    if found.source == Finding.Source.TERM:
        return FieldError(found.field, REFUSED, BY_TERM, {"term": found.labels[-1]})
    return FieldError(found.field, REFUSED, BY_SERVICE, {"labels": ", ".join(found.labels)})
