"""Replicate: anybody's models, each with words of its own, made one by one, polled for.

Facts: Replicate's OpenAPI (201 and 202 both mean taken; `aborted` never ran and is free, `canceled` did and is billed;
inputs and outputs are deleted after an hour), its documentation of predictions, webhooks and rate limits, and
replicate-javascript 1.4.0 (the fields of a prediction). Who pays by the second is told seconds, not money. A refusal is
a failure in free words: those that mean one are known of few models.

Models: `owner/name`, `owner/name:version`, `deployments/owner/name`. Options of an account: `refusals` (further words
of its models' refusals). Options of an offer: `input` and `words` (see `wording.input_of`), `size` (`ratio`, `pixels`,
or empty: not said), `ratios`.
"""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Found,
    Hint,
    Lost,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import data_uri, encode_input, file_of_url
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import Meaning, Said, error_of
from generation.providers.wording import input_of, size_of
from generation.spec import ModelCard

USUAL_WORDS = {"prompt": "prompt", "seed": "seed", "image": "image", "mask": "mask"}
USUAL_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "4:5", "5:4", "21:9", "9:21")
USUAL_REFUSALS = ("nsfw", "(e005)", "flagged as sensitive", "content policy")
POLL_SECONDS = 1.0
# What is longer goes as a file of its own first.
LONGEST_DATA_URI = 256_000
# An order whose answer was lost: so far may our clock and the vendor's be apart, and so many pages are read.
APART = datetime.timedelta(minutes=1)
MOST_PAGES = 5


class Prediction(msgspec.Struct):
    """An order as the vendor has it."""

    id: str | None = None
    status: str | None = None
    output: Any = None
    error: Any = None
    input: Any = None
    model: str | None = None
    version: str | None = None
    created_at: str | None = None
    started_at: str | None = None


class Page(msgspec.Struct):
    """Some of the orders, the newest first, and where the next page is."""

    results: list[Prediction]
    next: str | None = None


class Urls(msgspec.Struct):
    """Where a file can be had."""

    get: str


class Uploaded(msgspec.Struct):
    """A file that the vendor keeps for a day."""

    urls: Urls


class AccountTold(msgspec.Struct):
    """Whose key it is."""

    username: str
    type: str | None = None


