"""Runs of the audit: one consistent picture of the books, the checkpoint that a clean run is, the freezes that a broken
one brings. It mends nothing."""

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from credits.audit.checks import Check, Finding, count_checks, find_broken
from credits.boundary import read_boundary
from credits.freezes import freeze
from credits.models import AuditRun, Freeze
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import NOBODY, read_id

logger = logging.getLogger(__name__)

LAST = "last"
MOST_PURSES_SHOWN = 100


class NoCheckpoint(NotFound):
    """There is no clean audit of this id to start from."""

    code = "no_checkpoint"
    detail = gettext_noop("No audit of this id was clean; a whole audit needs none.")


def list_checks() -> dict[str, Check]:
    """Return the checks of every app, by name."""
    return {
        name: check for path in settings.AUDIT_CHECKS for name, check in import_string(path).items()
    }


def find_mistakes() -> list[Finding]:
    """Return what is wrong with books and tasks, and record nothing; the caller brings the transaction."""
    return find_broken(list_checks())


def read_checkpoint(text: str) -> AuditRun | None:
    """Return the clean run of an id, or the last one (None when there is none yet); raise NoCheckpoint."""
    if text == LAST:
        return find_checkpoint()
    found = clean_runs().filter(pk=read_id(text) or NOBODY).first()
    if found is None:
        raise NoCheckpoint(thing=gettext_noop("audit"))
    return found


def find_checkpoint() -> AuditRun | None:
    """Return the last clean run."""
    return clean_runs().order_by("-id").first()


def clean_runs() -> QuerySet[AuditRun]:
    """Return the runs that ended and found nothing."""
    return AuditRun.objects.filter(checks__gt=0, findings=[])


@dataclass(frozen=True)
class Standing:
    """How the books stood when they were last read: all of them, and what was new; and how many purses are frozen."""

    whole: AuditRun | None
    since: AuditRun | None
    frozen: int


def view_standing() -> Standing:
    """Return how the books stand by the last runs that ended."""
    ended = AuditRun.objects.filter(checks__gt=0).order_by("-id")
    return Standing(
        whole=ended.filter(since=None).first(),
        since=ended.filter(since__isnull=False).first(),
        frozen=Freeze.objects.filter(lifted_at=None).count(),
    )


def prove(since: AuditRun | None = None, *, freezes: bool = False) -> AuditRun:
    """Audit all there is, or what came since a checkpoint, and return the run; freeze broken purses if told."""
    return finish(begin(since), freezes=freezes)


def begin(since: AuditRun | None) -> AuditRun:
    """Record a run that has proved nothing yet: no checks, until `finish`."""
    started_at, proved_until = read_boundary()
    return AuditRun.objects.create(
        started_at=started_at, proved_until=proved_until, since=since, checks=0, seconds=0
    )


def finish(run: AuditRun, *, freezes: bool) -> AuditRun:
    """Read the books, freeze what is broken if told, and record what was found."""
    checks, began = list_checks(), time.monotonic()
    since = run.since.proved_until if run.since else None
    with one_picture(is_whole=since is None):
        findings = find_broken(checks, since)
    if freezes:
        freeze_broken(run, findings)
    run.seconds = round(time.monotonic() - began, 3)
    run.checks = count_checks(checks, since)
    run.findings = [
        {
            "check": finding.check,
            "rows": finding.rows,
            "count": finding.count,
            "purses": sorted(finding.purses)[:MOST_PURSES_SHOWN],
            "freezes": freezes,
        }
        for finding in findings
    ]
    run.save(update_fields=["seconds", "checks", "findings"])
    return run


@contextmanager
def one_picture(*, is_whole: bool = True) -> Iterator[None]:
    """Read the database as it stood at one instant, beside everything that goes on, and write nothing."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # What came since a checkpoint is looked up by index, never searched for in whole tables, whatever the
            # planner makes of a guess at how little it is.
            cursor.execute(
                "SET LOCAL work_mem = '64MB'" if is_whole else "SET LOCAL enable_seqscan = off"
            )
        yield


def freeze_broken(run: AuditRun, findings: list[Finding]) -> None:
    """Freeze each purse whose credits a check found wrong. The lines it logs are the alert."""
    # A person ended their freeze while this run still saw the books from before.
    lifted = set(
        Freeze.objects.filter(lifted_at__gte=run.started_at).values_list("purse_id", flat=True)
    )
    for purse_id, broken in purses_of(findings).items():
        if purse_id not in lifted and freeze(purse_id, broken):
            logger.error("the audit froze purse %s: %s", purse_id, ", ".join(broken))
    for finding in findings:
        if not finding.purses:
            logger.error("the audit found %s broken: %s", finding.check, ", ".join(finding.rows))


def purses_of(findings: list[Finding]) -> Mapping[uuid.UUID, list[str]]:
    """Return the broken checks of each purse."""
    broken: dict[uuid.UUID, list[str]] = {}
    for finding in findings:
        for purse in sorted(finding.purses):
            broken.setdefault(uuid.UUID(purse), []).append(finding.check)
    return broken
