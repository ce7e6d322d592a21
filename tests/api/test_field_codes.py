"""Every code of a field that the hub can answer stands in the document, read from the sources that answer it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from rest_framework import serializers

import genhub.urls  # noqa: F401 (brings every serializer into being)
from genhub.api.field_codes import CODES, list_field_codes
from genhub.api.fields import StrictSerializer
from storage.edits.wording import REASONS as EDITS
from storage.uploads import REASONS
from templates.rendering import MESSAGES
from tests.api.documented import read_document
from tests.words.sources import ROOT

# Where what apps send is judged; what staff write is judged elsewhere, and in a page.
JUDGES = (
    "generation/api", "generation/orders", "generation/moderation", "genhub/api", "genhub/front", "genhub/webhooks",
    "genhub/platforms/api", "genhub/platforms/browser_tokens", "genhub/platforms/authentication.py", "storage",
    "credits/api", "templates/rendering.py",
)  # fmt: skip
# Dialects answer in their own form, vendors are no readers, and a trial is a page of the admin.
NOT_APPS = {"compat", "callbacks.py", "admin", "trials.py", "forms.py"}
# At which place each takes a code.
TAKES = {"FieldError": 1, "refuse_field": 1, "ErrorDetail": 1, "ValidationError": 1, "fail": 0}
WORD = re.compile("[a-z_]+")
# What a field says to programmers, or only of files in forms and of querysets.
INTERNAL = {"no_name", "does_not_exist", "incorrect_type", "incorrect_model", "max_digits"}


def sources() -> Iterator[Path]:
    for name in JUDGES:
        path = ROOT / name
        for file in [path] if path.suffix else sorted(path.rglob("*.py")):
            if not NOT_APPS & set(file.parts):
                yield file


def said_in(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text("utf-8"))
    named = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    refuse = 1 if file.name == "operation_words.py" else 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = (TAKES | {"refuse": refuse}).get(name)
        if place is None or len(node.args) <= place:
            continue
        code: Any = node.args[place]
        said = named.get(code.id) if isinstance(code, ast.Name) else getattr(code, "value", None)
        if isinstance(said, str) and WORD.fullmatch(said):
            yield said


def kinds_of(kind: type[Any]) -> Iterator[type[Any]]:
    for below in kind.__subclasses__():
        yield below
        yield from kinds_of(below)


def fields_of(field: Any) -> Iterator[Any]:
    yield field
    for below in [*getattr(field, "fields", {}).values(), getattr(field, "child", None)]:
        if isinstance(below, serializers.Field):
            yield from fields_of(below)


def codes_of_fields() -> set[str]:
    found: set[str] = set()
    for kind in kinds_of(StrictSerializer):
        if "compat" in kind.__module__ or kind.__module__.startswith("tests"):
            continue
        for field in kind().fields.values():
            for each in fields_of(field):
                found |= set(framework(each).default_error_messages)
                found |= {str(one.code) for one in each.validators if hasattr(one, "code")}
    return found


def framework(field: Any) -> Any:
    """Return the framework's own kind that a field is."""
    own = (kind for kind in type(field).__mro__ if kind.__module__.startswith("rest_framework"))
    return next(own)


def test_each_code_that_a_judge_names_is_listed() -> None:
    found = {code: file.name for file in sources() for code in said_in(file)}
    assert len(found) > 50
    assert {code: file for code, file in found.items() if code not in CODES} == {}


def test_each_code_of_the_frameworks_fields_is_listed() -> None:
    assert codes_of_fields() - CODES.keys() - INTERNAL == set()


def test_each_rule_of_a_template_and_of_a_file_is_listed() -> None:
    assert {*MESSAGES, *REASONS, *EDITS} <= CODES.keys()


@pytest.mark.django_db
def test_document_lists_them_in_the_readers_language() -> None:
    text = read_document()["info"]["description"]
    assert all(f"`{code}`" in text for code in CODES)
    with translation.override("zh-hans"):
        assert "不是可选的值" in list_field_codes()