class ReplicateProvider(OneByOne):
    """Makes pictures by anybody's model."""

    capabilities = Capabilities(calls_back=True, needs_key=True, cancels=True, finds_lost=True)
    base_url = "https://api.replicate.com/v1"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask whose key it is."""
        told = self.api.get("account").parse(AccountTold)
        return {"username": told.username, "type": told.type}

    def submit_one(self, work: Work) -> Submitted:
        """Order one picture."""
        options = work.card.options
        size = size_of(
            work.spec, options.get("size", "ratio"), tuple(options.get("ratios", USUAL_RATIOS))
        )
        path, body = place_of(work.card)
        body["input"] = {**size, **input_of(work, USUAL_WORDS, self.hand_over)}
        if work.callback_url:
            body |= {"webhook": work.callback_url, "webhook_events_filter": ["completed"]}
        created = self.api.order(path, Prediction, json=body)
        if not created.id:
            raise lost("taken without an id")
        return Submitted(quote(created.id, safe=""), POLL_SECONDS)

    def hand_over(self, image: Image.Image) -> str:
        """Return where the vendor finds an input picture; raise ProviderError: nothing is ordered then."""
        uri = data_uri(image)
        if len(uri) <= LONGEST_DATA_URI:
            return uri
        files = {"content": ("picture.png", encode_input(image), "image/png")}
        try:
            return self.api.post("files", files=files).parse(Uploaded).urls.get
        except ProviderError as error:
            raise not_ordered(error) from error

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        told = self.api.ask(f"predictions/{remote_id}", Prediction)
        match told.status:
            case "succeeded":
                content = file_of_url(find_url(told.output), self.account)
                return Picture(content, seed_of(told), usage=Usage(pictures=1))
            case "failed" if self.is_refusal(str(told.error)):
                raise error_of(Meaning.REFUSED, str(told.error))
            case "failed" | "canceled" | "aborted":
                raise ProviderError(f"{told.status}: {told.error}", sent=Sent.YES)
            case _:
                return Waiting(poll_after_seconds=POLL_SECONDS)

    def is_refusal(self, error: str) -> bool:
        """Return whether a model's own words say that it does not make such a picture."""
        words = (*USUAL_REFUSALS, *self.account.options.get("refusals", ()))
        return any(word.casefold() in error.casefold() for word in words)

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop one picture: what never ran costs nothing."""
        told = self.api.post(f"predictions/{remote_id}/cancel").parse(Prediction)
        if told.status == "aborted" or (told.status == "canceled" and not told.started_at):
            return CancelOutcome.FREE
        ended = {"canceled", "succeeded", "failed"}
        return CancelOutcome.BILLED if told.status in ended else CancelOutcome.UNKNOWN

    def find_lost(self, lost: Lost) -> list[Found]:
        """List the orders of the time and model, those with the very prompt first."""
        begin, end = lost.sent_at - APART, lost.until + APART
        found = [
            Found(told.id, told.status or "", created_at, is_same_prompt(told, lost))
            for told in self.list_since(begin)
            if told.id
            and is_of_model(told, lost.card)
            and (created_at := time_of(told))
            and begin <= created_at <= end
        ]
        return sorted(found, key=lambda one: (not one.is_same_prompt, one.is_same_prompt is False))

    def list_since(self, begin: datetime.datetime) -> Iterator[Prediction]:
        """Yield the account's orders, the newest first, back to a time."""
        path: str | None = f"predictions?created_after={begin:%Y-%m-%dT%H:%M:%SZ}"
        for _ in range(MOST_PAGES):
            page = self.api.get(path or "").parse(Page)
            yield from page.results
            path = page.next
            oldest = time_of(page.results[-1]) if page.results else None
            if not path or (oldest and oldest < begin):
                return

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read the id of the order that has ended; what became of it is asked for."""
        return read_hint(body, "id")


def place_of(card: ModelCard) -> tuple[str, dict[str, Any]]:
    """Return where a model's orders go, and what the body says of the model."""
    name, _, version = (card.vendor_model or card.alias).partition(":")
    if version:
        return "predictions", {"version": version}
    prefix = "" if name.startswith("deployments/") else "models/"
    return f"{prefix}{name}/predictions", {}


def find_url(output: Any) -> str:
    """Return the first file of an output: a string, or the first within a list or an object."""
    found = output
    while isinstance(found, list | dict) and found:
        found = next(iter(found.values() if isinstance(found, dict) else found))
    if isinstance(found, str) and found.startswith(("https://", "http://", "data:")):
        return found
    raise unreadable(f"no file: {str(output)[:100]}")


def seed_of(told: Prediction) -> int | None:
    """Return the seed that an order named by the usual word."""
    found = told.input.get(USUAL_WORDS["seed"]) if isinstance(told.input, dict) else None
    return found if isinstance(found, int) and found >= 0 else None


def time_of(told: Prediction) -> datetime.datetime | None:
    """Return when an order was made; None where nobody can tell."""
    try:
        made_at = datetime.datetime.fromisoformat(told.created_at or "")
    except ValueError:
        return None
    return made_at if made_at.tzinfo else made_at.replace(tzinfo=datetime.UTC)


def not_ordered(error: ProviderError) -> ProviderError:
    """Return why an input picture could not be handed over: whatever the vendor has of it, it has no order."""
    return ProviderError(
        f"input picture: {error}",
        code="provider_unavailable" if error.is_billed else error.code,
        retryable=error.retryable or error.is_billed,
        retry_after_seconds=error.retry_after_seconds,
        fault=error.fault,
    )


def is_of_model(told: Prediction, card: ModelCard) -> bool:
    """Return whether an order may be of a model; one that does not say it may be."""
    name, _, version = (card.vendor_model or card.alias).partition(":")
    if name.startswith("deployments/"):
        return True
    return told.model in {None, name} and (not version or told.version in {None, version})


def is_same_prompt(told: Prediction, lost: Lost) -> bool | None:
    """Return whether an order has a lost one's prompt; None where its input is deleted."""
    if not isinstance(told.input, dict) or not told.input:
        return None
    return lost.spec.prompt in told.input.values()


def explain(status: int, body: Any) -> Said | None:
    """Read a problem document: `{"title", "detail", …}`."""
    if not isinstance(body, dict) or not ({"detail", "title"} & set(body)):
        return None
    return Said(str(body.get("title") or ""), str(body.get("detail") or ""))
