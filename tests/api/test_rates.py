"""How often a key may ask: said with every answer, kept apart for reads and writes, and refused in clear words."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, Task
from genhub.lib import throttle
from genhub.lib.waits import DONE, Wait
from genhub.platforms.models import ApiKey, Plan, Platform
from tests.api.refusals import GENERATE, check_problem, nothing_moves

pytestmark = pytest.mark.django_db
TASKS, QUOTE, ORDER = "/api/v1/tasks", "/api/v1/quote", {"prompt": "a star"}


@pytest.fixture(autouse=True)
def _few(settings: Settings) -> None:
    settings.KEY_RATES = {"reads": 3, "writes": 2}


def post(client: APIClient, path: str = GENERATE, **meta: Any) -> Any:
    return client.post(path, ORDER, format="json", **meta)


def test_every_answer_to_a_key_says_how_it_stands(alice: APIClient, stub: Account) -> None:
    policy = '"reads";q=3;w=60, "writes";q=2;w=60'
    answers = [
        (alice.get(TASKS), 200, "reads", 2),
        (alice.get(f"{TASKS}/nothing"), 404, "reads", 1),
        (alice.put(TASKS), 405, "writes", 1),
        (post(alice), 202, "writes", 0),
        (alice.options(TASKS), 200, "reads", 0),
    ]
    for answer, status, name, left in answers:
        assert answer.status_code == status, answer.content
        assert answer["RateLimit-Policy"] == policy
        found = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', answer["RateLimit"])
        assert found
        assert (found[1], int(found[2])) == (name, left)
        assert 0 < int(found[3]) <= 61
    unknown = APIClient().get(TASKS)
    assert not {"RateLimit", "RateLimit-Policy"} & set(unknown.headers)


def test_answer_that_is_not_sent_twice_says_how_it_stands(alice: APIClient, stub: Account) -> None:
    path = f"{TASKS}/{post(alice).json()['id']}"
    tag = alice.get(path)["ETag"]
    known = alice.get(path, HTTP_IF_NONE_MATCH=tag)
    assert (known.status_code, known["RateLimit"].partition(";t=")[0]) == (304, '"reads";r=1')
    assert known["RateLimit-Policy"] == '"reads";q=3;w=60, "writes";q=2;w=60'


def test_one_too_many_is_refused_and_charges_nothing(alice: APIClient, stub: Account) -> None:
    assert [post(alice).status_code for _ in range(2)] == [202] * 2
    with nothing_moves():
        body = check_problem(post(alice), 429, "rate_limited")
        chinese = post(alice, HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert (body["params"]["limit"], body["params"]["policy"]) == (2, "writes")
    assert int(chinese["Retry-After"]) == chinese.json()["params"]["seconds"] > 0
    assert chinese["RateLimit"].startswith('"writes";r=0;t=')
    assert "密钥" in chinese.json()["title"]
    assert "2" in chinese.json()["detail"]
    # What reads is counted apart, and so is what asks for a price.
    assert alice.get(TASKS).status_code == 200
    assert post(alice, QUOTE).status_code == 200
    assert Task.objects.count() == 2


def test_a_key_counts_by_itself_and_its_own_limits_come_first(
    settings: Settings, client_of: Callable[..., APIClient], shop: Platform
) -> None:
    def most(client: APIClient) -> int | None:
        found = re.search(r'"reads";q=(\d+)', client.get(TASKS).get("RateLimit-Policy", ""))
        return int(found[1]) if found else None

    of_hub, other = client_of("alice"), client_of("alice")
    assert [of_hub.get(TASKS).status_code for _ in range(4)] == [200] * 3 + [429]
    assert other.get(TASKS).status_code == 200
    assert most(client_of("alice")) == 3
    Platform.objects.update(plan=Plan.objects.create(code="gold", name="G", reads_per_minute=7))
    assert most(client_of("alice")) == 7
    own = client_of("alice", reads_per_minute=9)
    assert most(own) == 9
    free = client_of("alice", reads_per_minute=0, writes_per_minute=0)
    assert {free.get(TASKS).status_code for _ in range(20)} == {200}
    assert not {"RateLimit", "RateLimit-Policy"} & set(free.get(TASKS).headers)


def test_what_was_waited_for_counts_once(alice: APIClient) -> None:
    waited: Any = {DONE: Wait("x", 1)}
    answers = [alice.get(TASKS, **waited) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer["RateLimit"].split(";")[1] for answer in answers} == {"r=3"}


def test_counting_asks_the_database_nothing(alice: APIClient, settings: Settings) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert alice.get(TASKS).status_code == 200
        return len(asked)

    count()
    # The first use was noted, and is not noted again within a minute.
    assert ApiKey.objects.get().last_used_at
    limited = count()
    settings.KEY_RATES = {"reads": 0, "writes": 0}
    assert count() == limited == 2


def test_counters_that_are_away_refuse_nobody_and_health_says_so(
    alice: APIClient, settings: Settings, client: Any
) -> None:
    settings.THROTTLE_URL, settings.BROKER_PATIENCE_MS = "redis://127.0.0.1:1/0", 100
    throttle.make_counters.cache_clear()
    answers = [alice.get(TASKS) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Policy" in answers[0]
    assert "RateLimit" not in answers[0]
    said = client.get("/api/v1/health").json()["checks"]["rate limits"]
    assert said == "unreachable, so keys may ask as often as they like"
