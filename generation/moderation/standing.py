"""How services stand that are asked about texts and pictures: one that fails again and again is left alone a while."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from generation.models import Rest
from generation.models.service import Service
from generation.providers.base import AccountSettings
from generation.providers.errors import Fault, ProviderError
from genhub.lib.sealing import NotSealable

logger = logging.getLogger(__name__)
# So many failures in a row, and a service rests; longer each time that the next question fails, too.
MOST_FAILURES: Final = 5
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 600.0
LONGEST_ERROR: Final = 1000
# What an option or a key raises that the adapter cannot read.
UNUSABLE: Final = (NotSealable, ImproperlyConfigured, KeyError, ValueError, TypeError)


def settings_of(service: Any) -> AccountSettings:
    """Return a service as its adapter sees it; raise NotSealable when its key cannot be opened."""
    return AccountSettings(
        alias=service.alias,
        base_url=service.base_url,
        key=service.secret() if service.sealed else "",
        options=service.options,
        connect_seconds=service.connect_seconds,
        answer_seconds=service.answer_seconds,
        private_hosts=settings.PRIVATE_HOSTS,
    )


def unusable(error: Exception) -> ProviderError:
    """Return what it means that a service cannot even be asked: staff see it on its page."""
    return ProviderError(f"not usable: {error!r}", fault=Fault.ACCOUNT)


def note(write: Callable[[], None]) -> None:
    """Write how a service stands; what cannot be written now its next answer says again."""
    try:
        write()
    except Error:
        logger.exception("standing not noted")


def rows_of(service: Service) -> QuerySet[Any]:
    """Return the row of a service, of whatever kind."""
    rows: QuerySet[Any] = type(service)._default_manager.filter(pk=service.pk)  # noqa: SLF001 (Django's documented API)
    return rows


def hear_success(service: Service) -> None:
    """Trust a service again that had failed."""
    if service.failures or service.resting_until:
        rows_of(service).update(failures=0, resting_until=None, resting_why="")


def hear_failure(service: Service, error: ProviderError) -> None:
    """Write that a service failed; after some failures in a row that are its own it rests."""
    logger.warning("%s %s does not answer: %s", service._meta.verbose_name, service, error)  # noqa: SLF001 (documented)
    said = {"last_error": str(error)[:LONGEST_ERROR], "last_error_at": Now()}
    rows = rows_of(service)
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
