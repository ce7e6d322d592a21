"""What the hub looks at: each condition found where it is, and not where it is not."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import AuditRun
from generation import loops
from generation.life import steering
from generation.loops import Loop
from generation.models import Account, AccountKey, Attempt, Offer, Worker
from generation.models.account import Rest
from generation.troubles import MACHINE
from generation.work import presence
from genhub.alerts.models import Alert
from genhub.alerts.words import text_of, title_of
from genhub.platforms.models import Platform
from genhub.webhooks.models import Delivery, Endpoint, Message
from storage.usage import MIB
from tests.alerts.conftest import Kind, find_all
from tests.steps import submit

pytestmark = pytest.mark.django_db
REASON = {"by": "carol", "reason": "The card is being changed."}


@pytest.fixture(autouse=True)
def _quiet(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong but what a test does."""
    settings.ALERT_DISK_MIB = 0
    monkeypatch.setattr(loops, "list_loops", list[Loop])


def of(kind: Kind) -> dict[str, dict[str, object]]:
    return {about: one.facts for (found, about), one in find_all().items() if found == kind}


def test_nothing_is_wrong_with_a_hub_that_works(stub: Account) -> None:
    presence.beat("local@here", ["local"])
    assert find_all() == {}


def test_a_queue_is_stuck_when_its_oldest_order_waits_too_long(
    alice: APIClient, stub: Account
) -> None:
    submit(alice)
    assert of(Kind.QUEUE_STUCK) == {}
    Attempt.objects.update(run_at=Now() - timedelta(minutes=20))
    assert of(Kind.QUEUE_STUCK) == {"local": {"minutes": 20}}
    # What staff hold up is not stuck.
    steering.pause("local", **REASON)
    assert of(Kind.QUEUE_STUCK) == {}
    steering.resume("local", **REASON)
    steering.pause_account(stub.pk, **REASON)
    assert of(Kind.QUEUE_STUCK) == {}
    steering.resume_account(stub.pk, **REASON)
    assert of(Kind.QUEUE_STUCK) == {"local": {"minutes": 20}}
    # What is to be tried again later waits for that.
    Attempt.objects.update(run_at=Now() + timedelta(minutes=20))
    assert of(Kind.QUEUE_STUCK) == {}


def test_a_needed_queue_without_a_live_worker(stub: Account) -> None:
    assert of(Kind.WORKER_GONE) == {"local": {}}
    presence.beat("local@here", ["local"])
    assert of(Kind.WORKER_GONE) == {}
    Worker.objects.update(beat_at=Now() - timedelta(minutes=5))
    assert of(Kind.WORKER_GONE) == {"local": {}}
    Account.objects.update(is_enabled=False)
    assert of(Kind.WORKER_GONE) == {}


@pytest.mark.parametrize(
    ("why", "is_one"),
    [(Rest.NO_QUOTA, True), (Rest.REFUSED, True), (Rest.SPENT, True), (Rest.NO_KEY, True), (Rest.FAILING, False), (Rest.THROTTLED, False), (Rest.PAUSED, False)],
)  # fmt: skip
def test_a_provider_is_closed_for_what_does_not_pass(
    stub: Account, why: Rest, is_one: bool
) -> None:
    Account.objects.update(resting_why=why, resting_until=Now() + timedelta(minutes=5))
    assert (stub.alias in of(Kind.PROVIDER_CLOSED)) == is_one
    Account.objects.update(is_enabled=False)
    assert of(Kind.PROVIDER_CLOSED) == {}


def test_a_provider_is_closed_while_each_key_was_refused_at_its_last_use(stub: Account) -> None:
    words = {"account": stub, "sealed": "", "hint": ""}
    bad = {"failures": 1, "resting_why": Rest.REFUSED, "resting_until": Now()}
    first, second = (AccountKey.objects.create(**words) for _ in range(2))
    AccountKey.objects.filter(pk=first.pk).update(**bad)
    assert of(Kind.PROVIDER_CLOSED) == {}
    AccountKey.objects.filter(pk=second.pk).update(**bad)
    # The rest is over, and nothing is mended by that.
    assert of(Kind.PROVIDER_CLOSED) == {stub.alias: {"why": "none of its keys can be used"}}
    AccountKey.objects.filter(pk=second.pk).update(is_enabled=False)
    assert of(Kind.PROVIDER_CLOSED) == {stub.alias: {"why": "none of its keys can be used"}}
    AccountKey.objects.filter(pk=first.pk).update(failures=0, resting_why="")
    assert of(Kind.PROVIDER_CLOSED) == {}


def test_an_audit_that_found_mistakes() -> None:
    words = {"seconds": 1, "checks": 5, "proved_until": Now()}
    AuditRun.objects.create(findings=[{"check": "sum", "count": 1}], **words)
    assert of(Kind.AUDIT_FAILED) == {"": {"count": 1}}
    AuditRun.objects.create(**words)
    assert of(Kind.AUDIT_FAILED) == {}


def test_a_loop_that_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    def turn() -> None:
        """Do nothing."""

    monkeypatch.setattr(loops, "list_loops", lambda: [Loop(turn, 1.0)])
    assert of(Kind.LOOP_LATE) == {"turn": {"why": "it has never run"}}
    loops.list_loops()[0].beat()
    assert of(Kind.LOOP_LATE) == {}


def test_a_model_that_the_breaker_switched_off(stub: Account) -> None:
    assert of(Kind.MODEL_BROKEN) == {}
    Offer.objects.update(is_enabled=False, broken_at=Now())
    assert list(of(Kind.MODEL_BROKEN)) == [Offer.objects.get().alias]


def test_a_disk_that_is_almost_full(settings: Settings) -> None:
    settings.ALERT_DISK_MIB = 2**30
    assert of(Kind.DISK_LOW)[MACHINE]["folder"] == str(settings.HOME)


def test_a_worker_elsewhere_whose_disk_is_almost_full(stub: Account, settings: Settings) -> None:
    presence.beat("local@here", ["local"])
    settings.ALERT_DISK_MIB = 2**30
    # The look at this machine tells that.
    assert of(Kind.WORKER_FULL) == {}
    facts = Worker.objects.get().facts
    assert facts["disk_free"] > 0
    facts |= {"process": "north:7-abc", "disk_free": 5 * MIB}
    Worker.objects.update(name="local@north", facts=facts)
    assert of(Kind.WORKER_FULL) == {"local@north": {"mib": 5}}
    settings.ALERT_DISK_MIB = 5
    assert of(Kind.WORKER_FULL) == {}


def test_webhooks_that_are_late(shop: Platform) -> None:
    endpoint = Endpoint.objects.create(platform=shop, url="https://a.example", events=[], secret="")
    message = Message.objects.create(platform=shop, type="webhook.test", payload="{}")
    delivery = Delivery.objects.create(message=message, endpoint=endpoint, receiver="a")
    assert of(Kind.WEBHOOKS_LATE) == {}
    Delivery.objects.filter(pk=delivery.pk).update(due_at=Now() - timedelta(minutes=7))
    assert of(Kind.WEBHOOKS_LATE) == {"": {"count": 1, "minutes": 7}}


FACTS = {"minutes": 20, "why": "the vendor refuses the key", "count": 2, "mib": 9, "folder": "/x"}  # fmt: skip


@pytest.mark.parametrize("kind", Kind)
def test_each_has_words(kind: Kind) -> None:
    alert = Alert(kind=kind, about="star", facts=FACTS)
    assert "%(" not in title_of(alert) + text_of(alert)
