"""Before it is published, a sample order of a template goes the way of a real one."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import PriceRule
from generation.models import Account, Task
from generation.orders.trials import find_broken
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from templates.errors import VersionNotPublishable
from templates.models import Style, TemplateVersion
from templates.rendering import render
from templates.samples import find_samples
from templates.selectors import as_recipe, find_recipe
from templates.services import create_template, find_mistakes, publish, words_of
from templates.trials import try_recipe
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
TEXT = {"type": "string"}


def draft(**words: Any) -> TemplateVersion:
    return create_template("wanted", **{"name": "Wanted", "prompt": "a star", **words})


NEVER_ORDERED: list[tuple[dict[str, Any], str, str]] = [
    ({"settings": {"model": "ghost"}}, "settings", "unknown"),
    ({"settings": {"model": "off"}}, "settings", "switched_off"),
    ({"settings": {"style_preset": "ghost"}}, "settings", "unknown"),
    ({"settings": {"style_preset": "off"}}, "settings", "unknown"),
    ({"settings": {"style_preset": "huge"}}, "settings", "out_of_range"),
    ({"settings": {"style_preset": "slow"}}, "settings", "too_large"),
    ({"settings": {"width": 2048}}, "settings", "out_of_range"),
    ({"settings": {"model": "squares", "width": 128, "height": 64}}, "settings", "unsupported_size"),
    ({"settings": {"steps": 51}}, "settings", "too_large"),
    ({"settings": {"cfg_scale": 20.5}}, "settings", "too_large"),
    ({"media_type": "video"}, "media_type", "unsupported"),
    ({"prompt": "x" * 501}, "prompt", "too_long"),
    ({"prompt": "x" * 495 + " {a}", "parameters": {"a": {"enum": ["rather long"]}}, "required": ["a"]}, "prompt",
     "too_long"),
    ({"negative_prompt": "x" * 501}, "negative_prompt", "too_long"),
    ({"prompt": "{a}", "parameters": {"a": {"default": " "}}}, "prompt", "blank"),
    ({"parameters": {"a": {"enum": []}}, "required": ["a"]}, "parameters", "impossible"),
    ({"parameters": {"a": {"type": "integer", "minimum": 3, "maximum": 2}}, "required": ["a"]}, "parameters",
     "impossible"),
    ({"parameters": {"a": {**TEXT, "minLength": 5, "maxLength": 4}}, "required": ["a"]}, "parameters", "impossible"),
    ({"prompt": "a {mood} star", "parameters": {"mood": TEXT}}, "required", "may_be_missing"),
    ({"negative_prompt": "{mood}", "parameters": {"mood": TEXT}}, "required", "may_be_missing"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "field", "code"), NEVER_ORDERED, ids=str)
def test_what_can_never_be_ordered_is_not_published(
    stub: Account, words: dict[str, Any], field: str, code: str
) -> None:
    stub.offers.create(alias="off", is_enabled=False)
    stub.offers.create(alias="squares", sizes=[[64, 64], [128, 128]], default_width=64, default_height=64,
                       smallest_side=16)  # fmt: skip
    for name, settings in (("off", {}), ("huge", {"height": 4096}), ("slow", {"steps": 99})):
        Style.objects.create(code=name, name_en=name, name_zh=name, is_active=name != "off", settings=settings)  # fmt: skip
    version = draft(**words)
    found = find_mistakes(version)
    assert [(mistake.field, mistake.code) for mistake in found] == [(field, code)]
    with pytest.raises(VersionNotPublishable):
        publish(version, actor="designer")
    assert find_recipe("wanted", new_id()) is None


def test_what_has_no_price_is_not_published(shop: Platform) -> None:
    PriceRule.objects.create(name="High only", effect="price", amount=5, quality="high")
    assert [mistake.field for mistake in find_mistakes(draft())] == ["price"]
    publish(create_template("own", name="Own", prompt="a star", price=3), actor="designer")
    assert find_recipe("own", new_id())


def test_a_provider_switched_off_offers_nothing(stub: Account) -> None:
    Account.objects.update(is_enabled=False)
    assert [mistake.field for mistake in find_mistakes(draft())] == ["settings"]


def test_the_default_models_of_platforms_count(stub: Account, shop: Platform) -> None:
    """A template that names no model is drawn by the platform's: one that can is enough."""
    stub.offers.create(alias="large", largest_side=2048, default_width=64, default_height=64, smallest_side=16)  # fmt: skip
    version = draft(settings={"width": 2048})
    assert find_mistakes(version)
    Platform.objects.create(code="posters", name="Posters", default_model="large")
    assert find_mistakes(version) == []


