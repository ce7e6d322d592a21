"""Wrong keys of one address are bounded; right ones are taken all the same, and what is no key is not looked for."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from genhub.platforms.models import ApiKey, Platform

pytestmark = pytest.mark.django_db
UNKNOWN = f"gh_{'a' * 8}.{'b' * 40}"


def get(key: str, address: str = "198.51.100.1", **meta: Any) -> Any:
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}", REMOTE_ADDR=address)
    return client.get("/api/v1/credits", {"user": "alice"}, **meta)


def test_wrong_keys_are_answered_429_after_the_limit(settings: Settings, shop: Platform) -> None:
    settings.WRONG_KEYS_PER_MINUTE = 3
    _, key = ApiKey.objects.issue(shop, name="tests")
    assert [get(UNKNOWN).status_code for _ in range(5)] == [401] * 3 + [429] * 2
    answer = get(UNKNOWN, HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "too_many_wrong_keys"
    assert 0 < int(answer["Retry-After"]) <= 60
    assert answer["Retry-After"] in answer.json()["detail"]
    assert "密钥" in answer.json()["detail"]
    # Behind one address there may be many apps: the right key is taken, and another address is not bound.
    assert get(key).status_code == 200
    assert get(UNKNOWN, "198.51.100.2").status_code == 401
    assert APIClient(REMOTE_ADDR="198.51.100.1").get("/api/v1/credits").status_code == 401


def test_right_keys_are_never_counted(settings: Settings, shop: Platform) -> None:
    settings.WRONG_KEYS_PER_MINUTE = 1
    _, key = ApiKey.objects.issue(shop, name="tests")
    assert [get(key).status_code for _ in range(5)] == [200] * 5
    assert get(UNKNOWN).status_code == 401


def test_nothing_is_counted_where_the_setting_says_so(settings: Settings) -> None:
    settings.WRONG_KEYS_PER_MINUTE = 0
    assert {get(UNKNOWN).status_code for _ in range(100)} == {401}


@pytest.mark.parametrize("key", ["x", "gh_", f"gh_{'a' * 8}", UNKNOWN + "b", UNKNOWN[:-1], "gh_aaaaaaaa.\0",
                                 UNKNOWN.replace(".", " "), f"gh_{'a' * 8}.{'١' * 40}", "x" * 5000])  # fmt: skip
def test_what_is_no_key_is_not_looked_for(db: None, key: str) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert get(key.encode().decode("latin-1")).status_code == 401
    assert [q["sql"] for q in queries if "platforms_apikey" in q["sql"]] == []
