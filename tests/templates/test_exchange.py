"""Templates as files: what was written out comes back exactly, as a draft; what is wrong is refused as a whole."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from genhub.lib.errors import InvalidRequest
from genhub.platforms.models import Platform
from templates.exchange import (
    CREATED,
    DRAFTED,
    LARGEST_BYTES,
    SAME,
    checksum,
    import_yaml,
    list_newest,
    read_yaml,
    write_yaml,
)
from templates.models import Template, TemplateVersion
from templates.services import draft_next, publish, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes", "stub")]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def file_of(**changed: Any) -> str:
    """Return a file of one template, without a checksum."""
    words: dict[str, Any] = {
        "code": "wanted", "name": "Wanted", "category": "", "media_type": "image", "prompt": "a {what}",
        "negative_prompt": "", "price": None, "caches": False, "parameters": {"what": {"type": "string", "default": "star"}},
        "required": [], "settings": {}, "operations": [], "chain": [],
    }  # fmt: skip
    words = {name: value for name, value in (words | changed).items() if value is not ...}
    return yaml.safe_dump({"genhub_templates": 1, "templates": [words]}, allow_unicode=True)


def errors_of(text: str) -> list[tuple[str, str]]:
    before = TemplateVersion.objects.count()
    with pytest.raises(InvalidRequest) as caught:
        import_yaml(text)
    assert TemplateVersion.objects.count() == before
    return [(error.field, error.code) for error in caught.value.errors]


@given(prompt=TEXTS, rules=st.dictionaries(TEXTS, VALUES, max_size=3))
@settings(max_examples=60)
def test_every_value_comes_back_as_it_was(prompt: str, rules: dict[str, Any]) -> None:
    version = TemplateVersion(
        template=Template(code="wanted"), number=1, name="Wanted", prompt=prompt or "a", parameters={"a": rules}
    )  # fmt: skip
    [(code, words)] = read_yaml(write_yaml([version]))
    assert (code, words) == ("wanted", words_of(version) | {"local_only": False})


def test_what_stays_in_the_house_does_so_where_it_is_read_back() -> None:
    """Its prompts would go to vendors of the hub that takes the file, or of this one after it was lost."""
    import_yaml(file_of(local_only=True))
    assert Template.objects.get(code="wanted").local_only
    text = write_yaml(list_newest(["wanted"]))
    [item] = yaml.safe_load(text)["templates"]
    assert item["local_only"] is True
    assert errors_of(text.replace("local_only: true", "local_only: false")) == [
        ("templates[0].sha256", "bad_checksum")
    ]
    assert errors_of(text.replace("  local_only: true\n", "")) == [
        ("templates[0].sha256", "bad_checksum")
    ]
    assert [one.deed for one in import_yaml(text)] == [SAME]


@pytest.mark.parametrize("there", [True, False])
def test_file_lets_no_template_out_and_keeps_none_in(there: bool) -> None:
    import_yaml(file_of(local_only=there))
    assert errors_of(file_of(local_only=not there, prompt="another {what}")) == [
        ("templates[0].local_only", "goes_elsewhere")
    ]
    assert Template.objects.get(code="wanted").local_only is there


def test_all_templates_go_out_and_come_back() -> None:
    text = write_yaml(list_newest())
    assert {one.deed for one in import_yaml(text)} == {SAME}
    before = {v.template.code: words_of(v) for v in list_newest()}
    for code in before:
        draft = draft_next(Template.objects.get(code=code))
        TemplateVersion.objects.filter(pk=draft.pk).update(prompt="changed meanwhile", price=3)
        draft.refresh_from_db()
        publish(draft, actor="carol")
    assert [one.deed for one in import_yaml(text, dry_run=True)] == [DRAFTED] * len(before)
    assert not TemplateVersion.objects.filter(published_at=None).exists()
    assert [one.mistakes for one in import_yaml(text)] == [[]] * len(before)
    assert {v.template.code: words_of(v) for v in list_newest()} == before
    assert all(v.published_at is None and v.number == 3 for v in list_newest())
    assert write_yaml(list_newest()) == text


def test_new_template_begins_with_a_draft_that_nobody_orders() -> None:
    [done] = import_yaml(file_of(prompt="a {ghost}"))
    assert (done.code, done.deed) == ("wanted", CREATED)
    assert [error.field for error in done.mistakes] == ["prompt"]
    template = Template.objects.get(code="wanted")
    assert template.published is None
    assert template.versions.get().published_at is None


REFUSED: list[tuple[str, tuple[str, str]]] = [
    ("{", ("file", "not_yaml")),
    ("a: !!python/object/apply:os.system [ls]", ("file", "not_yaml")),
    ("[" * 5000, ("file", "not_yaml")),
    ("genhub_templates: " + "9" * 5000, ("file", "not_yaml")),
    ("a: &x [1]\nb: *x", ("file", "aliased")),
    ("just a text", ("genhub_templates", "no_format")),
    ("genhub_templates: true", ("genhub_templates", "no_format")),
    ("genhub_templates: 2", ("genhub_templates", "newer")),
    ("genhub_templates: 1", ("templates", "no_list")),
    ("genhub_templates: 1\ntemplates: []", ("templates", "no_list")),
    ("genhub_templates: 1\ntemplates: [1]", ("templates", "no_list")),
    ("a" * (LARGEST_BYTES + 1), ("file", "too_large")),
    (file_of(code="a b"), ("templates[0].code", "invalid")),
    (file_of(code=5), ("templates[0].code", "invalid")),
    (file_of(code="a" * 101), ("templates[0].code", "invalid")),
    (file_of(price=-1), ("templates[0].price", "invalid")),
    (file_of(price=True), ("templates[0].price", "wrong_type")),
    (file_of(media_type="music"), ("templates[0].media_type", "invalid")),
    (file_of(name="x" * 201), ("templates[0].name", "invalid")),
    (file_of(prompt=...), ("templates[0].prompt", "missing")),
    (file_of(published_at="now"), ("templates[0].published_at", "unknown")),
    (file_of(parameters=[]), ("templates[0].parameters", "wrong_type")),
    (file_of(parameters={"a": {"default": float("nan")}}), ("templates[0]", "not_stored")),
    (file_of(parameters={"a": {1: 2}}), ("templates[0]", "not_stored")),
    (file_of(parameters={"a": {"x": b"\0"}}), ("templates[0]", "not_stored")),
    (file_of(sha256="0" * 64), ("templates[0].sha256", "bad_checksum")),
    (file_of(moderation="off"), ("templates[0].moderation", "invalid")),
    (file_of(moderation=1), ("templates[0].moderation", "wrong_type")),
    (file_of(platforms="shop"), ("templates[0].platforms", "wrong_type")),
    (file_of(platforms=[["shop"]]), ("templates[0].platforms", "invalid")),
    (file_of(platforms=["ghost"]), ("templates[0].platforms", "unknown")),
    (file_of(settings={"model": "ghost"}), ("templates[0].settings", "unknown")),
    (file_of(settings={"style_preset": "ghost"}), ("templates[0].settings", "unknown")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), REFUSED, ids=[str(e) + str(n) for n, (_t, e) in enumerate(REFUSED)]
)
def test_what_is_wrong_is_refused_and_named(text: str, expected: tuple[str, str]) -> None:
    assert errors_of(text) == [expected]


def test_policy_and_platforms_go_along_and_are_left_out_where_they_say_nothing(
    shop: Platform,
) -> None:
    plain = write_yaml(list_newest(["shape"]))
    assert "moderation" not in plain
    assert "platforms" not in plain
    template = Template.objects.get(code="shape")
    draft = draft_next(template)
    draft.moderation, draft.platforms = "block", ["shop"]
    draft.save()
    publish(draft, actor="carol")
    text = write_yaml(list_newest(["shape"]))
    [said] = yaml.safe_load(text)["templates"]
    assert (said["moderation"], said["platforms"]) == ("block", ["shop"])
    assert errors_of(text.replace("block", "flag")) == [("templates[0].sha256", "bad_checksum")]
    [done] = import_yaml(plain)
    assert (done.deed, done.mistakes) == (DRAFTED, [])
    assert words_of(template.versions.get(number=3))["platforms"] == []
    # A file of an earlier release, and one that says so itself, have the same checksum.
    explicit = yaml.safe_load(plain)
    explicit["templates"][0] |= {"moderation": "", "platforms": []}
    assert [one.deed for one in import_yaml(yaml.safe_dump(explicit))] == [SAME]


def test_a_draft_of_other_words_is_not_written_over() -> None:
    draft = draft_next(Template.objects.get(code="shape"))
    draft.prompt = "my own work"
    draft.save()
    assert errors_of(file_of(code="shape")) == [("templates[0].code", "has_draft")]
    assert errors_of(file_of() + file_of().partition("templates:\n")[2]) == [
        ("templates[1].code", "twice")
    ]


def test_checksum_is_of_the_words_whatever_their_order() -> None:
    assert checksum("a", {"x": 1, "y": {"b": 1, "a": 2}}) == checksum(
        "a", {"y": {"a": 2, "b": 1}, "x": 1}
    )
    assert checksum("a", {"x": 1}) != checksum("b", {"x": 1})


def test_operators_export_and_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("templates", "export", "shape")
    text = capsys.readouterr().out
    assert text == write_yaml(list_newest(["shape"]))
    file = tmp_path / "one.yaml"
    file.write_text(file_of(prompt="a {ghost}"))
    call_command("templates", "import", str(file), "--dry-run")
    said = capsys.readouterr().out
    assert "wanted: created" in said
    assert "! prompt: The prompt uses {ghost}" in said
    assert not Template.objects.filter(code="wanted").exists()
    call_command("templates", "import", str(file))
    assert Template.objects.filter(code="wanted").exists()
    file.write_text("{")
    with pytest.raises(CommandError, match="nothing was imported"):
        call_command("templates", "import", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("templates", "import", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="no template ghost"):
        call_command("templates", "export", "ghost", "shape")
