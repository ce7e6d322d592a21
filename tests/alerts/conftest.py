"""Conditions that a test sets, and both channels on loopback."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from genhub.alerts import conditions, noting
from genhub.alerts.conditions import Condition, Findings
from genhub.alerts.models import Alert, Notice
from genhub.alerts.telling import Teller
from genhub.webhooks.signing import new_secret
from tests.alerts.mailbox import Mailbox, open_mailbox
from tests.patience import patience
from tests.webhooks.conftest import _close_clients
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["_close_clients"]
Kind = Alert.Kind
HOLD = 60


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """Mail is set, and taken."""
    with open_mailbox() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_TIMEOUT = 5
        settings.ALERT_MAIL_TO = ["ops@example.com"]
        yield found


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A webhook is set, and taken."""
    with receiving() as found:
        settings.ALERT_WEBHOOK_URL = found.url("/hush-hush")
        settings.ALERT_WEBHOOK_SECRET = new_secret()
        yield found


def see(*keys: tuple[Kind, str]) -> int:
    """Take a look that finds exactly these."""
    found = {(kind.value, about): Condition(about) for kind, about in keys}
    return noting.note(Findings(found, {(kind.value, "") for kind in Kind}))


def pass_time(seconds: float = HOLD) -> None:
    """Have everything been seen so much longer ago, but for the newest look."""
    ago = timedelta(seconds=seconds)
    Alert.objects.filter(ended_at=None).update(since=F("since") - ago, gone_since=F("gone_since") - ago)  # fmt: skip


def begin(kind: Kind = Kind.WORKER_GONE, about: str = "local") -> Alert:
    """Have an alert begin."""
    see((kind, about))
    pass_time()
    assert see((kind, about)) == 1
    return Alert.objects.get(kind=kind, about=about, ended_at=None)


def end() -> None:
    """Have all alerts end."""
    see()
    pass_time()
    assert see() >= 1


def wait_until(is_so: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a fact."""
    ends_at = time.monotonic() + patience(seconds)
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def tell_all(teller: Teller) -> None:
    """Tell what is due by all channels, and wait for the threads."""
    teller.tell_due()
    wait_until(lambda: not teller.is_busy())


def hasten() -> None:
    """Have all that waits be due."""
    Notice.objects.update(due_at=F("created_at"))


def find_all() -> dict[tuple[str, str], Condition]:
    """Return what the hub's own looks find now."""
    return dict(conditions.look().conditions)
