"""What every moderation service is asked, and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from generation.providers.base import AccountSettings
from generation.providers.http import unreadable

# What a judge says is short; whatever is longer is no judgement.
MOST_ANSWER_BYTES = 2**20
# Of a vendor's own labels, so that a row can hold them.
LONGEST_LABEL, MOST_LABELS = 100, 20


@dataclass(frozen=True)
class Verdict:
    """What a service says of one text or picture: what it objects to, in its own labels; none: nothing. `scores`: how
    sure it is of each label, from 0 to 1, where it says so."""

    labels: tuple[str, ...] = ()
    service: str = ""
    scores: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def is_objection(self) -> bool:
        """Return whether it objects."""
        return bool(self.labels)


class Judge:
    """An adapter to one account at a moderation service.

    Whatever it cannot judge, or whose answer it cannot read in full, raises ProviderError: no answer is no consent.
    """

    # Where the vendor lives, for accounts that do not say it; empty: each must.
    base_url: ClassVar[str] = ""
    judges_texts: ClassVar[bool] = False
    judges_pictures: ClassVar[bool] = False

    def __init__(self, account: AccountSettings) -> None:
        """Take the account that it speaks for."""
        self.account = account

    def judge_texts(self, texts: Sequence[str]) -> list[Verdict]:
        """Return a verdict of each text, in their order: one a call, unless the vendor takes more."""
        return [self.judge_text(text) for text in texts]

    def judge_text(self, text: str) -> Verdict:
        """Return a verdict of a text."""
        raise NotImplementedError(f"{type(self).__name__} judges no texts")

    def judge_picture(self, jpeg: bytes) -> Verdict:
        """Return a verdict of a picture: a JPEG."""
        raise NotImplementedError(f"{type(self).__name__} judges no pictures")

    def verdict(self, labels: Sequence[str], scores: Mapping[str, float] | None = None) -> Verdict:
        """Return a verdict in bounds, of the labels that the account does not ignore."""
        ignored = self.account.options.get("ignore", ())
        counted = [bounded(label) for label in labels if label not in ignored]
        told = list((scores or {}).items())[:MOST_LABELS]
        return Verdict(
            tuple(counted[:MOST_LABELS]),
            self.account.alias,
            {bounded(label): score for label, score in told},
        )

    def check_score(self, score: float) -> float:
        """Return a score from 0 to 1; raise ProviderError for what is none."""
        if not 0 <= score <= 1:
            raise unreadable(f"a score of {score}")
        return score


def bounded(label: str) -> str:
    """Return a vendor's label as a row can hold it."""
    return label[:LONGEST_LABEL].replace("\0", "")
