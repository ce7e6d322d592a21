"""The handbook in a browser: for everybody, without a key, a script or a request to anywhere else."""

from functools import cache
from hashlib import sha256

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from genhub.handbook.rendering import INDEX, SUBJECTS, Page, list_pages

POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
}


@require_safe
@csp_replace(POLICY)
def show_page(request: HttpRequest, subject: str = "") -> HttpResponse:
    """Answer a subject, 304 when the reader has it already, or 404 with the way to those there are."""
    asked, language = choose_language(request)
    if subject in {"", *SUBJECTS}:
        html, etag = draw_page(language, subject or INDEX)
        answer = HttpResponse(html, headers={"ETag": etag})
        # A copy may be kept, and is asked about before it is used: the next release may say something else.
        answer.headers["Cache-Control"] = "no-cache"
        shown = get_conditional_response(request, etag=etag, response=answer) or answer
    else:
        shown = HttpResponse(draw_missing(language), status=404)
    tell_language(shown, request, asked, language)
    return shown


def choose_language(request: HttpRequest) -> tuple[str, str]:
    """Return the language that `?lang=` names, empty where it names none of the hub's, and the one to answer in."""
    try:
        asked = translation.get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        asked = ""
    return asked, asked or translation.get_language() or settings.LANGUAGE_CODE


def tell_language(answer: HttpResponse, request: HttpRequest, asked: str, language: str) -> None:
    """Say in which language a page is and on what that depends; remember the one that was asked for."""
    answer.headers["Content-Language"] = language
    patch_vary_headers(answer, ["Accept-Language", "Cookie"])
    if asked:
        # The switch of the admin remembers the choice by the same cookie.
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, asked, samesite="Lax", secure=request.is_secure()
        )


@cache
def draw_page(language: str, subject: str) -> tuple[str, str]:
    """Return a page as HTML and its ETag."""
    pages = list_pages(language)
    place = [page.subject for page in pages].index(subject)
    around = {
        "previous": pages[place - 1] if place else None,
        "next": pages[place + 1] if place + 1 < len(pages) else None,
    }
    html = _fill("handbook/page.html", language, {"page": pages[place], **around})
    return html, f'"{sha256(html.encode()).hexdigest()[:32]}"'


@cache
def draw_missing(language: str) -> str:
    """Return the page that stands where a subject does not."""
    return _fill("handbook/missing.html", language, {})


def _fill(name: str, language: str, words: dict[str, Page | None]) -> str:
    with translation.override(language):
        shared = {
            "pages": list_pages(language),
            "language": language,
            "languages": settings.LANGUAGES,
        }
        return render_to_string(name, {**shared, **words})
