"""OpenAI's images API, and the many servers that speak it: AIHubMix, new-api, SGLang, vLLM-Omni.

Facts: openai-python 3.57.0 (types/image_generate_params.py, image_edit_params.py, images_response.py,
image_gen_stream_event.py, model.py). An edit takes up to 16 pictures, and a mask is of the first.
No key of idempotency is honoured, nothing can be cancelled. `response_format` and `style` are refused by OpenAI's own
models, so they are the account's to ask for; a picture is taken in whichever form it comes. A stream shows pictures
before they are done; a server that knows none answers as ever.

Options of an account: `response_format` (`b64_json` or `url`; empty: not sent), `organization`, `project`,
`partial_images` (1 to 3: of orders of one picture, so many are shown before), `words` (our word: the server's, of those
that OpenAI has not, as `{"seed": "seed", "steps": "num_inference_steps"}`).
Options of an offer: `qualities` (fast, standard, high, fine: the vendor's word), `background`, `output_format`,
`output_compression`, `moderation`, `styles` (those that orders may name), `most_pictures` (of one call; as a rule 10).
"""

import datetime
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import msgspec
import pybase64
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    NotMade,
    Provider,
    Usage,
    VendorFile,
    Work,
)
from generation.providers.envelope import explain
from generation.providers.errors import ProviderError
from generation.providers.files import encode_input, file_of
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.previews import preview_of
from generation.providers.several import in_calls
from generation.providers.sorting import sort_status
from generation.providers.streams import read_events
from generation.providers.wording import (
    as_form,
    list_pictures,
    options_of,
    said_of_pictures,
    translate,
)
from generation.spec import PICTURE_OPTIONS, REFERENCES

PLAIN_OPTIONS = ("background", "output_format", "output_compression", "moderation")
MOST_PICTURES = 10
# A model that its vendor switches off so soon is worth a warning.
SHUTDOWN_WARNING = datetime.timedelta(days=60)


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


class Event(Item):
    """An event of a stream; the last has all that an answer has, and an error its words with or without a name."""

    type: str = ""
    code: str | None = None
    message: str | None = None
    partial_image_index: int = 0
    size: str | None = None
    quality: str | None = None
    usage: Tokens | None = None


