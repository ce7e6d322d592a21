"""No refusal of the hub's reaches OpenAI's clients as 409: they would send the order again at once."""

from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

import genhub.urls
from generation.api.compat.openai.refusals import word_error
from generation.api.compat.openai.views import OpenAIView
from generation.errors import AlreadyEnded
from genhub.lib.errors import FieldError, InvalidRequest, Problem
from genhub.urls import OPENAI

CONFLICT = 409
KINDS = {
    code: kind for code, kind in Problem.kinds.items() if not kind.__module__.startswith("tests")
}


def test_some_of_the_hubs_refusals_are_409() -> None:
    """Else nothing here would be shown."""
    assert genhub.urls.API
    assert len([kind for kind in KINDS.values() if kind.status == CONFLICT]) >= 10


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize("names", [{}, {"width": "size"}], ids=["as they are", "as OpenAI's"])
def test_each_refusal_has_a_status_that_is_not_sent_again(code: str, names: dict[str, str]) -> None:
    status, error = word_error(KINDS[code](), names)
    assert status != CONFLICT
    assert 400 <= status < 600
    assert error["code"]
    assert error["type"]


def test_wrong_fields_are_not_409_whatever_their_problem_is() -> None:
    problem = InvalidRequest(errors=[FieldError("model", "gone", "It is gone.")])
    assert word_error(problem)[0] == 400


def test_size_that_is_wrong_both_ways_is_refused_once_with_its_bounds() -> None:
    message, bounds = (
        "From %(least)s to %(most)s pixels with this model.",
        {"least": 64, "most": 512},
    )
    sides = [FieldError(side, "out_of_range", message, bounds) for side in ("width", "height")]
    problem = InvalidRequest(errors=sides)
    said = word_error(problem)[1]
    assert said["param"] == "size"
    assert said["message"] == f"size: From 64 to 512 pixels with this model. {problem.detail}"


def test_each_door_words_its_refusals_so() -> None:
    for route in OPENAI:
        assert issubclass(route.callback.view_class, OpenAIView), route  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_conflict_behind_a_door_comes_as_400(
    alice: APIClient, stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AlreadyEnded(state="completed")

    monkeypatch.setattr("generation.api.compat.openai.views.take", refuse)
    answer = alice.post("/v1/images/generations", {"prompt": "a star"}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "task_already_ended")


def test_no_409_is_promised(client: Any) -> None:
    document = yaml.safe_load(client.get("/api/schema/openai").content)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert str(CONFLICT) not in operation["responses"], (method, path)
