"""What a provider says of a failure is bounded, kept with its values, and worded again whatever a row lacks."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life.attempt_ends import LONGEST_DELAY_SECONDS, delay
from generation.models import Attempt, Output, Task
from generation.providers.base import Finished, NotMade, Work
from generation.providers.errors import ProviderError
from generation.providers.stub import StubProvider
from generation.work import run
from genhub.lib.errors import InvalidRequest, NotFound, Problem, problem_of
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [
        (None, 4, 5), (math.nan, 4, 5), (-5, 4, 5), (-math.inf, 4, 5), ("soon", 4, 5),
        (0, 0, 1), (7.5, 7.5, 8.5), (True, 1, 2),
        (1e12, LONGEST_DELAY_SECONDS, LONGEST_DELAY_SECONDS + 1),
        (math.inf, LONGEST_DELAY_SECONDS, LONGEST_DELAY_SECONDS + 1),
        (10**400, LONGEST_DELAY_SECONDS, LONGEST_DELAY_SECONDS + 1),
    ],
)  # fmt: skip
def test_wait_before_a_retry_is_bounded(told: Any, least: float, most: float) -> None:
    assert least <= delay(2, told) <= most


@pytest.mark.parametrize("told", [math.nan, 1e12, -5, math.inf])
def test_attempt_is_queued_again_whatever_a_provider_says_of_waiting(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, told: float
) -> None:
    def fail(self: StubProvider, work: Work) -> Finished:
        raise ProviderError("busy", retryable=True, retry_after_seconds=told)

    monkeypatch.setattr(StubProvider, "submit", fail)
    task = submit(alice)
    run.run_queue("local")
    waiting = Attempt.objects.get(task=task, state="queued")
    assert (waiting.run_at - waiting.created_at).total_seconds() < LONGEST_DELAY_SECONDS + 60


@pytest.fixture
def refuse_second(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the provider refuse the second picture with this code and these values."""

    def make(code: str, params: dict[str, Any]) -> None:
        plain = StubProvider.submit

        def submit(self: StubProvider, work: Work) -> Finished:
            found = plain(self, work)
            assert isinstance(found, Finished)
            second = found.made[1]
            missing = NotMade(second.position, code, params, second.seed)
            return Finished(found.made[:1], [missing], {}, {})

        monkeypatch.setattr(StubProvider, "submit", submit)

    return make


@pytest.mark.parametrize(
    ("code", "params", "stored", "kept"),
    [
        ("quarantined", {"deaths": 4, "internal": "x"}, "quarantined", {"deaths": 4}),
        ("quarantined", {}, "generation_failed", {}),
        ("quarantined", {"deaths": "a\0b"}, "quarantined", {"deaths": "ab"}),
        ("out_of_memory", {"errors": 1, "headers": 2}, "out_of_memory", {}),
        ("no_such_code" * 20, {}, "generation_failed", {}),
        ("not_found", {"thing": "x"}, "generation_failed", {}),
    ],
)
def test_refused_picture_keeps_code_and_values(
    alice: APIClient, refuse_second: Any, code: str, params: Any, stored: str, kept: Any
) -> None:
    refuse_second(code, params)
    task = submit(alice, num_images=2)
    run.run_queue("local")
    output = Output.objects.get(task=task, position=1)
    assert (output.error_code, output.error_params) == (stored, kept)
    error = {}
    for path in ("", "/result"):
        answer = alice.get(f"/api/v1/tasks/task_{task.pk.hex}{path}")
        assert answer.status_code == 200
        result = answer.json().get("result", answer.json())
        [error] = result["errors"]
        assert error["code"] == stored
        assert "%(" not in error["message"]
    if kept:
        assert str(kept["deaths"]) in error["message"]


def test_failed_task_keeps_the_values_of_a_providers_code(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: StubProvider, work: Work) -> Finished:
        raise ProviderError("x", code="quarantined", params={"deaths": 3})

    monkeypatch.setattr(StubProvider, "submit", fail)
    task = submit(alice)
    run.run_queue("local")
    error = alice.get(f"/api/v1/tasks/task_{task.pk.hex}").json()["error"]
    assert (error["code"], "3 times" in error["message"]) == ("quarantined", True)


@pytest.mark.whole
def test_row_without_values_is_worded_all_the_same(alice: APIClient) -> None:
    task, failed = submit(alice, num_images=2), submit(alice, "stub:fail")
    run.run_queue("local")
    for code in Problem.kinds:
        Output.objects.filter(task=task, position=1).update(artifact=None, error_code=code)
        answer = alice.get(f"/api/v1/tasks/task_{task.pk.hex}/result")
        assert answer.status_code == 200, code
        assert "%(" not in answer.json()["errors"][0]["message"], code
        Task.objects.filter(pk=failed.pk).update(error_code=code, error_params={"errors": 5})
        answer = alice.get(f"/api/v1/tasks/task_{failed.pk.hex}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (200, code)


def test_code_is_taken_once() -> None:
    with pytest.raises(TypeError, match="NotFound has the code not_found"):
        type("Twin", (Problem,), {"code": "not_found"})
    assert Problem.kinds["not_found"] is NotFound


def test_kind_without_a_code_of_its_own_leaves_its_parents_place() -> None:
    type("Narrower", (NotFound,), {})
    assert Problem.kinds["not_found"] is NotFound
    assert Problem.kinds["grant_cap_reached"].__name__ == "GrantCapReached"
    assert type(problem_of("nobody", {}, InvalidRequest)) is InvalidRequest
