"""`POST /v1/moderations`: the list of terms and a service judge texts for whoever asks; nothing is kept or charged."""

from collections.abc import Callable
from typing import Any

import pytest
from openai.types import ModerationCreateResponse
from rest_framework.test import APIClient

from generation.api.compat.openai.moderations import MOST_CHARACTERS, MOST_TEXTS, THEIRS
from generation.models import Finding, Moderator
from genhub.lib.limits import LONGEST_TEXT
from genhub.platforms.models import Platform
from tests.api.refusals import nothing_moves
from tests.providers.vendors.server import Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "terms")]
DOOR = "/v1/moderations"
Make = Callable[..., Moderator]


def judge(client: APIClient, said: Any) -> Any:
    """Return the results of an input, which OpenAI's own classes take."""
    with nothing_moves():
        answer = client.post(DOOR, {"input": said}, format="json")
    assert answer.status_code == 200, answer.json()
    ModerationCreateResponse.model_validate(answer.json())
    assert Finding.objects.count() == 0
    return answer.json()["results"]


def named(result: Any) -> dict[str, float]:
    """Return the scores of what a result objects to."""
    assert result["flagged"] is any(result["categories"].values())
    assert result["categories"].keys() == result["category_scores"].keys() >= set(THEIRS)
    return {
        name: result["category_scores"][name] for name, is_hit in result["categories"].items() if is_hit
    }  # fmt: skip


def test_terms_judge_where_there_is_no_service(alice: APIClient, shop: Platform) -> None:
    """Also for a platform whose orders nobody looks at."""
    Platform.objects.filter(pk=shop.pk).update(moderation="off")
    for said, expected in (
        ("a star", [{}]), (["a star", "gore", "underage"], [{}, {"violence": 1}, {"sexual/minors": 1}]),
        (["冰毒", "a foe moon"], [{"illicit": 1}, {"other": 1}]),
        ([{"type": "text", "text": "a foe"}, {"type": "text", "text": "moon"}], [{"other": 1}]),
    ):  # fmt: skip
        assert [named(result) for result in judge(alice, said)] == expected


def test_a_service_is_asked_once_and_its_scores_are_told(
    alice: APIClient, server: Server, service: Make
) -> None:
    service()
    texts = ["a weapon", "a star", "a weapon", "underage"]
    first, second, third, fourth = judge(alice, texts)
    assert named(first) == named(third) == {"violence": 0.9}
    assert (named(second), second["category_scores"]["violence"]) == ({}, 0.3)
    assert named(fourth) == {"sexual/minors": 1}, "the service itself is sure of the contrary"
    [asked] = server.asked
    assert asked.json["input"] == ["a weapon", "a star", "underage"]


def test_what_stays_in_the_house_is_shown_to_nobody_outside(
    alice: APIClient, shop: Platform, server: Server, service: Make
) -> None:
    service()
    Platform.objects.filter(pk=shop.pk).update(local_only=True)
    [result] = judge(alice, "a weapon")
    assert (named(result), server.asked) == ({}, [])


def test_no_answer_is_no_judgement(
    alice: APIClient, shop: Platform, server: Server, service: Make
) -> None:
    """Also for a platform that takes orders which nobody could judge."""
    service()
    Platform.objects.filter(pk=shop.pk).update(unjudged="allow")
    server.respond = lambda asked: Reply(status=500)
    answer = alice.post(DOOR, {"input": "a star"}, format="json")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (503, "moderation_unavailable", "server_error")  # fmt: skip


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "input", "required"), ({"input": None}, "input", "null"), ({"input": ""}, "input", "blank"),
        ({"input": 7}, "input", "invalid"), ({"input": []}, "input", "min_length"), ({"input": ["a", 7]}, "input.1", "invalid"),
        ({"input": ["a"] * (MOST_TEXTS + 1)}, "input", "max_length"), ({"input": {"type": "text"}}, "input", "invalid"),
        ({"input": "a" * (LONGEST_TEXT + 1)}, "input", "max_length"),
        ({"input": ["a" * LONGEST_TEXT] * (MOST_CHARACTERS // LONGEST_TEXT + 1)}, "input", "max_length"),
        ({"input": [{"type": "image_url", "image_url": {"url": "https://a.example/"}}]}, "input.0.type", "unsupported"),
        ({"input": [{"type": "text"}]}, "input.0.text", "required"), ({"input": ["a", {"type": "text"}]}, "input.0", "invalid"),
        ({"input": "a", "user": "x"}, "user", "unknown"), ({"input": "a", "model": 7}, "model", "invalid"),
    ],
)  # fmt: skip
def test_what_is_no_input_is_refused_by_name(
    alice: APIClient, server: Server, service: Make, body: Any, param: str, code: str
) -> None:
    service()
    with nothing_moves():
        answer = alice.post(DOOR, body, format="json")
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert server.asked == []


def test_it_counts_as_a_read(alice: APIClient) -> None:
    answer = alice.post(DOOR, {"input": "a star"}, format="json")
    assert answer["RateLimit"].startswith('"reads"')
