"""Refusals in OpenAI's form, so that a stock client raises its own class of error with its own words."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.compat.ends import SHOULD_RETRY, TASK, mean_refusal, word_mistakes
from genhub.api.problems import problem_body
from genhub.lib.errors import Problem

# Clients take 409 for “send it again”.
BAD, CONFLICT, SERVER_ERROR = 400, 409, 500
# The hub's code -> the status that OpenAI's clients know it by, OpenAI's code.
MEANINGS: dict[str, tuple[int, str]] = {
    "key_missing": (401, "invalid_api_key"),
    "key_invalid": (401, "invalid_api_key"),
    "insufficient_credits": (429, "insufficient_quota"),
    "budget_exceeded": (429, "insufficient_quota"),
    "budget_spent": (429, "insufficient_quota"),
    "token_credits_spent": (429, "insufficient_quota"),
    "content_refused": (400, "moderation_blocked"),
    "content_blocked": (400, "moderation_blocked"),
    "prompt_refused": (400, "moderation_blocked"),
    # Clients repeat 409 at once, whatever it says.
    "idempotency_key_in_use": (503, "idempotency_key_in_use"),
}
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
# Neither waiting nor sending it again mends these.
LASTING = frozenset({"insufficient_quota", "moderation_blocked"})
# The hub's word -> the word of OpenAI's that it was made of.
WORDS: Final[Mapping[str, str]] = {
    "width": "size", "height": "size", "num_images": "n", "mode": "quality", "references": "image",
}  # fmt: skip


def word_refusal(problem: Problem, request: Request, names: Mapping[str, str] = WORDS) -> Response:
    """Return a refusal in OpenAI's form, with fields as its caller knows them; one that follows a wait is the answer,
    too, and after an order was taken no client may send it again by itself."""
    mean_refusal(request)
    status, error = word_error(problem, names)
    response = Response({"error": error}, status, headers=problem.headers)
    task = request.META.get(TASK)
    if task or error["code"] in LASTING:
        response[SHOULD_RETRY] = "false"
    if task:
        response[TASK] = task
    return response


def word_error(problem: Problem, names: Mapping[str, str] = WORDS) -> tuple[int, dict[str, Any]]:
    """Return the status by which OpenAI's clients know a refusal, and what they read of it."""
    body = problem_body(problem)
    status, code = MEANINGS.get(problem.code, (problem.status, problem.code))
    first: dict[str, str] = next(iter(body["errors"]), {})
    param = name_in(names, first.get("field", "")) or None
    if first and code not in LASTING:
        code = first["code"]
        if (param, code) == ("model", "unknown"):
            status, code = 404, "model_not_found"
    status = BAD if status == CONFLICT else status
    kind = type_of(status, code)
    return status, {"message": message_of(body, names), "type": kind, "param": param, "code": code}


def name_in(names: Mapping[str, str], field: str) -> str:
    """Return how its caller knows a field; of a place in a list, the list."""
    return names.get(field) or names.get(field.partition(".")[0], field)


def message_of(body: dict[str, Any], names: Mapping[str, str]) -> str:
    """Return what is wrong, field by field where fields are."""
    said = word_mistakes(body, lambda name: name_in(names, name))
    return " ".join([*said, body["detail"]])


def type_of(status: int, code: str) -> str:
    """Return OpenAI's kind of an error."""
    if code == "insufficient_quota":
        return code
    if code == "moderation_blocked":
        return "image_generation_user_error"
    return TYPES.get(status, "server_error" if status >= SERVER_ERROR else "invalid_request_error")
