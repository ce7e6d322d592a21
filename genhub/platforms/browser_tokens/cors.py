"""Cross-origin answers (CORS): which pages a browser may let read what the hub says.

A preflight carries no token, so any live token of its origin opens it; it tells nothing. What is asked afterwards is
for the token's own origins alone. Never with cookies: `Access-Control-Allow-Credentials` is sent nowhere.
"""

import logging
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from genhub.platforms.browser_tokens import origins

logger = logging.getLogger(__name__)

# Where tokens are of use, and the pictures that signed links lead to.
PATHS = re.compile(r"/api/v1/(?!health(?:/|$)|callbacks/)|/files/")
ALLOWED = "genhub.cors.origins"
REQUEST_HEADERS = ", ".join(
    (
        "Authorization", "Content-Type", "Accept", "Accept-Language", "Idempotency-Key", "If-None-Match", "Last-Event-ID",
        "Prefer", "X-Request-ID",
    )
)  # fmt: skip
ANSWER_HEADERS = ", ".join(
    (
        "Allow", "Content-Language", "ETag", "Location", "Preference-Applied", "RateLimit", "RateLimit-Policy",
        "Retry-After", "WWW-Authenticate", "X-Request-ID",
    )
)  # fmt: skip
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
# So long a browser need not ask again.
PREFLIGHT_SECONDS = 600


class CorsMiddleware:
    """Answer preflights, and say of each answer who may read it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer by the view, or a preflight without it."""
        if not PATHS.match(request.path):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        if is_preflight(request) and is_open_to(origin):
            response = HttpResponse(status=204, headers=preflight_headers(origin))
        else:
            response = self.get_response(request)
            if origin and may_read(request, origin):
                add_headers(response, origin)
        # A cache must not hand one origin's answer to another's page.
        patch_vary_headers(response, ["Origin"])
        return response


def allow(request: Any, allowed: Collection[str]) -> None:
    """Note, once the sender of a request is known, which origins may read its answer."""
    request.META[ALLOWED] = allowed
    origin = request.headers.get("Origin", "")
    if origin in allowed:
        origins.note(origin)


def may_read(request: HttpRequest, origin: str) -> bool:
    """Return whether pages of an origin may read this answer: the token's own; where nobody asked who sends, those
    that the hub has tokens for."""
    allowed = request.META.get(ALLOWED)
    if allowed is not None:
        return origin in allowed
    # A signed link carries its own right, but is for nobody's pages besides.
    return is_open_to(origin)


def is_open_to(origin: str) -> bool:
    """Return whether the hub has tokens for an origin; while the database is away, whether it had."""
    if not origin or origins.read_origin(origin) != origin:
        return False
    try:
        return origins.has_tokens(origin)
    except Error as error:
        logger.warning("nobody can tell which origins have tokens: %s", error)
        return origins.was_noted(origin)


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a browser asks if it may ask."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight_headers(origin: str) -> dict[str, str]:
    """Return what a page may send."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def answer_headers(origin: str) -> dict[str, str]:
    """Return what lets pages of an origin read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": ANSWER_HEADERS,
    }


def add_headers(response: HttpResponse, origin: str) -> None:
    """Let pages of an origin read an answer."""
    for name, value in answer_headers(origin).items():
        response[name] = value


def refusal_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return what goes with a refusal that was made before anybody could look at a token; asks nobody."""
    if not PATHS.match(environ.get("PATH_INFO", "")):
        return {}
    origin = environ.get("HTTP_ORIGIN", "")
    is_known = bool(origin) and origins.was_noted(origin)
    return {"Vary": "Origin"} | (answer_headers(origin) if is_known else {})
