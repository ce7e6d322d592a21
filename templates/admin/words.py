"""How versions stand on pages: their price in words, their state as a coloured word, their address."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.admin.show import badge
from templates.admin.rows import are_rules, word_kind
from templates.admin.word_names import ACTIONS, CHOICES, WORDS
from templates.kinds import Row, list_rows
from templates.models import Template, TemplateVersion


def version_badge(version: TemplateVersion, template: Template) -> SafeString:
    """Return where a version stands, as a coloured word."""
    if version.published_at is None:
        return badge(_("draft"), "info")
    if version.pk == template.published_id:
        return badge(_("ordered now"), "success")
    return badge(_("earlier"))


def word_price(version: TemplateVersion) -> str:
    """Return the price of one picture in words."""
    return gettext("the hub's price") if version.price is None else str(version.price)


def word_platforms(version: TemplateVersion) -> str:
    """Return who may order a version, by the codes of the platforms."""
    return ", ".join(version.platforms) or gettext("every platform")


def word_operations(operations: Sequence[Mapping[str, Any]]) -> SafeString | str:
    """Return what is done with each picture, a line a step; a dash for nothing."""
    lines = [(word_operation(said),) for said in operations]
    return format_html_join(mark_safe("<br>"), "{}", lines) if lines else "–"


def word_operation(said: Mapping[str, Any]) -> str:
    """Return one step by its name, and its words as they are said."""
    words = ", ".join(
        f"{name} {value}" for name, value in said.items() if name != "action" and value is not None
    )
    name = str(ACTIONS.get(said["action"], said["action"]))
    return f"{name}: {words}" if words else name


def word_settings(settings: Mapping[str, Any]) -> SafeString | str:
    """Return the words that a template fixes, a line each; a dash for none."""
    lines = [(WORDS.get(name, name), word_value(value)) for name, value in settings.items()]
    return format_html_join(mark_safe("<br>"), "{}: {}", lines) if lines else "–"


def word_steps(chain: Sequence[Any]) -> SafeString | str:
    """Return the further steps, a line each; a dash for none."""
    steps = [one if isinstance(one, Mapping) else {} for one in chain]
    lines = [(number, step.get("prompt", "")) for number, step in enumerate(steps, 2)]
    return format_html_join(mark_safe("<br>"), "{}. {}", lines) if lines else "–"


def word_value(value: Any) -> str:
    """Return a value of a word in words; of LoRAs their names, and how strong they are."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if not isinstance(value, list):
        return str(CHOICES.get(value, value)) if isinstance(value, str) else str(value)
    named = [one if isinstance(one, dict) else {"name": one} for one in value]
    worn = [" ".join(str(one[word]) for word in ("name", "scale") if word in one) for one in named]
    return ", ".join(worn) or gettext("none")


def word_parameters(version: TemplateVersion) -> SafeString | str:
    """Return a line for each parameter: its name, its kind, whether an order must say it, and its default."""
    if not version.parameters or not are_rules(version.parameters):
        return "–"
    rows = list_rows(version.parameters, version.required)
    return format_html_join(
        mark_safe("<br>"), "<code>{}</code> {}", [(row.name, word_row(row)) for row in rows]
    )


def word_row(row: Row) -> str:
    """Return what is said of a parameter, in words."""
    words = [row.label, word_kind(row.kind), gettext("required") if row.is_required else ""]
    if row.default is not None:
        words.append(gettext("default %(value)s") % {"value": row.default})
    return ", ".join(filter(None, [*words, " · ".join(row.choices)]))


def version_page(version: TemplateVersion) -> str:
    """Return the address of a version's page."""
    return reverse("admin:templates_templateversion_change", args=[version.pk])
