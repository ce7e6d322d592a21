"""What clients of each dialect send, and what the hub answers them."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from generation.api.compat.openai.streams import PREVIEW, Telling
from generation.api.live.lines import Step
from generation.api.live.watch import Reader
from generation.models import Task
from generation.work.run import run_queue
from genhub.api.operations import JSON
from genhub.lib.ids import from_wire
from storage.api.parsers import FORM
from tests.api.album import PNG, encode, picture
from tests.api.documented import read_dialect
from tests.api.test_schema import operations

EVENTS, REQUEST, UNDER_WAY = "text/event-stream", "request", 504
# As curl names a file that it sends.
FILE = "@star.png"
STAR = {"prompt": "a yellow star on a purple background"}
CLIP = {**STAR, "model": "reel"}
BARE = base64.b64encode(PNG).decode()
JPEG = base64.b64encode(encode(picture(), "JPEG")).decode()
# What is sent where, by the type of its content.
BODIES: dict[str, dict[str, Any]] = {
    "post /v1/images/generations": {
        JSON: {**STAR, "size": "64x64", "quality": "high", "response_format": "b64_json"}
    },
    "post /v1/images/edits": {
        FORM: {"prompt": "at night", "image": FILE, "response_format": "url"},
        JSON: {"prompt": "at night", "images": [{"file_id": "{picture}"}], "response_format": "url"},
    },
    "post /v1/moderations": {JSON: {"input": ["a star", "a sunset"]}},
    "post /v1/videos": {
        FORM: {**CLIP, "seconds": "1", "input_reference": FILE},
        JSON: {**CLIP, "seconds": 1, "size": "128x64"},
    },
    "post /v1/video/generations": {JSON: {**CLIP, "duration": 1, "metadata": {"audio": False}}},
    "post /replicate/v1/predictions": {
        JSON: {"version": "z-image-small", "input": {**STAR, "num_outputs": 2}}
    },
    "post /replicate/v1/models/{owner}/{name}/predictions": {JSON: {"input": {**STAR, "seed": 7}}},
    "post /replicate/v1/files": {FORM: {"content": FILE}},
    "post /sdapi/v1/txt2img": {JSON: {**STAR, "width": 64, "height": 64, "steps": 12, "seed": 7}},
    "post /sdapi/v1/img2img": {
        JSON: {"prompt": "at night", "init_images": [BARE], "denoising_strength": 0.6}
    },
    "post /sdapi/v1/options": {
        JSON: {"sd_model_checkpoint": "z-image-small", "samples_format": "png"}
    },
    "post /sdapi/v1/png-info": {JSON: {"image": "{drawn}"}},
}  # fmt: skip


@dataclass
class Talk:
    """What a client sends to each operation, and what it is answered."""

    client: APIClient
    ids: dict[str, str]
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: int = 0

    def ask(self, operation: str, **headers: Any) -> None:
        """Send each body that an operation takes; whoever waits for an answer gets it once the order is drawn."""
        for kind, words in BODIES.get(operation, {"": None}).items():
            body = json.loads(self.fill(json.dumps(words)))
            self.sent += 1
            said = {"HTTP_IDEMPOTENCY_KEY": f"order-{self.sent}", **headers}
            answer = self.send(operation, kind, body, said)
            if answer.status_code == UNDER_WAY:
                run_queue("local")
                answer = self.send(operation, kind, body, said)
            assert answer.status_code < 400, (operation, answer.content)
            if kind:
                self.keep(operation, REQUEST, kind, body)
            if answer.status_code != 302:
                self.keep(operation, str(answer.status_code), JSON, answer.json())

    def send(self, operation: str, kind: str, body: Any, words: dict[str, Any]) -> Any:
        """Send one request."""
        method, template = operation.split(" ")
        path = template.format(**self.ids)
        if kind == FORM:
            files = {name: file() for name, text in body.items() if text == FILE}
            return self.client.post(path, body | files, format="multipart", **words)
        sent = json.dumps(body) if kind else ""
        return self.client.generic(method.upper(), path, sent, content_type=JSON, **words)

    def keep(self, operation: str, name: str, kind: str, value: Any) -> None:
        """Keep the first of each kind."""
        self.found.setdefault(operation, {}).setdefault(name, {}).setdefault(kind, value)

    def fill(self, text: str) -> str:
        """Return a body with what the hub called things before."""
        for name, value in self.ids.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def file() -> SimpleUploadedFile:
    """Return a picture as a form sends it."""
    return SimpleUploadedFile("star.png", PNG, "image/png")


def tell(task_id: str) -> str:
    """Return a picture as a stream tells it, after one under way."""
    task = Task.objects.get(pk=from_wire("task", task_id))
    telling = Telling(task, 1, Reader("en", "http://testserver"))
    step = Step(task.pk, task.platform_id, task.user, b"", b"", 0.5, f"{PREVIEW}{JPEG}")
    return b"".join([telling.word_step(step), *telling.word_end()]).decode()


def documented(name: str) -> Iterator[tuple[str, Any]]:
    """Yield the operations of a dialect as examples name them."""
    for (path, method), operation in operations(read_dialect(name)).items():
        yield f"{method} {path}", operation


def talk_of_pictures(talk: Talk) -> None:
    """Order pictures, at once and later, and read what there is."""
    order, edit = "post /v1/images/generations", "post /v1/images/edits"
    later = "get /v1/images/tasks/{task_id}"
    talk.ids["picture"] = talk.client.post("/api/v1/artifacts", {"file": file()}).json()["id"]
    for headers in ({}, {"HTTP_X_GENHUB_ASYNC": "true"}):
        for each in (order, edit):
            talk.ask(each, **headers)
    talk.ids["task_id"] = talk.found[order]["202"][JSON]["id"]
    talk.ask(later)
    run_queue("local")
    talk.ask(later)
    for each in (order, edit):
        talk.keep(each, "200", EVENTS, tell(talk.found[each]["202"][JSON]["id"]))
    talk.keep("get /v1/images/streams/{task_id}", "200", EVENTS, tell(talk.ids["task_id"]))
    for each in ("post /v1/moderations", "get /v1/models", "get /v1/models/{name}"):
        talk.ask(each)


def talk_of_clips(talk: Talk) -> None:
    """Order clips, and read them once they are made."""
    talk.ask("post /v1/videos")
    talk.ask("post /v1/video/generations")
    run_queue("local")
    talk.ids["task_id"] = talk.found["post /v1/videos"]["200"][JSON]["id"]
    for path in (
        "videos",
        "videos/{task_id}",
        "video/generations/{task_id}",
        "videos/{task_id}/content",
    ):
        talk.ask(f"get /v1/{path}", QUERY_STRING="limit=1" if path == "videos" else "")
    talk.ask("delete /v1/videos/{task_id}")


def talk_of_predictions(talk: Talk) -> None:
    """Order predictions, cancel one, and read them."""
    order = "post /replicate/v1/predictions"
    talk.ask(order)
    talk.ids["task_id"] = talk.found[order]["201"][JSON]["id"]
    talk.ask("post /replicate/v1/models/{owner}/{name}/predictions")
    run_queue("local")
    talk.ask("get /replicate/v1/predictions/{task_id}")
    talk.ask("get /replicate/v1/predictions", QUERY_STRING="limit=1")
    talk.ask("post /replicate/v1/files")
    talk.ids["file_id"] = talk.found["post /replicate/v1/files"]["201"][JSON]["id"]
    talk.ask("get /replicate/v1/files/{file_id}")
    talk.ask("get /replicate/v1/models/{owner}/{name}/versions/{version}")
    again = talk.client.post("/replicate/v1/predictions", BODIES[order][JSON], format="json").json()
    talk.ids["task_id"] = again["id"]
    talk.ask("post /replicate/v1/predictions/{task_id}/cancel")


def talk_of_webui(talk: Talk) -> None:
    """Order as WebUI's clients do, and ask for all that they look up."""
    talk.ask("post /sdapi/v1/txt2img")
    drawn = talk.found["post /sdapi/v1/txt2img"]["200"][JSON]
    talk.ids["drawn"] = drawn["images"][0]
    # Another seed, as the same one would be answered from what is drawn.
    body = BODIES["post /sdapi/v1/txt2img"][JSON] | {"seed": 8}
    assert talk.client.post("/sdapi/v1/txt2img", body, format="json").status_code == UNDER_WAY
    talk.ask("get /sdapi/v1/progress")
    for name, _operation in documented("sdapi"):
        talk.ask(name)
