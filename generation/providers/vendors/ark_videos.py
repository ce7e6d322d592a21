"""Seedance clips of Volcengine Ark, and of BytePlus ModelArk (another base URL and other names of models).

Facts: volcengine-ark-runtime 5.0.54 (resources/content_generation/tasks.py), volcengine.com/docs/82379/1520757. A task
can be asked for during seven days, its address lives one. A DELETE cancels what is queued; of what has ended it deletes
the record, so that is asked before. A callback (unsigned) comes with each change. The list of tasks tells no prompts: a
lost order is for a person to find. A length is always said: the usual one of some models is the vendor's to choose, and
to bill. The vendor's watermark is left off: labels are the hub's.

Options of an offer: `watermark`, `camera_fixed`, `service_tier`.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from generation.providers.ark_envelope import BASE_URL, TASKS, Fault, count_tasks, explain, said_of
from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Finished,
    Found,
    Hint,
    Lost,
    Provider,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.clips import POLL_SECONDS, Created, clip_at, clip_words, finish, taken
from generation.providers.errors import ProviderError
from generation.providers.files import data_uri
from generation.providers.http import VendorApi, unreadable
from generation.providers.listing import parts_of
from generation.providers.sorting import ended
from generation.providers.wording import ratio_of

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
WORDS = {
    "image": "first_frame",
    "last_image": "last_frame",
    "seed": "seed",
    "audio": "generate_audio",
}
PLAIN_OPTIONS = ("camera_fixed", "service_tier")
FAILED = frozenset({"failed", "cancelled", "expired"})
UNDER_WAY = frozenset({"queued", "running"})
# So far may our clock and the vendor's be apart.
APART = datetime.timedelta(minutes=1)
PAGE = 50


class Content(msgspec.Struct):
    """What was made."""

    video_url: str | None = None


class Counted(msgspec.Struct):
    """What is billed."""

    completion_tokens: int | None = None


class Task(msgspec.Struct):
    """A task as the vendor tells of it."""

    status: str
    id: str | None = None
    content: Content | None = None
    usage: Counted | None = None
    error: Fault | None = None
    seed: int | None = None
    created_at: float | None = None


class Page(msgspec.Struct):
    """Some of the tasks, the newest first."""

    items: list[Task] | None = None


class ArkVideosProvider(Provider):
    """Makes clips by Seedance."""

    capabilities = Capabilities(
        calls_back=True,
        makes=frozenset({"video"}),
        takes=frozenset(WORDS),
        needs_key=True,
        cancels=True,
        finds_lost=True,
        cost="tokens",
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask how many tasks there are."""
        return count_tasks(self.api)

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        body = body_of(work)
        if work.callback_url:
            body["callback_url"] = work.callback_url
        headers = {"x-client-request-id": work.reference}
        return taken(self.api.order(TASKS, Created, json=body, headers=headers).id)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        told = self.api.ask(f"{TASKS}/{remote_id}", Task)
        if told.status in FAILED:
            raise failure_of(told)
        if told.status != "succeeded":
            return Waiting(poll_after_seconds=POLL_SECONDS)
        if not told.content or not told.content.video_url:
            raise unreadable("done without an address")
        counted = told.usage or Counted()
        usage = Usage(pictures=1, output_tokens=counted.completion_tokens)
        return finish(clip_at(told.content.video_url, self.account), told.seed, usage)

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """List these tasks."""
        found: list[Task] = []
        for part in parts_of(remote_ids):
            ids = "".join(f"&filter.task_ids={remote_id}" for remote_id in part)
            path = f"{TASKS}?page_num=1&page_size={len(part)}{ids}"
            found += self.api.get(path).parse(Page).items or []
        return {
            quote(told.id, safe=""): Waiting(poll_after_seconds=POLL_SECONDS)
            for told in found
            if told.id and told.status in UNDER_WAY
        }

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop a clip that is queued, which is free; what runs is billed, and let run."""
        told = self.api.ask(f"{TASKS}/{remote_id}", Task)
        if told.status in FAILED:
            return CancelOutcome.FREE
        if told.status != "queued":
            return CancelOutcome.BILLED
        self.api.call("DELETE", f"{TASKS}/{remote_id}")
        return CancelOutcome.FREE

    def find_lost(self, lost: Lost) -> list[Found]:
        """List the tasks of the time and model."""
        model = quote(lost.card.vendor_model or lost.card.alias, safe="")
        path = f"{TASKS}?page_num=1&page_size={PAGE}&filter.model={model}"
        begin, end = lost.sent_at - APART, lost.until + APART
        return [
            Found(quote(told.id, safe=""), told.status, created_at)
            for told in self.api.get(path).parse(Page).items or []
            if told.id and (created_at := time_of(told)) and begin <= created_at <= end
        ]

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read the id of the task that has changed; what became of it is asked for."""
        return read_hint(body, "id")


def body_of(work: Work) -> dict[str, Any]:
    """Return the body of a create; raise Unsupported, naming what the vendor does not take."""
    spec, card = work.spec, work.card
    said = clip_words(work, WORDS, data_uri)
    content: list[dict[str, Any]] = [{"type": "text", "text": spec.prompt}]
    content += [
        {"type": "image_url", "image_url": {"url": said.pop(role)}, "role": role}
        for role in ("first_frame", "last_frame")
        if role in said
    ]
    return {
        "model": card.vendor_model or card.alias,
        "content": content,
        "resolution": spec.resolution,
        "ratio": ratio_of(spec, RATIOS),
        "duration": spec.seconds,
        "watermark": bool(card.options.get("watermark", False)),
        **{name: card.options[name] for name in PLAIN_OPTIONS if name in card.options},
        **said,
    }


def time_of(told: Task) -> datetime.datetime | None:
    """Return when a task was made."""
    if told.created_at is None:
        return None
    return datetime.datetime.fromtimestamp(told.created_at, datetime.UTC)


def failure_of(told: Task) -> ProviderError:
    """Return what it means that a task came to nothing."""
    return ended(said_of(told.error or Fault(told.status)))
