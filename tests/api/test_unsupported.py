"""What a vendor does not take: refused by its name, nothing charged; what nobody said is the vendor's to decide."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Hold, PriceRule
from generation.models import Account, Output, Task
from generation.spec import PICTURE_OPTIONS, USUAL_STRENGTH, GenerationSpec
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from storage.models import Artifact
from templates.models import Style
from tests.api.refusals import GENERATE, nothing_moves, refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
INVALID = (400, "invalid_request")
SAID: dict[str, Any] = {"negative_prompt": "text", "steps": 3, "cfg_scale": 2.5, "seed": 7}


def lacking(stub: Account, *options: str) -> None:
    """Let the stub's model take none of these."""
    stub.offers.update(unsupported=list(options), default_negative_prompt="")


@pytest.fixture
def picture(alice: APIClient) -> str:
    """A picture of alice's."""
    submit(alice)
    run_queue("local")
    return to_wire("art", Artifact.objects.get().pk)


@pytest.mark.parametrize("option", PICTURE_OPTIONS)
@pytest.mark.parametrize("door", [GENERATE, "/api/v1/quote"])
def test_each_is_refused_by_its_name_and_in_an_order_without_it_not_at_all(
    alice: APIClient, stub: Account, picture: str, option: str, door: str
) -> None:
    lacking(stub, option)
    said = SAID | {"image": picture, "mask": picture, "strength": 0.4}
    body = {"prompt": "a star", **said}
    [error] = refused(alice, door, body=body, expect=(*INVALID, option))["errors"]
    assert (error["field"], error["code"]) == (option, "unsupported")
    assert "“z-image-small” does not take this" in error["message"]
    # These are nothing without their picture.
    left_out = {option, "mask", "strength"} if option == "image" else {option}
    body = {"prompt": "a star"} | {k: v for k, v in said.items() if k not in left_out}
    assert alice.post(door, body, format="json").status_code in {200, 202}


def test_all_that_were_said_are_named_at_once(alice: APIClient, stub: Account) -> None:
    lacking(stub, *SAID)
    body = {"prompt": "a star", **SAID}
    errors = refused(alice, GENERATE, body=body, expect=INVALID)["errors"]
    assert {error["field"] for error in errors} == set(SAID)


def test_what_nobody_said_the_vendor_decides_and_each_picture_is_paid(
    alice: APIClient, stub: Account
) -> None:
    lacking(stub, *SAID)
    price = alice.post("/api/v1/quote", {"prompt": "a star"}, format="json").json()["price"]
    task = submit(alice, num_images=3)
    spec = GenerationSpec.from_json(task.spec)
    assert (spec.number, spec.seeds, spec.steps, spec.cfg_scale) == (3, (), None, None)
    assert (task.num_images, task.price) == (3, 3 * price)
    run_queue("local")
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()
    assert (answer["steps"], answer["cfg_scale"], answer["num_images"]) == (None, None, 3)
    assert len(answer["result"]["images"]) == 3
    assert len(set(Output.objects.filter(task=task).values_list("seed", flat=True))) == 3
    assert [hold.captured for hold in Hold.objects.all()] == [3 * price]


def test_empty_negative_prompt_asks_for_nothing(alice: APIClient, stub: Account) -> None:
    lacking(stub, "negative_prompt")
    assert submit(alice, negative_prompt="").spec["negative_prompt"] == ""


def test_style_that_says_what_to_avoid_is_refused(alice: APIClient, stub: Account) -> None:
    lacking(stub, "negative_prompt")
    Style.objects.filter(code="anime").update(negative_prompt="photo")
    body = {"prompt": "a star", "style_preset": "anime"}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "negative_prompt"))
    assert "or the style that says it" in problem["errors"][0]["message"]
    assert submit(alice, style_preset="anime", negative_prompt="").style == "anime"


def test_picture_without_a_seed_cannot_be_refined(alice: APIClient, stub: Account) -> None:
    lacking(stub, "seed")
    task = submit(alice)
    run_queue("local")
    door = f"/api/v1/tasks/{to_wire('task', task.pk)}/refine"
    [error] = refused(alice, door, body={}, expect=(*INVALID, "picture"))["errors"]
    assert (error["field"], error["code"]) == ("picture", "no_seed")


