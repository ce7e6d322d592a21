"""Parameters are edited as rows, and what an order becomes is shown while somebody types."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from templates.models import Template, TemplateVersion
from templates.services import draft_next
from tests.admin.conftest import Hire
from tests.admin.test_recipes import address, shape, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
HOSTILE = "<img src=x onerror=alert(1)>"
EDITS = ("templates.view_templateversion", "templates.change_templateversion")


@pytest.fixture
def draft() -> TemplateVersion:
    return draft_next(shape())


def rows_of(*rows: dict[str, Any], order: str = "") -> dict[str, Any]:
    """Return what a page of these rows sends."""
    said: dict[str, Any] = {"typed": "rows", "rows": order or ",".join(map(str, range(len(rows))))}
    for number, row in enumerate(rows):
        whole = {"kind": "text"} | row
        said |= {f"row{number}-{name}": value for name, value in whole.items()}
    return said


def save(client: Client, draft: TemplateVersion, *rows: dict[str, Any], **words: Any) -> Any:
    order = words.pop("order", "")
    said = words_of(draft, **words) | rows_of(*rows, order=order)
    return client.post(address("templateversion_change", draft.pk), said)


def test_rows_that_nobody_touched_are_saved_as_they_were(
    boss: Client, draft: TemplateVersion
) -> None:
    draft.parameters |= {
        "size": {"type": ["integer", "null"], "x-app": [1]},
        "note": {"type": "string", "maxLength": 200, "pattern": "^[a-z]*$", "default": ""},
    }
    draft.save()
    page = boss.get(address("templateversion_change", draft.pk))
    table = page.context["adminform"].form.twins["rows"]
    assert [form["name"].value() for form in table.forms] == ["shape", "note", "size", "colour", "background"]  # fmt: skip
    sent = [{field.name: field.value() for field in form} for form in table.forms]
    sent = [{n: v for n, v in row.items() if v not in (None, False)} for row in sent]
    before = (draft.parameters, draft.required)
    assert save(boss, draft, *sent, prompt="a {shape}").status_code == 302
    draft.refresh_from_db()
    assert (draft.parameters, draft.required) == before
    assert draft.prompt == "a {shape}"
    text = page.content.decode()
    assert "Only in JSON, and kept:" in text
    assert "pattern" in text


def test_rows_become_the_schema_of_orders(boss: Client, draft: TemplateVersion) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "tone", "kind": "choice", "choices": "warm\n cold \n", "default": "warm", "label": "Tone"},
        {"name": "subject", "is_required": "on", "least": "2", "most": "80", "help": "What it shows."},
        {"name": "points", "kind": "whole", "least": "3", "most": "9", "default": "5"},
        {"name": "scale", "kind": "number", "default": "1.5"},
        {"name": "ink", "kind": "colour", "default": "#102030"},
        {"name": "night", "kind": "truth", "default": "yes"},
        {"name": "photo", "kind": "picture"},
        {"name": "seed", "kind": "seed", "default": "7"},
        {"name": "extra", "kind": "long"},
    ]  # fmt: skip
    assert save(boss, draft, *rows, prompt="{subject}").status_code == 302
    draft.refresh_from_db()
    in_order = sorted(draft.parameters, key=lambda name: draft.parameters[name]["x-order"])
    assert in_order == [row["name"] for row in rows]
    plain = {name: {k: v for k, v in rules.items() if k != "x-order"} for name, rules in draft.parameters.items()}  # fmt: skip
    assert plain["tone"] == {"type": "string", "enum": ["warm", "cold"], "default": "warm", "title": "Tone"}  # fmt: skip
    assert plain["subject"] == {"type": "string", "minLength": 2, "maxLength": 80, "description": "What it shows."}  # fmt: skip
    assert plain["points"] == {"type": "integer", "minimum": 3, "maximum": 9, "default": 5}
    assert plain["scale"] == {"type": "number", "default": 1.5}
    assert plain["ink"]["default"] == "#102030"
    assert plain["night"] == {"type": "boolean", "default": True}
    assert plain["photo"] == {"type": "string", "format": "picture"}
    assert (plain["seed"]["format"], plain["seed"]["default"]) == ("seed", 7)
    assert plain["extra"] == {"type": "string", "format": "multiline", "default": ""}
    assert draft.required == ["subject"]


def test_rows_are_moved_and_taken_away(boss: Client, draft: TemplateVersion) -> None:
    rows = [{"name": name} for name in ("aa", "bb", "cc")]
    assert save(boss, draft, *rows, order="2,0").status_code == 302
    draft.refresh_from_db()
    assert {n: r["x-order"] for n, r in draft.parameters.items()} == {"cc": 1, "aa": 2}


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 61}, "name"),
        ({"name": "a", "kind": "nonsense"}, "kind"),
        ({"name": "a", "kind": "other"}, "kind"),
        ({"name": "a", "kind": "choice"}, "choices"),
        ({"name": "a", "kind": "choice", "choices": "x\nx"}, "choices"),
        ({"name": "a", "kind": "choice", "choices": "x", "default": "y"}, "default"),
        ({"name": "a", "kind": "whole", "default": "1.5"}, "default"),
        ({"name": "a", "kind": "number", "default": "nan"}, "default"),
        ({"name": "a", "kind": "truth", "default": "perhaps"}, "default"),
        ({"name": "a", "least": "1.5"}, "least"),
        ({"name": "a", "most": "-1"}, "most"),
        ({"name": "a", "kind": "number", "least": "3", "most": "2"}, "most"),
    ],
)
def test_mistake_stands_at_its_field_of_its_row(
    boss: Client, draft: TemplateVersion, row: dict[str, Any], field: str
) -> None:
    answer = save(boss, draft, {"name": "good"}, row)
    form = answer.context["adminform"].form
    assert list(form.errors) == ["rows"]
    assert [list(one.errors) for one in form.twins["rows"].forms] == [[], [field]]
    before = draft.parameters
    draft.refresh_from_db()
    assert draft.parameters == before


def test_names_are_alone_and_rows_are_not_endless(boss: Client, draft: TemplateVersion) -> None:
    twice = save(boss, draft, {"name": "a"}, {"name": "a"})
    assert "Another parameter has this name." in twice.content.decode()
    many = save(boss, draft, *({"name": f"p{n}"} for n in range(51)))
    assert "At most 50 parameters." in many.content.decode()


def test_json_counts_where_it_was_typed(boss: Client, draft: TemplateVersion) -> None:
    said = words_of(
        draft, parameters='{"other": {"type": "string", "default": "x"}}', required="[]"
    )
    said |= rows_of({"name": "row"}) | {"typed": "json"}
    assert boss.post(address("templateversion_change", draft.pk), said).status_code == 302
    draft.refresh_from_db()
    assert list(draft.parameters) == ["other"]


def test_hostile_words_are_inert(boss: Client, draft: TemplateVersion) -> None:
    kept = json.dumps({"type": "string", "x": HOSTILE})
    wrong = save(boss, draft, {"name": HOSTILE, "label": HOSTILE, "kept": kept})
    assert HOSTILE not in wrong.content.decode()
    assert save(boss, draft, {"name": "a", "label": HOSTILE, "kept": kept}).status_code == 302
    assert HOSTILE not in boss.get(address("templateversion_change", draft.pk)).content.decode()
    seen = preview(boss, draft, rows_of({"name": "a", "label": HOSTILE, "default": HOSTILE}), prompt="{a}")  # fmt: skip
    assert HOSTILE not in seen["words"] + seen["asked"]
    assert "&lt;img src=x" in seen["words"]


def preview(client: Client, draft: TemplateVersion, more: Any = None, **words: Any) -> Any:
    place = reverse("admin:templates_templateversion_preview", args=[draft.pk])
    answer = client.post(place, words_of(draft, **words) | (more or {}))
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_prompt_is_shown_as_an_order_would_have_it(boss: Client, draft: TemplateVersion) -> None:
    plain = preview(boss, draft)
    assert "a yellow circle on a purple background" in plain["words"]
    assert 'form="sample"' in plain["asked"]
    typed = preview(boss, draft, {"p:shape": "star", "p:colour": "red"})
    assert "a red star on a purple background" in typed["words"]
    worn = preview(boss, draft, settings='{"style_preset": "anime"}')
    assert "anime style" in worn["words"]
    assert "realistic skin" in worn["words"]
    holes = preview(boss, draft, prompt="a {ghost} {shape}")["words"]
    assert "The prompt uses {ghost}, which is no parameter." in holes
    assert "background, colour" in holes
    lost = preview(boss, draft, {"typed": "json"}, required='["ghost"]')["words"]
    assert "ghost" in lost
    assert preview(boss, draft, chain="[{}]")["words"]
    broken = preview(boss, draft, parameters="{")["words"]
    assert "This is not valid JSON" in broken
    draft.refresh_from_db()
    assert "{ghost}" not in draft.prompt


def test_each_way_to_say_parameters_follows_the_other(boss: Client, draft: TemplateVersion) -> None:
    rows = preview(boss, draft, rows_of({"name": "hue", "is_required": "on"}))
    assert json.loads(rows["parameters"]) == {"hue": {"type": "string"}}
    assert json.loads(rows["required"]) == ["hue"]
    text = preview(boss, draft, {"typed": "json"}, parameters='{"tint": {"type": "boolean"}}', required="[]")  # fmt: skip
    assert 'value="tint"' in text["rows"]
    assert "rows" not in preview(boss, draft, {"typed": "json"}, parameters="{")
    assert "parameters" not in preview(boss, draft, rows_of({"name": "a b"}))


def test_preview_is_for_those_who_may_change_the_draft(
    boss: Client, hire: Hire, draft: TemplateVersion
) -> None:
    place = reverse("admin:templates_templateversion_preview", args=[draft.pk])
    assert boss.get(place).status_code == 405
    assert hire("templates.view_templateversion").post(place, words_of(draft)).status_code == 403
    assert hire(*EDITS, name="erin").post(place, words_of(draft)).status_code == 200
    assert Client().post(place, words_of(draft)).status_code == 302
    published = Template.objects.get(code="badge").published
    assert published is not None
    other = reverse("admin:templates_templateversion_preview", args=[published.pk])
    assert boss.post(other, words_of(published)).status_code == 403


def test_parameters_of_a_published_version_are_told_in_words(boss: Client) -> None:
    published = shape().published
    assert published is not None
    text = boss.get(address("templateversion_change", published.pk)).content.decode()
    assert "<code>colour</code> Choice, default yellow" in text
    assert 'id="preview"' not in text
