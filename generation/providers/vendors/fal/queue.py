"""fal's queue, of pictures as of clips: orders are taken, asked for, and stopped."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from generation.providers.base import AccountSettings, CancelOutcome
from generation.providers.callbacks import ID
from generation.providers.errors import ProviderError, Sent
from generation.providers.http import VendorApi, lost
from generation.providers.sorting import Meaning, Said, error_of

Result = TypeVar("Result")
BASE_URL = "https://queue.fal.run"
PLATFORM_URL = "https://api.fal.ai/v1"
# A model whose price anybody's key may ask for.
PRICED_MODEL = "fal-ai/flux/dev"
LONG_NAMESPACES = {"workflows", "comfy"}
REFUSED = "content_policy_violation"
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


class Price(msgspec.Struct):
    """What a model costs."""

    unit_price: float | None = None
    unit: str | None = None


class Prices(msgspec.Struct):
    """A list of prices."""

    prices: list[Price]


class Queue:
    """The queue as one account reaches it."""

    def __init__(self, account: AccountSettings) -> None:
        self.account = account
        self.headers = {"authorization": f"Key {account.key}"}
        self.api = VendorApi(account, account.base_url or BASE_URL, self.headers, explain)

    def tell_price(self) -> Mapping[str, Any]:
        """Ask for a price: another API of the vendor, which no key of another's goes to."""
        own = PLATFORM_URL if self.api.base_url == BASE_URL else ""
        platform_url = self.account.options.get("platform_url") or own
        if not platform_url:
            raise ProviderError("no platform_url beside a base URL that is not the vendor's")
        platform = VendorApi(self.account, platform_url, self.headers, explain)
        told = platform.get(f"models/pricing?endpoint_id={quote(PRICED_MODEL, safe='')}")
        return {PRICED_MODEL: [msgspec.to_builtins(one) for one in told.parse(Prices).prices]}

    def order(self, model: str, body: Mapping[str, Any], callback_url: str) -> str:
        """Hand an order over, and return where it is asked for."""
        model = model.strip("/")
        path = f"{model}?fal_webhook={quote(callback_url, safe='')}" if callback_url else model
        created = self.api.order(path, Created, json=body, headers=self.lifetime())
        if address := self.api.id_of(created.status_url or "").removesuffix("/status"):
            return address
        if not created.request_id or not ID.match(created.request_id):
            raise lost("taken without an id")
        return f"{app_of(model)}/requests/{created.request_id}"

    def lifetime(self) -> dict[str, str]:
        """Return the header that says how long the vendor keeps what it made, where the account does."""
        seconds = self.account.options.get("expiration_seconds")
        if seconds is None:
            return {}
        told = msgspec.json.encode({"expiration_duration_seconds": seconds}).decode()
        return {"x-fal-object-lifecycle-preference": told}

    def ask(self, remote_id: str, kind: type[Result]) -> Result | None:
        """Return what an order became, None while it is worked on."""
        told = self.api.ask(f"{remote_id}/status", Status)
        if told.status != "COMPLETED":
            return None
        if told.error or told.error_type:
            raise self.failure_of(remote_id, told)
        return self.api.ask(remote_id, kind, ends=WRONG_ORDER)

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

    def stop(self, remote_id: str) -> CancelOutcome:
        """Take an order from the queue, which is free; one that runs is asked to stop, and nobody knows."""
        try:
            told = self.api.call("PUT", f"{remote_id}/cancel").parse(Status)
        except ProviderError as error:
            if error.status in TOO_LATE:
                return CancelOutcome.BILLED
            raise
        outcomes = {"OK": CancelOutcome.FREE, "ALREADY_COMPLETED": CancelOutcome.BILLED}
        return outcomes.get(told.status or "", CancelOutcome.UNKNOWN)


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
