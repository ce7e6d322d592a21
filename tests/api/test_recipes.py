"""Orders of a template: its schema decides the parameters, staff decided the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Task
from templates.models import Style, Template
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

INVALID = (400, "invalid_request")
RULES: dict[str, Any] = {
    "subject": {"type": "string", "minLength": 2, "maxLength": 10, "pattern": "^[a-z]+$"},
    "count": {"type": "integer", "minimum": 1, "maximum": 3, "default": 2},
    "mood": {"enum": ["calm", "wild"]},
    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
}


@pytest.fixture
def poster() -> Template:
    draft = create_template(
        "poster", name="Poster", category="print", prompt="{count} {subject}", parameters=RULES,
        required=["subject"], settings={"width": 128, "steps": 7, "style_preset": "anime"},
    )  # fmt: skip
    publish(draft, actor="tests")
    return draft.template


@pytest.mark.parametrize(
    ("parameters", "fields"),
    [
        ({}, {"subject": "required"}),
        ({"subject": "x"}, {"subject": "minLength"}),
        ({"subject": "x" * 11}, {"subject": "maxLength"}),
        ({"subject": "ABC"}, {"subject": "pattern"}),
        ({"subject": 5}, {"subject": "type"}),
        ({"subject": None}, {"subject": "type"}),
        ({"subject": ["cat"]}, {"subject": "type"}),
        ({"subject": "cat", "count": 0}, {"count": "minimum"}),
        ({"subject": "cat", "count": 4}, {"count": "maximum"}),
        ({"subject": "cat", "count": "2"}, {"count": "type"}),
        ({"subject": "cat", "count": True}, {"count": "type"}),
        ({"subject": "cat", "count": 1.5}, {"count": "type"}),
        ({"subject": "cat", "mood": "loud"}, {"mood": "enum"}),
        ({"subject": "cat", "tags": ["a", "b", "c"]}, {"tags": "maxItems"}),
        ({"subject": "cat", "tags": [1]}, {"tags.0": "type"}),
        ({"subject": "cat", "colour": "red"}, {"colour": "additionalProperties"}),
        ({"Subject": "cat"}, {"subject": "required", "Subject": "additionalProperties"}),
        ({"mood": 5, "count": 9}, {"subject": "required", "mood": "enum", "count": "maximum"}),
        ({"subject": "cat", "%(limit)s": 1}, {"%(limit)s": "additionalProperties"}),
    ],
    ids=str,
)
def test_wrong_parameter_is_refused_by_name(
    alice: APIClient, poster: Template, parameters: dict[str, Any], fields: dict[str, str]
) -> None:
    body = {"template": "poster", "parameters": parameters}
    problem = refused(alice, GENERATE, body=body, expect=INVALID)
    named = {error["field"]: error["code"] for error in problem["errors"]}
    assert named == {f"parameters.{name}": code for name, code in fields.items()}


@pytest.mark.parametrize(
    ("word", "value"),
    [("prompt", "a star"), ("negative_prompt", ""), ("model", "z-image-small"), ("type", "image"), ("width", 64),
     ("height", 64), ("steps", 5), ("cfg_scale", 1), ("style_preset", "anime")],
)  # fmt: skip
def test_word_that_the_template_decides_is_refused_by_name(
    alice: APIClient, poster: Template, word: str, value: Any
) -> None:
    body = {"template": "poster", "parameters": {"subject": "cat"}, word: value}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, word))
    assert [error["code"] for error in problem["errors"]] == ["decided_by_template"]


def test_template_with_text_no_database_holds_is_refused(alice: APIClient) -> None:
    draft = create_template("any", name="Any", prompt="{x}", parameters={"x": {"type": "string"}},
                            required=["x"])  # fmt: skip
    publish(draft, actor="tests")
    for value in ("a\x00b", "\ud800"):
        body = {"template": "any", "parameters": {"x": value}}
        refused(alice, GENERATE, body=body, expect=(*INVALID, "parameters"))


def test_rendered_prompt_that_is_too_long_is_refused(alice: APIClient) -> None:
    draft = create_template("any", name="Any", prompt="{x}", parameters={"x": {"type": "string"}},
                            required=["x"])  # fmt: skip
    publish(draft, actor="tests")
    for value, code in (("x" * 501, "too_long"), ("  ", "blank"), ("", "blank")):
        body = {"template": "any", "parameters": {"x": value}}
        problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "parameters"))
        assert problem["errors"][0]["code"] == code


def test_task_records_what_the_template_said(alice: APIClient, poster: Template) -> None:
    body = {"template": "poster", "parameters": {"subject": "cat"}, "seed": 3, "num_images": 2}
    task = alice.post(GENERATE, body, format="json").json()
    assert task["template"] == {
        "code": "poster", "name": "Poster", "version": 1, "category": "print"
    }  # fmt: skip
    assert task["prompt"] == "2 cat, anime style, cel shading, vivid colours"
    assert (task["width"], task["height"], task["steps"]) == (128, 64, 7)
    assert task["style_preset"] == "anime"
    assert Task.objects.get().spec["seeds"] == [3, 4]


def test_value_with_braces_reaches_into_nothing(alice: APIClient) -> None:
    draft = create_template(
        "any",
        name="Any",
        prompt="{x} {y}",
        parameters={"x": {"type": "string"}, "y": {"default": "Y"}},
        required=["x"],
    )
    publish(draft, actor="tests")
    body = {"template": "any", "parameters": {"x": "{y} {x.__class__} %(y)s {0}"}}
    assert (
        alice.post(GENERATE, body, format="json").json()["prompt"]
        == "{y} {x.__class__} %(y)s {0} Y"
    )


def unpublished() -> None:
    create_template("wanted", name="Wanted", prompt="a star")


def inactive() -> None:
    publish(create_template("wanted", name="Wanted", prompt="a star"), actor="tests")
    Template.objects.filter(code="wanted").update(is_active=False)


@pytest.mark.parametrize("make", [unpublished, inactive])
def test_template_that_cannot_be_ordered_is_unknown(
    alice: APIClient, make: Callable[[], None]
) -> None:
    make()
    refused(alice, GENERATE, body={"template": "wanted"}, expect=(*INVALID, "template"))
    codes = [item["code"] for item in alice.get("/api/v1/templates").json()["items"]]
    assert codes == ["badge", "shape", "shape-zh"]


def test_inactive_style_is_unknown(alice: APIClient) -> None:
    Style.objects.filter(code="anime").update(is_active=False)
    body = {"prompt": "a star", "style_preset": "anime"}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "style_preset"))
    assert "anime" not in str(alice.get("/api/v1/styles").json())


def test_published_schema_is_the_one_that_decides(alice: APIClient, poster: Template) -> None:
    items = {item["code"]: item for item in alice.get("/api/v1/templates").json()["items"]}
    assert items["poster"]["parameters"] == {
        "type": "object", "properties": RULES, "required": ["subject"], "additionalProperties": False
    }  # fmt: skip
    assert items["badge"]["price"] == 5
    assert items["shape"]["price"] is None


def test_styles_are_named_in_the_readers_language(alice: APIClient) -> None:
    for language, name in (("en", "Anime"), ("zh-hans", "动漫")):
        items = alice.get("/api/v1/styles", HTTP_ACCEPT_LANGUAGE=language).json()["items"]
        assert [item["code"] for item in items] == [
            "default", "photorealistic", "illustration", "anime", "oil_painting"
        ]  # fmt: skip
        assert items[3]["name"] == name
        assert (items[3]["name_en"], items[3]["name_zh"]) == ("Anime", "动漫")


@pytest.mark.parametrize(
    ("prompt", "words"), [("a cat", "a cat, anime style"), ("一只猫", "一只猫,动漫风格")]
)
def test_style_speaks_the_language_of_the_prompt(alice: APIClient, prompt: str, words: str) -> None:
    body = {"prompt": prompt, "style_preset": "anime", "negative_prompt": "dog"}
    task = alice.post(GENERATE, body, format="json").json()
    assert task["prompt"].startswith(words)
    assert Task.objects.get().spec["negative_prompt"] == "dog, photo, realistic skin"
