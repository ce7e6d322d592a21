"""Replicate's predictions, of pictures as of clips: ordered, asked for, stopped, and listed."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from PIL import Image

from generation.providers.base import AccountSettings, CancelOutcome, Found, Lost
from generation.providers.errors import ProviderError, Sent
from generation.providers.files import data_uri, encode_input
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.listing import most_pages
from generation.providers.sorting import Meaning, Said, error_of, not_ordered, says_any
from generation.spec import ModelCard

BASE_URL = "https://api.replicate.com/v1"
SEED = "seed"
USUAL_REFUSALS = ("nsfw", "(e005)", "flagged as sensitive", "content policy")
# What is longer goes as a file of its own first.
LONGEST_DATA_URI = 256_000
# An order whose answer was lost: so far may our clock and the vendor's be apart, and so many pages are read.
APART = datetime.timedelta(minutes=1)
MOST_PAGES = 5
UNDER_WAY = frozenset({"starting", "processing"})


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


class Predictions:
    """The vendor's predictions as one account reaches them."""

    def __init__(self, account: AccountSettings) -> None:
        self.account = account
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or BASE_URL, headers, explain)

    def tell_account(self) -> Mapping[str, Any]:
        """Ask whose key it is."""
        told = self.api.get("account").parse(AccountTold)
        return {"username": told.username, "type": told.type}

    def order(self, card: ModelCard, words: Mapping[str, Any], callback_url: str) -> str:
        """Hand an order over, and return its id."""
        path, body = place_of(card)
        body["input"] = words
        if callback_url:
            body |= {"webhook": callback_url, "webhook_events_filter": ["completed"]}
        created = self.api.order(path, Prediction, json=body)
        if not created.id:
            raise lost("taken without an id")
        return quote(created.id, safe="")

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

    def ask(self, remote_id: str) -> Prediction | None:
        """Return an order that has succeeded, None while it is worked on."""
        told = self.api.ask(f"predictions/{remote_id}", Prediction)
        match told.status:
            case "succeeded":
                return told
            case "failed" if self.is_refusal(str(told.error)):
                raise error_of(Meaning.REFUSED, str(told.error))
            case "failed" | "canceled" | "aborted":
                raise ProviderError(f"{told.status}: {told.error}", sent=Sent.YES)
            case _:
                return None

    def list_under_way(self, remote_ids: Sequence[str]) -> set[str]:
        """Return those orders that the newest pages of the list say are worked on, as far as they are worth reading."""
        wanted, seen, found = set(remote_ids), set(), set()
        path: str | None = "predictions"
        for _ in range(most_pages(remote_ids)):
            page = self.api.get(path or "").parse(Page)
            rows = {quote(told.id, safe=""): told for told in page.results if told.id}
            seen |= wanted & rows.keys()
            found |= {name for name in wanted & rows.keys() if rows[name].status in UNDER_WAY}
            path = page.next
            if not path or seen == wanted:
                break
        return found

    def is_refusal(self, error: str) -> bool:
        """Return whether a model's own words say that it does not make such a picture."""
        words = (*USUAL_REFUSALS, *self.account.options.get("refusals", ()))
        return says_any(error, words)

    def stop(self, remote_id: str) -> CancelOutcome:
        """Stop an order: what never ran costs nothing."""
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
        return sorted(found, key=lambda one: one.rank)

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
    found = told.input.get(SEED) if isinstance(told.input, dict) else None
    return found if isinstance(found, int) and found >= 0 else None


def time_of(told: Prediction) -> datetime.datetime | None:
    """Return when an order was made; None where nobody can tell."""
    try:
        made_at = datetime.datetime.fromisoformat(told.created_at or "")
    except ValueError:
        return None
    return made_at if made_at.tzinfo else made_at.replace(tzinfo=datetime.UTC)


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
