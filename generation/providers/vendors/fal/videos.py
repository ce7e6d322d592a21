"""The adapter of clips."""

from collections.abc import Mapping
from typing import Any

import msgspec

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Finished,
    Hint,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.clips import POLL_SECONDS, ClipsOfAnyModel, clip_at, clip_input_of, finish
from generation.providers.files import data_uri
from generation.providers.http import unreadable
from generation.providers.vendors.fal.queue import BASE_URL, File, Queue

USUAL_WORDS = {
    "prompt": "prompt",
    "seed": "seed",
    "image": "image_url",
    "seconds": "duration",
    "resolution": "resolution",
    "ratio": "aspect_ratio",
}


class Result(msgspec.Struct):
    """What was made."""

    video: File | None = None
    seed: int | None = None


class FalVideosProvider(ClipsOfAnyModel):
    """Makes clips by anybody's model."""

    base_url = BASE_URL
    usual_words = USUAL_WORDS

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.queue = Queue(account)

    def check(self) -> Mapping[str, Any]:
        """Ask for a price."""
        return self.queue.tell_price()

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        body = clip_input_of(work, USUAL_WORDS, data_uri)
        usual = work.card.vendor_model or work.card.alias
        model = str(work.card.options.get("with_image", usual)) if work.image else usual
        return Submitted(self.queue.order(model, body, work.callback_url), POLL_SECONDS)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        result = self.queue.ask(remote_id, Result)
        if result is None:
            return Waiting(poll_after_seconds=POLL_SECONDS)
        if not result.video or not result.video.url:
            raise unreadable("completed without a clip")
        return finish(clip_at(result.video.url, self.account), result.seed)

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop a clip."""
        return self.queue.stop(remote_id)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read that an order has ended. Its id alone is no address to ask at, so that none is told."""
        read_hint(body, "request_id")
        return Hint()
