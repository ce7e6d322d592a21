"""From recipe, parameters and style to the words of an order, in both languages."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genhub.lib.errors import InvalidRequest
from templates.rendering import Look, Recipe, Rendered, render, wear
from templates.styles import STYLES
from templates.variables import fill, find_variables


def recipe(**words: Any) -> Recipe:
    return Recipe(
        **{
            "version_id": uuid.UUID(int=1), "code": "c", "name": "n", "number": 1, "category": "", "media_type": "image",
            "prompt": "{a} and {b}", "negative_prompt": "no {b}", "parameters": {"a": {"type": "string"}, "b": {"default": "B"}},
            "required": ["a"], "settings": {"width": 64}, "price": None, **words,
        }
    )  # fmt: skip


def test_parameters_and_defaults_fill_both_prompts() -> None:
    assert render(recipe(), {"a": "A"}) == Rendered("A and B", "no B", {"width": 64})
    assert render(recipe(), {"a": "A", "b": "x"}).negative_prompt == "no x"


HOLES = [
    ("a {x} star", "a star"),
    ("{x} star", "star"),
    ("a star {x}", "a star"),
    ("a {x} {y} star", "a star"),
    ("a star, {x}, on white", "a star, on white"),
    ("a star, {x}, {y}.", "a star."),
    ("a star, {x}", "a star"),
    ("{x}, a star", "a star"),
    ("{x}, {y}, a star", "a star"),
    ("星星，{x}，白色", "星星，白色"),
    ("{x}星星", "星星"),
    ("a {x}.", "a."),
    ("{x}{y}", ""),
]


@pytest.mark.parametrize(("prompt", "filled"), HOLES, ids=str)
@pytest.mark.parametrize("value", [None, "", " ", "\n", []], ids=repr)
def test_variable_with_nothing_to_say_leaves_no_hole(prompt: str, filled: str, value: Any) -> None:
    assert fill(prompt, {"x": value, "y": value}) == filled
    assert fill(prompt, {}) == filled


@pytest.mark.parametrize(
    ("value", "said"),
    [("a", "a"), (2, "2"), (2.5, "2.5"), (True, "true"), (["a", 1, None, ["b"]], "a, 1, b"), (0, "0"), (False, "false"),
     ({"k": "é"}, '{"k": "é"}')],
)  # fmt: skip
def test_values_are_said_as_people_write_them(value: Any, said: str) -> None:
    assert fill("a {x}", {"x": value}) == f"a {said}"


def test_each_wrong_parameter_is_named() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        render(recipe(), {"b": 1, "c": 2})
    assert {error.field for error in refusal.value.errors} == {"parameters.a", "parameters.c"}


def test_rendering_changes_neither_recipe_nor_parameters() -> None:
    made, parameters = recipe(), {"a": "A"}
    render(made, parameters)
    assert parameters == {"a": "A"}
    assert made == recipe()


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("a {x} {y_1} {_z}", {"x", "y_1", "_z"}),
        ("{x.y} {x[0]} {0} {x!r} {x:5} {} { x } {x-y}", set()),
        ("{{x}}", {"x"}),
        ("{颜色}", set()),
    ],
)
def test_variables_are_plain_names(prompt: str, names: set[str]) -> None:
    assert find_variables(prompt) == names


TEXTS = st.text().filter(str.strip)


@given(TEXTS, TEXTS)
def test_value_is_never_read_as_a_variable(first: str, second: str) -> None:
    assert fill("{a}|{b}", {"a": first, "b": second}) == f"{first}|{second}"


@given(st.text(alphabet=st.characters(exclude_characters="{}")))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    assert fill(text, {"a": "x"}) == text


LOOK = Look("anime", "anime style", "动漫风格", "photo", {"steps": 20, "width": 128})


@pytest.mark.parametrize(
    ("prompt", "worn"),
    [
        ("a cat", "a cat, anime style"),
        ("一只猫", "一只猫,动漫风格"),
        ("a 猫 on a mat", "a 猫 on a mat,动漫风格"),
        ("un café à Paris", "un café à Paris, anime style"),
        ("", "anime style"),
    ],
)
def test_style_adds_words_in_the_language_of_the_prompt(prompt: str, worn: str) -> None:
    assert wear(LOOK, Rendered(prompt, "", {})).prompt == worn


def test_style_leaves_the_negative_prompt_to_who_knows_the_model() -> None:
    assert wear(LOOK, Rendered("a", "dog", {})).negative_prompt == "dog"


def test_what_the_template_decides_outweighs_the_style() -> None:
    assert wear(LOOK, Rendered("a", "", {"width": 64})).settings == {"steps": 20, "width": 64}


def test_style_without_additions_changes_nothing() -> None:
    plain = Look("plain", "", "", "")
    for prompt in ("a cat", "一只猫"):
        assert wear(plain, Rendered(prompt, "x", {})) == Rendered(prompt, "x", {})


def test_first_styles_are_whole_in_both_languages() -> None:
    assert list(STYLES) == ["default", "photorealistic", "illustration", "anime", "oil_painting"]
    for words in STYLES.values():
        assert words["name_en"].isascii()
        assert words["suffix_en"].isascii()
        assert not words["name_zh"].isascii()
        assert not words["suffix_zh"].isascii()
