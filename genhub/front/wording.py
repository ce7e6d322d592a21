"""A problem as an answer, where no view words it: in the caller's language, for the pages that may read it, logged."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.utils import translation

from generation.api.compat.openai.refusals import word_error
from genhub.api.problems import problem_body
from genhub.lib import requestid
from genhub.lib.errors import Problem
from genhub.platforms.browser_tokens import cors

OPENAI_PATH = "/v1/"
logger = logging.getLogger("genhub.requests")


def word_problem(
    problem: Problem, environ: Mapping[str, Any]
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status, headers and body of a problem in the language that the request asks for; and log it."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = environ.get("HTTP_ACCEPT_LANGUAGE", "")
    language = translation.get_language_from_request(request)
    with translation.override(language):
        status, kind, said = say(problem, str(environ.get("PATH_INFO", "")))
    body = json.dumps(said, ensure_ascii=False).encode()
    request_id = requestid.request_id_of(environ)
    logger.info(
        "request",
        extra={
            "request_id": request_id,
            "method": environ.get("REQUEST_METHOD", ""),
            "url": environ.get("PATH_INFO", ""),
            "status": status,
            "code": problem.code,
            "client_ip": environ.get("REMOTE_ADDR", ""),
        },
    )
    headers = {
        "Content-Type": kind,
        "Content-Language": language,
        "Content-Length": str(len(body)),
        requestid.HEADER: request_id,
        **cors.refusal_headers(environ),
        **problem.headers,
    }
    return status_line(status), list(headers.items()), body


def say(problem: Problem, path: str) -> tuple[int, str, dict[str, Any]]:
    """Return status, type and words of a refusal, in the dialect that is spoken at an address."""
    if path.startswith(OPENAI_PATH):
        status, error = word_error(problem)
        return status, "application/json", {"error": error}
    return problem.status, "application/problem+json", problem_body(problem)


def status_line(status: int) -> str:
    """Return a status as WSGI spells it."""
    return f"{status} {HTTPStatus(status).phrase}"
