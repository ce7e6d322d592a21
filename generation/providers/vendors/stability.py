"""Stability AI: Stable Image and Stable Diffusion 3.5, one picture a call, in the answer itself.

Facts: the vendor's v2beta API as LiteLLM 1.110.2 (stability/image_generation) speaks it, and its published clients.
Requests are forms even without a file. A filtered picture comes with HTTP 200, blurred: it is a refusal. 1 credit is
$0.01, but no answer says what it cost. v1 is gone, but for the balance.

Models: `core`, `ultra`, `sd3.5-large`, `sd3.5-large-turbo`, `sd3.5-medium`, and `inpaint` for pictures with a mask,
which has a price of its own. `upscale-fast` (four times the side) and `remove-background` (no JPEG) do something to a
finished picture: their offers say it as `treatment`. Options of an offer: `output_format` (`png`, `jpeg`, `webp`),
`style_preset`, `styles` (those that orders may name).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from generation.providers.base import AccountSettings, Capabilities, Usage, Work
from generation.providers.errors import ProviderError, Unsupported
from generation.providers.files import encode_input, file_of_base64
from generation.providers.further import TREATMENTS, treatment_of
from generation.providers.http import VendorApi, unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import Meaning, Said, error_of
from generation.providers.wording import (
    options_of,
    ratio_of,
    said_of_pictures,
    translate,
    treated_of,
)
from generation.spec import PICTURE_OPTIONS, USUAL_STRENGTH

RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
LARGEST_SEED = 4294967294
PLAIN_OPTIONS = ("output_format", "style_preset")
PREFIX = "stable-image-"
# How a picture ends that is not to be seen: it comes all the same, blurred.
FILTERED = "CONTENT_FILTERED"
MEANINGS = {"content_moderation": Meaning.REFUSED}


@dataclass(frozen=True)
class Model:
    """Where a model lives, what it calls our words, and whether it starts from a picture and a mask."""

    path: str
    words: Mapping[str, str]
    takes_image: bool = False
    needs_mask: bool = False
    treatment: str = ""


SEED = {"seed": "seed", "style": "style_preset"}
USUAL = {**SEED, "negative_prompt": "negative_prompt"}
SD3 = Model("generate/sd3", {**USUAL, "cfg_scale": "cfg_scale"}, takes_image=True)
MODELS = {
    "core": Model("generate/core", USUAL),
    "ultra": Model("generate/ultra", USUAL, takes_image=True),
    "sd3.5-large-turbo": Model("generate/sd3", SEED, takes_image=True),
    "inpaint": Model("edit/inpaint", USUAL, takes_image=True, needs_mask=True),
    "upscale-fast": Model("upscale/fast", {}, takes_image=True, treatment="upscale"),
    "remove-background": Model(
        "edit/remove-background", {}, takes_image=True, treatment="remove_background"
    ),
}


class Answered(msgspec.Struct):
    """A picture in base64, and how it ended."""

    image: str | None = None
    finish_reason: str | None = None
    seed: int | None = None


class Balance(msgspec.Struct):
    """What is left of the prepaid credits."""

    credits: float


class StabilityProvider(OneByOne):
    """Makes pictures by Stable Image."""

    capabilities = Capabilities(
        takes=frozenset(PICTURE_OPTIONS) - {"steps"}, needs_key=True, treats=frozenset(TREATMENTS)
    )
    base_url = "https://api.stability.ai"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask for the balance."""
        return {"credits": self.api.get("v1/user/balance").parse(Balance).credits}

    def submit_one(self, work: Work) -> Picture:
        """Order one picture and read it out of the answer."""
        name = (work.card.vendor_model or work.card.alias).removeprefix(PREFIX)
        model = MODELS.get(name, SD3)
        words = words_of(work, name, model)
        form = {word: (None, str(value)) for word, value in words.items()}
        answer = self.api.post(f"v2beta/stable-image/{model.path}", files=form | files_of(work))
        return read(answer.parse(Answered))


def words_of(work: Work, name: str, model: Model) -> dict[str, Any]:
    """Return the fields of a create but for its pictures; raise Unsupported, naming what the model does not take."""
    spec, card = work.spec, work.card
    if treated_of(work) or model.treatment:
        return form_of_treated(work, name, model)
    if work.image and not model.takes_image:
        raise Unsupported(f"image: {name} takes none")
    if bool(work.mask) is not model.needs_mask:
        raise Unsupported(f"mask: {name} {'needs one' if model.needs_mask else 'takes none'}")
    words = {option: card.options[option] for option in PLAIN_OPTIONS if option in card.options}
    said = options_of(spec, LARGEST_SEED)
    told = said_of_pictures(work)
    if not work.mask:
        # A mask says where, all of which is drawn anew; without one it has a word of its own.
        told.pop("strength", None)
    said |= told
    words |= {"prompt": spec.prompt, **translate(said, model.words)}
    if model.path == SD3.path:
        words |= {"model": name, "mode": "image-to-image" if work.image else "text-to-image"}
    if work.image is None:
        words["aspect_ratio"] = ratio_of(spec, RATIOS)
    elif not work.mask:
        words["strength"] = USUAL_STRENGTH if spec.strength is None else spec.strength
    return words


def form_of_treated(work: Work, name: str, model: Model) -> dict[str, Any]:
    """Return the fields of what is done to a finished picture, but for that; raise Unsupported for another model's."""
    if model.treatment != treatment_of(work.spec):
        raise Unsupported(f"action: {name} does “{model.treatment or 'nothing'}” to pictures")
    form = work.card.options.get("output_format", "png")
    if model.treatment == "remove_background" and form == "jpeg":
        raise Unsupported(f"output_format: {name} makes no jpeg")
    return {"output_format": form}


def files_of(work: Work) -> dict[str, tuple[str, bytes, str]]:
    """Return the input pictures as files of a form."""
    pictures = {"image": work.image, "mask": work.mask}
    return {
        name: (f"{name}.png", encode_input(image), "image/png")
        for name, image in pictures.items()
        if image
    }


def read(answered: Answered) -> Picture:
    """Return the picture of an answer; raise ProviderError when it is none, or not to be seen."""
    if answered.finish_reason == FILTERED:
        raise error_of(Meaning.REFUSED, "the picture was filtered")
    if not answered.image:
        raise unreadable(f"no picture: {answered.finish_reason}")
    if answered.finish_reason not in {None, "SUCCESS"}:
        raise ProviderError(f"ended as {answered.finish_reason}", code="provider_refused")
    return Picture(file_of_base64(answered.image), answered.seed, usage=Usage(pictures=1))


def explain(status: int, body: Any) -> Said | None:
    """Read `{"id", "name", "errors": […]}`."""
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        return None
    return Said(body["name"], str(body.get("errors") or ""), MEANINGS.get(body["name"]))
