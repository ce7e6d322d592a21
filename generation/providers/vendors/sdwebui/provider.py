"""Orders to a Stable Diffusion WebUI, and its answers."""

import base64
import logging
import uuid
from collections.abc import Mapping
from concurrent.futures import wait
from typing import Any

import msgspec

from generation.providers.base import (
    AccountSettings,
    Finished,
    Made,
    NotMade,
    Provider,
    Usage,
    Work,
)
from generation.providers.errors import ProviderError
from generation.providers.files import encode_input, file_of_base64
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Meaning, Said
from generation.providers.vendors.sdwebui.watch import NOT_FOUND, Watch, begin
from generation.providers.wording import options_of, said_of_pictures, translate
from generation.spec import USUAL_STRENGTH

logger = logging.getLogger(__name__)

LARGEST_SEED = 2**32 - 1
WORDS = {
    "negative_prompt": "negative_prompt",
    "steps": "steps",
    "cfg_scale": "cfg_scale",
    "seed": "seed",
    "sampler": "sampler_name",
    "style": "styles",
}
USUAL_SAMPLER = "DPM++ 2M Karras"
LOOK_EVERY_SECONDS = 1.0
# What a server says of an address that it does not have; a model that is missing is called by its name.
NO_API = "Not Found"
# Draw the masked part anew from what is there, with the whole picture in sight.
INPAINTING = {"inpainting_fill": 1, "inpaint_full_res": False, "inpainting_mask_invert": 0}


class Images(msgspec.Struct):
    """An answer: pictures in base64, and what was done, as JSON within a string."""

    images: list[str] | None = None
    info: str | None = None


class Info(msgspec.Struct):
    """What was done; before the first picture there may be an overview of all."""

    all_seeds: list[int] = []
    index_of_first_image: int = 0
    sd_model_name: str | None = None
    sampler_name: str | None = None


class Checkpoint(msgspec.Struct):
    """A model of the server."""

    title: str


class SDWebUIProvider(Provider):
    """Makes pictures by a Stable Diffusion WebUI."""

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {}
        if account.key:
            headers["authorization"] = f"Basic {base64.b64encode(account.key.encode()).decode()}"
        self.api = VendorApi(account, account.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """List the models."""
        found = self.api.get("sdapi/v1/sd-models").parse(list[Checkpoint])
        return {"models": [checkpoint.title for checkpoint in found]}

    def submit(self, work: Work) -> Finished:
        """Order the pictures, watch them being made, and read them out of the answer."""
        order = work.reference or uuid.uuid4().hex
        words = {**words_of(work, self.account.options), "force_task_id": order}
        path = "sdapi/v1/txt2img"
        if work.image is not None:
            path, words = "sdapi/v1/img2img", {**words, **pictures_of(work)}
        is_exclusive = bool(self.account.options.get("exclusive"))
        watch = Watch(self.api, order, is_exclusive=is_exclusive)
        answer = begin(lambda: self.api.post(path, json=words).parse(Images))
        while wait([answer], LOOK_EVERY_SECONDS).not_done:
            watch.tell(work)
        return read(answer.result(), work)


def words_of(work: Work, usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a create but for its pictures."""
    spec, options = work.spec, {**usual, **work.card.options}
    together = min(max(1, int(options.get("batch_size", 1))), spec.number)
    while spec.number % together:
        together -= 1
    told = said_of_pictures(work)
    # It goes with the picture.
    told.pop("strength", None)
    words: dict[str, Any] = {
        "prompt": spec.prompt,
        "width": spec.width,
        "height": spec.height,
        "seed": -1,
        "sampler_name": options.get("sampler", USUAL_SAMPLER),
        **translate(options_of(spec, LARGEST_SEED) | told, WORDS),
        "batch_size": together,
        "n_iter": spec.number // together,
        "send_images": True,
        "save_images": False,
    }
    if spec.style:
        words["styles"] = [spec.style]
    if scheduler := options.get("scheduler"):
        words["scheduler"] = scheduler
    overrides = dict(options.get("override_settings", {}))
    if work.card.vendor_model:
        overrides["sd_model_checkpoint"] = work.card.vendor_model
    if overrides:
        words |= {"override_settings": overrides, "override_settings_restore_afterwards": False}
    return words


def pictures_of(work: Work) -> dict[str, Any]:
    """Return the words of an order that starts from a picture."""
    assert work.image  # noqa: S101 (asked before)
    said = work.spec.strength
    words: dict[str, Any] = {
        "init_images": [base64.b64encode(encode_input(work.image)).decode()],
        "denoising_strength": USUAL_STRENGTH if said is None else said,
    }
    if work.mask:
        words |= {"mask": base64.b64encode(encode_input(work.mask)).decode(), **INPAINTING}
    return words


def read(answer: Images, work: Work) -> Finished:
    """Return the pictures of an answer; raise ProviderError when it holds none."""
    info = read_info(answer.info)
    first = max(0, info.index_of_first_image)
    pictures = (answer.images or [])[first : first + work.spec.number]
    if not pictures:
        raise unreadable("an answer without a picture")
    seeds = info.all_seeds or list(work.spec.seeds)
    made, failures = [], {}
    for position, picture in enumerate(pictures):
        try:
            content = file_of_base64(picture)
        except ProviderError as error:
            failures[position] = error
        else:
            made.append(Made(position, content, seeds[position] if position < len(seeds) else None))
    if not made:
        raise failures[0]
    codes = {position: error.code for position, error in failures.items()}
    codes |= dict.fromkeys(range(len(pictures), work.spec.number), "generation_failed")
    facts = {"checkpoint": info.sd_model_name, "sampler": info.sampler_name}
    return Finished(
        made,
        [NotMade(position, code) for position, code in codes.items()],
        facts={name: value for name, value in facts.items() if value},
        usage=Usage(pictures=len(made)),
    )


def read_info(text: str | None) -> Info:
    """Return what was done, as far as it can be read: the pictures are there all the same."""
    try:
        return msgspec.json.decode(text or "{}", type=Info)
    except (msgspec.DecodeError, RecursionError) as error:
        logger.warning("info not understood: %s", error)
        return Info()


def explain(status: int, body: Any) -> Said | None:
    """Read `{"error", "detail", "body", "errors"}`."""
    if not isinstance(body, dict) or not ({"detail", "error"} & set(body)):
        return None
    message = str(body.get("errors") or body.get("detail") or "")
    if status == NOT_FOUND and body.get("detail") == NO_API:
        return Said("no API", f"started without --api? {message}", Meaning.BROKEN)
    return Said(str(body.get("error") or ""), message)
