"""A ComfyUI on loopback: a queue and a history in memory, files, and inputs."""

import json
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, TextMessage

from generation.providers.vendors.comfyui.provider import prompt_id_of
from tests.providers.vendors.clips import file_reply
from tests.providers.vendors.contract import picture
from tests.providers.vendors.server import Asked, Reply, Upgraded, path_of

WORKFLOW: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 20, "cfg": 8.0, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "z.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["4", 1]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "it", "images": ["8", 0]}},
}  # fmt: skip
INPUTS = {
    "prompt": "6.text", "negative_prompt": "7.text", "seed": "3.seed", "steps": "3.steps", "cfg_scale": "3.cfg",
    "width": "5.width", "height": "5.height",
}  # fmt: skip
OWN = prompt_id_of("att_1")
NAMES = {"image": "it_00001_.png", "video": "it_00001_.mp4"}


def ended(
    prompt: Any, state: str = "success", *messages: Any, kind: str = "image"
) -> dict[str, Any]:
    """Return a prompt as the history tells of it."""
    files = [
        {"filename": "seen.png", "subfolder": "", "type": "temp"},
        {"filename": NAMES[kind], "subfolder": "a b", "type": "output"},
    ]
    outputs = {"9": {"images": files, "animated": [True]}} if state == "success" else {}
    status = {"status_str": state, "completed": state == "success", "messages": list(messages)}
    return {"prompt": prompt, "outputs": outputs, "status": status, "meta": {}}


def history(state: str, *messages: Any) -> Reply:
    """Return what the history tells of the test's own prompt."""
    return Reply(body={OWN: ended([0, OWN, WORKFLOW, {}, ["9"]], state, *messages)})


def told(*news: Any) -> bytes:
    """Return frames of a websocket: texts, previews as bytes, and what is no JSON as it is."""
    frames = Connection(ConnectionType.SERVER)
    sent = b""
    for one in news:
        if isinstance(one, bytes):
            sent += frames.send(BytesMessage(one))
        else:
            sent += frames.send(TextMessage(one if isinstance(one, str) else json.dumps(one)))
    return sent


class Comfy:
    """Takes prompts, runs them when it is told to, or at once, and forgets all when it is started anew."""

    def __init__(self, kind: str = "image", *, is_quick: bool = True) -> None:
        self.kind, self.is_quick = kind, is_quick
        self.queue: list[list[Any]] = []
        self.ended: dict[str, Any] = {}
        self.interrupted: list[str] = []
        self.lock = threading.Lock()
        self.taken = 0
        # What its websocket tells whoever listens.
        self.news = b""

    def start_anew(self) -> None:
        """Forget what is in memory."""
        self.queue, self.ended = [], {}

    def run(self) -> None:
        """Make all that waits."""
        with self.lock:
            self.ended |= {prompt[1]: ended(prompt, kind=self.kind) for prompt in self.queue}
            self.queue = []

    def respond(self, asked: Asked) -> Reply:
        """Answer as the server does."""
        match asked.method, path_of(asked).split("/")[1:]:
            case "POST", ["upload", "image"]:
                return Reply(body={"name": "given.png", "subfolder": "genhub", "type": "input"})
            case "POST", [name]:
                return self.act(name, asked.json)
            case _, ["queue"]:
                return Reply(
                    body={"queue_running": self.queue[:1], "queue_pending": self.queue[1:]}
                )
            case _, ["history", *names]:
                found = {key: one for key, one in self.ended.items() if key in (names or [key])}
                return Reply(body=found)
            case _:
                return self.view(asked)

    def act(self, name: str, body: Any) -> Reply:
        """Take a prompt, forget what waits, or stop what runs: the first one of the queue."""
        if name == "prompt":
            return self.take(body)
        if name == "interrupt":
            self.interrupted.append(body["prompt_id"])
        else:
            self.queue[1:] = [one for one in self.queue[1:] if one[1] not in body["delete"]]
        return Reply(200, b"")

    def take(self, body: Any) -> Reply:
        """Put a prompt into the queue."""
        with self.lock:
            self.taken += 1
            extra = {"client_id": body["client_id"], "create_time": time.time() * 1000}
            self.queue.append([self.taken, body["prompt_id"], body["prompt"], extra, ["9"]])
        if self.is_quick:
            self.run()
        return Reply(body={"prompt_id": body["prompt_id"], "number": self.taken, "node_errors": {}})

    def view(self, asked: Asked) -> Reply:
        """Hand a file out, or open the websocket."""
        if path_of(asked) == "/ws":
            return Upgraded(body=self.news)
        query = parse_qs(urlsplit(asked.path).query)
        assert (path_of(asked), query["type"]) == ("/view", ["output"])
        if query["filename"] == [NAMES["video"]]:
            return file_reply()
        return Reply(200, picture(), {"content-type": "image/png"})