def test_refined_without_steps_and_guidance_where_there_are_none(
    alice: APIClient, stub: Account
) -> None:
    lacking(stub, "steps", "cfg_scale")
    task = submit(alice, seed=4)
    run_queue("local")
    door = f"/api/v1/tasks/{to_wire('task', task.pk)}/refine"
    assert alice.post(door, {}, format="json").status_code == 202
    assert [t.spec["steps"] for t in Task.objects.all()] == [None, None]
    with nothing_moves():
        assert alice.post(door, {"steps": 3}, format="json").status_code == 400


def test_strength_that_nobody_said_the_vendor_decides(
    alice: APIClient, stub: Account, picture: str
) -> None:
    assert submit(alice, image=picture).spec["strength"] == USUAL_STRENGTH
    lacking(stub, "strength")
    task = submit(alice, image=picture)
    assert task.spec["strength"] is None
    run_queue("local")
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()
    assert (answer["status"], answer["image"], answer["strength"]) == ("completed", picture, None)


def test_refined_without_the_strength_that_the_model_takes_no_more(
    alice: APIClient, stub: Account, picture: str
) -> None:
    task = submit(alice, image=picture, strength=0.4)
    run_queue("local")
    lacking(stub, "strength")
    door = f"/api/v1/tasks/{to_wire('task', task.pk)}/refine"
    assert alice.post(door, {}, format="json").status_code == 202
    newest = Task.objects.order_by("-created_at")[0]
    assert (newest.spec["image"], newest.spec["strength"]) == (picture, None)


def test_strength_is_refused_in_chinese_too(alice: APIClient, stub: Account, picture: str) -> None:
    lacking(stub, "strength")
    body = {"prompt": "a star", "image": picture, "strength": USUAL_STRENGTH}
    with nothing_moves():
        answer = alice.post(GENERATE, body, format="json", headers={"accept-language": "zh-hans"})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, "strength")
    assert "模型“z-image-small”不支持" in error["message"]


def test_model_tells_what_it_does_not_take(alice: APIClient, stub: Account) -> None:
    lacking(stub, "steps", "seed", "strength")
    [model] = alice.get("/api/v1/models").json()["items"]
    assert model["unsupported"] == ["steps", "seed", "strength"]
    assert (model["default"]["steps"], model["modes"]["fine"]["steps"]) == (None, None)
    assert (model["largest_steps"], model["default"]["cfg_scale"]) == (None, 2.0)


def test_price_by_the_step_is_not_known_where_there_are_no_steps(
    alice: APIClient, stub: Account
) -> None:
    lacking(stub, "steps")
    PriceRule.objects.update(is_active=False)
    PriceRule.objects.create(name="by the step", effect="price", amount=1, per="step")
    refused(alice, GENERATE, body={"prompt": "a star"}, expect=(409, "price_unknown"))


def test_specs_of_the_release_before_count_by_their_seeds() -> None:
    words = {"media_type": "image", "model": "m", "prompt": "", "negative_prompt": "", "width": 64,
             "height": 64, "steps": 2, "cfg_scale": 1.0}  # fmt: skip
    older = GenerationSpec.from_json({**words, "seeds": [1, 2]})
    assert (older.number, older.seeds) == (2, (1, 2))
    assert GenerationSpec.from_json(older.to_json()) == older
    with pytest.raises(ValueError, match="2 seeds for 3 pictures"):
        GenerationSpec.from_json({**words, "seeds": [1, 2], "number": 3})


@pytest.mark.parametrize(("word", "value"), [("style", "vivid"), ("sampler", "Euler a")])
def test_choice_that_a_model_lists_is_taken_and_any_other_refused_by_name(
    alice: APIClient, stub: Account, word: str, value: str
) -> None:
    body = {"prompt": "a star", word: value}
    refused(alice, GENERATE, body=body, expect=(*INVALID, word))
    stub.offers.update(options={f"{word}s": [value]})
    [model] = alice.get("/api/v1/models").json()["items"]
    assert model[f"{word}s"] == [value]
    task = submit(alice, **{word: value})
    assert task.spec[word] == value
    assert alice.get(f"/api/v1/tasks/{task}").json()[word] == value
    other = {**body, word: {"style": "natural", "sampler": "DDIM"}[word]}
    refused(alice, GENERATE, body=other, expect=(*INVALID, word))
