"""fal: anybody's models, each with words of its own, made one by one through the queue, polled for.

Facts: fal's documentation (queue, cancel, request errors, pricing, FAQ) and fal-client 1.0.3. COMPLETED is no success:
the status may carry an error, and the result then answers the error's own status. Addresses of an order name owner and
app without the path of the model, and three segments in some namespaces, so that those of the create are asked. Failed
requests and time in the queue are free; a filtered picture is a picture. Its own client is not used: it sends an order
again when the answer is lost.

Options of an account: `expiration_seconds` (how long the vendor keeps what it made), `platform_url` (of the API that
tells prices, where the base URL is not the vendor's). Options of an offer: `input` and `words` (see
`wording.input_of`), `size` (`object`, `pixels`, `ratio`, or empty: not said), `ratios`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Hint,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.callbacks import ID, read_hint
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import data_uri, file_of_url
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import Meaning, Said, error_of
from generation.providers.wording import input_of, size_of

PLATFORM_URL = "https://api.fal.ai/v1"
# A model whose price anybody's key may ask for.
PRICED_MODEL = "fal-ai/flux/dev"
USUAL_WORDS = {"prompt": "prompt", "seed": "seed", "image": "image_url", "mask": "mask_url"}
USUAL_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
LONG_NAMESPACES = {"workflows", "comfy"}
REFUSED = "content_policy_violation"
POLL_SECONDS = 1.0
# Statuses by which a model says that an order was wrong, and those by which a cancel says that it comes too late.
WRONG_ORDER = frozenset({400, 422})
TOO_LATE = frozenset({400, 409})


class Created(msgspec.Struct):
    """An answer to a create; one with a callback may name no addresses."""

    request_id: str | None = None
    status_url: str | None = None


class Status(msgspec.Struct):
    """How far an order is."""

    status: str | None = None
    error: Any = None
    error_type: str | None = None


class File(msgspec.Struct):
    """A file that was made."""

    url: str | None = None


class Result(msgspec.Struct):
    """What was made."""

    images: list[File] | None = None
    image: File | None = None
    seed: int | None = None
    has_nsfw_concepts: list[bool] | None = None


class Price(msgspec.Struct):
    """What a model costs."""

    unit_price: float | None = None
    unit: str | None = None


class Prices(msgspec.Struct):
    """A list of prices."""

    prices: list[Price]


class FalProvider(OneByOne):
    """Makes pictures by anybody's model."""

    capabilities = Capabilities(calls_back=True, needs_key=True, cancels=True)
    base_url = "https://queue.fal.run"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.headers = {"authorization": f"Key {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, self.headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask for a price: another API of the vendor, which no key of another's goes to."""
        own = PLATFORM_URL if self.api.base_url == self.base_url else ""
        platform_url = self.account.options.get("platform_url") or own
        if not platform_url:
            raise ProviderError("no platform_url beside a base URL that is not the vendor's")
        platform = VendorApi(self.account, platform_url, self.headers, explain)
        told = platform.get(f"models/pricing?endpoint_id={quote(PRICED_MODEL, safe='')}")
        return {PRICED_MODEL: [msgspec.to_builtins(one) for one in told.parse(Prices).prices]}

    def submit_one(self, work: Work) -> Submitted:
        """Order one picture."""
        options = work.card.options
        model = (work.card.vendor_model or work.card.alias).strip("/")
        ratios = tuple(options.get("ratios", USUAL_RATIOS))
        size = size_of(work.spec, options.get("size", "object"), ratios)
        body = {**size, **input_of(work, USUAL_WORDS, data_uri)}
        path = (
            f"{model}?fal_webhook={quote(work.callback_url, safe='')}"
            if work.callback_url
            else model
        )
        created = self.api.order(path, Created, json=body, headers=self.lifetime())
        address = self.api.id_of(created.status_url or "").removesuffix("/status")
        if not address:
            if not created.request_id or not ID.match(created.request_id):
                raise lost("taken without an id")
            address = f"{app_of(model)}/requests/{created.request_id}"
        return Submitted(address, POLL_SECONDS)

    def lifetime(self) -> dict[str, str]:
        """Return the header that says how long the vendor keeps what it made, where the account does."""
        seconds = self.account.options.get("expiration_seconds")
        if seconds is None:
            return {}
        told = msgspec.json.encode({"expiration_duration_seconds": seconds}).decode()
        return {"x-fal-object-lifecycle-preference": told}

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        told = self.api.ask(f"{remote_id}/status", Status)
        if told.status != "COMPLETED":
            return Waiting(poll_after_seconds=POLL_SECONDS)
        if told.error or told.error_type:
            raise self.failure_of(remote_id, told)
        return self.read(self.api.ask(remote_id, Result, ends=WRONG_ORDER))

    def failure_of(self, remote_id: str, told: Status) -> ProviderError:
        """Return why an order has failed, as the result says it, else as its status does."""
        words = f"{told.error_type or ''} {told.error or ''}".strip()
        if told.error_type == REFUSED:
            return error_of(Meaning.REFUSED, words)
        try:
            self.api.get(remote_id)
        except ProviderError as error:
            if error.status in WRONG_ORDER:
                return error
        return ProviderError(words, sent=Sent.YES)

    def read(self, result: Result) -> Picture:
        """Return the picture of a result; raise ProviderError when there is none, or it is blackened."""
        if any(result.has_nsfw_concepts or []):
            raise error_of(Meaning.REFUSED, "the picture was filtered")
        files = [file.url for file in [*(result.images or []), result.image] if file and file.url]
        if not files:
            raise unreadable("completed without a picture")
        return Picture(file_of_url(files[0], self.account), result.seed, usage=Usage(pictures=1))

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Take an order from the queue, which is free; one that runs is asked to stop, and nobody knows."""
        try:
            told = self.api.call("PUT", f"{remote_id}/cancel").parse(Status)
        except ProviderError as error:
            if error.status in TOO_LATE:
                return CancelOutcome.BILLED
            raise
        outcomes = {"OK": CancelOutcome.FREE, "ALREADY_COMPLETED": CancelOutcome.BILLED}
        return outcomes.get(told.status or "", CancelOutcome.UNKNOWN)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read that an order has ended. Its id alone is no address to ask at, so that none is told."""
        read_hint(body, "request_id")
        return Hint()


def app_of(model: str) -> str:
    """Return the part of a model's name that addresses of its orders have."""
    parts = model.split("/")
    return "/".join(parts[: 3 if parts[0] in LONG_NAMESPACES else 2])


def explain(status: int, body: Any) -> Said | None:
    """Read `{"detail": …}`: words, or a list of what is wrong; beside it `error_type`."""
    if not isinstance(body, dict) or "detail" not in body:
        return None
    detail = body["detail"]
    kinds = {str(body.get("error_type") or "")}
    if isinstance(detail, list):
        kinds |= {str(one.get("type") or "") for one in detail if isinstance(one, dict)}
    code = " ".join(sorted(kinds - {""}))
    if REFUSED in kinds:
        return Said(code, str(detail), Meaning.REFUSED)
    is_empty = "exhausted balance" in str(detail).casefold()
    return Said(code, str(detail), Meaning.QUOTA if is_empty else None)
