"""Answers that are not sent twice: an ETag of all that is said, and 304 for whoever has it already."""

import hashlib
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.utils import translation
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.lib.etags import is_known
from genhub.lib.waits import ASKED

READS: Final = frozenset({"GET", "HEAD"})
OK: Final = 200
# What decides an answer besides its address: whose key asked, and in which language.
VARIES: Final = ("Authorization", "Accept-Language")
# Headers that say something without the body, too.
KEPT: Final = (
    "ETag",
    "Cache-Control",
    "Vary",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
)


class ConditionalView(APIView):
    """A view whose answers to GET and HEAD carry a weak ETag, and are 304 where the caller has them.

    The tag is of the whole answer as it would be sent: whatever an answer shows, now or after a later change, is in it.
    """

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response, tagged once it is rendered."""
        final: Any = super().finalize_response(request, response, *args, **kwargs)
        if request.method in READS and final.status_code == OK and isinstance(final, Response):
            final["Cache-Control"] = "private, no-cache"
            patch_vary_headers(final, VARIES)
            # Django's own request, which DRF wraps. An answer that waits is none yet.
            if ASKED not in request.META:
                final.add_post_render_callback(partial(tag, request._request))  # noqa: SLF001
        return final


def tag(request: HttpRequest, response: Response) -> HttpResponseBase | None:
    """Tag a rendered response and return what is sent instead: 304, or None when nothing is."""
    language = translation.get_language() or ""
    digest = hashlib.sha256(language.encode() + b"\n" + response.content).hexdigest()
    response["ETag"] = f'W/"{digest[:32]}"'
    return answer_known(response) if is_known(request, response["ETag"]) else None


def answer_known(response: HttpResponseBase) -> HttpResponseNotModified:
    """Return 304 with what of a response's head still says something."""
    known = HttpResponseNotModified()
    for name in KEPT:
        if name in response:
            known[name] = response[name]
    return known
