"""Every document is read in English and in Chinese: its operations, parameters, tags, schemas and fields."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands.makemessages import TranslatableFile

from genhub.api.docstrings import CHOICES
from genhub.management.commands import makemessages
from genhub.urls import DIALECTS
from tests.words.sources import CHINESE

pytestmark = pytest.mark.django_db
ADDRESSES = ["/api/schema", *(f"/api/schema/{dialect.name}" for dialect in DIALECTS)]
# Names are the same in every language, and codes are.
NAMES = ("GenHub", "`")


def read(client: Any, address: str, language: str, **words: Any) -> Any:
    answer = client.get(
        address, {"lang": language}, HTTP_ACCEPT="application/vnd.oai.openapi+json", **words
    )
    return json.loads(answer.content)


def said(part: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text that a part of a document says to people, with where it stands; what an example shows may be
    anything."""
    if isinstance(part, list):
        for position, value in enumerate(part):
            yield from said(value, f"{where}/{position}")
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in ("description", "summary") and isinstance(value, str):
                yield f"{where}/{name}", value
            elif name not in ("example", "value"):
                yield from said(value, f"{where}/{name}")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_reader_finds_each_text_in_their_language(client: Any, address: str) -> None:
    english = dict(said(read(client, address, "en")))
    chinese = dict(said(read(client, address, "zh-hans")))
    assert english.keys() == chinese.keys()
    assert len(english) > 100
    for where, text in chinese.items():
        if text and not text.startswith((*NAMES, CHOICES)):
            assert CHINESE.search(text), (where, text)
            assert not CHINESE.search(english[where]), (where, english[where])
    by_header = client.get(address, HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert next(text for where, text in chinese.items() if where.endswith("summary")) in by_header


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_operation_and_parameter_says_what_it_is(client: Any, address: str) -> None:
    document = read(client, address, "zh-hans")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert CHINESE.search(operation["summary"]), (method, path)
            assert CHINESE.search(operation["description"]), (method, path)
            for parameter in operation.get("parameters", ()):
                assert CHINESE.search(parameter.get("description", "")), (path, parameter["name"])
    for name, schema in document["components"]["schemas"].items():
        # What is nothing, and what is one of others, which say it.
        assert schema.get("description") or "oneOf" in schema or schema["type"] == "null", name


@pytest.mark.parametrize("address", ADDRESSES[1:])
def test_each_field_of_a_dialect_says_what_it_is(client: Any, address: str) -> None:
    for name, schema in read(client, address, "zh-hans")["components"]["schemas"].items():
        for field, words in schema.get("properties", {}).items():
            # What is a schema of its own says it there.
            is_told = "$ref" in str(words) or CHINESE.search(words.get("description", ""))
            assert is_told, (name, field)


def fields(part: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each property of each schema of a document, wherever it is written, with where it stands."""
    for name, value in part.items() if isinstance(part, dict) else enumerate(part):
        # What is named so inside of “properties” is a field, and what an example shows may be anything.
        if name == "properties" and not where.endswith("/properties"):
            yield from ((f"{where}/{field}", words) for field, words in value.items())
        if isinstance(value, dict | list) and name not in ("example", "examples"):
            yield from fields(value, f"{where}/{name}")


def test_each_field_of_the_hubs_own_document_says_what_it_is(client: Any) -> None:
    english, chinese = (
        dict(fields(read(client, ADDRESSES[0], language))) for language in ("en", "zh-hans")
    )
    assert english.keys() == chinese.keys()
    assert len(english) > 1000
    # A list of choices tells their names, and not what they are of.
    for where, words in english.items():
        assert words.get("description", "").partition(CHOICES)[0], where
    for where, words in chinese.items():
        assert CHINESE.search(words["description"].partition(CHOICES)[0]), where


def test_docstrings_are_collected_as_words(tmp_path: Path) -> None:
    source = makemessages.SOURCE
    listed = TranslatableFile(str(source.parent), source.name, str(tmp_path))
    words = makemessages.WordsFile(makemessages.Command(), "django", listed)
    assert words.is_templatized
    words.work_path = str(tmp_path / "words.py")
    words.preprocess()
    text = (tmp_path / "words.py").read_text("utf-8")
    assert "gettext('Answer one page.')" in text
    others = TranslatableFile(str(source.parent), "openapi.py", str(tmp_path))
    assert not makemessages.WordsFile(makemessages.Command(), "django", others).is_templatized
