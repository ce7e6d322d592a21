"""Orders of a template are checked at a bounded cost, and schemas that have none are not published."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from genhub.lib.errors import InvalidRequest
from templates import checking
from templates.checking import MOST_STEPS, TooCostly, find_errors
from templates.rendering import Recipe, render
from templates.services import create_template, find_mistakes

HOSTILE: list[tuple[Any, Any]] = [
    ({"items": {"pattern": "^(a+)+$"}}, ["a" * 5000 + "!"] * 100),
    ({"uniqueItems": True}, [[number] for number in range(4000)]),
    ({"items": {"anyOf": [{"const": number} for number in range(900)]}}, list(range(4000, 8000))),
    ({"items": {"enum": [{"a": number} for number in range(900)]}}, [{"a": -1}] * 4000),
    ({"items": {"type": "integer"}}, ["x" * 10] * 9000),
    ({"contains": {"allOf": [{"oneOf": [True] * 500}] * 100}}, [1] * 1000),
    ({"patternProperties": {f"^(a|{n})+$": False for n in range(500)}}, {f"k{n}": n for n in range(900)}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "values"), HOSTILE, ids=range(len(HOSTILE)))
def test_no_order_costs_more_than_its_steps(
    schema: Any, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    spend = checking.Purse.spend

    def count(self: checking.Purse, *words: Any) -> None:
        taken.append(words)
        spend(self, *words)

    monkeypatch.setattr(checking.Purse, "spend", count)
    try:
        find_errors(schema, values)
    except TooCostly:
        assert taken
    assert len(taken) <= MOST_STEPS + 1


def recipe_of(**words: Any) -> Recipe:
    plain: dict[str, Any] = {"version_id": None, "code": "x", "name": "x", "number": 1, "category": "", "media_type": "image",
             "prompt": "{a}", "negative_prompt": "", "required": [], "settings": {}, "price": None}  # fmt: skip
    return Recipe(**{**plain, **words})


def test_order_that_costs_too_much_is_refused_by_name() -> None:
    rules = {"a": {"items": {"anyOf": [{"const": number} for number in range(900)]}}}
    with pytest.raises(InvalidRequest) as refusal:
        render(recipe_of(parameters=rules), {"a": list(range(4000, 8000))})
    assert [(e.field, e.code) for e in refusal.value.errors] == [("parameters", "too_costly")]


@pytest.mark.parametrize("rules", [{"pattern": "(?=a)b"}, {"unevaluatedItems": False}])
def test_version_published_before_is_refused_and_not_run(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        render(recipe_of(parameters={"a": {**rules}}), {"a": "aaaa"})
    assert [e.code for e in refusal.value.errors] == ["too_costly"]


SCHEMAS: list[Any] = [
    {"type": "string", "pattern": "^[\\u4e00-\\u9fff]+$"}, {"uniqueItems": True}, {"pattern": "^\\d{3}$"},
    {"properties": {"x": {"type": "integer"}}, "patternProperties": {"^y": {"type": "string"}},
     "additionalProperties": False},
    {"additionalProperties": {"type": "string"}}, {"required": ["x"], "minProperties": 1},
    {"items": {"oneOf": [{"type": "integer"}, {"minimum": 2}]}}, {"const": 1}, {"enum": [True, "星", [1]]},
    {"if": {"type": "string"}, "then": {"maxLength": 1}, "else": {"multipleOf": 0.5}},
    {"propertyNames": {"pattern": "^x$"}}, {"contains": {"const": 1}, "maxContains": 1}, {"not": {"type": "null"}},
]  # fmt: skip
VALUES: list[Any] = [
    "星", "123", "abc", "", 1, 1.0, 2.5, True, None, [1], [1, 1.0], [True, 1], [[1], [1]], [{"a": 1}, {"a": 1.0}],
    {}, {"x": 1}, {"x": "1"}, {"y2": "a"}, {"y2": 5}, {"z": "a"}, {"z": None},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_bounded_check_says_what_the_library_says(schema: Any) -> None:
    plain: Any = Draft202012Validator(schema)
    for value in VALUES:
        assert bool(find_errors(schema, value)) == (not plain.is_valid(value)), value


def test_missing_and_unknown_parts_are_named_once_where_they_stand() -> None:
    inner = {"properties": {"x": {}}, "required": ["x", "y"], "additionalProperties": False}
    parameters = {"a": inner, "b": {}, "c": {}}
    with pytest.raises(InvalidRequest) as refusal:
        render(recipe_of(parameters=parameters, required=["b", "c"]), {"a": {"z": 1}, "d": 1})
    named = sorted((e.field, e.code) for e in refusal.value.errors)
    assert named == [
        ("parameters.a.x", "required"), ("parameters.a.y", "required"),
        ("parameters.a.z", "additionalProperties"), ("parameters.b", "required"),
        ("parameters.c", "required"), ("parameters.d", "additionalProperties"),
    ]  # fmt: skip


DEEP: Any = {}
for _ in range(50):
    DEEP = {"not": DEEP}
UNFIT = [
    ({"pattern": "(?=a)b"}, "pattern_not_linear"),
    ({"pattern": "(?<!a)b"}, "pattern_not_linear"),
    ({"pattern": r"(a)\1"}, "pattern_not_linear"),
    ({"items": {"anyOf": [{"pattern": r"(a)\1"}]}}, "pattern_not_linear"),
    ({"patternProperties": {"^(?!x)": {}}}, "pattern_not_linear"),
    ({"unevaluatedProperties": False}, "unbounded"),
    ({"allOf": [{"unevaluatedItems": False}]}, "unbounded"),
    ({"enum": list(range(3000))}, "too_large"),
    (DEEP, "too_large"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("rules", "code"), UNFIT, ids=[f"{n}-{u[1]}" for n, u in enumerate(UNFIT)])
def test_schema_without_a_bounded_cost_is_not_published(rules: Any, code: str) -> None:
    draft = create_template(
        "slow", name="Slow", prompt="{a}", parameters={"a": rules}, required=["a"]
    )
    assert [(m.field, m.code) for m in find_mistakes(draft)] == [("parameters", code)]


@pytest.mark.django_db
@pytest.mark.usefixtures("stub")
def test_linear_pattern_with_a_slow_look_is_published() -> None:
    rules = {"pattern": "^(a+)+$", "default": "aaa"}
    draft = create_template("fine", name="Fine", prompt="{a}", parameters={"a": rules})
    assert find_mistakes(draft) == []
