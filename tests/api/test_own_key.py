"""A key about itself: what it may do, where it works from, and how it changes its secret."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Budget
from generation.models import Account
from genhub.platforms.models import ApiKey, Platform, Scope, usual_scopes
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused

pytestmark = pytest.mark.django_db
ME, ROTATE, CREDITS = "/api/v1/keys/me", "/api/v1/keys/me/rotate", "/api/v1/credits"
Issue = Callable[..., str]


@pytest.fixture
def issue(shop: Platform) -> Issue:
    """Make a key of alice's that may change its secret."""

    def make(**words: Any) -> str:
        scopes = [*usual_scopes(), Scope.KEYS_ROTATE]
        return ApiKey.objects.issue(shop, name="web", user="alice", scopes=scopes, **words)[1]

    return make


def of(key: str, **meta: Any) -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {key}", **meta)


def opens(key: str) -> bool:
    status = of(key).get(CREDITS).status_code
    assert status in {200, 401}
    return bool(status == 200)


def rotate(key: str, **words: Any) -> Any:
    return of(key).post(ROTATE, words, format="json")


def test_a_key_says_what_it_may_do(issue: Issue, settings: Settings) -> None:
    key = issue(networks=["203.0.113.0/24"], writes_per_minute=0, expires_at=Now() + timedelta(1))
    answer = of(key, REMOTE_ADDR="203.0.113.9").get(ME)
    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in ("prefix", "name", "platform", "user", "networks")} == {
        "prefix": key[:11], "name": "web", "platform": "shop", "user": "alice",
        "networks": ["203.0.113.0/24"],
    }  # fmt: skip
    assert set(body["scopes"]) == {*usual_scopes(), Scope.KEYS_ROTATE}
    assert body["limits"] == {
        "reads_per_minute": settings.KEY_RATES["reads"],
        "writes_per_minute": None,
    }
    assert body["expires_at"]
    assert body["earlier_secret_until"] is None
    assert key[12:] not in answer.content.decode()


def test_both_secrets_work_for_a_while_and_the_row_stays(issue: Issue, settings: Settings) -> None:
    old = issue()
    row = ApiKey.objects.get()
    Budget.objects.create(api_key=row, period="day", most=1000)
    settings.KEY_OVERLAP_HOURS = 5
    answer = rotate(old)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    new = answer.json()["key"]
    assert answer.json()["prefix"] == new[:11] != old[:11]
    assert opens(old)
    assert opens(new)
    assert ApiKey.objects.get() == row == Budget.objects.get().api_key
    assert not any(new[12:] in str(value) for value in vars(ApiKey.objects.get()).values())
    # The hours are the setting's.
    until = ApiKey.objects.filter(previous_until__gt=Now() + timedelta(hours=4.9))
    assert until.filter(previous_until__lt=Now() + timedelta(hours=5.1)).exists()
    ApiKey.objects.update(previous_until=Now())
    assert not opens(old)
    assert opens(new)
    row.revoke()
    assert not opens(new)


def test_with_no_overlap_the_earlier_secret_ends_at_once(issue: Issue) -> None:
    old = issue()
    new = rotate(old, overlap_hours=0).json()["key"]
    assert not opens(old)
    assert opens(new)


def test_whoever_lost_the_answer_asks_again_by_the_earlier_secret(issue: Issue) -> None:
    old = issue()
    lost = rotate(old, overlap_hours=1).json()["key"]
    until = ApiKey.objects.get().previous_until
    new = rotate(old, overlap_hours=100).json()["key"]
    # The one that nobody has is gone, and the earlier one gains no time by it.
    assert opens(old)
    assert opens(new)
    assert not opens(lost)
    assert ApiKey.objects.get().previous_until == until
    newest = rotate(new).json()["key"]
    assert opens(newest)
    assert opens(new)
    assert not opens(old)


def test_wrong_words_and_missing_scope_change_nothing(issue: Issue, alice: APIClient) -> None:
    key = issue()
    field = (400, "invalid_request", "overlap_hours")
    for wrong in (-1, 721, "1", True, 1.5):
        refused(of(key), ROTATE, body={"overlap_hours": wrong}, expect=field)
    refused(alice, ROTATE, expect=(403, "scope_missing"))
    assert opens(key)
    assert not ApiKey.objects.exclude(previous_prefix=None).exists()


@pytest.mark.parametrize(
    ("networks", "address", "is_allowed"),
    [
        (["203.0.113.0/24"], "203.0.113.255", True),
        (["203.0.113.0/24"], "203.0.114.1", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.7", True),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8:1::1", True),
        (["2001:db8::/32"], "[2001:db8::1]", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["198.51.100.7/32"], "198.51.100.7:4711", True),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["0.0.0.0/0", "::/0"], "", False),
        ([], "", True),
    ],
)
def test_a_key_works_from_its_networks_alone(
    issue: Issue, networks: list[str], address: str, is_allowed: bool
) -> None:
    answer = of(issue(networks=networks), REMOTE_ADDR=address).get(CREDITS)
    assert answer.status_code == (200 if is_allowed else 403)


def test_a_stolen_key_is_refused_elsewhere_and_takes_nothing_of_its_holders(
    issue: Issue, settings: Settings, stub: Account
) -> None:
    key = issue(networks=["203.0.113.0/24"], reads_per_minute=2)
    thief = of(key, REMOTE_ADDR="198.51.100.1")
    body = refused(thief, GENERATE, body={"prompt": "a"}, expect=(403, "address_not_allowed"))
    assert "198.51.100.1" in body["detail"]
    with nothing_moves():
        assert {thief.get(CREDITS).status_code for _ in range(5)} == {403}
    assert ApiKey.objects.get().last_used_at is None
    holder = of(key, REMOTE_ADDR="203.0.113.1")
    assert [holder.get(CREDITS).status_code for _ in range(3)] == [200, 200, 429]


def test_only_our_own_proxy_is_believed(issue: Issue, settings: Settings) -> None:
    key = issue(networks=["203.0.113.0/24"])
    named = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.9, 203.0.113.1"}
    forged = named | {"HTTP_X_FORWARDED_FOR": "203.0.113.1, 198.51.100.9"}
    settings.BEHIND_PROXY = False
    check_problem(of(key, **named).get(CREDITS), 403, "address_not_allowed")
    settings.BEHIND_PROXY = True
    assert of(key, **named).get(CREDITS).status_code == 200
    check_problem(of(key, **forged).get(CREDITS), 403, "address_not_allowed")