RULES: list[Any] = [
    {},
    TEXT,
    {**TEXT, "minLength": 40},
    {**TEXT, "minLength": 2, "maxLength": 2},
    {**TEXT, "pattern": "^[a-z]+$"},
    {**TEXT, "pattern": "^#[0-9a-f]{6}$"},
    {**TEXT, "pattern": "^(never|guessed)$"},
    {**TEXT, "pattern": "^Q[0-9]{7}$", "examples": ["Q1234567"]},
    {"enum": ["", "red"]},
    {"enum": [3, None]},
    {"const": "fixed"},
    {"type": "integer", "minimum": 7, "maximum": 9},
    {"type": "integer", "exclusiveMinimum": 7, "exclusiveMaximum": 9},
    {"type": "integer", "minimum": 10**400},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.01},
    {"type": "integer", "multipleOf": 16, "minimum": 100},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["null", "string"]},
    {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "items": TEXT, "maxItems": 2},
    {"type": "object", "properties": {"x": {"type": "integer", "minimum": 5}}, "required": ["x"]},
    {"anyOf": [{"type": "integer", "minimum": 5}, {"const": "none"}]},
    {"allOf": [{"type": "integer"}, {"minimum": 1000}]},
]


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_whatever_can_be_ordered_is_published(rules: dict[str, Any]) -> None:
    version = draft(parameters={"a": rules}, required=["a"], prompt="a star {a}")
    publish(version, actor="designer")
    recipe = find_recipe("wanted", new_id())
    assert recipe
    values, impossible, is_sure = find_samples(recipe)
    assert not impossible
    if is_sure:
        assert render(recipe, values).prompt.startswith("a star")
    assert is_sure == ("never" not in str(rules))


def test_a_trial_says_what_would_be_made(stub: Account) -> None:
    trial = try_recipe(as_recipe(draft(settings={"width": 128, "num_images": 3}, price=4)))
    assert (trial.model, trial.width, trial.height, trial.number) == ("z-image-small", 128, 64, 3)
    assert (trial.prompt, trial.price, trial.mistakes) == ("a star", 12, [])
    assert Task.objects.count() == 0


GONE: list[tuple[dict[str, Any], str]] = [
    ({"model": "gone"}, "model"),
    ({"style_preset": "gone"}, "style_preset"),
    ({"style_preset": "wide"}, "width"),
    ({"width": 1024}, "width"),
    ({"steps": 50}, "steps"),
    ({"cfg_scale": 19}, "cfg_scale"),
]


@pytest.mark.parametrize(("settings", "word"), GONE, ids=str)
def test_order_of_a_template_that_broke_names_the_template(
    alice: APIClient, stub: Account, settings: dict[str, Any], word: str
) -> None:
    """Not a field that the app never sent: nobody there could mend it."""
    stub.offers.create(alias="gone")
    for code, words in (("gone", {}), ("wide", {"width": 1024})):
        Style.objects.create(code=code, name_en=code, name_zh=code, settings=words)
    publish(draft(settings=settings), actor="designer")
    assert find_broken() == {}
    Style.objects.filter(code="gone").update(is_active=False)
    stub.offers.filter(alias="gone").update(is_enabled=False)
    stub.offers.filter(alias="z-image-small").update(
        largest_side=512, largest_steps=40, largest_cfg_scale=10
    )
    assert list(find_broken()) == ["wanted"]
    problem = refused(
        alice, GENERATE, body={"template": "wanted"}, expect=(409, "template_not_orderable", "template")
    )  # fmt: skip
    assert problem["params"] == {"template": "wanted"}
    assert f"“{word}”" in problem["errors"][0]["message"]
    chinese = alice.post(GENERATE, {"template": "wanted"}, format="json", HTTP_ACCEPT_LANGUAGE="zh-hans").json()  # fmt: skip
    assert "模板" in chinese["title"]
    assert f"“{word}”" in chinese["errors"][0]["message"]
    assert chinese["errors"][0]["message"] != problem["errors"][0]["message"]
    # What the app did send is still told to the app.
    body = {"template": "shape", "parameters": {"shape": "star"}, "num_images": 99}
    refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "num_images"))


def test_marked_words_are_all_that_orders_feel() -> None:
    unfelt = {"id", "template", "number", "note", "published_at", "published_by", "created_at"}
    fields = {field.name for field in TemplateVersion._meta.concrete_fields}
    assert set(words_of(draft())) == fields - unfelt


def test_parameters_say_the_orders_own_seed(alice: APIClient) -> None:
    seed = {"type": "integer", "format": "seed", "minimum": 0, "maximum": 2**53 - 1, "default": 7}
    publish(draft(parameters={"seed": seed}), actor="carol")
    for said, own, drawn in (({}, {}, 7), ({"seed": 9}, {}, 9), ({"seed": 9}, {"seed": 5}, 5)):
        body = {"template": "wanted", "parameters": said, **own}
        answer = alice.post(GENERATE, body, format="json")
        task = Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))
        assert task.spec["seeds"] == [drawn]
    wrong = {"template": "wanted", "parameters": {"seed": -1}}
    refused(alice, GENERATE, body=wrong, expect=(400, "invalid_request", "parameters.seed"))


def test_parameters_say_the_orders_own_picture(alice: APIClient) -> None:
    photo = {"type": "string", "format": "picture"}
    publish(draft(parameters={"photo": photo}, required=["photo"]), actor="carol")
    body = {"template": "wanted", "parameters": {"photo": "art_nobodys"}}
    refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "parameters.photo"))
