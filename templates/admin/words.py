"""How versions stand on pages: their price in words, their state as a coloured word, their address."""

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.admin.show import badge
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


def version_page(version: TemplateVersion) -> str:
    """Return the address of a version's page."""
    return reverse("admin:templates_templateversion_change", args=[version.pk])
