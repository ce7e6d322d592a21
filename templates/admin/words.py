"""How versions stand on pages: their price in words, their state as a coloured word, their address."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.admin.show import badge
from templates.admin.rows import are_rules, word_kind
from templates.kinds import Row, list_rows
from templates.models import Template, TemplateVersion

ACTIONS: Final = {
    "crop": _("crop"),
    "resize": _("resize"),
    "rotate": _("turn"),
    "flip": _("mirror"),
    "brightness": _("brightness"),
    "contrast": _("contrast"),
    "saturation": _("saturation"),
    "temperature": _("warmth"),
    "sharpen": _("sharpen"),
    "text": _("write"),
    "flatten": _("put a colour behind"),
}


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
