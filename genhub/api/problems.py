"""Every refusal as problem JSON (RFC 9457): code, what is wrong, which field, how to mend it; in the reader's words."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.views import set_rollback

from genhub.lib.errors import (
    FieldError,
    InvalidRequest,
    NotFound,
    Problem,
    fill_places,
    gettext_noop,
)

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5
# A refusal is small, whatever was sent: so many errors, and so many characters of a name and of a message.
MOST_ERRORS = 20
LONGEST_NAME = 100
LONGEST_MESSAGE = 300
AND_MORE = gettext_noop("And %(count)s more.")
COUNTED = "more:"

# The values of these are words of the hub; all others are numbers, names and texts of whoever asked.
WORD_PARAMS = frozenset({"state", "thing", "scope", "period"})
# Values that are said otherwise than they are written.
SAID = {"key": gettext_noop("API key")}


class MalformedBody(Problem):
    """The body is not JSON."""

    code = "malformed_body"
    status = 400
    title = gettext_noop("The body cannot be read")
    detail = gettext_noop("It must be one JSON object in UTF-8.")


class WrongContentType(Problem):
    """The body is of a type that this address does not read."""

    code = "wrong_content_type"
    status = 415
    title = gettext_noop("The content type is not supported")
    detail = gettext_noop("Send “Content-Type: application/json”.")


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    title = gettext_noop("The method is not allowed here")
    detail = gettext_noop("See /api/docs for what this address understands.")


class NotAcceptable(Problem):
    """The caller accepts none of what the hub answers."""

    code = "not_acceptable"
    status = 406
    title = gettext_noop("The hub cannot answer in that type")
    detail = gettext_noop("Send “Accept: application/json”.")


class InvalidQuestion(InvalidRequest):
    """What only reads was refused: there was nothing that could have been charged."""

    detail = gettext_noop("Mend what is listed and ask again.")


def is_question(request: Any) -> bool:
    """Return whether a request only reads."""
    return getattr(request, "method", "") in SAFE_METHODS


def mean_question(problem: Problem, request: Any) -> Problem:
    """Return a refusal as the request means it: of what only reads, nothing could have been charged."""
    if type(problem) is InvalidRequest and is_question(request):
        return InvalidQuestion(errors=problem.errors, headers=problem.headers)
    return problem


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer any error of a view; an unknown one is logged with its trace and answered without it."""
    problem = as_problem(error)
    if problem is None:
        logger.error("unhandled error in %s", context.get("view"), exc_info=error)
        problem = Problem()
    problem = mean_question(problem, context.get("request"))
    set_rollback()
    if word := getattr(context.get("view"), "word_refusal", None):
        # A dialect says it in its own form.
        said: Response = word(problem)
        return said
    return Response(
        problem_body(problem),
        problem.status,
        headers=problem.headers,
        content_type="application/problem+json",
    )


def count_more(count: int) -> exceptions.ErrorDetail:
    """Return what stands for so many errors that are only counted: to word each of 70,000 takes seconds.

    The count is in the code, since of what stands in a nested serializer's error DRF keeps text and code alone.
    """
    return exceptions.ErrorDetail(AND_MORE, f"{COUNTED}{count}")


class TryLater(Problem):
    """The database is away for a moment."""

    code = "try_later"
    status = 503
    title = gettext_noop("The hub is not available for a moment")
    detail = gettext_noop(
        "It is not known whether it was done. Send it again with the same Idempotency-Key: nothing is done twice."
    )


MEANINGS: list[tuple[type[Exception], type[Problem]]] = [
    (exceptions.ParseError, MalformedBody),
    (exceptions.UnsupportedMediaType, WrongContentType),
    (exceptions.MethodNotAllowed, MethodNotAllowed),
    (exceptions.NotAcceptable, NotAcceptable),
]


def as_problem(error: Exception) -> Problem | None:
    """Return the problem that an error means, or None for one that nobody expected."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        return InvalidRequest(errors=list(flatten(error.detail)))
    if isinstance(error, Http404 | PermissionDenied | exceptions.NotFound):
        return NotFound(thing=gettext_noop("thing"))
    if isinstance(error, OperationalError):
        logger.error("database error", exc_info=error)
        return TryLater(headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return next((kind() for meant, kind in MEANINGS if isinstance(error, meant)), None)


def flatten(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Yield one field error for each leaf of DRF's nested error detail."""
    if isinstance(detail, Mapping):
        for name, value in detail.items():
            # What concerns no field stands under the empty name (NON_FIELD_ERRORS_KEY).
            yield from flatten(value, f"{path}.{name}".strip("."))
    elif isinstance(detail, Sequence) and not isinstance(detail, str):
        for position, value in enumerate(detail):
            yield from flatten(value, f"{path}[{position}]" if isinstance(value, Mapping) else path)
    else:
        code = str(getattr(detail, "code", "invalid"))
        if code.startswith(COUNTED):
            count = int(code.removeprefix(COUNTED))
            yield FieldError(path, "more", AND_MORE, {"count": count})
        else:
            yield FieldError(path, code, str(detail))


def problem_body(problem: Problem) -> dict[str, Any]:
    """Return the RFC 9457 object in the active language; the detail's values come along as `params`."""
    body: dict[str, Any] = {
        "type": f"about:blank#{problem.code}",
        "title": gettext(problem.title),
        "status": problem.status,
        "detail": fill_places(gettext(problem.detail), words(problem.params)),
        "code": problem.code,
        "errors": [error_body(error) for error in bounded(problem.errors)],
    }
    params = {name: say_value(value) for name, value in problem.params.items()}
    return body | ({"params": params} if params else {})


def say_value(value: Any) -> Any:
    """Return a value of a detail as an answer may repeat it."""
    return sayable(value, LONGEST_MESSAGE) if isinstance(value, str) else value


def bounded(errors: Sequence[FieldError]) -> list[FieldError]:
    """Return the first errors, and last how many more there are."""
    plain = [error for error in errors if error.message is not AND_MORE]
    more = sum(error.params["count"] for error in errors if error.message is AND_MORE)
    more += max(0, len(plain) - MOST_ERRORS)
    last = [FieldError("", "more", AND_MORE, {"count": more})] if more else []
    return [*plain[:MOST_ERRORS], *last]


def error_body(error: FieldError) -> dict[str, str]:
    """Return what is wrong with a field; what it repeats of the request is cut, and made what UTF-8 can say."""
    message = gettext(error.message)
    if error.params:
        message = fill_places(message, words(error.params))
    return {
        "field": sayable(error.field, LONGEST_NAME),
        "code": error.code,
        "message": sayable(message, LONGEST_MESSAGE),
    }


def sayable(text: str, longest: int) -> str:
    """Return a text cut to a length, halves of surrogate pairs written as escapes."""
    cut = text if len(text) <= longest else f"{text[:longest]}…"
    return cut.encode("utf-8", "backslashreplace").decode()


def words(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params with our own words among them translated; a caller's “number” or “style” stays as it is."""
    return {
        name: say_value(gettext(SAID.get(str(v), str(v))) if name in WORD_PARAMS else v)
        for name, v in params.items()
    }
