"""Settings, edits and further steps of a draft, and the settings of a style, are rows beside their JSON."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from generation.models import Offer
from genhub.api.operation_words import KINDS
from templates.admin.step_rows import StepWords
from templates.admin.word_names import ACTIONS, CHOICES, WORDS
from templates.fixed_words import FixedWords
from templates.mistakes import OWNED
from templates.models import Style, TemplateVersion
from templates.services import draft_next
from tests.admin.conftest import Hire
from tests.admin.test_parameter_rows import preview
from tests.admin.test_recipes import PUBLISH, address, shape, words_of
from tests.offers import place
from tests.words.sources import CHINESE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
HOSTILE = "<img src=x onerror=alert(1)>"
SETTINGS = {"settings_typed": "rows", "settings_order": "0"}
STYLE = {"name_en": "Anime", "name_zh": "动漫", "position": 3, "is_active": "on"}


@pytest.fixture
def draft() -> TemplateVersion:
    return draft_next(shape())


def settings_of(**words: Any) -> dict[str, Any]:
    return SETTINGS | {f"settings0-{name}": value for name, value in words.items()}


def rows_of(table: str, row: str, *rows: dict[str, Any], order: str = "") -> dict[str, Any]:
    """Return what a page of these rows sends."""
    said = {
        f"{table}_typed": "rows",
        f"{table}_order": order or ",".join(map(str, range(len(rows)))),
    }
    for number, words in enumerate(rows):
        said |= {f"{row}{number}-{name}": value for name, value in words.items()}
    return said


def edits_of(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return rows_of("operations", "operation", *rows, **more)


def steps_of(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return rows_of("chain", "step", *({"media_type": "image"} | row for row in rows), **more)


def save(client: Client, draft: TemplateVersion, said: dict[str, Any], **words: Any) -> Any:
    return client.post(address("templateversion_change", draft.pk), words_of(draft, **words) | said)


def form_of(answer: Any) -> Any:
    return answer.context["adminform"].form


def test_every_word_and_choice_has_a_name_in_both_languages() -> None:
    offered = {name: kind for name, kind in KINDS.items() if name not in OWNED}
    fields = {**FixedWords().fields, **StepWords().fields}
    for kind in offered.values():
        fields |= {name: one for name, one in kind().fields.items() if name != "action"}
    names = [WORDS[name] for name in fields] + [ACTIONS[name] for name in offered]
    for one in fields.values():
        named = [CHOICES.get(value) for value in getattr(one, "choices", ())]
        names += named if any(named) else []
    with translation.override("zh-hans"):
        assert [
            str(name) for name in names if not CHINESE.search(str(name)) and str(name) != "LoRA"
        ] == []


def test_settings_are_saved_as_values_of_an_order(boss: Client, draft: TemplateVersion) -> None:
    said = settings_of(width="640", cfg_scale="2.50", steps="9", audio="true", quality="high", resolution="720p")  # fmt: skip
    assert save(boss, draft, said).status_code == 302
    draft.refresh_from_db()
    assert draft.settings == {
        "width": 640, "cfg_scale": 2.5, "steps": 9, "audio": True, "quality": "high", "resolution": "720p",
    }  # fmt: skip


def test_what_no_field_can_show_is_kept(boss: Client, draft: TemplateVersion) -> None:
    draft.settings = {
        "width": 64,
        "steps": "many",
        "model": "ghost",
        "loras": "ink",
        "height": None,
    }
    draft.save()
    page = boss.get(address("templateversion_change", draft.pk))
    [row] = form_of(page).twins["settings_rows"].forms
    sent = {field.html_name: field.value() for field in row if field.value() not in (None, False)}
    assert sent["settings0-model"] == "ghost"
    assert save(boss, draft, SETTINGS | sent).status_code == 302
    before = draft.settings
    draft.refresh_from_db()
    assert draft.settings == before
    assert "Only in JSON, and kept:" in page.content.decode()
    # A kept word gives way to what is typed in its field.
    assert save(boss, draft, SETTINGS | sent | {"settings0-steps": "7"}).status_code == 302
    draft.refresh_from_db()
    assert draft.settings["steps"] == 7


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"width": "100"}, "width"),
        ({"height": "0"}, "height"),
        ({"steps": "1001"}, "steps"),
        ({"steps": "1.5"}, "steps"),
        ({"cfg_scale": "nan"}, "cfg_scale"),
        ({"cfg_scale": "-1"}, "cfg_scale"),
        ({"quality": "hd"}, "quality"),
        ({"audio": "perhaps"}, "audio"),
        ({"resolution": "a" * 11}, "resolution"),
        ({"output_compression": "50"}, "output_compression"),
        ({"output_format": "png", "output_compression": "50"}, "output_compression"),
        ({"num_images": "10"}, "num_images"),
        ({"lora0": "ink", "scale0": "3"}, "scale0"),
        ({"lora1": "ink", "lora2": "ink"}, "lora1"),
        ({"scale3": "1"}, "lora3"),
        ({"lora0": "ink", "no_loras": "on"}, "no_loras"),
    ],
)
def test_wrong_setting_is_refused_beside_its_field_and_nothing_is_lost(
    boss: Client, draft: TemplateVersion, words: dict[str, str], field: str
) -> None:
    place(Offer.objects.get(), loras=[{"name": "ink", "file": "/ink"}])
    before = draft.settings
    answer = save(boss, draft, settings_of(**words, duration="5"))
    form = form_of(answer)
    assert list(form.errors) == ["settings_rows"]
    [row] = form.twins["settings_rows"].forms
    assert field in row.errors
    assert {name: row[name].value() for name in words if name != "no_loras"} == {
        name: value for name, value in words.items() if name != "no_loras"
    }
    assert row["duration"].value() == "5"
    draft.refresh_from_db()
    assert draft.settings == before


def test_what_a_sample_order_refuses_stands_beside_its_setting(
    boss: Client, draft: TemplateVersion
) -> None:
    answer = save(boss, draft, settings_of(width="2048") | PUBLISH)
    [row] = form_of(answer).twins["settings_rows"].forms
    assert "From 16 to 1024 pixels" in str(row.errors["width"])
    with translation.override("zh-hans"):
        boss.cookies["django_language"] = "zh-hans"
        zh = form_of(save(boss, draft, settings_of(width="100")))
        [row] = zh.twins["settings_rows"].forms
        assert CHINESE.search(str(row.errors["width"]))


def test_edits_are_saved_with_their_defaults_in_their_order(
    boss: Client, draft: TemplateVersion
) -> None:
    text = {"action": "text", "text": "一\r\n二", "size": "20", "font": "serif"}
    said = edits_of({"action": "crop", "ratio": "1:1"}, text, {"action": "flip", "direction": "vertical"}, order="2,1")  # fmt: skip
    assert save(boss, draft, said).status_code == 302
    draft.refresh_from_db()
    first, second = draft.operations
    assert first == {"action": "flip", "direction": "vertical"}
    assert (second["text"], second["font"], second["line_spacing"]) == ("一\n二", "serif", 1.3)
    assert save(boss, draft, edits_of(), operations="[]").status_code == 302
    draft.refresh_from_db()
    assert draft.operations == []


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"action": "crop"}, "width"),
        ({"action": "crop", "ratio": "wide"}, "ratio"),
        ({"action": "crop", "ratio": "1:1", "width": "5"}, "ratio"),
        ({"action": "rotate", "degrees": "400"}, "degrees"),
        ({"action": "rotate"}, "degrees"),
        ({"action": "flatten", "color": "red"}, "color"),
        ({"action": "text", "text": "", "size": "20"}, "text"),
        ({"action": "text", "text": "a", "size": "2"}, "size"),
        ({"action": "flip", "direction": "up"}, "direction"),
        ({"action": "sharpen", "radius": "wide"}, "radius"),
    ],
)
def test_wrong_edit_is_refused_beside_its_field(
    boss: Client, draft: TemplateVersion, row: dict[str, str], field: str
) -> None:
    form = form_of(save(boss, draft, edits_of({"action": "flip", "direction": "vertical"}, row)))
    assert list(form.errors) == ["operation_rows"]
    assert [list(one.errors) for one in form.twins["operation_rows"].forms] == [[], [field]]
    draft.refresh_from_db()
    assert draft.operations == []


def test_unknown_edit_is_refused_and_rows_are_not_endless(
    boss: Client, draft: TemplateVersion
) -> None:
    kept = {"action": "ghost", "kept": json.dumps({"action": "ghost"})}
    assert "operations" in form_of(save(boss, draft, edits_of(kept))).errors
    many = save(boss, draft, edits_of(*({"action": "sharpen"} for _ in range(21))))
    assert "At most 20 edits." in many.content.decode()
    many = save(boss, draft, steps_of(*({"prompt": "a"} for _ in range(4))))
    assert "At most 3 further steps." in many.content.decode()


def test_steps_are_saved_with_settings_of_their_own(boss: Client, draft: TemplateVersion) -> None:
    said = steps_of(
        {"prompt": "it turns", "media_type": "video", "price": "7", "s-duration": "5"},
        {"prompt": "in detail", "image": "1", "last_image": "1", "strength": "0.4", "negative_prompt": "fog"},
    )  # fmt: skip
    assert save(boss, draft, said).status_code == 302
    draft.refresh_from_db()
    assert draft.chain == [
        {"prompt": "it turns", "media_type": "video", "price": 7, "settings": {"duration": 5}},
        {
            "prompt": "in detail", "media_type": "image", "strength": 0.4, "negative_prompt": "fog",
            "takes": {"image": 1, "last_image": 1},
        },
    ]  # fmt: skip
    # Rows that nobody touched are saved as they were, and so is what no field shows.
    draft.chain[0] |= {"takes": {"image": 9}, "settings": {"duration": "long"}}
    draft.save()
    page = boss.get(address("templateversion_change", draft.pk))
    sent: dict[str, Any] = {}
    for row in form_of(page).twins["step_rows"].forms:
        fields = [*row, *row.settings]
        sent |= {f.html_name: f.value() for f in fields if f.value() not in (None, False)}
    assert (
        save(boss, draft, sent | {"chain_typed": "rows", "chain_order": "0,1"}).status_code == 302
    )
    before = draft.chain
    draft.refresh_from_db()
    assert draft.chain == before


@pytest.mark.parametrize(
    ("row", "field", "setting"),
    [
        ({"prompt": ""}, "prompt", ""),
        ({"prompt": "a", "media_type": "song"}, "media_type", ""),
        ({"prompt": "a", "strength": "0"}, "strength", ""),
        ({"prompt": "a", "strength": "1.1"}, "strength", ""),
        ({"prompt": "a", "price": "-1"}, "price", ""),
        ({"prompt": "a", "image": "9"}, "image", ""),
        ({"prompt": "a", "s-steps": "0"}, "__all__", "steps"),
    ],
)
def test_wrong_step_is_refused_beside_its_field(
    boss: Client, draft: TemplateVersion, row: dict[str, str], field: str, setting: str
) -> None:
    form = form_of(save(boss, draft, steps_of({"prompt": "b"}, row)))
    assert list(form.errors) == ["step_rows"]
    good, wrong = form.twins["step_rows"].forms
    assert (list(good.errors), list(wrong.errors)) == ([], [field])
    assert list(wrong.settings.errors) == ([setting] if setting else [])
    draft.refresh_from_db()
    assert draft.chain == []


def test_each_way_to_say_it_follows_the_other(boss: Client, draft: TemplateVersion) -> None:
    told = preview(boss, draft, settings_of(width="640") | edits_of({"action": "sharpen"}))
    assert json.loads(told["settings"]) == {"width": 640}
    assert json.loads(told["operations"])[0]["action"] == "sharpen"
    told = preview(boss, draft, {"chain_typed": "json"}, chain='[{"prompt": "it turns"}]')
    assert "it turns" in told["step_rows"]
    assert "step_rows" not in preview(boss, draft, {"chain_typed": "json"}, chain="[")
    assert "settings" not in preview(boss, draft, settings_of(width="5"))


def test_json_counts_where_no_script_says_otherwise(boss: Client, draft: TemplateVersion) -> None:
    shown = settings_of(width="640") | edits_of({"action": "sharpen"}) | steps_of({"prompt": "a"})
    shown |= dict.fromkeys(("settings_typed", "operations_typed", "chain_typed"), "")
    typed = {"settings": '{"steps": 9}', "operations": "[]", "chain": '[{"prompt": "it turns"}]'}
    wrong = save(boss, draft, shown, **typed | {"operations": '[{"action": "flip"}]'})
    assert "operations[0].direction" in str(form_of(wrong).errors["operations"])
    assert form_of(wrong)["settings"].value() == typed["settings"]
    assert save(boss, draft, shown, **typed).status_code == 302
    draft.refresh_from_db()
    assert (draft.settings, draft.operations) == ({"steps": 9}, [])
    assert draft.chain == [{"prompt": "it turns"}]


def test_hostile_words_are_inert(boss: Client, draft: TemplateVersion) -> None:
    kept = json.dumps({HOSTILE: HOSTILE})
    said = settings_of(model=HOSTILE, kept=kept) | steps_of({"prompt": HOSTILE, "kept": kept})
    said |= edits_of(
        {"action": "text", "text": HOSTILE, "font": HOSTILE, "size": "x", "kept": kept}
    )
    assert HOSTILE not in save(boss, draft, said).content.decode()


def test_style_is_edited_by_the_same_fields(boss: Client, hire: Hire) -> None:
    place(Offer.objects.get(), loras=[{"name": "ink", "file": "/ink"}])
    style = Style.objects.get(code="anime")
    page = address("style_change", style.pk)
    wrong = boss.post(page, STYLE | settings_of(lora0="ink", scale0="9"))
    [row] = form_of(wrong).twins["settings_rows"].forms
    assert list(row.errors) == ["scale0"]
    assert "style_preset" not in row.fields
    said = STYLE | settings_of(lora0="ink", scale0="0.5", steps="20")
    assert boss.post(page, said).status_code == 302
    style.refresh_from_db()
    assert style.settings == {"steps": 20, "loras": [{"name": "ink", "scale": 0.5}]}
    viewer = hire("templates.view_style", name="erin")
    shown = viewer.get(page).content.decode()
    assert "ink 0.5" in shown
    door = reverse("admin:templates_style_follow")
    assert json.loads(boss.post(door, said).json()["settings"]) == style.settings
    typed = {"settings_typed": "json", "settings": '{"loras": [{"name": "fog"}]}'}
    assert "fog (not offered)" in boss.post(door, STYLE | typed).json()["settings_rows"]
    assert boss.get(door).status_code == 405
    assert viewer.post(door, said).status_code == 403
    assert Client().post(door, said).status_code == 302


def test_settings_of_a_published_version_are_told_in_words(boss: Client) -> None:
    draft = draft_next(shape())
    draft.settings = {"width": 64, "quality": "high", "audio": False, "loras": []}
    draft.chain = [{"prompt": HOSTILE}]
    draft.save()
    hire_page = address("templateversion_change", draft.pk)
    TemplateVersion.objects.filter(pk=draft.pk).update(published_at="2030-01-01T00:00Z")
    shown = boss.get(hire_page).content.decode()
    assert "Width: 64" in shown
    assert "Quality: high" in shown
    assert "Sound: no" in shown
    assert "LoRAs: none" in shown
    assert HOSTILE not in shown
    assert "2. &lt;img" in shown


def test_page_of_a_draft_takes_few_queries(boss: Client, draft: TemplateVersion) -> None:
    draft.operations = [{"action": "sharpen"}] * 5
    draft.chain = [{"prompt": "it turns"}] * 3
    draft.save()
    page = address("templateversion_change", draft.pk)
    boss.get(page)
    with CaptureQueriesContext(connection) as queries:
        assert boss.get(page).status_code == 200
    assert len(queries) <= 20
