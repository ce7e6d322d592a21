"""Orders of templates that have several steps: their words, their prices, and what of them is not published."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Task
from genhub.lib.ids import from_wire, to_wire
from templates.services import create_template, find_mistakes, publish
from tests.api.refusals import GENERATE, nothing_moves, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes", "film")]
INVALID = (400, "invalid_request")
CLIP = {"prompt": "{subject} turns", "media_type": "video", "settings": {"model": "film"}}
FINE = {"prompt": "{subject}, in detail", "settings": {"mode": "fine"}, "strength": 0.4}
WORDS: dict[str, Any] = {
    "name": "Turning", "prompt": "{subject}", "required": ["subject"],
    "parameters": {"subject": {"type": "string", "maxLength": 400}}, "chain": [CLIP],
}  # fmt: skip
ORDER = {"template": "turning", "parameters": {"subject": "a star"}}


@pytest.fixture
def film(stub: Account) -> None:
    """A model of clips beside that of pictures, with the same sizes."""
    stub.offers.create(
        alias="film", media_types=["video"], default_width=64, default_height=64, smallest_side=16,
        default_seconds=1, longest_prompt=500, unsupported=["steps", "cfg_scale", "mask", "strength"],
    )  # fmt: skip


def template(**words: Any) -> None:
    """Publish a template of several steps."""
    publish(create_template("turning", **WORDS | words), actor="designer")


def order(alice: APIClient, **words: Any) -> Task:
    """Order it, and return its task."""
    answer = alice.post(GENERATE, ORDER | words, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def test_price_is_the_sum_and_each_step_is_told(alice: APIClient) -> None:
    template()
    answer = alice.post("/api/v1/quote", ORDER, format="json").json()
    assert (answer["price"], answer["held"], answer["number"]) == (60, 60, 1)
    assert [(step["step"], step["type"], step["model"], step["price"]) for step in answer["chain"]] == [
        (1, "image", "z-image-small", 10), (2, "video", "film", 50),
    ]  # fmt: skip
    [listed] = [one for one in alice.get("/api/v1/templates").json()["items"] if one["code"] == "turning"]  # fmt: skip
    assert (listed["media_type"], listed["chain"]) == ("video", ["image", "video"])


def test_each_step_has_a_price_of_its_own(alice: APIClient) -> None:
    template(price=3, chain=[{**FINE, "price": 4}, {**CLIP, "price": 20}])
    assert alice.post("/api/v1/quote", ORDER, format="json").json()["price"] == 27


def test_words_of_an_order_are_of_the_first_step(alice: APIClient) -> None:
    template(chain=[FINE, CLIP | {"takes": {"image": 1, "last_image": 2}}])
    task = order(alice, seed=7, quality="high", output_format="jpeg")
    first, second, third = (step["spec"] for step in task.chain)
    assert (task.price, task.num_images, task.step, task.model) == (75, 1, 1, "z-image-small")
    assert (first["seeds"], first["quality"], first["output_format"]) == ([7], "high", "jpeg")
    assert (second["quality"], second["mode"], second["strength"]) == ("standard", "fine", 0.4)
    assert (second["image"], second["prompt"]) == ("step:1", "a star, in detail")
    assert (third["image"], third["last_image"], third["seconds"]) == ("step:1", "step:2", 1)
    # A seed would find what was drawn before: of a chain nothing is.
    assert task.cache_key == ""


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ({"num_images": 2}, "num_images", "one_each"),
        ({"parameters": {"subject": "x" * 395}}, "parameters", "too_long"),
        ({"duration": 2}, "duration", "decided_by_template"),
    ],
    ids=str,
)
def test_wrong_word_is_named_and_costs_nothing(
    alice: APIClient, words: dict[str, Any], field: str, code: str
) -> None:
    long = {**CLIP, "prompt": "{subject}" + " and turns" * 11}
    template(chain=[long])
    with nothing_moves():
        [error] = refused(alice, GENERATE, body=ORDER | words, expect=(*INVALID, field))["errors"]
    assert error["code"] == code


def test_model_that_went_is_the_template_s_mistake(alice: APIClient, stub: Account) -> None:
    template()
    stub.offers.filter(alias="film").delete()
    with nothing_moves():
        problem = refused(alice, GENERATE, body=ORDER, expect=(409, "template_not_orderable"))
    assert "Step 2" in problem["errors"][0]["message"]


def test_cache_alone_finds_no_chain(alice: APIClient) -> None:
    template()
    refused(alice, GENERATE, body={**ORDER, "seed": 7, "cache": "only"}, expect=(404, "not_cached"))


WRONG: list[tuple[Any, str]] = [
    ({"prompt": "x"}, "invalid"),
    ([CLIP, CLIP, CLIP, CLIP], "too_many_steps"),
    ([FINE | {"takes": {"image": 3}}, CLIP], "cycle"),
    ([FINE | {"takes": {"image": 2}}], "cycle"),
    ([CLIP, FINE], "a_clip"),
    ([{**CLIP, "settings": {"model": "nothing"}}], "unknown"),
    ([{**CLIP, "settings": {"model": "film", "steps": 9}}], "unsupported"),
    ([{**CLIP, "settings": {"model": "film", "num_images": 2}}], "one_each"),
    ([{**FINE, "settings": {"duration": 5}}], "only_clips"),
    ([{**CLIP, "strength": 0.5}], "unsupported"),
    ([{**FINE, "strength": 0}], "invalid_value"),
    ([{**FINE, "takes": {"mask": 1}}], "invalid_value"),
    ([{**FINE, "takes": {"image": True}}], "invalid_value"),
    ([{**FINE, "price": -1}], "invalid_value"),
    ([{**FINE, "media_type": "sound"}], "invalid_value"),
    ([{**FINE, "model": "film"}], "unknown_word"),
    ([{"settings": {}}], "invalid_value"),
    ([{"prompt": " "}], "blank"),
    ([{"prompt": "{colour}"}], "unknown_variable"),
    ([{**FINE, "settings": {"size": 1}}], "unknown_word"),
]


@pytest.mark.parametrize(("chain", "code"), WRONG, ids=[code for _, code in WRONG])
def test_chain_that_cannot_be_made_is_not_published(chain: Any, code: str) -> None:
    found = find_mistakes(create_template("wrong", **WORDS | {"chain": chain}))
    assert {(mistake.field, mistake.code) for mistake in found} == {("chain", code)}


def test_first_step_makes_one_too() -> None:
    draft = create_template("wrong", **WORDS, settings={"num_images": 2})
    assert [(one.field, one.code) for one in find_mistakes(draft)] == [("settings", "one_each")]


def test_stock_client_lists_chains_that_end_in_a_clip_from_their_first_step_on(
    alice: APIClient, rich: Any
) -> None:
    rich("alice", 200)
    template()
    clip = order(alice)
    publish(create_template("finer", **WORDS | {"chain": [FINE]}), actor="designer")
    alice.post(GENERATE, ORDER | {"template": "finer"}, format="json")
    assert (clip.step, clip.spec["media_type"]) == (1, "image")
    assert [one["id"] for one in alice.get("/v1/videos").json()["data"]] == [to_wire("task", clip.pk)]  # fmt: skip


def test_batch_has_several_chains(alice: APIClient, rich: Any) -> None:
    rich("alice", 500)
    template()
    body = {"orders": [ORDER, {**ORDER, "parameters": {"subject": "a moon"}}]}
    answer = alice.post("/api/v1/batches", body, format="json")
    assert answer.status_code == 202, answer.json()
    assert [(task.price, len(task.chain)) for task in Task.objects.all()] == [(60, 2), (60, 2)]
