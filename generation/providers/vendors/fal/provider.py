"""The adapter of pictures."""

from collections.abc import Mapping
from typing import Any

import msgspec

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Hint,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.files import data_uri, file_of_url
from generation.providers.further import TREATMENTS
from generation.providers.http import unreadable
from generation.providers.several import OneByOne, Picture
from generation.providers.sorting import Meaning, error_of
from generation.providers.vendors.fal.queue import BASE_URL, File, Queue
from generation.providers.wording import input_of, size_of, treated_input_of, treated_of
from genhub.lib.limits import MOST_REFERENCES

USUAL_WORDS = {"prompt": "prompt", "seed": "seed", "image": "image_url", "mask": "mask_url"}
USUAL_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
POLL_SECONDS = 1.0


class Result(msgspec.Struct):
    """What was made."""

    images: list[File] | None = None
    image: File | None = None
    seed: int | None = None
    has_nsfw_concepts: list[bool] | None = None


class FalProvider(OneByOne):
    """Makes pictures by anybody's model."""

    capabilities = Capabilities(
        calls_back=True,
        needs_key=True,
        cancels=True,
        treats=frozenset(TREATMENTS),
        most_references=MOST_REFERENCES,
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.queue = Queue(account)

    def check(self) -> Mapping[str, Any]:
        """Ask for a price."""
        return self.queue.tell_price()

    def submit_one(self, work: Work) -> Submitted:
        """Order one picture."""
        model = work.card.vendor_model or work.card.alias
        body = self.body_of(work)
        return Submitted(self.queue.order(model, body, work.callback_url), POLL_SECONDS)

    def body_of(self, work: Work) -> dict[str, Any]:
        """Return an order as its model takes it; raise Unsupported, naming what that does not take."""
        if treated := treated_of(work):
            return treated_input_of(work, treated, USUAL_WORDS, data_uri)
        options = work.card.options
        ratios = tuple(options.get("ratios", USUAL_RATIOS))
        size = size_of(work.spec, options.get("size", "object"), ratios)
        return {**size, **input_of(work, USUAL_WORDS, data_uri)}

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        result = self.queue.ask(remote_id, Result)
        return self.read(result) if result else Waiting(poll_after_seconds=POLL_SECONDS)

    def read(self, result: Result) -> Picture:
        """Return the picture of a result; raise ProviderError when there is none, or it is blackened."""
        if any(result.has_nsfw_concepts or []):
            raise error_of(Meaning.REFUSED, "the picture was filtered")
        files = [file.url for file in [*(result.images or []), result.image] if file and file.url]
        if not files:
            raise unreadable("completed without a picture")
        return Picture(file_of_url(files[0], self.account), result.seed, usage=Usage(pictures=1))

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop one picture."""
        return self.queue.stop(remote_id)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read that an order has ended. Its id alone is no address to ask at, so that none is told."""
        read_hint(body, "request_id")
        return Hint()
