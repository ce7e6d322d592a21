"""The ways to staff: mail, by Django's settings, and a webhook of the operator's own, signed as the hub's others are.

What fails is told by a short word without any secret in it: an address of a webhook may hold one, too.
"""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from genhub.alerts.models import LONGEST_ERROR, Notice
from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import post
from genhub.webhooks.outbox import write_json
from genhub.webhooks.signing import sign

Channel = Notice.Channel
GOOD: Final = range(200, 300)
# Of a receiver's answer nothing is kept.
MOST_BYTES: Final = 1024


class NotTold(Exception):
    """A channel did not take it; the words say why."""


@dataclass(frozen=True)
class Letter:
    """What is told: an id that stays the same with each try, in words, and for programs."""

    id: str
    timestamp: int
    subject: str
    text: str
    body: dict[str, Any]


def list_set() -> list[Channel]:
    """Return the channels that the settings name."""
    is_set = {Channel.MAIL: bool(settings.ALERT_MAIL_TO), Channel.WEBHOOK: bool(settings.ALERT_WEBHOOK_URL)}  # fmt: skip
    return [channel for channel in Channel if is_set[channel]]


def describe(channel: Channel) -> str:
    """Return where a channel leads, without what may be a secret."""
    if channel is Channel.MAIL:
        return f"{', '.join(settings.ALERT_MAIL_TO)} by {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return host_of(settings.ALERT_WEBHOOK_URL)


def tell(channel: Channel, letter: Letter) -> None:
    """Send a letter by a channel; raise NotTold."""
    acts: dict[Channel, Callable[[Letter], None]] = {Channel.MAIL: mail, Channel.WEBHOOK: call}
    acts[channel](letter)


def mail(letter: Letter) -> None:
    """Send it as plain text."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "genhub"
    message = EmailMessage(
        # A name of a queue or model is somebody's text: no line of a header begins in it.
        " ".join(letter.subject.split()),
        letter.text,
        to=settings.ALERT_MAIL_TO,
        headers={"Message-ID": f"<{letter.id}@{host}>"},
    )
    try:
        message.send()
    except smtplib.SMTPResponseException as error:
        raise NotTold(f"the mail server answered {error.smtp_code}") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise NotTold("the mail server takes no mail for ALERT_MAIL_TO") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotTold(f"{type(error).__name__}: {error}"[:LONGEST_ERROR]) from error


def call(letter: Letter) -> None:
    """Post it as JSON, with its signature."""
    body = write_json(letter.body).encode()
    url = settings.ALERT_WEBHOOK_URL
    signed = sign(letter.id, letter.timestamp, body, [settings.ALERT_WEBHOOK_SECRET])
    try:
        reply = post(
            url, body, {"Content-Type": "application/json", **signed},
            seconds=settings.WEBHOOK_SECONDS, most_bytes=MOST_BYTES, private_hosts=[host_of(url)],
        )  # fmt: skip
    except FetchRefused as error:
        raise NotTold(f"{host_of(url)}: {error.code}") from error
    if reply.status not in GOOD:
        raise NotTold(f"{host_of(url)} answered {reply.status}")


def host_of(url: str) -> str:
    """Return the host and port of an address. The operator chose it: it may be inside."""
    return urlsplit(url).netloc.lower()
