"""Asking moderation services: the first that answers decides; one that fails again and again is left alone for a while.

Never inside of a transaction: they are other people's, and may take their time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from generation.models import Moderator
from generation.moderation.judges.base import Judge, Verdict
from generation.moderation.judges.registry import find_judge
from generation.moderation.standing import (
    UNUSABLE,
    hear_failure,
    hear_success,
    note,
    settings_of,
    unusable,
)
from generation.providers.errors import ProviderError
from genhub.lib import remembered
from genhub.lib.connections import release_connection
from genhub.lib.once import once
from genhub.lib.remembered import Remembered, Table

STEADY = Remembered(
    lambda: list(Moderator.objects.filter(is_enabled=True)),
    # With its failures, too: a success is to end their row, and it is written when there are some alone.
    [Table(Moderator)],
)


@dataclass(frozen=True)
class Judged:
    """The verdicts, in the order of what was asked; none where there is nobody to ask, or where nobody answered."""

    verdicts: tuple[Verdict, ...] = ()
    is_unanswered: bool = False


@once
def judge_texts(texts: tuple[str, ...], *, local_only: bool) -> Judged:
    """Return what the first service that answers says of texts."""
    return ask(
        list_services(local_only=local_only, prompts=True), lambda judge: judge.judge_texts(texts)
    )


def judge_each(texts: Iterable[str], *, local_only: bool) -> dict[str, Verdict] | None:
    """Return what is said of each text that there is: nothing where nobody is asked, None where nobody answers."""
    asked = tuple(dict.fromkeys(filter(None, texts)))
    if not asked:
        return {}
    said = judge_texts(asked, local_only=local_only)
    if said.is_unanswered:
        return None
    return dict(zip(asked, said.verdicts, strict=True)) if said.verdicts else {}


def judge_picture(draw: Callable[[], bytes], *, local_only: bool) -> Judged:
    """Return what the first service that answers says of a picture: a JPEG, drawn when there is somebody to ask."""
    with remembered.together():
        found = list_services(local_only=local_only, prompts=False)
        return ask(found, lambda judge: [judge.judge_picture(draw())])


def list_services(*, local_only: bool, prompts: bool) -> list[Moderator]:
    """Return who is asked about prompts or about pictures, in order: of what stays in the house, nobody outside."""
    return [
        row
        for row in STEADY.get()
        if (row.checks_prompts if prompts else row.checks_pictures)
        and (row.is_in_house or not local_only)
    ]


def ask(services: Sequence[Moderator], act: Callable[[Judge], Sequence[Verdict]]) -> Judged:
    """Return what the first of these services says that answers."""
    if not services:
        return Judged()
    now = remembered.now()
    for service in services:
        if service.is_resting(now):
            continue
        # It may take seconds, in which others need the connection.
        release_connection()
        try:
            verdicts = act(open_judge(service))
        except ProviderError as error:
            note(partial(hear_failure, service, error))
        except UNUSABLE as error:
            note(partial(hear_failure, service, unusable(error)))
        else:
            note(partial(hear_success, service))
            return Judged(tuple(verdicts))
    return Judged(is_unanswered=True)


def open_judge(service: Moderator) -> Judge:
    """Return the adapter of a service."""
    return find_judge(service.adapter)(settings_of(service))
