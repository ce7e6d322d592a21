"""The table of settings as Markdown, for a page of the handbook in each language."""

from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext

from genhub.settings.explained import GROUPS
from genhub.settings.explained.reading import Default, read_defaults
from genhub.settings.explained.setting import Setting

HANDBOOK = Path(__file__).parents[2] / "handbook"
PAGES = {"en": HANDBOOK / "en" / "settings.md", "zh-hans": HANDBOOK / "zh-Hans" / "settings.md"}
BEGIN = '[//]: # "table of settings: written by manage.py settings_table"'
END = '[//]: # "end of the table"'


class SettingUnclear(ValueError):
    """A setting is read and not explained, or explained and not read, or its default is said twice."""


def renew_page(language: str) -> str:
    """Return the page of settings in a language as it should be."""
    before, begin, rest = PAGES[language].read_text("utf-8").partition(BEGIN)
    _table, end, after = rest.partition(END)
    if not (begin and end):
        raise SettingUnclear(f"{PAGES[language]} does not say where the table stands")
    return f"{before}{BEGIN}\n\n{make_table(language)}\n{END}{after}"


def make_table(language: str) -> str:
    """Return the settings by subject; raise where what is read and what is explained differ."""
    defaults = read_defaults()
    check_names(set(defaults))
    with translation.override(language):
        parts = []
        for group in GROUPS:
            rows = [_row(setting, defaults[setting.name]) for setting in group.settings]
            head = [f"| {gettext('Variable')} | {gettext('Default')} | {gettext('Meaning')} |"]
            parts.append("\n".join([f"## {group.title}\n", *head, "|---|---|---|", *rows, ""]))
        return "\n".join(parts)


def check_names(read: set[str]) -> None:
    """Raise naming the variables that only one of source and words knows."""
    told = [name for g in GROUPS for s in g.settings for name in (s.name, *s.aliases)]
    twice = {name for name in told if told.count(name) > 1}
    if wrong := twice | (read ^ set(told)):
        raise SettingUnclear(
            f"genhub/settings reads and explains different variables: {', '.join(sorted(wrong))}"
        )


def _row(setting: Setting, literal: Default) -> str:
    names = f"`{setting.name}`"
    if setting.aliases:
        others = ", ".join(f"`{alias}`" for alias in setting.aliases)
        names = gettext("%(name)s (or %(others)s)") % {"name": names, "others": others}
    return f"| {names} | {say_default(setting, literal)} | {setting.help} |"


def say_default(setting: Setting, literal: Default) -> str:
    """Return what holds without a setting: its literal with a unit, or the words for it."""
    if setting.default and literal is not None:
        raise SettingUnclear(f"the default of {setting.name} is said twice")
    match literal:
        case None:
            return str(setting.default) or "–"
        case bool():
            return f"`{str(literal).lower()}`"
        case int() if setting.unit:
            return f"{literal:,} {setting.unit}"
        case _:
            return f"{literal} {setting.unit}" if setting.unit else f"`{literal}`"
