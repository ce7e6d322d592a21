"""The page at the hub's bare address: for everybody, without a key, in the reader's language; it tells no secret."""

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from genhub.handbook.views import POLICY, choose_language, tell_language
from genhub.health import DEGRADED, HEALTHY, UNHEALTHY, look

STATES = {
    HEALTHY: lambda: _("Ready: orders are taken and worked on."),
    DEGRADED: lambda: _("Ready, with limits: the report says which."),
    UNHEALTHY: lambda: _("Not ready: orders may have to wait. The report says why."),
}
HERE = ("127.0.0.1", "::1")


@require_safe
@csp_replace(POLICY)
def show_welcome(request: HttpRequest) -> HttpResponse:
    """Answer the page, with the hub's health as it is now."""
    asked, language = choose_language(request)
    with translation.override(language):
        answer = render(request, "welcome/page.html", describe(request, language))
    answer.headers["Cache-Control"] = "no-store"
    tell_language(answer, request, asked, language)
    return answer


def describe(request: HttpRequest, language: str) -> dict[str, Any]:
    """Return what the page says: the state in words, and figures that the health report tells everybody."""
    report = look()
    return {
        "language": language,
        "languages": settings.LANGUAGES,
        "status": report["status"],
        "said": STATES[report["status"]](),
        "active": report["active_tasks"],
        "waiting": report["waiting_tasks"],
        "flower": find_flower(request),
    }


def find_flower(request: HttpRequest) -> str:
    """Return Flower's address for readers on the hub's own machine, the only ones who reach it; empty for others."""
    port = getattr(settings, "PORT", None)
    is_here = request.META.get("REMOTE_ADDR") in HERE
    return f"http://127.0.0.1:{port + 1}/" if port and is_here else ""
