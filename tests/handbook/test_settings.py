"""Every variable that the settings read is explained to newcomers, in both languages, and to operators."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from genhub.settings.explained import GROUPS
from genhub.settings.explained import table as written
from genhub.settings.explained.reading import VARIABLE, read_defaults
from genhub.settings.explained.setting import Setting
from tests.handbook.documents import ROOT

EXAMPLE = ROOT / "deploy" / "environment.example"
# Only `manage.py up` reads these, or they are other tools' names.
EMBEDDED_ONLY = {"GENHUB_HOST", "GENHUB_PORT"}
DEFAULTS = read_defaults()
SETTINGS = [setting for group in GROUPS for setting in group.settings]
# Numbers that count nothing.
NO_QUANTITY = {"GENHUB_PORT", "EMAIL_PORT"}
# Without a value it is not known, which is no number.
UNKNOWN = {"LOCAL_USD_PER_PICTURE"}


def test_the_reader_finds_the_variables() -> None:
    names = {"GENHUB_HOME", "DATABASE_URL", "S3_BUCKET", "REDIS_URL", "SECRET_KEY", "STATIC_ROOT"}
    assert names <= set(DEFAULTS)
    assert len(DEFAULTS) > 60
    assert DEFAULTS["LEASE_SECONDS"] == 30
    assert DEFAULTS["BEHIND_PROXY"] is False
    assert DEFAULTS["DATABASE_URL"] is None


def test_what_is_read_and_what_is_explained_are_the_same() -> None:
    written.check_names(set(DEFAULTS))


@pytest.mark.parametrize(
    "read", [set(DEFAULTS) | {"NEW_SECONDS"}, set(DEFAULTS) - {"LEASE_SECONDS"}]
)
def test_a_variable_that_only_one_side_knows_is_named(read: set[str]) -> None:
    [name] = read ^ set(DEFAULTS)
    with pytest.raises(written.SettingUnclear, match=name):
        written.check_names(read)


def test_a_default_is_said_once() -> None:
    twice = Setting("LEASE_SECONDS", "…", unit="s", default="30 s")  # type: ignore[arg-type]  # any words do
    with pytest.raises(written.SettingUnclear, match="LEASE_SECONDS"):
        written.say_default(twice, 30)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_quantity_has_a_unit_and_a_default(setting: Setting) -> None:
    default = DEFAULTS[setting.name]
    is_number = isinstance(default, int) and not isinstance(default, bool)
    if is_number or setting.unit:
        assert setting.unit or setting.name in NO_QUANTITY
        assert default is not None or setting.name in UNKNOWN


def test_the_handbooks_tables_are_up_to_date() -> None:
    call_command("settings_table", "--check")


def test_a_table_that_is_out_of_date_is_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {language: tmp_path / f"{language}.md" for language in written.PAGES}
    for language, path in written.PAGES.items():
        pages[language].write_text(path.read_text("utf-8").replace("30 s", "31 s"), "utf-8")
    originals = {language: path.read_text("utf-8") for language, path in written.PAGES.items()}
    monkeypatch.setattr("genhub.management.commands.settings_table.PAGES", pages)
    monkeypatch.setattr(written, "PAGES", pages)
    with pytest.raises(CommandError, match="out of date"):
        call_command("settings_table", "--check")
    call_command("settings_table")
    assert {language: path.read_text("utf-8") for language, path in pages.items()} == originals


def test_each_is_in_the_environment_of_a_deployment() -> None:
    named = set(VARIABLE.findall(EXAMPLE.read_text("utf-8")))
    assert not set(DEFAULTS) - named - EMBEDDED_ONLY


def test_the_environment_of_a_deployment_names_the_same_defaults() -> None:
    shown = dict(re.findall(r"^#([A-Z0-9_]+)=(\S+)$", EXAMPLE.read_text("utf-8"), re.M))
    differing = {
        name: (shown[name], default)
        for name, default in DEFAULTS.items()
        if name in shown and default is not None and shown[name].lower() != str(default).lower()
    }
    assert differing == {}
