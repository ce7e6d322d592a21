"""The adapter of pictures."""

from collections.abc import Mapping
from typing import Any

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Found,
    Hint,
    Lost,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.files import file_of_url
from generation.providers.further import TREATMENTS
from generation.providers.several import OneByOne, Picture
from generation.providers.vendors.replicate.predictions import (
    BASE_URL,
    SEED,
    Predictions,
    find_url,
    seed_of,
)
from generation.providers.wording import input_of, size_of, treated_input_of, treated_of
from genhub.lib.limits import MOST_REFERENCES

USUAL_WORDS = {"prompt": "prompt", "seed": SEED, "image": "image", "mask": "mask"}
USUAL_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "4:5", "5:4", "21:9", "9:21")
POLL_SECONDS = 1.0


class ReplicateProvider(OneByOne):
    """Makes pictures by anybody's model."""

    capabilities = Capabilities(
        calls_back=True,
        needs_key=True,
        cancels=True,
        finds_lost=True,
        treats=frozenset(TREATMENTS),
        most_references=MOST_REFERENCES,
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.predictions = Predictions(account)

    def check(self) -> Mapping[str, Any]:
        """Ask whose key it is."""
        return self.predictions.tell_account()

    def submit_one(self, work: Work) -> Submitted:
        """Order one picture."""
        words = self.words_of(work)
        return Submitted(self.predictions.order(work.card, words, work.callback_url), POLL_SECONDS)

    def words_of(self, work: Work) -> dict[str, Any]:
        """Return an order as its model takes it; raise Unsupported, naming what that does not take."""
        if treated := treated_of(work):
            return treated_input_of(work, treated, USUAL_WORDS, self.predictions.hand_over)
        options = work.card.options
        size = size_of(
            work.spec, options.get("size", "ratio"), tuple(options.get("ratios", USUAL_RATIOS))
        )
        return {**size, **input_of(work, USUAL_WORDS, self.predictions.hand_over)}

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        told = self.predictions.ask(remote_id)
        if told is None:
            return Waiting(poll_after_seconds=POLL_SECONDS)
        content = file_of_url(find_url(told.output), self.account)
        return Picture(content, seed_of(told), usage=Usage(pictures=1))

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop one picture: what never ran costs nothing."""
        return self.predictions.stop(remote_id)

    def find_lost(self, order: Lost) -> list[Found]:
        """List the orders of the time and model, those with the very prompt first."""
        return self.predictions.find_lost(order)

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read the id of the order that has ended; what became of it is asked for."""
        return read_hint(body, "id")
