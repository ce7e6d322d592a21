"""AIHubMix's predictions: models of many makers behind one path. What it serves as OpenAI does is `openai`'s.

Facts: aihubmix (packages/mcp, painting-tools), AIhubmix/aihubmix-media-adapters. A prediction is answered in one of
four forms: base64 in an object, base64 in a list, addresses, or tasks that are asked for at an address of their own.
The prefix of OpenAI's models is spelt `opanai/`. Failures are worded as OpenAI's. Nothing can be cancelled or listed.

Options of an offer: `input` (constants), `words` (ours by the model's), `size` (`x` for 1024x1024, `*` for 1024*1024,
`ratio`, `pixels`, or empty: not said), `ratios`, `qualities` (fast, standard, high, fine: the model's word), `polls`
(it answers with tasks), `most_pictures` (of one call; as a rule 1).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    NotMade,
    Submitted,
    Usage,
    VendorFile,
    Waiting,
    Work,
)
from generation.providers.envelope import explain
from generation.providers.files import data_uri, file_of
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import FAILED, SEPARATOR, OneByOne, Picture
from generation.providers.sorting import Meaning, Said, ended
from generation.providers.wording import input_of, size_of
from generation.spec import GenerationSpec, ModelCard
from genhub.lib.limits import MOST_REFERENCES

USUAL_WORDS = {"prompt": "prompt", "image": "image"}
USUAL_RATIOS = ("16:9", "3:2", "4:3", "1:1", "3:4", "2:3", "9:16")
# What a maker's models are told of a size, where the offer does not say; and whose are asked for.
USUAL_SIZES = {"qwen": "*", "bfl": "ratio"}
POLLED = {"bfl"}
DONE = {"succeeded", "completed", "ready"}
REFUSED = {"request moderated", "content moderated"}
FAILED_STATES = {"failed", "error", "canceled", "cancelled"}
GONE = {"task not found", "not_found"}
POLL_SECONDS = 2.0
# Where pictures stand, in whichever form; and below so many lists and objects.
PICTURE_NAMES = ("b64_json", "bytesBase64", "urls", "url", "sample")
DEEPEST = 4


class Prediction(msgspec.Struct):
    """An answer to a create or a poll, in any of its forms."""

    output: Any = None
    data: Any = None
    result: Any = None
    status: str | None = None
    error: Any = None


class Models(msgspec.Struct):
    """The list of models."""

    data: list[Any] | None = None


class AIHubMixProvider(OneByOne):
    """Makes and edits pictures by the models of many makers."""

    capabilities = Capabilities(needs_key=True, most_references=MOST_REFERENCES)
    base_url = "https://aihubmix.com/v1"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """List the models."""
        return {"models": len(self.api.get("models").parse(Models).data or [])}

    def submit(self, work: Work) -> Submitted | Finished:
        """Order the pictures in one call where the model makes so many, else by one."""
        is_one_call = work.spec.number <= int(work.card.options.get("most_pictures", 1))
        return self.create(work) if is_one_call else super().submit(work)

    def submit_one(self, work: Work) -> Submitted | Picture:
        """Order one picture."""
        outcome = self.create(work)
        if isinstance(outcome, Submitted):
            return outcome
        return Picture(outcome.made[0].content, usage=outcome.usage)

    def create(self, work: Work) -> Submitted | Finished:
        """Send an order."""
        maker, path = path_of(work.card)
        words = {"input": input_for(work, maker)}
        is_polled = work.card.options.get("polls", maker in POLLED)
        if is_polled:
            told = self.api.order(path, Prediction, json=words)
        else:
            told = self.api.post(path, json=words).parse(Prediction)
        if told.error or state_of(told) in REFUSED | FAILED_STATES:
            raise ended(said_of(told))
        number = work.spec.number
        if addresses := polled_at(told.output):
            return Submitted(self.ids_of(addresses, number), POLL_SECONDS)
        files = self.files_of(told)[:number]
        if not files:
            raise (lost if is_polled else unreadable)("an answer without a picture")
        missing = [NotMade(position, "generation_failed") for position in range(len(files), number)]
        made = [Made(position, file) for position, file in enumerate(files)]
        return Finished(made, missing, usage=Usage(len(files)))

    def ids_of(self, addresses: list[str], number: int) -> str:
        """Return where each picture is asked for, as the order's id; the key goes to the vendor's own places alone."""
        ids = [self.api.id_of(address) for address in addresses[:number]]
        if not all(ids):
            raise lost("to be asked for on a foreign host")
        return SEPARATOR.join([*ids, *[f"{FAILED}generation_failed"] * (number - len(ids))])

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        told = self.api.ask(remote_id, Prediction)
        state = state_of(told)
        if state in GONE:
            raise lost("no such task")
        if state in REFUSED | FAILED_STATES:
            raise ended(said_of(told))
        if state not in DONE:
            return Waiting(poll_after_seconds=POLL_SECONDS)
        files = self.files_of(told)
        if not files:
            raise unreadable("done without a picture")
        seed = told.result.get("seed") if isinstance(told.result, dict) else None
        return Picture(files[0], seed if isinstance(seed, int) else None, usage=Usage(1))

    def files_of(self, told: Prediction) -> list[VendorFile]:
        """Return the pictures of an answer, in whichever form they came."""
        places = (told.output, told.data, told.result)
        found = (
            file_of(data, url, self.account) for place in places for data, url in pictures_in(place)
        )
        return [file for file in found if file]


def state_of(told: Prediction) -> str:
    """Return the state of a prediction; makers spell it differently."""
    return (told.status or "").lower()


def said_of(told: Prediction) -> Said:
    """Return why a prediction made nothing."""
    said = explain(400, {"error": told.error}) or Said(told.status or "")
    meaning = Meaning.REFUSED if state_of(told) in REFUSED else said.meaning
    return Said(said.code, said.message, meaning)


def path_of(card: ModelCard) -> tuple[str, str]:
    """Return the maker of a model, and where its predictions are ordered."""
    maker, _, name = (card.vendor_model or card.alias).partition("/")
    spelt = "opanai" if maker == "openai" else maker
    return maker, f"models/{spelt}/{name}/predictions" if name else f"models/{maker}/predictions"


def input_for(work: Work, maker: str) -> dict[str, Any]:
    """Return the input of an order; raise Unsupported, naming what the offer has no word for."""
    words = {**said_size(work.spec, work.card, maker), **input_of(work, USUAL_WORDS, data_uri)}
    if work.spec.number > 1:
        words["n"] = work.spec.number
    if work.card.options.get("qualities"):
        words["quality"] = work.card.quality_of(work.spec)
    return words


def said_size(spec: GenerationSpec, card: ModelCard, maker: str) -> dict[str, Any]:
    """Return a size as the model is told it."""
    how = card.options.get("size", USUAL_SIZES.get(maker, "x"))
    if how in {"x", "*"}:
        return {"size": f"{spec.width}{how}{spec.height}"}
    return size_of(spec, how, tuple(card.options.get("ratios", USUAL_RATIOS)))


def polled_at(output: Any) -> list[str]:
    """Return where tasks are asked for; empty for what was made at once."""
    tasks = output if isinstance(output, list) else [output]
    addresses = [task.get("polling_url") for task in tasks if isinstance(task, dict)]
    return [address for address in addresses if isinstance(address, str) and address]


def pictures_in(place: Any, depth: int = 0) -> Iterator[tuple[str | None, str | None]]:
    """Yield the base64 or the address of each picture in a part of an answer."""
    if isinstance(place, str) and place:
        yield (None, place) if place.startswith(("http://", "https://")) else (place, None)
    if depth == DEEPEST or not isinstance(place, list | dict):
        return
    parts = place if isinstance(place, list) else [place.get(name) for name in PICTURE_NAMES]
    for part in parts:
        yield from pictures_in(part, depth + 1)
