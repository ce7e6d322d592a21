"""Black Forest Labs: the FLUX family, made one by one, polled for.

Facts: BFL's OpenAPI of 2026-08-22, docs.bfl.ai (integration guidelines, errors, pricing), help.bfl.ai 2026-06. A poll
goes exactly where the create said, often to another host of bfl.ai; results can be fetched for ten minutes. With a
`webhook_url` the create names no such place, so none is sent. FLUX.2 takes up to 8 pictures, klein 4: `input_image`,
`input_image_2` and so on. 1 credit is $0.01; the price comes with the create, some
results settle it. Nothing can be cancelled or listed.

Options of an offer: `safety_tolerance`, `output_format` (`jpeg`, `png`, `webp`), `disable_pup`, `prompt_upsampling`,
`raw`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import msgspec
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.errors import ProviderError, Sent, Unsupported
from generation.providers.files import data_uri, file_of_url
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import Meaning, Said, error_of
from generation.providers.wording import options_of, said_of_pictures, size_of, translate
from generation.spec import REFERENCES

RATIOS = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "9:21")
PLAIN_OPTIONS = ("safety_tolerance", "output_format", "disable_pup", "prompt_upsampling", "raw")
POLL_SECONDS = 1.0
CREDITS_A_DOLLAR = 100
# Between the address of an order and what it costs in credits, which only the create is sure to say.
COST = "|"


@dataclass(frozen=True)
class Family:
    """Models that take the same words: what each of ours is called there, where a picture to start from and a mask go
    (empty: nowhere), and how a size is said (empty: it is the picture's)."""

    words: Mapping[str, str]
    picture: str = ""
    mask: str = ""
    size: str = "pixels"
    # Whether it takes more pictures, numbered from 2.
    takes_several: bool = False


SEED = {"seed": "seed"}
TUNED = {**SEED, "steps": "steps", "cfg_scale": "guidance"}
# By the beginning of the model's name; the first that fits.
FAMILIES = {
    "flux-2-flex": Family(TUNED, "input_image", takes_several=True),
    "flux-2": Family(SEED, "input_image", takes_several=True),
    "flux-kontext": Family(SEED, "input_image", size="ratio"),
    "flux-pro-1.1-ultra": Family(SEED, "image_prompt", size="ratio"),
    "flux-pro-1.1": Family(SEED, "image_prompt"),
    "flux-pro-1.0-fill": Family(TUNED, "image", "mask", size=""),
    "flux-dev": Family(TUNED, "image_prompt"),
}
USUAL = Family(SEED, "input_image")


class Created(msgspec.Struct):
    """An answer to a create."""

    id: str | None = None
    polling_url: str | None = None
    cost: float | None = None


class Result(msgspec.Struct):
    """What was made: its address."""

    sample: str | None = None
    seed: int | None = None
    cost: float | None = None


class Polled(msgspec.Struct):
    """An answer to a poll."""

    status: str
    result: Result | None = None
    progress: float | None = None
    details: Any = None
    cost: float | None = None


class Balance(msgspec.Struct):
    """What is left of the prepaid credits."""

    credits: float


class BFLProvider(OneByOne):
    """Makes pictures by FLUX."""

    capabilities = Capabilities(
        takes=frozenset({"seed", "steps", "cfg_scale", "image", "mask"}),
        needs_key=True,
        cost="told",
        most_references=7,
    )
    base_url = "https://api.bfl.ai/v1"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        base_url = account.base_url or self.base_url
        self.api = VendorApi(account, base_url, {"x-key": account.key}, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask for the balance."""
        return {"credits": self.api.get("credits").parse(Balance).credits}

    def submit_one(self, work: Work) -> Submitted:
        """Order one picture."""
        model = work.card.vendor_model or work.card.alias
        created = self.api.order(model, Created, json=words_of(work, model))
        if not created.id:
            raise lost("taken without an id")
        address = (
            self.api.id_of(created.polling_url or "")
            or f"get_result?id={quote(created.id, safe='')}"
        )
        cost = "" if created.cost is None else f"{COST}{created.cost}"
        return Submitted(f"{address}{cost}", POLL_SECONDS)

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture where the create said."""
        address, _, cost = remote_id.partition(COST)
        told = self.api.ask(address, Polled)
        status = told.status.casefold()
        if status == "ready":
            return self.read(told, cost)
        if status in {"request moderated", "content moderated"}:
            raise error_of(Meaning.REFUSED, f"{told.status}: {told.details}")
        if status == "error":
            raise ProviderError(f"{told.status}: {told.details}", sent=Sent.YES)
        if status == "task not found":
            # Also said of one that has expired: it was made, perhaps, and is gone.
            raise ProviderError(
                "the vendor no longer has it", code="provider_unavailable", retryable=True, sent=Sent.MAYBE
            )  # fmt: skip
        return Waiting(told.progress, POLL_SECONDS)

    def read(self, told: Polled, cost: str) -> Picture:
        """Return a picture that is ready, and what it cost: as settled, else as the create said."""
        result = told.result
        if not result or not result.sample:
            raise unreadable("ready without a picture")
        settled = told.cost if told.cost is not None else result.cost
        usage = Usage(pictures=1, cost_usd=to_dollars(cost if settled is None else settled))
        return Picture(file_of_url(result.sample, self.account), result.seed, usage=usage)


def words_of(work: Work, model: str) -> dict[str, Any]:
    """Return the body of a create; raise Unsupported, naming what the model does not take."""
    spec, card = work.spec, work.card
    family = next((found for name, found in FAMILIES.items() if model.startswith(name)), USUAL)
    said = options_of(spec) | said_of_pictures(work)
    if family.takes_several:
        said.pop(REFERENCES, None)
    words = {"prompt": spec.prompt, **translate(said, family.words)}
    words |= {name: card.options[name] for name in PLAIN_OPTIONS if name in card.options}
    words |= size_of(spec, family.size, RATIOS)
    for name, image, word in (
        ("image", work.image, family.picture),
        ("mask", work.mask, family.mask),
    ):
        if image is None:
            continue
        if not word:
            raise Unsupported(f"{name}: {model} takes none")
        words[word] = to_base64(image)
    for number, image in enumerate(work.references, 2 if work.image else 1):
        words[family.picture if number == 1 else f"{family.picture}_{number}"] = to_base64(image)
    return words


def to_base64(image: Image.Image) -> str:
    """Return a picture as the vendor takes it."""
    return data_uri(image).partition(",")[2]


def to_dollars(cost: str | float) -> Decimal | None:
    """Return credits in US dollars; None for what is no number."""
    try:
        dollars = Decimal(str(cost)) / CREDITS_A_DOLLAR
    except InvalidOperation:
        return None
    return dollars if dollars.is_finite() else None


def explain(status: int, body: Any) -> Said | None:
    """Read `{"detail": …}`: words, or a list of what is wrong with the request."""
    if not isinstance(body, dict) or "detail" not in body:
        return None
    return Said(message=str(body["detail"]))
