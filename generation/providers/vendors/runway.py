"""Runway: its own models and those of others, text or pictures to video.

Facts: runwayml-python 5.24.0 (resources/text_to_video.py, image_to_video.py, tasks.py), docs.dev.runwayml.com (errors,
usage and tiers). 1 credit is 1 US cent. A create quotes the most that it may cost; a task that has ended says what it
did, also one that failed. A task may be asked for every 5 s; its addresses live a day, and each answer renews them.
THROTTLED waits there for the account's concurrency. A DELETE gives back what it costs only before it runs, after which
nobody can ask for it; so what runs is let run. Nothing lists tasks, nothing calls back.

Options of an offer: `content_moderation` (`contentModeration`, as the vendor words it).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Finished,
    Provider,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.clips import POLL_SECONDS, Created, clip_at, clip_words, finish, taken
from generation.providers.errors import ProviderError, Unsupported
from generation.providers.files import data_uri
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Meaning, Said, ended

VERSION = "2024-11-06"
LARGEST_SEED = 2**32 - 1
WORDS = {"image": "image", "last_image": "last_image", "seed": "seed", "audio": "audio"}
LARGEST_DATA_URI = 5 * 2**20
CREDITS_A_DOLLAR = 100
WAITS = frozenset({"PENDING", "THROTTLED"})
GONE = 404


class Cost(msgspec.Struct):
    """What a task cost."""

    credits: float | None = None


class Task(msgspec.Struct):
    """A task as the vendor tells of it."""

    status: str
    progress: float | None = None
    output: list[str] | None = None
    cost: Cost | None = None
    failure: str | None = None
    failureCode: str | None = None  # noqa: N815 (the vendor's name)


class Organization(msgspec.Struct):
    """Whose key it is."""

    creditBalance: float  # noqa: N815 (the vendor's name)


class RunwayProvider(Provider):
    """Makes clips."""

    capabilities = Capabilities(
        makes=frozenset({"video"}),
        takes=frozenset(WORDS),
        needs_key=True,
        cancels=True,
        cost="told",
    )
    base_url = "https://api.dev.runwayml.com"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}", "x-runway-version": VERSION}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask for the balance."""
        return {"credits": self.api.get("v1/organization").parse(Organization).creditBalance}

    def submit(self, work: Work) -> Submitted:
        """Order a clip from words, or from pictures."""
        spec, card = work.spec, work.card
        said = clip_words(work, WORDS, as_uri, LARGEST_SEED)
        frames = [
            {"uri": said.pop(name), "position": position}
            for name, position in (("image", "first"), ("last_image", "last"))
            if name in said
        ]
        body = {
            "model": card.vendor_model or card.alias,
            "promptText": spec.prompt,
            "ratio": f"{spec.width}:{spec.height}",
            "duration": spec.seconds,
            **said,
        }
        if frames:
            body["promptImage"] = frames
        if moderation := card.options.get("content_moderation"):
            body["contentModeration"] = moderation
        path = "v1/image_to_video" if frames else "v1/text_to_video"
        return taken(self.api.order(path, Created, json=body).id)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        told = self.api.ask(f"v1/tasks/{remote_id}", Task)
        match told.status:
            case "SUCCEEDED":
                if not told.output:
                    raise unreadable("done without an address")
                usage = Usage(pictures=1, cost_usd=dollars_of(told.cost))
                return finish(clip_at(told.output[0], self.account), usage=usage)
            case "FAILED" | "CANCELLED":
                raise failure_of(told)
            case _:
                return Waiting(told.progress, POLL_SECONDS)

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop a clip that has not begun, which is free; what runs is billed, and let run."""
        told = self.api.ask(f"v1/tasks/{remote_id}", Task)
        if told.status not in WAITS:
            return outcome_of(told)
        self.api.call("DELETE", f"v1/tasks/{remote_id}")
        try:
            # It may have begun in this moment: where the vendor still tells, that holds.
            return outcome_of(self.api.ask(f"v1/tasks/{remote_id}", Task, frozenset({GONE})))
        except ProviderError as error:
            return CancelOutcome.FREE if error.status == GONE else CancelOutcome.UNKNOWN


def as_uri(image: Image.Image) -> str:
    """Return a picture as a data URI, which the vendor takes up to 5 MB of."""
    uri = data_uri(image, "jpeg")
    if len(uri) > LARGEST_DATA_URI:
        raise Unsupported("image: the vendor takes 5 MB of one")
    return uri


def dollars_of(cost: Cost | None) -> Decimal | None:
    """Return what a task cost in US dollars; None where the vendor does not say."""
    if cost is None or cost.credits is None:
        return None
    return Decimal(str(cost.credits)) / CREDITS_A_DOLLAR


def outcome_of(told: Task) -> CancelOutcome:
    """Return what a task costs that nobody wants any more."""
    dollars = dollars_of(told.cost)
    if dollars is None:
        return CancelOutcome.FREE if told.status in WAITS else CancelOutcome.BILLED
    return CancelOutcome.BILLED if dollars else CancelOutcome.FREE


def failure_of(told: Task) -> ProviderError:
    """Return what it means that a task came to nothing; what it cost all the same is billed."""
    code = told.failureCode or told.status
    meaning = Meaning.REFUSED if code.startswith("SAFETY") else None
    error = ended(Said(code, told.failure or "", meaning))
    error.is_billed = bool(dollars_of(told.cost))
    return error


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error": "…"}`."""
    error = body.get("error") if isinstance(body, dict) else None
    return Said(message=str(error)) if error else None
