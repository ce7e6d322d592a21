"""The adapter of clips."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Finished,
    Found,
    Hint,
    Lost,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.clips import (
    POLL_SECONDS,
    ClipsOfAnyModel,
    clip_at,
    clip_input_of,
    finish,
)
from generation.providers.vendors.replicate.predictions import (
    BASE_URL,
    SEED,
    Predictions,
    find_url,
    seed_of,
)

USUAL_WORDS = {
    "prompt": "prompt",
    "seed": SEED,
    "image": "image",
    "seconds": "duration",
    "resolution": "resolution",
    "ratio": "aspect_ratio",
}


class ReplicateVideosProvider(ClipsOfAnyModel):
    """Makes clips by anybody's model."""

    capabilities = replace(ClipsOfAnyModel.capabilities, finds_lost=True)
    base_url = BASE_URL
    usual_words = USUAL_WORDS

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.predictions = Predictions(account)

    def check(self) -> Mapping[str, Any]:
        """Ask whose key it is."""
        return self.predictions.tell_account()

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        words = clip_input_of(work, USUAL_WORDS, self.predictions.hand_over)
        return Submitted(self.predictions.order(work.card, words, work.callback_url), POLL_SECONDS)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        told = self.predictions.ask(remote_id)
        if told is None:
            return Waiting(poll_after_seconds=POLL_SECONDS)
        return finish(clip_at(find_url(told.output), self.account), seed_of(told))

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """List the newest orders."""
        found = self.predictions.list_under_way(remote_ids)
        return dict.fromkeys(found, Waiting(poll_after_seconds=POLL_SECONDS))

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop a clip: what never ran costs nothing."""
        return self.predictions.stop(remote_id)

    def find_lost(self, order: Lost) -> list[Found]:
        """List the orders of the time and model, those with the very prompt first."""
        return self.predictions.find_lost(order)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read the id of the order that has ended; what became of it is asked for."""
        return read_hint(body, "id")
