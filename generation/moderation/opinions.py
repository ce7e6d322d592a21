"""What moderation says of texts that nobody orders: the list of terms, and the first service that answers.

Whoever asks wants to know, so no platform's policy is looked at: it says what becomes of orders. Nothing is kept of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from generation.errors import ModerationUnavailable
from generation.moderation import services
from generation.moderation.judges.base import Verdict
from generation.moderation.terms import find_terms


@dataclass(frozen=True)
class Opinion:
    """What is objected to in one text: categories of terms, and a service's own labels; `scores`: how sure the service
    is of each label, from 0 to 1, where it says so."""

    categories: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)


def judge_texts(texts: Sequence[str], *, local_only: bool) -> list[Opinion]:
    """Return an opinion of each text; raise ModerationUnavailable where there are services, and none answers."""
    said = services.judge_each(texts, local_only=local_only)
    if said is None:
        raise ModerationUnavailable
    return [opinion_of(text, said.get(text, Verdict())) for text in texts]


def opinion_of(text: str, verdict: Verdict) -> Opinion:
    """Return what the list of terms and a service say of a text."""
    categories = dict.fromkeys(known.category for known in find_terms(text))
    return Opinion(tuple(categories), verdict.labels, verdict.scores)
