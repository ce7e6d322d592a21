"""What ComfyUI answers: its queue, its history, and the files of a prompt."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

import msgspec

from generation.providers.sorting import Said

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
CLIPS = (".mp4",)


class Prompt(msgspec.Struct, array_like=True):
    """A prompt in the queue or the history: its turn, its id, its nodes, and what else came with it."""

    number: float
    id: str
    nodes: dict[str, Any]
    extra: dict[str, Any] = {}

    @property
    def created_at_ms(self) -> float | None:
        """When it came, in Unix milliseconds; older servers do not say."""
        found = self.extra.get("create_time")
        return float(found) if isinstance(found, int | float) else None


class Queue(msgspec.Struct):
    """What runs and what waits."""

    queue_running: list[Prompt]
    queue_pending: list[Prompt]


class Status(msgspec.Struct):
    """How a prompt ended, and what was told of it meanwhile: (event, its facts)."""

    status_str: str | None = None
    messages: list[Any] = []


class Entry(msgspec.Struct):
    """A prompt that has ended: by node, lists of files."""

    prompt: Prompt | None = None
    outputs: dict[str, dict[str, Any]] = {}
    status: Status | None = None

    @property
    def state(self) -> str:
        """How it ended; older servers keep only what succeeded."""
        return (self.status.status_str if self.status else None) or "success"

    def find_failure(self) -> Said:
        """Return why it came to nothing."""
        messages = self.status.messages if self.status else []
        events: dict[str, Any] = {one[0]: one[1] for one in messages if is_event(one)}
        if isinstance(facts := events.get("execution_error"), dict):
            words = f"{facts.get('node_type')}: {facts.get('exception_message')}"
            return Said(str(facts.get("exception_type") or ""), words)
        if "execution_interrupted" in events:
            return Said("interrupted", "somebody stopped it at the server")
        return Said(self.state)

    def find_file(self, node: str) -> tuple[str, str]:
        """Return the name of a node's file (empty: of any) and where it is handed out, a clip before a picture; empty
        texts where there is none."""
        files = [
            file
            for key, output in self.outputs.items()
            if node in {"", key}
            for kind in output.values()
            if isinstance(kind, list)
            for file in kind
            if isinstance(file, dict) and file.get("type") == "output"
        ]
        for endings in (CLIPS, PICTURES):
            for file in files:
                name = str(file.get("filename") or "")
                if name.lower().endswith(endings):
                    query = {
                        "filename": name,
                        "subfolder": file.get("subfolder") or "",
                        "type": "output",
                    }
                    return name, f"view?{urlencode(query)}"
        return "", ""


def is_event(message: Any) -> bool:
    """Return whether a message is an event's name and its facts."""
    return isinstance(message, list) and list(map(type, message[:1])) == [str] and len(message) > 1


class Created(msgspec.Struct):
    """A prompt that was taken."""

    prompt_id: str | None = None


class Uploaded(msgspec.Struct):
    """A picture that lies among the server's inputs."""

    name: str
    subfolder: str | None = None

    @property
    def place(self) -> str:
        """What nodes call it."""
        return f"{self.subfolder}/{self.name}" if self.subfolder else self.name


class System(msgspec.Struct):
    """What a server is."""

    comfyui_version: str | None = None


class Device(msgspec.Struct):
    """What it computes on."""

    name: str


class Stats(msgspec.Struct):
    """A server and its devices."""

    system: System
    devices: list[Device] = []


@dataclass(frozen=True)
class Ticket:
    """What the id of an order says: the prompt, its seed, and the node whose file is meant."""

    prompt: str
    seed: int | None = None
    output: str = ""

    def to_id(self) -> str:
        """Return it as text, without the comma that stands between ids."""
        seed = "" if self.seed is None else self.seed
        return f"{quote(self.prompt, safe='')}:{seed}:{quote(self.output, safe='')}"

    @classmethod
    def from_id(cls, remote_id: str) -> Self:
        """Return what a text says; one that staff have copied from the server is the prompt alone."""
        prompt, seed, output = (*remote_id.split(":"), "", "")[:3]
        return cls(unquote(prompt), int(seed) if seed.isdecimal() else None, unquote(output))

    @property
    def path(self) -> str:
        """Where the prompt's end is asked for."""
        return f"history/{quote(self.prompt, safe='')}"
