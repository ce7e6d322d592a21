"""What pages need that only the menu knows."""

from django import template
from django.conf import settings
from django.http import HttpRequest

register = template.Library()


@register.filter
def menu_group(request: HttpRequest) -> str:
    """Return the title of the menu's group that a page belongs to; nothing for a page that the menu does not hold."""
    match = request.resolver_match
    view = match.url_name or "" if match else ""
    for group in settings.UNFOLD["SIDEBAR"]["navigation"]:
        for item in group["items"]:
            if any(view.startswith(f"{name}_") for name in item.get("views", ())):
                return str(group["title"])
    return ""
