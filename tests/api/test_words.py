"""Every request word that is wrong: one problem that names it, nothing written, nothing held."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.api.serializers import GenerateSerializer
from generation.models import Account, Task
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

INVALID = (400, "invalid_request")
HUGE = 10**400

WRONG: list[tuple[str, Any]] = [
    # Text.
    ("prompt", None),
    ("prompt", ""),
    ("prompt", " \t\n　"),
    ("prompt", 5),
    ("prompt", True),
    ("prompt", ["a star"]),
    ("prompt", {"en": "a star"}),
    ("prompt", "x" * 501),
    ("prompt", "星" * 501),
    ("prompt", "x" * 20_001),
    ("prompt", "a\x00star"),
    ("prompt", "a\ud800star"),
    ("negative_prompt", 5),
    ("negative_prompt", "x" * 501),
    ("negative_prompt", "\x00"),
    # What is not known.
    ("model", "nobody-has-this"),
    ("model", ""),
    ("model", 7),
    ("model", "\x00"),
    ("model", "x" * 101),
    ("style_preset", "nobody-has-this"),
    ("style_preset", ""),
    ("style_preset", "\x00"),
    ("style_preset", 3),
    ("template", "nobody-has-this"),
    ("template", ""),
    ("template", "\x00"),
    ("template", ["shape"]),
    ("parameters", {"shape": "star"}),
    ("parameters", []),
    ("parameters", "shape=star"),
    ("type", "video"),
    ("type", "audio"),
    ("type", []),
    ("quality", "ultra"),
    ("quality", ""),
    ("quality", True),
    ("mode", "slow"),
    ("mode", ""),
    ("mode", True),
    ("priority", "urgent"),
    ("priority", 0),
    ("metadata", []),
    ("metadata", "x"),
    ("metadata", {str(number): 1 for number in range(51)}),
    ("metadata", {"a": "x" * 16_384}),
    ("metadata", {"a": "nul \x00"}),
    ("metadata", {"a": [{"b": "\x00"}]}),
    ("metadata", {"\x00": 1}),
    ("metadata", {"a": "half \udc00"}),
    ("metadata", {"\ud800": 1}),
    ("user", ""),
    ("user", " "),
    ("user", 5),
    ("user", "\x00"),
    ("user", "x" * 201),
    # Whole numbers.
    *((name, value) for name in ("num_images", "steps") for value in (
        0, -1, 1000, 1001, HUGE, "2", "", True, False, 1.5, 2.0, [2], {"n": 2})),
    *((name, value) for name in ("width", "height") for value in (
        0, -16, 1, 15, 17, 100, 1000, 1040, 4096, 16_384, 16_400, HUGE, "512", True, 64.0, 512.5, [64])),
    *((name, value) for name in ("duration", "fps") for value in (0, -1, 24, 601, HUGE, "5", True, 5.0, [5])),
    *(("resolution", value) for value in ("", "720p", "x" * 11, 720, True)),
    *(("last_image", value) for value in ("", 5, "art_" + "0" * 32)),
    *(("audio", value) for value in (True, False, "true", 1)),
    *(("seed", value) for value in (-1, 2**63, HUGE, "7", True, 1.5, 7.0, [7])),
    *(("cfg_scale", value) for value in (-0.1, 20.1, 101, HUGE, "2", True, [2])),
]  # fmt: skip


def name_case(value: Any) -> str:
    return ascii(value)[:24]


@pytest.mark.parametrize(("word", "value"), WRONG, ids=name_case)
def test_wrong_value_is_refused_by_name(alice: APIClient, word: str, value: Any) -> None:
    body = {"prompt": "a star", word: value}
    if word == "template":
        del body["prompt"]
    refused(alice, GENERATE, body=body, expect=(*INVALID, word))


@pytest.mark.parametrize(
    "word",
    ["response_format"],
)
def test_word_this_hub_does_not_honour_is_refused_by_name(alice: APIClient, word: str) -> None:
    assert word in GenerateSerializer.UNSUPPORTED
    problem = refused(
        alice, GENERATE, body={"prompt": "a star", word: "x"}, expect=(*INVALID, word)
    )
    assert problem["errors"][0]["code"] == "unsupported"


@pytest.mark.parametrize(("word", "value"), GenerateSerializer.DEFAULTS.items())
def test_word_that_says_what_happens_anyway_is_taken(
    alice: APIClient, word: str, value: str
) -> None:
    answer = alice.post(GENERATE, {"prompt": "a star", word: value}, format="json")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "word",
    ["promt", "Prompt", "n", "size", "state", "status", "price", "unit_price", "id", "task_id", "platform",
     "provider", "attempt", "created_at", "credits", "non_field_errors", "", "prompt ", "__class__", "%(x)s"],
)  # fmt: skip
def test_unknown_word_is_refused_by_name(alice: APIClient, word: str) -> None:
    problem = refused(alice, GENERATE, body={"prompt": "a", word: 1}, expect=(*INVALID, word))
    assert problem["errors"][0]["code"] == "unknown"


def test_every_wrong_word_of_a_body_is_named_at_once(alice: APIClient) -> None:
    body = {"prompt": "a star", "num_images": 0, "seed": -1, "width": "x"}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    assert {error["field"] for error in problem["errors"]} == {"num_images", "seed", "width"}


def test_every_mistake_that_only_the_model_knows_is_named_at_once(alice: APIClient) -> None:
    body = {"prompt": "x" * 501, "width": 17, "height": 2048, "steps": 51, "cfg_scale": 21}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    assert {error["field"] for error in problem["errors"]} == set(body)


def test_missing_prompt_is_refused(alice: APIClient) -> None:
    refused(alice, GENERATE, body={}, expect=(*INVALID, "prompt"))
    refused(alice, GENERATE, body={"num_images": 2}, expect=(*INVALID, "prompt"))


def test_size_that_the_model_does_not_list_is_refused(alice: APIClient, stub: Account) -> None:
    stub.offers.update(sizes=[[64, 64], [128, 64]])
    body = {"prompt": "a star", "width": 64, "height": 128}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "width"))
    assert alice.post(GENERATE, {"prompt": "a", "width": 128}, format="json").status_code == 202


def test_model_of_a_disabled_provider_is_unknown(alice: APIClient, stub: Account) -> None:
    Account.objects.update(is_enabled=False)
    body = {"prompt": "a star", "model": "z-image-small"}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "model"))
    refused(alice, GENERATE, body={"prompt": "a star"}, expect=(*INVALID, "model"))


@pytest.mark.parametrize(
    ("words", "negative"),
    [
        ({}, "blurry"),
        ({"negative_prompt": ""}, ""),
        ({"negative_prompt": "dog"}, "dog"),
        # An order that wants none gets none; else the style's words join the model's own.
        ({"negative_prompt": "", "style_preset": "anime"}, ""),
        ({"style_preset": "anime"}, "blurry, photo, realistic skin"),
        ({"negative_prompt": "dog", "style_preset": "anime"}, "dog, photo, realistic skin"),
        ({"style_preset": "default"}, "blurry"),
    ],
)
def test_empty_negative_prompt_means_none_and_a_missing_one_the_models(
    alice: APIClient, words: dict[str, Any], negative: str
) -> None:
    assert alice.post(GENERATE, {"prompt": "a", **words}, format="json").status_code == 202
    assert Task.objects.get().spec["negative_prompt"] == negative


@pytest.mark.parametrize(
    "words",
    [
        {"seed": 0},
        {"seed": 2**63 - 1},
        {"num_images": 9},
        {"width": 16, "height": 1024},
        {"steps": 50, "cfg_scale": 0},
        {"cfg_scale": 20},
        {"prompt": "x" * 500},
        {"prompt": "星" * 500},
        {"negative_prompt": ""},
        {"priority": "high", "quality": "hd", "type": "image"},
        {"metadata": {"深": {"a": [1, 2.5, None, True, "π 🙂"]}, "%s": "%(x)s"}},
        {"prompt": "100% of {braces} %(x)s <script>'; DROP TABLE tasks; --"},
    ],
    ids=name_case,
)
def test_edge_of_what_is_allowed_is_taken(
    alice: APIClient, words: dict[str, Any], rich: Callable[..., Any]
) -> None:
    answer = alice.post(GENERATE, {"prompt": "a star", **words}, format="json")
    assert answer.status_code == 202, answer.json()
    task = Task.objects.get()
    assert task.spec["seeds"] == [s % 2**63 for s in task.spec["seeds"]]
    said = {**words, "quality": "high"} if "quality" in words else words
    for name in said.keys() & {"prompt", "metadata", "width", "height", "steps", "quality"}:
        assert answer.json()[name] == said[name]
