"""Refusals from outside of any view: unknown addresses, and errors before a view is found.

API callers get problem JSON, people in a browser get Django's page.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework.request import Request
from rest_framework.views import APIView

from genhub.api.problems import problem_body
from genhub.lib.errors import Problem, gettext_noop

# Where apps call: the hub's own API, and the dialects'.
API_PATHS = ("/api/", "/v1/", "/sdapi/", "/replicate/", "/mcp")


class AddressUnknown(Problem):
    """No view has this address."""

    code = "address_unknown"
    status = 404
    title = gettext_noop("There is no such address")
    detail = gettext_noop("See /api/docs for those there are; none ends in a slash.")


class RequestRefused(Problem):
    """The request is not one that the hub looks at: its host is not ours, or it is made to do harm."""

    code = "request_refused"
    status = 400
    title = gettext_noop("The request is refused")
    detail = gettext_noop(
        "Its address or headers are not acceptable. Nothing was created or charged."
    )


class HasNoAddress(APIView):
    """What a dialect's own server has and the hub has not."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse whatever the method is, though not before the key was looked at."""
        super().initial(request, *args, **kwargs)
        raise AddressUnknown


def is_of_api(request: HttpRequest) -> bool:
    """Return whether an app asked: a client that joins a base and a path by two slashes is one, too."""
    return f"/{request.path.lstrip('/')}".startswith(API_PATHS)


def answer(problem: Problem) -> HttpResponse:
    """Return a problem as DRF's views answer it."""
    return JsonResponse(
        problem_body(problem), status=problem.status, content_type="application/problem+json"
    )


def address_unknown(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if is_of_api(request):
        return answer(AddressUnknown())
    return defaults.page_not_found(request, exception)


def request_refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    if is_of_api(request):
        return answer(RequestRefused())
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; Django has logged the error."""
    if is_of_api(request):
        return answer(Problem())
    return defaults.server_error(request)
