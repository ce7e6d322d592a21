"""Refusals as Replicate's clients read them: problem JSON, whose detail alone they show."""

from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.compat.ends import TASK, word_mistakes
from genhub.api.problems import problem_body
from genhub.lib.errors import Problem

UNKNOWN = 404


def word_refusal(problem: Problem, request: Request) -> Response:
    """Return a refusal whose detail names each field that is wrong; one that follows an order names its task. It
    never takes the place of a prediction that waits: after a refusal clients order anew."""
    body = problem_body(problem)
    body["detail"] = " ".join([*word_mistakes(body, str), body["detail"]])
    if any((error["field"], error["code"]) == ("model", "unknown") for error in body["errors"]):
        body["status"] = UNKNOWN
    headers = dict(problem.headers)
    if task := request.META.get(TASK):
        headers[TASK] = task
    return Response(body, body["status"], headers=headers, content_type="application/problem+json")
