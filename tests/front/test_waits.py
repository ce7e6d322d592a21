"""`Prefer: wait`: the answer comes with the task's end, and whoever waits takes neither thread nor connection."""

import contextlib
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from generation.life.attempt_ends import complete
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.models import ApiKey
from tests.api.refusals import books
from tests.faults.processes import wait_until
from tests.front.web import Answer, Web, serving
from tests.patience import patience
from tests.steps import claim, collect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("front")]
GENERATE = "/api/v1/generate"
ORDER = json.dumps({"prompt": "a star"}).encode()
MANY = 200
Later = Callable[..., "Future[Answer]"]


@pytest.fixture
def later(web: Web, bearer: dict[str, Any]) -> Iterator[Later]:
    """Ask in a thread of the test's own."""
    with ThreadPoolExecutor(MANY) as threads:

        def ask(method: str, path: str, body: bytes | None = None, **more: str) -> Future[Answer]:
            headers = bearer | {"Content-Type": "application/json"} | more
            return threads.submit(web.ask, method, path, body, headers=headers)

        yield ask


def order(web: Web, bearer: dict[str, Any]) -> Task:
    headers = bearer | {"Content-Type": "application/json"}
    answer = web.ask("POST", GENERATE, ORDER, headers=headers)
    assert answer.status == 202, answer.body
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def path_of(task: Task) -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}"


def await_task() -> Task:
    wait_until(Task.objects.exists, 30, "the order")
    return Task.objects.get()


def test_an_order_is_answered_as_soon_as_it_ends(later: Later) -> None:
    waiting = later("POST", GENERATE, ORDER, Prefer="wait=60", **{"Idempotency-Key": "once"})
    task = await_task()
    found = claim()
    assert not waiting.done()
    complete(found, collect(found))
    answer = waiting.result(patience())
    assert answer.status == 200
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert answer.headers["Location"].endswith("/status")
    assert answer.json()["id"] == to_wire("task", task.pk)
    assert answer.json()["status"] == "completed"
    assert answer.json()["result"]["count"] == 1
    again = later("POST", GENERATE, ORDER, Prefer="wait=60", **{"Idempotency-Key": "once"})
    assert again.result(patience()).json()["id"] == answer.json()["id"]
    assert Task.objects.count() == 1


def test_an_order_that_takes_longer_is_answered_as_it_stands(later: Later) -> None:
    answer = later("POST", GENERATE, ORDER, Prefer="respond-async, wait=1").result(patience())
    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.json()["status"] == "pending"
    assert Task.objects.count() == 1


def test_a_task_is_read_when_it_has_ended(web: Web, bearer: dict[str, Any], later: Later) -> None:
    task = order(web, bearer)
    waiting = later("GET", path_of(task), Prefer="wait=60")
    short = later("GET", path_of(task), Prefer="wait=1").result(patience())
    assert (short.status, short.json()["status"]) == (200, "pending")
    assert short.headers["Preference-Applied"] == "wait=1"
    assert not waiting.done()
    cancel_task(task.pk)
    answer = waiting.result(patience())
    assert (answer.status, answer.json()["status"]) == (200, "canceled")
    ended = later("GET", path_of(task), Prefer="wait=60").result(patience())
    assert ended.json()["status"] == "canceled"
    assert ended.headers["Preference-Applied"] == "wait=60"


@pytest.mark.parametrize("wait", ["0", "61", "-1", "x", "", "1.5", "9" * 20])
def test_what_is_no_time_to_wait_is_refused(later: Later, wait: str) -> None:
    before = books()
    said = [
        later("POST", GENERATE, ORDER, Prefer=f"wait={wait}", **{"Accept-Language": each}).result(
            patience()
        )
        for each in ("en", "zh-Hans")
    ]
    assert [answer.status for answer in said] == [400, 400]
    errors = [answer.json()["errors"][0] for answer in said]
    assert [error["field"] for error in errors] == ["Prefer", "Prefer"]
    assert errors[0]["message"] != errors[1]["message"]
    assert all("60" in error["message"] for error in errors)
    assert books() == before


