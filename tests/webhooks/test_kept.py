"""What becomes of rows with time: nothing is lost unnoticed, old messages go, secrets outlive the hub's own keys."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from genhub.lib.clock import NOW
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, Endpoint, Message
from tests.books import find_mistakes
from tests.kept import delete
from tests.steps import submit
from tests.webhooks.made import URL, make_ids

pytestmark = pytest.mark.django_db
Make = Callable[..., tuple[Endpoint, str]]


@pytest.mark.parametrize("url", [URL, ""])
def test_audit_finds_an_end_that_was_not_told(
    alice: APIClient, stub: Account, secret_of: Make, url: str
) -> None:
    secret_of(url, events=["task.completed"])
    Endpoint.objects.update(asks_since=Now() - timedelta(days=1))
    submit(alice, **({} if url else {"webhook": URL}))
    # Nobody asks to be told of this one.
    submit(alice, "stub:fail")
    run_queue("local")
    assert find_mistakes() == []
    Delivery.objects.all().delete()
    [mistake] = find_mistakes()
    assert mistake.check == "end_was_told"


def test_message_goes_with_age_once_nothing_of_it_waits(shop: Platform) -> None:
    make_ids(shop)
    Message.objects.update(created_at=Now() - timedelta(days=31))
    assert not delete("webhook_messages")
    Delivery.objects.update(state="held")
    assert delete("webhook_messages").rows == 1
    assert (Message.objects.count(), Delivery.objects.count()) == (0, 0)
    make_ids(shop)
    Delivery.objects.update(state="failed")
    assert not delete("webhook_messages")


def test_secrets_are_sealed_anew_with_the_keys_of_providers(secret_of: Make, settings: Any) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.ENCRYPTION_KEYS = [old]
    endpoint, first = secret_of(URL)
    second = endpoints.rotate(endpoint.pk)
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("reseal_keys")
    settings.ENCRYPTION_KEYS = [new]
    row = Endpoint.objects.annotate(now=NOW).get()
    assert endpoints.secrets_of(row) == [second, first]
