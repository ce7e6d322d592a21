"""Clips in OpenAI's dialect, `/v1/videos`: AIHubMix, new-api, LiteLLM, SGLang and their like. OpenAI itself makes none
any more.

Facts: openai-python 3.57.0 (types/video*.py: `seconds` is a text; states queued, in_progress, completed, failed, to
which servers add cancelled and expired), AIHubMix's media adapters, new-api's relay (the id and the address under other
names). A clip is fetched at its address where the server says one, else at `/videos/{id}/content`, with the key.

Options of an account: `body` (`json`, or `multipart`, as OpenAI's own client sends it), `reference` (how a picture goes
in JSON: `object`, `{"image_url": …}`, or `text`), `words` (what the server calls our `seed`, `audio`,
`negative_prompt`, `last_image`, `fps`). Options of an offer: `input` (constants of the body).
"""

from collections.abc import Mapping
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
    Waiting,
    Work,
)
from generation.providers.clips import POLL_SECONDS, clip_at, clip_from, clip_words, finish, taken
from generation.providers.envelope import MEANINGS, explain
from generation.providers.errors import ProviderError
from generation.providers.files import data_uri, encode_input
from generation.providers.http import VendorApi
from generation.providers.sorting import Said, ended
from generation.providers.wording import as_form

WORDS = {"image": "input_reference"}
DONE = "completed"
FAILED = frozenset({"failed", "cancelled", "canceled", "expired"})
PERCENT = 100


class Fault(msgspec.Struct):
    """Why a clip came to nothing."""

    code: str | None = None
    message: str | None = None


class Item(msgspec.Struct):
    """An order, or a file of it, within `data`."""

    id: str | None = None
    url: str | None = None


class Video(msgspec.Struct):
    """An order as the server tells of it, in the words of all that speak so."""

    id: str | None = None
    task_id: str | None = None
    status: str | None = None
    progress: float | None = None
    error: Fault | str | None = None
    url: str | None = None
    video_url: str | None = None
    output_url: str | None = None
    data: Item | list[Item] | None = None

    def state(self) -> str:
        """Return where it stands, however its server spells that; empty where it does not say."""
        return (self.status or "").casefold()

    def inner(self) -> Item:
        """Return what `data` holds."""
        if isinstance(self.data, list):
            return self.data[0] if self.data else Item()
        return self.data or Item()

    def own_id(self) -> str:
        """Return the order's id; empty where there is none."""
        return self.id or self.task_id or self.inner().id or ""

    def address(self) -> str:
        """Return where the clip lies; empty where the server does not say."""
        return self.video_url or self.url or self.output_url or self.inner().url or ""


class Models(msgspec.Struct):
    """The models of a server."""

    data: list[Any] | None = None


class OpenAIVideosProvider(Provider):
    """Makes clips in OpenAI's dialect."""

    capabilities = Capabilities(
        makes=frozenset({"video"}),
        takes=frozenset({"image", "last_image", "seed", "negative_prompt", "audio"}),
        cancels=True,
    )

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"} if account.key else {}
        self.api = VendorApi(account, account.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """List the models."""
        return {"models": len(self.api.get("models").parse(Models).data or [])}

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        spec, options = work.spec, self.account.options
        words = {**WORDS, **options.get("words", {})}
        is_form = options.get("body") == "multipart"
        said = clip_words(work, words, as_file if is_form else self.refer)
        body = {
            **work.card.options.get("input", {}),
            "model": work.card.vendor_model or work.card.alias,
            "prompt": spec.prompt,
            "seconds": str(spec.seconds),
            "size": f"{spec.width}x{spec.height}",
            **said,
        }
        if spec.fps and "fps" in words:
            body[words["fps"]] = spec.fps
        created = self.api.order("videos", Video, **(in_form(body) if is_form else {"json": body}))
        return taken(created.own_id())

    def refer(self, image: Image.Image) -> Any:
        """Return a picture as JSON holds it."""
        uri = data_uri(image)
        return uri if self.account.options.get("reference") == "text" else {"image_url": uri}

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        told = self.api.ask(f"videos/{remote_id}", Video)
        if told.state() in FAILED:
            raise failure_of(told.error)
        if told.state() != DONE:
            progress = None if told.progress is None else told.progress / PERCENT
            return Waiting(progress, POLL_SECONDS)
        if address := told.address():
            return finish(clip_at(address, self.account))
        return finish(clip_from(self.api, f"videos/{remote_id}/content"))

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Delete an order that is not done; no server says what that costs."""
        status = self.api.ask(f"videos/{remote_id}", Video).state()
        if status == DONE:
            return CancelOutcome.BILLED
        if status in FAILED:
            return CancelOutcome.FREE
        self.api.call("DELETE", f"videos/{remote_id}")
        return CancelOutcome.UNKNOWN


def as_file(image: Image.Image) -> tuple[str, bytes, str]:
    """Return a picture as a form holds it."""
    return ("picture.png", encode_input(image), "image/png")


def in_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as the fields of a form, each of which is a text or a file."""
    files = {name: value for name, value in body.items() if isinstance(value, tuple)}
    texts = as_form({name: value for name, value in body.items() if name not in files})
    return {"files": files | {name: (None, text) for name, text in texts.items()}}


def failure_of(error: Fault | str | None) -> ProviderError:
    """Return what it means that a clip came to nothing."""
    fault = error if isinstance(error, Fault) else Fault(message=error)
    code = fault.code or ""
    return ended(Said(code, fault.message or "", MEANINGS.get(code)))