def test_what_else_is_preferred_is_passed_over(later: Later) -> None:
    answer = later("POST", GENERATE, ORDER, Prefer="respond-async").result(patience())
    assert answer.status == 202
    assert "Preference-Applied" not in answer.headers


def test_a_foreign_task_is_waited_for_by_nobody(
    web: Web, bearer: dict[str, Any], later: Later, client_of: Any
) -> None:
    task = order(web, bearer)
    stranger = client_of("mallory")._credentials["HTTP_AUTHORIZATION"]
    answer = later("GET", path_of(task), Prefer="wait=60", Authorization=stranger)
    assert answer.result(patience()).status == 404


def test_a_wait_counts_once_and_tells_a_key_that_ended_nothing_new(
    web: Web, bearer: dict[str, Any], later: Later
) -> None:
    task = order(web, bearer)

    def left(answer: Answer) -> int:
        found = re.search(r";r=(\d+)", answer.headers["RateLimit"])
        assert found
        return int(found[1])

    before = left(web.ask("GET", path_of(task), headers=bearer))
    # The window moves on meanwhile: what was counted first may be forgotten, nothing is counted twice.
    assert left(later("GET", path_of(task), Prefer="wait=1").result(patience())) >= before - 1
    assert left(web.ask("GET", path_of(task), headers=bearer)) >= before - 2
    open_before = count_open(web)
    waiting = later("GET", path_of(task), Prefer="wait=60")
    wait_until(lambda: count_open(web) > open_before, 60, "the connection")
    assert left(web.ask("GET", path_of(task), headers=bearer)) >= before - 4
    ApiKey.objects.get().revoke()
    cancel_task(task.pk)
    # As it stood when the key still worked.
    assert waiting.result(patience()).json()["status"] == "pending"
    assert web.ask("GET", path_of(task), headers=bearer).status == 401


def test_two_hundred_wait_and_all_else_goes_on(
    web: Web, bearer: dict[str, Any], later: Later
) -> None:
    task = order(web, bearer)
    waiting = [later("GET", path_of(task), Prefer="wait=60") for _ in range(MANY)]
    wait_until(lambda: count_open(web) >= MANY, 60, "the connections")
    for _ in range(5):
        assert web.ask("GET", "/api/v1/tasks", headers=bearer).status == 200
        assert web.health_seconds() < patience()
    # Eight threads and two of health, the listener; and this test's own.
    assert count_sessions() <= 12
    assert not any(each.done() for each in waiting)
    cancel_task(task.pk)
    answers = [each.result(patience()) for each in waiting]
    assert {(each.status, each.json()["status"]) for each in answers} == {(200, "canceled")}


def test_a_server_that_stops_answers_those_who_wait(bearer: dict[str, Any], tmp_path: Any) -> None:
    with serving(tmp_path / "web.log", WEB_WAITS="1") as web:
        task = order(web, bearer)
        found: list[Answer] = []

        def wait() -> None:
            headers = bearer | {"Prefer": "wait=60"}
            answer = web.ask("GET", path_of(task), headers=headers)
            while "Preference-Applied" not in answer.headers:
                # The other one had the only place for a moment.
                answer = web.ask("GET", path_of(task), headers=headers)
            found.append(answer)

        thread = threading.Thread(target=wait)
        thread.start()

        def is_full() -> bool:
            # One more is answered at once, and told that it was not waited for.
            headers = bearer | {"Prefer": "wait=1"}
            answer = web.ask("GET", path_of(task), headers=headers)
            return "Preference-Applied" not in answer.headers

        wait_until(is_full, 60, "the first one's wait")
        os.kill(web.pid, signal.SIGTERM)
        thread.join(patience())
    assert [(each.status, each.json()["status"]) for each in found] == [(200, "pending")]


def count_open(web: Web) -> int:
    """Return how many connections the server has, by its files."""
    count = 0
    for file in Path(f"/proc/{web.pid}/fd").iterdir():
        # Closed since it was listed.
        with contextlib.suppress(FileNotFoundError):
            count += str(file.readlink()).startswith("socket:")
    return count


def count_sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        found: int = cursor.fetchone()[0]
    return found
