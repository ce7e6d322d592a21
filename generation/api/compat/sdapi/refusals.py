"""Refusals in the form of WebUI's errors."""

from collections.abc import Mapping
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.compat.ends import TASK, mean_refusal, word_mistakes
from genhub.api.problems import problem_body
from genhub.lib.errors import Problem

# The hub's word -> the word of WebUI's that it was made of.
RENAMED: Final = {
    "image": "init_images",
    "strength": "denoising_strength",
    "style_preset": "styles",
    "num_images": "batch_size",
    "sampler": "sampler_name",
    "loras": "prompt",
    "model": "override_settings.sd_model_checkpoint",
}


def word_refusal(problem: Problem, request: Request, renamed: Mapping[str, str]) -> Response:
    """Return a refusal in WebUI's form; one that follows a wait is the answer, too, and names its task."""
    mean_refusal(request)
    body = problem_body(problem)
    wrong = word_mistakes(body, lambda field: name_word(field, renamed))
    headers = dict(problem.headers)
    if task := request.META.get(TASK):
        headers[TASK] = task
    said = {
        "error": problem.code,
        "detail": body["detail"],
        "body": "",
        # The title where no field is wrong.
        "errors": " ".join(wrong) or str(body["title"]),
    }
    return Response(said, problem.status, headers=headers)


def name_word(field: str, renamed: Mapping[str, str]) -> str:
    """Return WebUI's name of a field: of a LoRA's parts, of the prompt that it stood in."""
    return renamed.get(field.partition(".")[0], field)
