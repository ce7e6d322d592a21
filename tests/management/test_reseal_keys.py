"""A key of the hub's own is replaced without a key of a vendor being lost."""

import json
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from generation.models import Account, AccountKey, Describer, Moderator
from genhub.lib.sealing import NotSealable

pytestmark = pytest.mark.django_db
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
SECRETS = ["sk-one-0123456789-aaaa", "sk-two-0123456789-bbbb"]


@pytest.fixture
def keys(stub: Account, settings: Settings) -> list[AccountKey]:
    settings.ENCRYPTION_KEYS = [OLD]
    rows = [AccountKey(account=stub) for _ in SECRETS]
    for row, secret in zip(rows, SECRETS, strict=True):
        row.keep(secret)
        row.save()
    return rows


def run(*words: str) -> Any:
    out = StringIO()
    call_command("reseal_keys", "--json", *words, stdout=out)
    return json.loads(out.getvalue())


def secrets() -> list[str]:
    return [key.secret() for key in AccountKey.objects.order_by("pk")]


def test_old_key_may_go_when_all_is_sealed_anew(keys: list[AccountKey], settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert secrets() == SECRETS
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(NotSealable):
        secrets()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert run() == {"resealed": 2, "closed": []}
    assert run() == {"resealed": 2, "closed": []}
    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets() == SECRETS


@pytest.mark.parametrize("kind", [Moderator, Describer])
def test_keys_of_services_are_sealed_anew(db: None, settings: Settings, kind: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    row = kind(alias="service")
    row.take(SECRETS[0])
    row.save()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert run() == {"resealed": 1, "closed": []}
    settings.ENCRYPTION_KEYS = [NEW]
    row.refresh_from_db()
    assert row.secret() == SECRETS[0]


def test_key_that_nothing_opens_is_named_and_the_others_are_sealed(
    keys: list[AccountKey], settings: Settings
) -> None:
    lost = keys[0]
    lost.name = "lost"
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost.keep(SECRETS[0])
    lost.save()
    sealed = lost.sealed
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="lost …aaaa: none of ENCRYPTION_KEYS opens it"):
        run()
    settings.ENCRYPTION_KEYS = [NEW]
    lost.refresh_from_db()
    assert lost.sealed == sealed
    keys[1].refresh_from_db()
    assert keys[1].secret() == SECRETS[1]


def test_without_a_key_of_the_hubs_own_it_says_so(
    keys: list[AccountKey], settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="ENCRYPTION_KEYS is not set"):
        run()
