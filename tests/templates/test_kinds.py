"""Parameters as rows of a form: what the form has no word for comes back as it was."""

from typing import Any

import pytest

from templates.kinds import (
    CHOICE,
    COLOUR,
    LONG,
    NUMBER,
    OTHER,
    PICTURE,
    SEED,
    SIGNS,
    TEXT,
    TRUTH,
    WHOLE,
    Row,
    find_bound,
    in_order,
    kind_of,
    list_rows,
    rules_of,
    schema_of_rows,
)

RULES: list[tuple[str, dict[str, Any]]] = [
    (TEXT, {"type": "string"}),
    (TEXT, {"type": "string", "maxLength": 200, "pattern": "^a", "x-app": {"deep": [1, None]}}),
    (TEXT, {"type": "string", "format": "email", "default": ""}),
    (LONG, {"type": "string", "format": "multiline", "maxLength": 2000}),
    (CHOICE, {"type": "string", "enum": ["red", "blue"], "default": "red"}),
    (NUMBER, {"type": "number", "minimum": 0.5, "maximum": 3, "multipleOf": 0.5, "default": 1}),
    (WHOLE, {"type": "integer", "minimum": 3, "exclusiveMaximum": 9, "default": 5}),
    (COLOUR, {"type": "string", "format": "color", "pattern": "^#[0-9A-Fa-f]{6}$", "default": "#ff0000"}),
    (PICTURE, {"type": "string", "format": "picture", "title": "Your photo"}),
    (TRUTH, {"type": "boolean", "default": False}),
    (SEED, {"type": "integer", "format": "seed", "minimum": 0, "maximum": 2**53 - 1}),
    (OTHER, {}),
    (OTHER, {"type": ["string", "null"]}),
    (OTHER, {"type": "array", "items": {"type": "string"}}),
    (OTHER, {"enum": ["a", "b"]}),
    (OTHER, {"type": "string", "enum": [" a", "b"]}),
    (OTHER, {"type": "integer", "enum": [1, 2]}),
    (OTHER, {"type": "integer", "default": True}),
    (OTHER, {"type": "string", "maxLength": "many"}),
    (OTHER, {"type": "string", "title": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rules"), RULES)
def test_rules_come_back_as_they_were(kind: str, rules: dict[str, Any]) -> None:
    assert kind_of(rules) == kind
    [row] = list_rows({"one": rules}, ["one"])
    assert row.kind == kind
    assert schema_of_rows([row], ["one"]) == ({"one": rules}, ["one"])


def test_what_a_form_has_no_word_for_outlives_a_change() -> None:
    rules = {"type": "string", "maxLength": 200, "pattern": "^a", "x-app": 1}
    [row] = list_rows({"one": rules}, [])
    assert row.beyond == ["pattern", "x-app"]
    changed = Row(row.name, TEXT, is_required=False, label="One", most=50, kept=row.kept)
    assert rules_of(changed) == rules | {"maxLength": 50, "title": "One"}
    # Another kind takes away what marked the first one, and its limits.
    other = Row(row.name, WHOLE, is_required=False, least=1, kept=row.kept)
    assert rules_of(other) == {"type": "integer", "minimum": 1, "pattern": "^a", "x-app": 1}
    colour = RULES[7][1]
    plain = Row("one", TEXT, is_required=False, kept=colour)
    assert rules_of(plain) == {"type": "string"}


def test_order_is_written_only_where_it_is_another() -> None:
    rules = {"bb": {"type": "string"}, "a": {"type": "string"}, "ccc": {"type": "string"}}
    rows = list_rows(rules, ["ccc"])
    assert [row.name for row in rows] == ["ccc", "a", "bb"]
    kept, _required = schema_of_rows(rows, ["ccc"])
    assert kept == rules
    moved, required = schema_of_rows(reversed(rows), ["ccc"])
    assert in_order(moved, required) == ["bb", "a", "ccc"]
    assert [row.name for row in list_rows(moved, required)] == ["bb", "a", "ccc"]
    assert [one["x-order"] for one in moved.values()] == [1, 2, 3]


def test_required_names_keep_their_order() -> None:
    rules = {name: {"type": "string"} for name in "abc"}
    rows = list_rows(rules, ["c", "a"])
    assert schema_of_rows(rows, ["c", "a"])[1] == ["c", "a"]
    assert schema_of_rows([row for row in rows if row.name != "c"], ["c", "a"])[1] == ["a"]


def test_picture_and_seed_are_words_of_the_order() -> None:
    rules = {kind: dict(SIGNS[kind]) for kind in (TEXT, PICTURE, SEED)}
    assert find_bound(rules) == {PICTURE: "image", SEED: "seed"}
