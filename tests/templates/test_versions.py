"""Drafts, publishing, immutability, and the way back to an older version."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from genhub.lib.ids import new_id
from templates.errors import VersionNotPublishable
from templates.models import Style, Template, TemplateVersion
from templates.selectors import find_recipe, list_recipes
from templates.services import (
    create_template,
    draft_next,
    find_mistakes,
    publish,
    seed_examples,
    seed_styles,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


@pytest.fixture
def first() -> TemplateVersion:
    """A published version with everything said."""
    draft = create_template(
        "poster", name="Poster", category="print", prompt="{subject}", negative_prompt="blur",
        parameters={"subject": {"type": "string"}}, required=["subject"], settings={"width": 64}, price=3,
    )  # fmt: skip
    publish(draft, actor="designer")
    draft.refresh_from_db()
    return draft


def current(code: str = "poster") -> Any:
    recipe = find_recipe(code, new_id())
    assert recipe
    return recipe


def test_draft_cannot_be_ordered() -> None:
    create_template("poster", name="Poster", prompt="x")
    assert find_recipe("poster", new_id()) is None
    assert list_recipes() == []


def test_published_version_says_who_and_when(first: TemplateVersion) -> None:
    assert first.published_by == "designer"
    assert first.published_at
    assert (current().number, current().prompt, current().price) == (1, "{subject}", 3)


def test_next_draft_begins_as_the_newest_version(first: TemplateVersion) -> None:
    draft = draft_next(first.template)
    assert (draft.number, draft.published_at) == (2, None)
    for name in ("name", "category", "media_type", "prompt", "negative_prompt", "parameters", "required",
                 "settings", "price"):  # fmt: skip
        assert getattr(draft, name) == getattr(first, name)
    assert current().number == 1, "orders run the published one meanwhile"


def test_a_template_has_one_draft(first: TemplateVersion) -> None:
    assert draft_next(first.template).pk == draft_next(first.template).pk
    with pytest.raises(IntegrityError), transaction.atomic():
        TemplateVersion.objects.create(template=first.template, number=3, name="x", prompt="x")


def test_new_version_replaces_the_old_one_for_new_orders(first: TemplateVersion) -> None:
    draft = draft_next(first.template)
    draft.prompt = "{subject}, again"
    draft.save()
    publish(draft, actor="designer")
    assert (current().number, current().prompt) == (2, "{subject}, again")
    first.refresh_from_db()
    assert first.prompt == "{subject}"


def test_publishing_an_old_version_goes_back_to_it_as_it_was(first: TemplateVersion) -> None:
    publish(draft_next(first.template), actor="designer")
    published_at = first.published_at
    publish(first, actor="somebody else")
    first.refresh_from_db()
    assert current().number == 1
    assert (first.published_at, first.published_by) == (published_at, "designer")
    assert draft_next(first.template).number == 3


def test_version_with_mistakes_is_not_published(first: TemplateVersion) -> None:
    draft = draft_next(first.template)
    draft.prompt = "{nothing}"
    draft.save()
    with pytest.raises(VersionNotPublishable) as refusal:
        publish(draft, actor="designer")
    assert [error.field for error in refusal.value.errors] == ["prompt"]
    assert current().number == 1


STRING = {"type": "string"}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": ""}, "prompt", "blank"),
    ({"prompt": " \n"}, "prompt", "blank"),
    ({"prompt": "{a}"}, "prompt", "unknown_variable"),
    ({"negative_prompt": "{a}"}, "negative_prompt", "unknown_variable"),
    ({"parameters": []}, "parameters", "invalid"),
    ({"parameters": "a"}, "parameters", "invalid"),
    ({"parameters": {"a": "string"}}, "parameters", "invalid"),
    ({"parameters": {"a": True}}, "parameters", "invalid"),
    ({"parameters": {"a": {"type": "text"}}}, "parameters", "invalid_schema"),
    ({"parameters": {"a": {"maxLength": "5"}}}, "parameters", "invalid_schema"),
    ({"parameters": {"a": {"pattern": "["}}}, "parameters", "invalid_schema"),
    ({"parameters": {"a": {"$ref": "http://127.0.0.1:1/x"}}}, "parameters", "pointer"),
    ({"parameters": {"a": {"anyOf": [{"$ref": "#/nope"}]}}}, "parameters", "pointer"),
    ({"parameters": {"a": {**STRING, "default": 5}}}, "parameters", "invalid_default"),
    ({"parameters": {"a": {"enum": ["x"], "default": "y"}}}, "parameters", "invalid_default"),
    ({"required": "a"}, "required", "invalid"),
    ({"required": [1]}, "required", "invalid"),
    ({"required": [["a"]]}, "required", "invalid"),
    ({"required": ["a"]}, "required", "unknown_parameter"),
    ({"settings": []}, "settings", "invalid"),
    ({"settings": {"seed": 7}}, "settings", "unknown_word"),
    ({"settings": {"price": 0}}, "settings", "unknown_word"),
    *(({"settings": {name: value}}, "settings", "invalid_value") for name, value in [
        ("width", "512"), ("width", 17), ("width", 0), ("width", -16), ("width", 64.0), ("width", None),
        ("height", True), ("steps", 0), ("steps", "20"), ("cfg_scale", "2"), ("cfg_scale", -1), ("cfg_scale", False),
        ("num_images", 0), ("num_images", 10), ("num_images", 1.5), ("quality", "hd"), ("quality", "ultra"),
        ("quality", []), ("model", ""), ("model", 5), ("style_preset", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "field", "code"), WRONG, ids=str)
def test_mistake_is_found_before_publishing(words: dict[str, Any], field: str, code: str) -> None:
    draft = create_template("wrong", **{"name": "Wrong", "prompt": "a star", **words})
    assert [(mistake.field, mistake.code) for mistake in find_mistakes(draft)] == [(field, code)]
    with pytest.raises(VersionNotPublishable):
        publish(draft, actor="designer")
    assert find_recipe("wrong", new_id()) is None


def test_every_mistake_is_named_at_once() -> None:
    draft = create_template(
        "wrong", name="Wrong", prompt="{a} {b}", required=["c"], settings={"width": 1, "x": 1}
    )
    assert len(find_mistakes(draft)) == 5


@pytest.mark.usefixtures("recipes")
def test_settings_that_fit_are_no_mistake() -> None:
    settings = {"model": "z-image-small", "width": 64, "height": 128, "steps": 1, "cfg_scale": 0, "num_images": 9,
                "quality": "high", "style_preset": "anime"}  # fmt: skip
    assert find_mistakes(create_template("right", name="R", prompt="x", settings=settings)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE templates_templateversion SET prompt = 'x'",
        "UPDATE templates_templateversion SET price = 0",
        "UPDATE templates_templateversion SET published_at = NULL",
        "UPDATE templates_templateversion SET published_by = 'x'",
        "UPDATE templates_templateversion SET number = 9",
        "UPDATE templates_templateversion SET settings = '{}'",
        "DELETE FROM templates_templateversion",
    ],
)
def test_published_version_never_changes_by_sql(first: TemplateVersion, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert TemplateVersion.objects.filter(pk=first.pk).values().get() == {
        name: value for name, value in vars(first).items() if not name.startswith("_")
    }


def test_published_version_never_changes_by_orm(first: TemplateVersion) -> None:
    for act in (
        lambda: TemplateVersion.objects.update(prompt="x"),
        lambda: TemplateVersion(**{**words_of(first), "prompt": "x"}).save(),
        TemplateVersion.objects.all().delete,
        first.template.delete,
    ):
        with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
            act()
    assert current().prompt == "{subject}"


def words_of(version: TemplateVersion) -> dict[str, Any]:
    return {name: value for name, value in vars(version).items() if not name.startswith("_")}


def test_draft_may_change_and_go(first: TemplateVersion) -> None:
    draft = draft_next(first.template)
    draft.prompt = "other"
    draft.save()
    draft.delete()
    assert first.template.versions.count() == 1


def test_seeding_again_leaves_what_staff_changed() -> None:
    assert seed_styles() == 5
    seed_examples()
    Style.objects.filter(code="anime").update(suffix_en="ours", is_active=False)
    Template.objects.filter(code="badge").update(is_active=False)
    assert seed_styles() == 0
    seed_examples()
    assert Style.objects.get(code="anime").suffix_en == "ours"
    assert [recipe.code for recipe in list_recipes()] == ["shape", "shape-zh"]
    assert TemplateVersion.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_versions_cannot_be_truncated() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE templates_templateversion CASCADE")
