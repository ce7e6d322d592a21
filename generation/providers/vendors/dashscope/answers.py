"""What DashScope answers, and what its codes mean."""

import datetime
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote

import msgspec

from generation.providers.sorting import Meaning, Said

# By the beginning of a code.
MEANINGS = {
    "DataInspectionFailed": Meaning.REFUSED,
    "InvalidApiKey": Meaning.KEY,
    "AccessDenied": Meaning.KEY,
    "Arrearage": Meaning.QUOTA,
    "AllocationQuota": Meaning.QUOTA,
    "Throttling": Meaning.BUSY,
    "InternalError": Meaning.BROKEN,
    "ServiceUnavailable": Meaning.BROKEN,
    "GatewayTimeout": Meaning.LOST,
}
# The vendor's clock.
VENDOR_ZONE = datetime.timezone(datetime.timedelta(hours=8))


class Part(msgspec.Struct):
    """A picture, or the prompt as it was rewritten."""

    image: str | None = None
    text: str | None = None


class Message(msgspec.Struct):
    """What one choice says."""

    content: list[Part] | None = None


class Choice(msgspec.Struct):
    """A picture of the newer ways."""

    message: Message | None = None


class Result(msgspec.Struct):
    """A picture of the older way, or why it is not there."""

    url: str | None = None
    orig_prompt: str | None = None
    actual_prompt: str | None = None
    code: str | None = None
    message: str | None = None


class Output(msgspec.Struct):
    """A task, or what was made at once; of a clip its address and prompts."""

    task_id: str | None = None
    task_status: str | None = None
    results: list[Result] | None = None
    choices: list[Choice] | None = None
    submit_time: str | None = None
    video_url: str | None = None
    orig_prompt: str | None = None
    actual_prompt: str | None = None
    code: str | None = None
    message: str | None = None


class Counted(msgspec.Struct):
    """What is billed."""

    image_count: int | None = None
    output_image_count: int | None = None


class Answer(msgspec.Struct):
    """An answer to anything but a list."""

    output: Output | None = None
    usage: Counted | None = None
    code: str | None = None
    message: str | None = None


class Listed(msgspec.Struct):
    """A task in a list; times in milliseconds."""

    task_id: str
    status: str | None = None
    task_status: str | None = None
    gmt_create: float | None = None


class Tasks(msgspec.Struct):
    """A page of the tasks of the last day, under either name."""

    data: list[Listed] | None = None
    tasks: list[Listed] | None = None
    total: int | None = None


@dataclass(frozen=True)
class Ticket:
    """What the id of a call says: the vendor's task, of how many pictures (0: of all that are there), and the seed."""

    task: str
    number: int = 0
    seed: int | None = None

    def to_id(self) -> str:
        """Return it as text, which leaves its place in no address."""
        return f"{quote(self.task, safe='')}:{self.number}:{'' if self.seed is None else self.seed}"

    @classmethod
    def from_id(cls, remote_id: str) -> Self:
        """Return what a text says; one that staff have copied from the vendor is the task alone."""
        task, number, seed = (*remote_id.split(":"), "", "")[:3]
        return cls(
            unquote(task),
            int(number) if number.isdecimal() else 0,
            int(seed) if seed.isdecimal() else None,
        )

    @property
    def path(self) -> str:
        """Where the task is asked for."""
        return f"tasks/{quote(self.task, safe='')}"


def results_of(output: Output) -> list[Result]:
    """Return the pictures of either form, and what is said beside them."""
    if output.results:
        return output.results
    results = []
    for choice in output.choices or []:
        parts = choice.message.content or [] if choice.message else []
        text = next((part.text for part in parts if part.text), None)
        results += [Result(part.image, actual_prompt=text) for part in parts if part.image]
    return results


def explain(status: int, body: Any) -> Said | None:
    """Read `{code, message, request_id}`."""
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        return None
    return said_of(Result(code=body["code"], message=str(body.get("message") or "")))


def said_of(told: Answer | Output | Result) -> Said:
    """Return what a code means; it may go on after a dot."""
    code = told.code or ""
    meaning = next((value for name, value in MEANINGS.items() if code.startswith(name)), None)
    return Said(code, told.message or "", meaning)


def code_of(result: Result) -> str:
    """Return why one picture of several is missing."""
    is_refused = said_of(result).meaning is Meaning.REFUSED
    return "content_refused" if is_refused else "generation_failed"


def read_time(milliseconds: float | None, text: str | None) -> datetime.datetime | None:
    """Return when a task came, from either of the forms in which the vendor says it."""
    if milliseconds:
        return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    try:
        return datetime.datetime.fromisoformat(text).replace(tzinfo=VENDOR_ZONE) if text else None
    except ValueError:
        return None
