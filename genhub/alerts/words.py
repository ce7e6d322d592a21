"""Alerts in words, of the reader's language or, sent to staff, of the setting ALERT_LANGUAGE."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.alerts.channels import Letter
from genhub.alerts.models import ALERT, NOTICE, Alert, Notice
from genhub.lib.ids import to_wire
from genhub.lib.zones import hub_zone
from genhub.webhooks.outbox import write_time

Kind = Alert.Kind
TITLES = {
    Kind.QUEUE_STUCK: _("Queue %(about)s is stuck"),
    Kind.WORKER_GONE: _("Queue %(about)s has no worker"),
    Kind.PROVIDER_CLOSED: _("Provider %(about)s takes no orders"),
    Kind.AUDIT_FAILED: _("The audit found mistakes in the books"),
    Kind.LOOP_LATE: _("Loop %(about)s is not well"),
    Kind.MODEL_BROKEN: _("Model %(about)s was switched off"),
    Kind.DISK_LOW: _("The disk of %(about)s is almost full"),
    Kind.WORKER_FULL: _("The disk of worker %(about)s is almost full"),
    Kind.WEBHOOKS_LATE: _("Webhooks are late"),
}
TEXTS = {
    Kind.QUEUE_STUCK: _(
        "Its oldest order waits for %(minutes)s minutes. See on the page of the queue whether its workers live and what keeps it."
    ),
    Kind.WORKER_GONE: _("Its orders wait. Start the worker's service, and read its log."),
    Kind.PROVIDER_CLOSED: _(
        "Why: %(why)s. That does not pass by itself: see its page and its keys."
    ),
    Kind.AUDIT_FAILED: _(
        "It found %(count)s. Purses that are concerned are frozen: see the page of audits."
    ),
    Kind.LOOP_LATE: _("Why: %(why)s. See whether the service of the loops runs, and read its log."),
    Kind.MODEL_BROKEN: _(
        "It ended several workers within minutes. Its orders wait until you switch it on again on its page."
    ),
    Kind.DISK_LOW: _("%(mib)s MiB are left for %(folder)s. Make room: a full disk loses pictures."),
    Kind.WORKER_FULL: _(
        "%(mib)s MiB are left where it writes. Make room: a full disk loses pictures and trained LoRAs."
    ),
    Kind.WEBHOOKS_LATE: _(
        "%(count)s wait, the oldest for %(minutes)s minutes. See whether the worker of the queue `delivery` lives."
    ),
}


def title_of(alert: Alert) -> str:
    """Return an alert in a few words."""
    return str(TITLES[Kind(alert.kind)]) % {"about": alert.about}


def text_of(alert: Alert) -> str:
    """Return what it is and what to do, by the figures of the newest look."""
    # A reason is another app's words, which are in the catalogue, too.
    reason = {"why": gettext(alert.facts["why"])} if "why" in alert.facts else {}
    return str(TEXTS[Kind(alert.kind)]) % {**alert.facts, **reason}


def write(notice: Notice, now: datetime) -> Letter:
    """Return the letter of a notice that was read with its alert."""
    alert = notice.alert
    with translation.override(settings.ALERT_LANGUAGE):
        title, text = title_of(alert), text_of(alert)
        is_over = notice.what == Notice.What.ENDED
        if is_over:
            title, text = gettext("Over: %(title)s") % {"title": title}, ""
        lines = [text, time_line(gettext("Began"), alert.began_at)]
        lines += [time_line(gettext("Ended"), alert.ended_at)] if is_over else []
        link = f"{settings.PUBLIC_URL}/admin/alerts/alert/{alert.pk}/change/"
        return Letter(
            id=to_wire(NOTICE, notice.pk),
            timestamp=int(now.timestamp()),
            subject=subject_of(title),
            text="\n\n".join(line for line in (*lines, link) if line),
            body=body_of(f"alert.{notice.what}", now, data_of(alert) | {"title": title, "text": text, "link": link}),
        )  # fmt: skip


def write_test(letter_id: str, now: datetime) -> Letter:
    """Return a letter that tells of nothing."""
    with translation.override(settings.ALERT_LANGUAGE):
        title = gettext("A test of the alerts")
        text = gettext("Somebody asked whether alerts reach you. They do; there is nothing to be done.")  # fmt: skip
        body = body_of("alert.test", now, {"title": title, "text": text})
        return Letter(letter_id, int(now.timestamp()), subject_of(title), text, body)


def data_of(alert: Alert) -> dict[str, Any]:
    """Return an alert for programs: times in ISO 8601."""
    return {
        "id": to_wire(ALERT, alert.pk),
        "kind": alert.kind,
        "about": alert.about,
        "facts": alert.facts,
        "began_at": iso(alert.began_at),
        "ended_at": iso(alert.ended_at),
    }


def body_of(kind: str, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """Return what a webhook's receiver reads."""
    return {"type": kind, "timestamp": iso(now), "hub": settings.PUBLIC_URL, "data": data}


def subject_of(title: str) -> str:
    """Return a mail's subject: of which hub, what."""
    return f"[GenHub {urlsplit(settings.PUBLIC_URL).hostname}] {title}"


def time_line(word: str, at: datetime | None) -> str:
    """Return a time of the hub's zone, with its name."""
    return f"{word}: {localtime(at, hub_zone()):%Y-%m-%d %H:%M:%S %Z}" if at else ""


def iso(at: datetime | None) -> str | None:
    """Return a time in ISO 8601; None where there is none."""
    return write_time(at) if at else None
