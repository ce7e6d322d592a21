"""What a task made, as OpenAI's clients read it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64
from rest_framework.request import Request

from generation.accounts.tokens import count_tokens
from generation.models import Task
from generation.orders.modes import FAST
from storage.selectors import read_bytes, sign_link

if TYPE_CHECKING:
    from storage.models import Artifact


def kind_of(said: dict[str, Any]) -> str:
    """Return as what an order wants its pictures: `url`, `b64_json`, or empty for both. Whoever names a format gets
    bytes."""
    kind: str = said.get("response_format", "b64_json" if said.get("output_format") else "")
    return kind


def answer_pictures(request: Request, task: Task, kind: str) -> dict[str, Any]:
    """Return the pictures of a task that has ended well, with what they are."""
    answer = {
        "created": int(task.created_at.timestamp()),
        "data": list_pictures(request, task, kind),
    }
    # Later none of them may be left.
    first = next(list_delivered(task), None)
    return answer | describe(task, first[0]) if first else answer


def list_pictures(request: Request, task: Task, kind: str) -> list[dict[str, Any]]:
    """Return each picture as a link that works for some minutes, as its bytes, or as both where nobody said which:
    clients of one of OpenAI's models read this, and of another that. The bytes are for msgspec to write."""
    pictures = []
    for artifact, revised_prompt in list_delivered(task):
        picture: dict[str, Any] = {}
        if kind != "url":
            picture["b64_json"] = msgspec.Raw(b'"%b"' % pybase64.b64encode(read_bytes(artifact)))
        if kind != "b64_json":
            picture["url"] = request.build_absolute_uri(sign_link(artifact))
        if revised_prompt:
            picture["revised_prompt"] = revised_prompt
        pictures.append(picture)
    return pictures


def list_delivered(task: Task) -> Iterator[tuple["Artifact", str]]:
    """Yield each picture that there is, and the prompt as its vendor changed it."""
    for output in task.outputs.all():
        if output.shown:
            yield output.shown, output.revised_prompt


def describe(task: Task, artifact: "Artifact") -> dict[str, Any]:
    """Return what OpenAI's clients are told of a picture beside its bytes."""
    return {
        "background": "opaque",
        "output_format": artifact.content_type.removeprefix("image/"),
        "quality": quality_of(task),
        "size": f"{artifact.width}x{artifact.height}",
        **count_usage(task),
    }


def quality_of(task: Task) -> str:
    """Return how well a task is made, in OpenAI's word."""
    if task.mode == FAST:
        return "low"
    return "high" if task.quality == "high" else "medium"


def count_usage(task: Task) -> dict[str, Any]:
    """Return the tokens of the prompt as `usage`; nothing where nobody can count them. Pictures are paid by the piece
    here, and have none."""
    count = count_tokens(task.spec["prompt"])
    if count is None:
        return {}
    details = {"text_tokens": count, "image_tokens": 0}
    return {
        "usage": {
            "input_tokens": count,
            "input_tokens_details": details,
            "output_tokens": 0,
            "total_tokens": count,
        }
    }


def in_base64(artifact: "Artifact") -> str:
    """Return a picture's bytes as text."""
    return pybase64.b64encode_as_string(read_bytes(artifact))
