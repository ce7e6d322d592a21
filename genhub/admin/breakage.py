"""What a change of a row breaks: the published templates that could be ordered before it, and cannot any more."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from genhub.admin.pages import word_fields
from genhub.lib.errors import InvalidRequest

MOST_NAMED = 10


class TellsBroken:
    """Mixed into the pages of rows that templates lean on: whoever saves one is told at once which it broke."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save a row, and say what it broke."""
        before = find_broken(request)
        answer = super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        return tell(request, before, answer)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save what was changed in the list, and say what it broke."""
        before = find_broken(request)
        answer = super().changelist_view(request, *args, **kwargs)  # type: ignore[misc]
        return tell(request, before, answer)


def find_broken(request: HttpRequest) -> dict[str, Any]:
    """Return what is broken when something may be about to change; the setting names who knows."""
    if request.method != "POST":
        return {}
    found: dict[str, Any] = import_string(settings.BROKEN_RECIPES)()
    return found


def tell(request: HttpRequest, before: dict[str, Any], answer: Any) -> Any:
    """Name the templates that broke, each with why, and return the answer."""
    # Only what was saved leads on; what was refused shows its form again.
    if request.method == "POST" and answer.status_code == 302:  # noqa: PLR2004
        broken = {code: why for code, why in find_broken(request).items() if code not in before}
        for code, mistakes in list(broken.items())[:MOST_NAMED]:
            text = gettext("The template “%(template)s” cannot be ordered any more: %(why)s")
            messages.warning(request, text % {"template": code, "why": word_mistakes(mistakes)})
        if len(broken) > MOST_NAMED:
            text = gettext("And %(count)s more templates: their list says which.")
            messages.warning(request, text % {"count": len(broken) - MOST_NAMED})
    return answer


def word_mistakes(mistakes: Any) -> str:
    """Return why a template cannot be ordered, in one line."""
    return " ".join(
        message
        for found in word_fields(InvalidRequest(errors=mistakes)).values()
        for message in found
    )
