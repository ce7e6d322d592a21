"""S9: how a key is compared: by its whole hash and in constant time, whatever it shares with a right one; two keys that
begin alike are told apart."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from genhub.platforms.browser_tokens import tokens
from genhub.platforms.keys import SECRET_LENGTH, generator
from genhub.platforms.models import ApiKey, Platform
from genhub.platforms.rotation import rotate
from tests.tokens.conftest import TOKENS

pytestmark = pytest.mark.django_db


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Every pair that was compared in constant time: Django's hasher does so by this function alone."""
    pairs: list[tuple[bytes, bytes]] = []
    compare = secrets.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        pairs.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(secrets, "compare_digest", note)
    return pairs


def make_wrong(key: str) -> list[str]:
    """Return keys of the right form that share ever more of a right one: nothing of its secret, a half, all but its
    end."""
    head, _, secret = key.partition(".")

    def other(letter: str) -> str:
        return "a" if letter != "a" else "b"

    changed = [secret[:n] + other(secret[n]) + secret[n + 1 :] for n in range(SECRET_LENGTH)]
    return [f"{head}.{wrong}" for wrong in ("".join(map(other, secret)), *changed)]


def test_equal_prefix_is_compared_whole_and_in_constant_time(
    shop: Platform, compared: list[tuple[bytes, bytes]]
) -> None:
    _, key = ApiKey.objects.issue(shop, name="tests")
    wrong = make_wrong(key)
    assert [ApiKey.objects.find(one) for one in wrong] == [None] * len(wrong)
    # One comparison each, of two digests of one length: nothing leaves earlier for what it has in common.
    assert len(compared) == len(wrong) == SECRET_LENGTH + 1
    assert len({len(side) for pair in compared for side in pair}) == 1
    wrong_secrets = [one.partition(".")[2].encode() for one in wrong]
    assert not [pair for pair in compared for side in pair if side in wrong_secrets]
    assert len({one for one, other in compared} | {other for one, other in compared}) == len(wrong) + 1  # fmt: skip
    assert ApiKey.objects.find(key) is not None
    assert len(compared) == len(wrong) + 1


def test_token_is_compared_likewise(
    client_of: Callable[..., APIClient], compared: list[tuple[bytes, bytes]]
) -> None:
    app = client_of("alice", scopes=["tokens:create", "tasks:read"])
    body = {"origins": ["https://app.example.com"], "max_credits": 5}
    token = app.post(TOKENS, body, format="json").json()["token"]
    compared.clear()
    wrong = make_wrong(token)
    assert [tokens.find(one) for one in wrong] == [None] * len(wrong)
    assert len(compared) == len(wrong)
    assert tokens.find(token) is not None


def test_prefix_is_one_keys_alone(shop: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses a second one; who makes it is told nothing but that it failed, and no key is half made."""
    row, key = ApiKey.objects.issue(shop, name="first")
    monkeypatch.setattr(type(generator), "get_prefix", lambda self: row.prefix)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.issue(shop, name="second")
    assert ApiKey.objects.count() == 1
    found = ApiKey.objects.find(key)
    assert found
    assert found.pk == row.pk


def test_prefix_that_an_earlier_secret_had_tells_two_keys_apart(shop: Platform) -> None:
    """The one column refuses no prefix of the other: then each secret opens its own key, and no secret the other's."""
    first, earlier = ApiKey.objects.issue(shop, name="first", user="alice")
    rotate(first.pk, overlap=timedelta(hours=1))
    second, mine = ApiKey.objects.issue(shop, name="second", user="mallory")
    head = earlier.partition(".")[0]
    secret = mine.partition(".")[2]
    collided = f"{head}.{secret}"
    ApiKey.objects.filter(pk=second.pk).update(prefix=head, hashed_key=generator.hash(collided))
    found: list[Any] = [ApiKey.objects.find(one) for one in (earlier, collided)]
    assert [row.user for row in found] == ["alice", "mallory"]
    for wrong in (*make_wrong(earlier), *make_wrong(collided)):
        assert ApiKey.objects.find(wrong) is None
