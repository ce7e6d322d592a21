"""Templates in the admin: drafts are edited, published versions are for ever."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from templates.models import Style, Template, TemplateVersion
from templates.services import draft_next
from tests.admin.conftest import Hire

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
PUBLISH = {"_publish": "1"}


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:templates_{name}", args=args)


def shape() -> Template:
    return Template.objects.get(code="shape")


def words_of(version: TemplateVersion, **changed: Any) -> dict[str, Any]:
    values = {
        "name": version.name,
        "category": version.category,
        "media_type": version.media_type,
        "prompt": version.prompt,
        "negative_prompt": version.negative_prompt,
        "parameters": json.dumps(version.parameters),
        "required": json.dumps(version.required),
        "settings": json.dumps(version.settings),
        "operations": json.dumps(version.operations),
        "price": "" if version.price is None else version.price,
    }
    return values | changed


def confirm(client: Client, page: str) -> Any:
    """Look at a question and press its button."""
    return client.post(page, {"seen": client.get(page).context["question"].seen})


def test_a_new_template_begins_with_a_draft(boss: Client) -> None:
    answer = boss.post(address("template_add"), {"code": "poster"})
    draft = TemplateVersion.objects.get(template__code="poster")
    assert answer["Location"] == address("templateversion_change", draft.pk)
    assert draft.published_at is None
    assert "Enter a valid" in boss.post(address("template_add"), {"code": "a b"}).content.decode()
    assert (
        "already exists" in boss.post(address("template_add"), {"code": "poster"}).content.decode()
    )


def test_a_draft_is_made_on_post_only(boss: Client) -> None:
    new = address("template_draft_new", shape().pk)
    assert "Begin the draft" in boss.get(new).content.decode()
    assert shape().versions.count() == 1
    for _ in range(2):
        assert boss.post(new).status_code == 302
    draft = shape().versions.get(number=2)
    assert boss.get(new)["Location"] == address("templateversion_change", draft.pk)


def test_a_draft_is_edited_and_published(boss: Client) -> None:
    draft = draft_next(shape())
    page = address("templateversion_change", draft.pk)
    assert (
        boss.post(page, words_of(draft, prompt="one {colour} {shape}", price=3)).status_code == 302
    )
    draft.refresh_from_db()
    assert (draft.prompt, draft.price, draft.published_at) == ("one {colour} {shape}", 3, None)
    assert shape().published != draft
    answer = boss.post(page, words_of(draft, name="Shape") | PUBLISH, follow=True)
    assert "New orders run shape v2 from now on." in answer.content.decode()
    draft.refresh_from_db()
    assert (draft.name, draft.published_by) == ("Shape", "carol")
    assert shape().published == draft


def test_edits_of_each_picture_are_shown_in_words_and_on_grey(boss: Client) -> None:
    draft = draft_next(shape())
    page = address("templateversion_change", draft.pk)
    wrong = boss.post(page, words_of(draft, operations='[{"action": "flip", "direction": "up"}]'))
    [said] = wrong.context["adminform"].form.errors["operations"]
    assert said.startswith("operations[0].direction: ")
    done = '[{"action": "crop", "ratio": "1:1"}, {"action": "flip", "direction": "vertical"}]'
    assert boss.post(page, words_of(draft, operations=done)).status_code == 302
    shown = boss.get(page).content.decode()
    assert 'name="operation0-ratio" value="1:1"' in shown
    question = boss.get(address("templateversion_publish", draft.pk)).content.decode()
    assert "mirror: direction vertical" in question
    assert "data:image/jpeg;base64," in question
    confirm(boss, address("templateversion_publish", draft.pk))
    shown = boss.get(page).content.decode()
    assert "crop: ratio 1:1, position center<br>mirror: direction vertical" in shown


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("prompt", "a {ghost}", "The prompt uses {ghost}, which is no parameter."),
        ("required", '["ghost"]', "“ghost” is required, but no parameter."),
        ("operations", '[{"action": "crop", "width": 8000}]', "It reaches beyond the picture"),
        ("parameters", '{"shape": {"type": "nonsense"}}', "This is not valid JSON Schema"),
    ],
)
@pytest.mark.usefixtures("unwritten")
def test_mistakes_stand_next_to_their_field(
    boss: Client, field: str, text: str, message: str
) -> None:
    draft = draft_next(shape())
    page = address("templateversion_change", draft.pk)
    answer: Any = boss.post(page, words_of(draft, **{field: text}) | PUBLISH)
    errors = answer.context_data["adminform"].form.errors
    assert message in str(errors.get_json_data()[field])
    assert shape().published != draft
    # Without the publish button an unfinished draft may be saved; its publish page then lists the mistakes.
    assert boss.post(page, words_of(draft, **{field: text})).status_code == 302
    publish = address("templateversion_publish", draft.pk)
    for asked in (boss.get, boss.post):
        listed: Any = asked(publish)
        assert listed.context_data["question"].mistakes
    draft.refresh_from_db()
    assert draft.published_at is None


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("parameters", "{"),
        ("parameters", "[]"),
        ("parameters", '{"shape": "string"}'),
        ("parameters", '{"shape": {"maximum": NaN}}'),
        ("parameters", '{"shape": {"maximum": 1e999}}'),
        ("parameters", '{"shape": {"default": "\\u0000"}}'),
        ("parameters", '{"shape": {"default": "\\ud800"}}'),
        ("parameters", "[" * 100_000),
        ("required", '{"a": 1}'),
        ("required", "[1, []]"),
        ("settings", '{"user": "bob"}'),
        ("settings", "null"),
        ("price", "-1"),
        ("price", "99999999999"),
        ("price", "free"),
        ("name", ""),
        ("prompt", "a \0 star"),
    ],
)
@pytest.mark.usefixtures("unwritten")
def test_malformed_drafts_are_not_saved(boss: Client, field: str, text: str) -> None:
    draft = draft_next(shape())
    answer: Any = boss.post(
        address("templateversion_change", draft.pk), words_of(draft, **{field: text})
    )
    assert answer.status_code == 200
    assert list(answer.context_data["adminform"].form.errors) == [field]


def test_empty_json_means_nothing_given(boss: Client) -> None:
    draft = draft_next(shape())
    empty = {"parameters": "", "required": " ", "settings": "", "prompt": "a star"}
    page = address("templateversion_change", draft.pk)
    assert boss.post(page, words_of(draft, **empty)).status_code == 302
    draft.refresh_from_db()
    assert (draft.parameters, draft.required, draft.settings) == ({}, [], {})


def test_a_published_version_never_changes(boss: Client) -> None:
    version = shape().published
    assert version is not None
    page = address("templateversion_change", version.pk)
    answer = boss.post(page, words_of(version, prompt="changed"), follow=True)
    assert "published meanwhile" in answer.content.decode()
    for statement in (
        "UPDATE templates_templateversion SET prompt = 'changed' WHERE id = %s",
        "UPDATE templates_templateversion SET published_at = NULL WHERE id = %s",
        "DELETE FROM templates_templateversion WHERE id = %s",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [version.pk])
    version.refresh_from_db()
    assert version.prompt != "changed"


def test_an_earlier_version_is_made_current_again(boss: Client) -> None:
    first = shape().published
    assert first is not None
    second = draft_next(shape())
    confirm(boss, address("templateversion_publish", second.pk))
    assert shape().published == second
    publish = address("templateversion_publish", first.pk)
    assert "Make it current again" in boss.get(publish).content.decode()
    assert shape().published == second
    confirm(boss, publish)
    assert shape().published == first


def test_publishing_is_a_right_of_its_own(hire: Hire) -> None:
    draft = draft_next(shape())
    editor = hire("templates.view_templateversion", "templates.change_templateversion")
    page = address("templateversion_change", draft.pk)
    publish = address("templateversion_publish", draft.pk)
    assert "publish" not in editor.get(page).content.decode().replace("published", "")
    assert editor.post(publish).status_code == 403
    assert editor.post(page, words_of(draft, name="Edited") | PUBLISH).status_code == 302
    draft.refresh_from_db()
    assert (draft.name, draft.published_at) == ("Edited", None)
    publisher = hire("templates.view_templateversion", "templates.publish_template", name="erin")
    assert publisher.post(page, words_of(draft)).status_code == 403
    assert confirm(publisher, publish).status_code == 302
    assert shape().published == draft


def test_styles_are_edited_with_known_words_only(boss: Client) -> None:
    style = Style.objects.get(code="anime")
    page = address("style_change", style.pk)
    words = {"name_en": "Anime", "name_zh": "动漫", "position": 3, "is_active": "on"}
    answer = boss.post(page, words | {"settings": '{"sampler": "x"}'})
    assert "These words cannot be set: sampler" in answer.content.decode()
    answer = boss.post(page, words | {"settings": '{"steps": "many"}'})
    assert "“steps”: " in answer.content.decode()
    assert (
        boss.post(page, words | {"settings": '{"steps": 20}', "code": "other"}).status_code == 302
    )
    style.refresh_from_db()
    assert (style.settings, style.code) == ({"steps": 20}, "anime")