class OpenAIProvider(Provider):
    """Makes and edits pictures in one call."""

    capabilities = Capabilities(
        takes=frozenset(PICTURE_OPTIONS),
        needs_key=True,
        cost="tokens",
        most_references=15,
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
        """List the models, and those that will be switched off soon, by the vendor's own clock; without one, ever."""
        answer = self.api.get("models")
        last = last_day_of(answer.headers.get("date", ""))
        found = answer.parse(Models).data or []
        ends = {model.id: model.shutdown_date for model in found if model.shutdown_date}
        soon = {name: day for name, day in ends.items() if not last or day <= last}
        return {"models": len(found), "shutdown_soon": soon}

    def submit(self, work: Work) -> Finished:
        """Order the pictures, as many a call as the model makes and as share a seed."""
        shown = int(self.account.options.get("partial_images", 0))
        if shown and work.spec.number == 1:
            return self.order_shown(work, shown)
        most = int(work.card.options.get("most_pictures", MOST_PICTURES))
        return in_calls(self.order, work, 1 if work.spec.seeds else most)

    def order(self, work: Work) -> Finished:
        """Order pictures, or edits of one, and read them out of the answer."""
        path, words = self.request_of(work, self.words_of(work))
        return self.read(self.api.post(path, **words).parse(Images), work)

    def order_shown(self, work: Work, shown: int) -> Finished:
        """Order a picture that is shown before it is done."""
        said = self.words_of(work) | {"stream": True, "partial_images": shown}
        path, words = self.request_of(work, said)
        words["headers"] = {"accept": "text/event-stream, application/json"}
        with self.api.open("POST", path, **words) as opened:
            if "event-stream" not in opened.response.headers.get("content-type", ""):
                return self.read(opened.whole().parse(Images), work)
            for data in read_events(opened.parts()):
                event = parse_event(data)
                if event.error or event.type == "error":
                    raise failure_of(event.error or msgspec.structs.asdict(event))
                if event.type.endswith(".completed"):
                    return self.read(Images([event], event.size, event.quality, event.usage), work)
                if event.type.endswith(".partial_image") and event.b64_json:
                    done = (event.partial_image_index + 1) / (shown + 1)
                    work.report(done, partial(show, event.b64_json))
        raise lost("the stream ended before the picture was done")

    def request_of(self, work: Work, said: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return where an order goes, and its body."""
        if not list_pictures(work):
            return "images/generations", {"json": said}
        return "images/edits", {"data": as_form(said), "files": files_of(work)}

    def words_of(self, work: Work) -> dict[str, Any]:
        """Return the body of a create; raise Unsupported, naming what the account cannot say."""
        spec, card = work.spec, work.card
        words: dict[str, Any] = {
            "model": card.vendor_model or card.alias,
            "prompt": spec.prompt,
            "n": spec.number,
            "size": f"{spec.width}x{spec.height}",
            "quality": card.quality_of(spec),
        }
        words |= {name: card.options[name] for name in PLAIN_OPTIONS if name in card.options}
        if said := self.account.options.get("response_format"):
            words["response_format"] = said
        theirs = {"style": "style", **self.account.options.get("words", {})}
        told = options_of(spec) | said_of_pictures(work)
        # They go as files of the form.
        told.pop(REFERENCES, None)
        return words | translate(told, theirs)

    def read(self, images: Images, work: Work) -> Finished:
        """Return the pictures of an answer; raise ProviderError when it holds none."""
        if images.error:
            raise failure_of(images.error)
        number, seed = work.spec.number, options_of(work.spec).get("seed")
        items = (images.data or [])[:number]
        made: list[Made] = []
        not_made: list[NotMade] = []
        taken = [self.take(item) for item in items]
        for position, one in enumerate(taken):
            if isinstance(one, ProviderError):
                not_made.append(NotMade(position, one.code))
            else:
                made.append(Made(position, one, seed, items[position].revised_prompt or ""))
        if not made:
            raise next(
                (one for one in taken if isinstance(one, ProviderError)),
                unreadable("an answer without a picture"),
            )
        not_made += [NotMade(p, "generation_failed") for p in range(len(items), number)]
        facts = {"size": images.size, "quality": images.quality}
        return Finished(
            made,
            not_made,
            facts={name: value for name, value in facts.items() if value},
            usage=usage_of(images.usage, len(made)),
        )

    def take(self, item: Item) -> VendorFile | ProviderError:
        """Return a picture, or why there is none."""
        try:
            return file_of(item.b64_json, item.url, self.account) or failure_of(item.error)
        except ProviderError as error:
            return error


class Model(msgspec.Struct):
    """A model, and the day (YYYY-MM-DD) on which its vendor switches it off."""

    id: str
    shutdown_date: str | None = None


class Models(msgspec.Struct):
    """The list of models."""

    data: list[Model] | None = None


def last_day_of(now: str) -> str:
    """Return until which day a warning looks ahead of an HTTP date; empty where that is none."""
    try:
        return (parsedate_to_datetime(now) + SHUTDOWN_WARNING).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return ""


def failure_of(error: Any) -> ProviderError:
    """Return what an error means that came with a success; without words it is none that the vendor would not bill."""
    said = explain(400, {"error": error})
    return sort_status(400, {}, said) if said else unreadable("an answer without a picture")


def parse_event(data: bytes) -> Event:
    """Return an event of a stream; raise ProviderError for what is none: what comes after it is not the picture."""
    try:
        return Event() if data == b"[DONE]" else msgspec.json.decode(data, type=Event)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise lost(f"no event: {error}") from error


def show(data: str) -> bytes:
    """Return a small JPEG of a picture that is not done."""
    return preview_of(pybase64.b64decode(data.rpartition(",")[2], validate=True))


def usage_of(tokens: Tokens | None, pictures: int) -> Usage:
    """Return what was counted."""
    if tokens is None:
        return Usage(pictures=pictures)
    details = tokens.input_tokens_details or TokenDetails(text_tokens=tokens.input_tokens)
    return Usage(pictures, details.text_tokens, details.image_tokens, tokens.output_tokens)


def files_of(work: Work) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Return the input pictures as files of a form, several as clients write a list; where to draw anew, the mask is
    transparent."""
    pictures = list_pictures(work)
    name = "image" if len(pictures) == 1 else "image[]"
    files = [(name, ("image.png", encode_input(one), "image/png")) for one in pictures]
    if work.mask:
        kept = work.mask.convert("L").point(lambda value: 255 - value)
        holes = Image.merge("LA", (Image.new("L", kept.size), kept)).convert("RGBA")
        files.append(("mask", ("mask.png", encode_input(holes), "image/png")))
    return files
