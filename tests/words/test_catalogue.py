"""The Chinese catalogue: complete, compiled, with every place for a value intact."""

import gettext as gnu
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import unfold
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.test import APIClient

import genhub.urls  # noqa: F401 (brings every Problem into being)
from generation.api.serializers import GenerateSerializer
from generation.errors import AlreadyEnded
from genhub.api.problems import problem_body
from genhub.lib.errors import FieldError, InvalidRequest, NotFound, Problem
from genhub.management.commands.makemessages import list_docstrings
from templates.rendering import MESSAGES
from templates.styles import STYLES
from tests.words.sources import CHINESE, OURS, ROOT, marked_words, places, read_catalogue

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
RENEW = (
    "run: manage.py makemessages -l zh_Hans --no-obsolete --add-location file --no-wrap -i .venv -i tests -i var; "
    f"translate in {CATALOGUE.relative_to(ROOT)}; manage.py compilemessages -l zh_Hans -i .venv"
)
# Parts of unfold that no page of ours uses.
UNUSED_UNFOLD = ("constance", "forms", "guardian", "import_export", "inlines", "location_field")
ENTRIES = read_catalogue(CATALOGUE)
KINDS = {
    code: kind for code, kind in Problem.kinds.items() if not kind.__module__.startswith("tests")
}


@pytest.fixture
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


def test_every_entry_is_translated() -> None:
    lacking = [e.words for e in ENTRIES if not e.translation or e.is_fuzzy]
    assert not lacking, RENEW
    words = [entry.words for entry in ENTRIES]
    assert len(words) == len(set(words))


def test_every_translation_keeps_its_places() -> None:
    differing = [e.words for e in ENTRIES if places(e.words) != places(e.translation)]
    assert not differing
    ends = [e.words for e in ENTRIES if e.words.endswith("\n") != e.translation.endswith("\n")]
    assert not ends


def test_sources_and_catalogue_hold_the_same_words() -> None:
    marked = {word for name in OURS for word in marked_words(ROOT / name)} | list_docstrings()
    known = {entry.words for entry in ENTRIES}
    assert sorted(marked - known) == [], RENEW
    assert sorted(known - marked) == [], RENEW


def test_compiled_catalogue_is_up_to_date() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gnu.GNUTranslations(file)
    stale = [e.words for e in ENTRIES if compiled.ngettext(e.words, e.words, 1) != e.translation
             and compiled.gettext(e.words) != e.translation]  # fmt: skip
    assert not stale, RENEW
    # A header and the entries, nothing that the sources dropped.
    assert len(vars(compiled)["_catalog"]) == len(ENTRIES) + 1, RENEW


def test_every_word_of_the_admin_theme_is_chinese(chinese: None) -> None:
    folder = Path(unfold.__file__).parent
    unused = {
        word for name in UNUSED_UNFOLD for word in marked_words(folder / "contrib" / name)
    } | marked_words(folder / "contrib" / "simple_history")
    used = marked_words(folder) - unused
    assert len(used) > 50
    english = sorted(word for word in used if not CHINESE.search(gettext(word)))
    assert not english, "name these in genhub/admin/unfold_words.py"


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_problem_speaks_both_languages(code: str) -> None:
    kind = KINDS[code]
    values = {place[2:-2]: f"«{place[2:-2]}»" for place in places(kind.detail)}
    problem = kind()
    problem.params = dict(values)
    with translation.override("en"):
        english = problem_body(problem)
    with translation.override("zh-hans"):
        chinese = problem_body(problem)
    for word in ("title", "detail"):
        assert CHINESE.search(chinese[word]), chinese[word]
        assert not CHINESE.search(english[word]), english[word]
    for value in values.values():
        assert value in english["detail"]
        assert value in chinese["detail"]


def test_only_the_hubs_own_words_are_translated_inside_a_message(chinese: None) -> None:
    # “number” is a word of ours, too: the label of an attempt.
    assert CHINESE.search(gettext("number"))
    error = FieldError("parameters.size", "type", MESSAGES["type"], {"limit": "number"})
    [answered] = problem_body(InvalidRequest(errors=[error]))["errors"]
    assert answered["message"] == "类型必须是 number。"
    assert "任务" in problem_body(NotFound(thing="task"))["detail"]
    assert "已完成" in problem_body(AlreadyEnded(state="completed"))["detail"]


def test_every_message_about_a_request_word_is_chinese(chinese: None) -> None:
    serializer = GenerateSerializer()
    fields: list[serializers.Field[Any, Any, Any, Any]] = [serializer, *serializer.fields.values()]
    messages = {str(text) for field in fields for text in field.error_messages.values()}
    messages |= {
        str(text) for f in fields for v in f.validators if (text := getattr(v, "message", ""))
    }
    assert len(messages) > 20
    assert not [message for message in messages if not CHINESE.search(message)]


@pytest.mark.parametrize("code", STYLES)
def test_every_first_style_is_named_in_both_languages(code: str) -> None:
    style = STYLES[code]
    for name in ("name", "suffix"):
        assert CHINESE.search(style[f"{name}_zh"])  # type: ignore[literal-required]
        assert not CHINESE.search(style[f"{name}_en"])  # type: ignore[literal-required]


@pytest.mark.django_db
@pytest.mark.usefixtures("recipes")
def test_styles_are_answered_in_the_language_that_was_asked_for(alice: APIClient) -> None:
    for language, word in (("en", "name_en"), ("zh-hans", "name_zh"), ("zh-CN", "name_zh")):
        items = alice.get("/api/v1/styles", HTTP_ACCEPT_LANGUAGE=language).json()["items"]
        assert [item["name"] for item in items] == [item[word] for item in items]
        assert len(items) == len(STYLES)
