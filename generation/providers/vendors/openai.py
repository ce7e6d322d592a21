"""OpenAI's images API, and the many servers that speak it: AIHubMix, new-api, SGLang, vLLM-Omni.

Facts: openai-python 3.57.0 (types/image_generate_params.py, images_response.py, model.py). No key of idempotency is
honoured, nothing can be cancelled. `response_format` and `style` are refused by OpenAI's own models, so they are the
account's to ask for.

Options of an account: `response_format` (`b64_json` or `url`; empty: not sent), `organization`, `project`,
`words` (our word: the server's, of those that OpenAI has not, as `{"seed": "seed", "steps": "num_inference_steps"}`).
Options of an offer: `qualities` (fast, standard, high, fine: the vendor's word), `background`, `output_format`,
`output_compression`, `moderation`, `styles` (those that orders may name).
"""

import datetime
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    NotMade,
    Provider,
    Usage,
    Work,
)
from generation.providers.envelope import explain
from generation.providers.errors import ProviderError, Unsupported
from generation.providers.files import encode_input, file_of
from generation.providers.http import VendorApi, unreadable
from generation.providers.sorting import Meaning, Said, sort_status
from generation.spec import GenerationSpec, ModelCard

USUAL_QUALITIES = {"fast": "low", "standard": "medium", "high": "high", "fine": "high"}
PLAIN_OPTIONS = ("background", "output_format", "output_compression", "moderation")
# A model that its vendor switches off so soon is worth a warning.
SHUTDOWN_WARNING_DAYS = 60


class Item(msgspec.Struct):
    """One picture, in one of two forms, or why it is not there."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None
    error: Any = None


class TokenDetails(msgspec.Struct):
    """Input tokens by kind."""

    image_tokens: int | None = None
    text_tokens: int | None = None


class Tokens(msgspec.Struct):
    """What is billed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: TokenDetails | None = None


class Images(msgspec.Struct):
    """An answer to a create."""

    data: list[Item] | None = None
    size: str | None = None
    quality: str | None = None
    usage: Tokens | None = None
    error: Any = None


class OpenAIProvider(Provider):
    """Makes and edits pictures in one call."""

    capabilities = Capabilities(
        takes=frozenset({"image", "mask", "seed", "steps", "cfg_scale", "negative_prompt"}),
        needs_key=True,
    )
    base_url = "https://api.openai.com/v1"

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"} if account.key else {}
        for name in ("organization", "project"):
            if said := account.options.get(name):
                headers[f"openai-{name}"] = str(said)
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """List the models, and those that will be switched off soon."""
        found = self.api.get("models").parse(Models).data or []
        today = datetime.datetime.fromtimestamp(time.time(), datetime.UTC).date()
        soon = (today + datetime.timedelta(days=SHUTDOWN_WARNING_DAYS)).isoformat()
        ends = {model.id: model.shutdown_date for model in found if model.shutdown_date}
        return {
            "models": len(found),
            "shutdown_soon": {name: date for name, date in ends.items() if date <= soon},
        }

    def submit(self, work: Work) -> Finished:
        """Order the pictures, or the edit of one, and read them out of the answer."""
        words = self.words_of(work.spec, work.card)
        if work.image is None:
            answer = self.api.post("images/generations", json=words)
        else:
            answer = self.api.post("images/edits", data=as_form(words), files=files_of(work))
        return self.read(answer.parse(Images), work.spec.number)

    def words_of(self, spec: GenerationSpec, card: ModelCard) -> dict[str, Any]:
        """Return the body of a create; raise Unsupported, naming what the account cannot say."""
        qualities = {**USUAL_QUALITIES, **card.options.get("qualities", {})}
        words: dict[str, Any] = {
            "model": card.vendor_model or card.alias,
            "prompt": spec.prompt,
            "n": spec.number,
            "size": f"{spec.width}x{spec.height}",
            "quality": qualities[spec.mode or spec.quality],
        }
        words |= {name: card.options[name] for name in PLAIN_OPTIONS if name in card.options}
        if spec.style:
            words["style"] = spec.style
        if said := self.account.options.get("response_format"):
            words["response_format"] = said
        theirs = self.account.options.get("words", {})
        ours = {
            "negative_prompt": spec.negative_prompt or None,
            "steps": spec.steps,
            "cfg_scale": spec.cfg_scale,
            "seed": spec.seeds[0] if spec.seeds else None,
        }
        for name, value in ours.items():
            if value is None:
                continue
            if name not in theirs:
                raise Unsupported(f"{name}: this server takes none")
            words[theirs[name]] = value
        return words

    def read(self, images: Images, number: int) -> Finished:
        """Return the pictures of an answer; raise ProviderError when it holds none."""
        if images.error:
            raise sort_status(400, {}, explain(400, {"error": images.error}) or Said())
        items = (images.data or [])[:number]
        made: list[Made] = []
        not_made: list[NotMade] = []
        for position, item in enumerate(items):
            try:
                content = file_of(item.b64_json, item.url, self.account)
            except ProviderError as broken:
                # The others are paid for, too, and are good.
                not_made.append(NotMade(position, broken.code))
                continue
            if content:
                made.append(Made(position, content, revised_prompt=item.revised_prompt or ""))
            else:
                not_made.append(NotMade(position, code_of(item)))
        if not made:
            raise failure_of(items)
        not_made += [NotMade(p, "generation_failed") for p in range(len(items), number)]
        facts = {"size": images.size, "quality": images.quality}
        return Finished(
            made,
            not_made,
            facts={name: value for name, value in facts.items() if value},
            usage=usage_of(images.usage, len(made)),
        )


class Model(msgspec.Struct):
    """A model, and the day (YYYY-MM-DD) on which its vendor switches it off."""

    id: str
    shutdown_date: str | None = None


class Models(msgspec.Struct):
    """The list of models."""

    data: list[Model] | None = None


def code_of(item: Item) -> str:
    """Return why one picture of several is missing."""
    said = explain(400, {"error": item.error})
    return "content_refused" if said and said.meaning is Meaning.REFUSED else "generation_failed"


def failure_of(items: list[Item]) -> ProviderError:
    """Return why no picture is there, as the first one says it that says anything."""
    for item in items:
        if said := explain(400, {"error": item.error}):
            return sort_status(400, {}, said)
    return unreadable("an answer without a picture")


def usage_of(tokens: Tokens | None, pictures: int) -> Usage:
    """Return what was counted."""
    if tokens is None:
        return Usage(pictures=pictures)
    details = tokens.input_tokens_details or TokenDetails(text_tokens=tokens.input_tokens)
    return Usage(pictures, details.text_tokens, details.image_tokens, tokens.output_tokens)


def as_form(words: Mapping[str, Any]) -> dict[str, str]:
    """Return words as fields of a form."""
    return {name: str(value) for name, value in words.items()}


def files_of(work: Work) -> dict[str, tuple[str, bytes, str]]:
    """Return the input pictures as files of a form; where to draw anew, the mask is transparent."""
    assert work.image  # noqa: S101 (asked before)
    files = {"image": ("image.png", encode_input(work.image), "image/png")}
    if work.mask:
        kept = work.mask.convert("L").point(lambda value: 255 - value)
        holes = Image.merge("LA", (Image.new("L", kept.size), kept)).convert("RGBA")
        files["mask"] = ("mask.png", encode_input(holes), "image/png")
    return files
