"""Seedream pictures of Volcengine Ark, and of BytePlus ModelArk (another base URL and other names of models).

Facts: volcengine-ark-runtime 5.0.54 (resources/images/images.py), volcengine.com/docs/82379/1541523 and 1299023. One
call makes one picture. A sequence lets the model decide how many of one story it draws, up to a limit, and 5.0-pro,
flash and 5.5 have none; so an order of several is several calls, but for offers that say otherwise. The seed and the
guidance are of 3.x alone. Nothing can be cancelled, and tasks (which are listed) are videos. The vendor's watermark,
which it puts on unless told not to, is left off: labels are the hub's. `image` is one picture or a list: of 4.x and
5.0 up to 14, of 5.0-pro, flash and 5.5 up to 10 (1541523); with those of a sequence 15 in all.

Options of an account: `response_format` (`b64_json`, or `url`, which lives a day).
Options of an offer: `sequential` (true: several pictures are one sequence), `watermark`, `output_format`, `background`,
`optimize_prompt_options`.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from generation.providers.ark_envelope import BASE_URL, Fault, count_tasks, explain, said_of
from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    NotMade,
    Submitted,
    Usage,
    VendorFile,
    Work,
)
from generation.providers.errors import ProviderError, Unsupported
from generation.providers.files import data_uri, file_of
from generation.providers.http import VendorApi, unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import sort_status
from generation.providers.wording import list_pictures, options_of, refuse_words
from generation.spec import REFERENCES

# In a model's own name; that of an endpoint (ep-…) tells nothing, and the offer is trusted.
VERSION = re.compile(r"seed(?:ream|edit)-(\d+)-(\d+)")
NO_SEQUENCE = re.compile(r"seedream-(5-5|5-0-(pro|flash))")
LAST_WITH_SEED = 3
WORDS = {"seed": "seed", "cfg_scale": "guidance_scale"}
PLAIN_OPTIONS = ("output_format", "background", "optimize_prompt_options")


class Item(msgspec.Struct):
    """One picture, or why it is not there."""

    url: str | None = None
    b64_json: str | None = None
    size: str | None = None
    error: Fault | None = None


class Counted(msgspec.Struct):
    """What is billed."""

    generated_images: int | None = None
    output_tokens: int | None = None


class Images(msgspec.Struct):
    """An answer to a create."""

    data: list[Item] | None = None
    usage: Counted | None = None
    error: Fault | None = None


class ArkProvider(OneByOne):
    """Makes and edits pictures in one call each."""

    capabilities = Capabilities(
        takes=frozenset({"image", "seed", "cfg_scale"}),
        needs_key=True,
        cost="tokens",
        most_references=13,
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url or self.base_url, headers, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask how many videos there are: the cheapest question that needs the key."""
        return count_tasks(self.api)

    def submit(self, work: Work) -> Submitted | Finished:
        """Order the pictures one by one, or as a sequence."""
        if work.spec.number == 1 or not work.card.options.get("sequential"):
            return super().submit(work)
        if NO_SEQUENCE.search(work.card.vendor_model):
            raise Unsupported(f"sequential: {work.card.vendor_model} has none")
        words = self.words_of(work) | {
            "sequential_image_generation": "auto",
            "sequential_image_generation_options": {"max_images": work.spec.number},
        }
        images = self.create(words, work.reference)
        return self.read(images, work.spec.number)

    def submit_one(self, work: Work) -> Picture:
        """Order one picture and read it out of the answer."""
        words = self.words_of(work)
        finished = self.read(self.create(words, work.reference), 1)
        return Picture(finished.made[0].content, words.get("seed"), usage=finished.usage)

    def create(self, words: Mapping[str, Any], reference: str) -> Images:
        """Send an order; the reference is for the vendor's support, which finds a request by it."""
        headers = {"x-client-request-id": reference}
        return self.api.post("images/generations", json=words, headers=headers).parse(Images)

    def words_of(self, work: Work) -> dict[str, Any]:
        """Return the body of a create; raise Unsupported, naming what the model does not take."""
        spec, card = work.spec, work.card
        refuse_words(work, takes_of(card.vendor_model) | {REFERENCES})
        words: dict[str, Any] = {
            "model": card.vendor_model or card.alias,
            "prompt": spec.prompt,
            "size": f"{spec.width}x{spec.height}",
            "response_format": self.account.options.get("response_format", "b64_json"),
            "watermark": bool(card.options.get("watermark", False)),
        }
        words |= {name: card.options[name] for name in PLAIN_OPTIONS if name in card.options}
        if pictures := [data_uri(one) for one in list_pictures(work)]:
            words["image"] = pictures if len(pictures) > 1 else pictures[0]
        said = options_of(spec)
        return words | {theirs: said[ours] for ours, theirs in WORDS.items() if ours in said}

    def read(self, images: Images, number: int) -> Finished:
        """Return the pictures of an answer; raise ProviderError when it holds none."""
        items = (images.data or [])[:number]
        made: list[Made] = []
        not_made: list[NotMade] = []
        taken = [self.take(item) for item in items]
        for position, one in enumerate(taken):
            if isinstance(one, ProviderError):
                not_made.append(NotMade(position, one.code))
            else:
                made.append(Made(position, one))
        if images.error and not made:
            raise failure_of(images.error)
        if not made:
            raise next(
                (one for one in taken if isinstance(one, ProviderError)),
                unreadable("an answer without a picture"),
            )
        not_made += [
            NotMade(position, "generation_failed") for position in range(len(items), number)
        ]
        counted = images.usage or Counted()
        usage = Usage(counted.generated_images or len(made), output_tokens=counted.output_tokens)
        facts = {"size": items[made[0].position].size}
        return Finished(made, not_made, facts={k: v for k, v in facts.items() if v}, usage=usage)

    def take(self, item: Item) -> VendorFile | ProviderError:
        """Return a picture, or why there is none."""
        try:
            return file_of(item.b64_json, item.url, self.account) or failure_of(item.error)
        except ProviderError as error:
            return error


def takes_of(model: str) -> frozenset[str]:
    """Return which words a model takes."""
    version = VERSION.search(model)
    takes = ArkProvider.capabilities.takes
    return takes - {"seed", "cfg_scale"} if version and int(version[1]) > LAST_WITH_SEED else takes


def failure_of(fault: Fault | None) -> ProviderError:
    """Return why a picture is missing, as a success says it."""
    return sort_status(400, {}, said_of(fault or Fault()))
