"""Asking moderation services: the first that answers decides; one that fails again and again is left alone for a while.

Never inside of a transaction: they are other people's, and may take their time.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.models import F
from django.db.models.functions import Now

from generation.models import Moderator, Rest
from generation.moderation.judges.base import Judge, Verdict
from generation.moderation.judges.registry import find_judge
from generation.providers.base import AccountSettings
from generation.providers.errors import Fault, ProviderError
from genhub.lib import remembered
from genhub.lib.connections import release_connection
from genhub.lib.once import once
from genhub.lib.remembered import Remembered, Table
from genhub.lib.sealing import NotSealable

logger = logging.getLogger(__name__)
Said = TypeVar("Said")
# So many failures in a row, and a service rests; longer each time that the next question fails, too.
MOST_FAILURES: Final = 5
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 600.0
LONGEST_ERROR: Final = 1000
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
        except (NotSealable, ImproperlyConfigured, KeyError, ValueError, TypeError) as error:
            # An option or a key that the adapter cannot read: staff see it on the service's page.
            failure = ProviderError(f"not usable: {error!r}", fault=Fault.ACCOUNT)
            note(partial(hear_failure, service, failure))
        else:
            note(partial(hear_success, service))
            return Judged(tuple(verdicts))
    return Judged(is_unanswered=True)


def open_judge(service: Moderator) -> Judge:
    """Return the adapter of a service."""
    return find_judge(service.adapter)(
        AccountSettings(
            alias=service.alias,
            base_url=service.base_url,
            key=service.secret() if service.sealed else "",
            options=service.options,
            connect_seconds=service.connect_seconds,
            answer_seconds=service.answer_seconds,
            private_hosts=settings.PRIVATE_HOSTS,
        )
    )


def note(write: Callable[[], None]) -> None:
    """Write how a service stands; what cannot be written now its next answer says again."""
    try:
        write()
    except Error:
        logger.exception("standing not noted")


def hear_success(service: Moderator) -> None:
    """Trust a service again that had failed."""
    if service.failures or service.resting_until:
        Moderator.objects.filter(pk=service.pk).update(
            failures=0, resting_until=None, resting_why=""
        )


def hear_failure(service: Moderator, error: ProviderError) -> None:
    """Write that a service failed; after some failures in a row that are its own it rests."""
    logger.warning("moderation service %s does not judge: %s", service, error)
    said = {"last_error": str(error)[:LONGEST_ERROR], "last_error_at": Now()}
    rows = Moderator.objects.filter(pk=service.pk)
    if error.fault is Fault.ORDER and error.status:
        # It understood, and refuses this very input: another one it would judge.
        rows.update(**said)
        return
    rows.update(failures=F("failures") + 1, **said)
    failures = rows.values_list("failures", flat=True).first() or 0
    if failures >= MOST_FAILURES:
        seconds = min(FIRST_REST_SECONDS * 2.0 ** min(failures - MOST_FAILURES, 10), LONGEST_REST_SECONDS)  # fmt: skip
        until = Now() + timedelta(seconds=seconds)
        rows.update(resting_until=until, resting_why=Rest.FAILING)
