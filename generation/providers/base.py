"""What an adapter is: whoever writes one for a vendor reads this page.

`submit` hands an order over. Who is done when it returns answers Finished; who works on answers Submitted, and is
asked by `poll` until that returns Finished. Both raise ProviderError, which says what the failure means. An adapter
belongs to one account, holds no state of orders (another process may poll), writes no row and never sleeps.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, BinaryIO, Literal, Protocol

from PIL import Image

from generation.providers.further import FollowUp
from generation.providers.tuning import Tunes
from generation.spec import LARGEST_SEED, PICTURE_OPTIONS, GenerationSpec, ModelCard


class Report(Protocol):
    """Called while the provider works; raises Stopped, or one of its kinds, when the order is no longer wanted here."""

    def __call__(self, done: float, preview: Callable[[], bytes] | None = None) -> None:
        """Take the progress, 0 to 1, and what makes a small JPEG of the state if anybody wants to see one."""


@dataclass(frozen=True)
class Work:
    """One attempt as an adapter gets it: what to make, by which model, and the input pictures."""

    spec: GenerationSpec
    card: ModelCard
    report: Report
    # RGB, and greyscale with white where to draw anew; both of the spec's size.
    image: Image.Image | None = None
    mask: Image.Image | None = None
    # Of a clip: the picture that it ends with, RGB.
    last_image: Image.Image | None = None
    # What it shall look like, RGB, in any size: no more than the card says.
    references: tuple[Image.Image, ...] = ()
    # What a vendor may know the order by, however often one attempt is sent; where it may call back, if anybody hears.
    reference: str = ""
    callback_url: str = ""


@dataclass(frozen=True)
class Pixels:
    """RGB pixels to encode. `decode` may take long and raise ProviderError; it is called once, beside other work."""

    decode: Callable[[], Image.Image]


@dataclass(frozen=True)
class VendorFile:
    """A file as the vendor made it, with the type it says; opening it may fetch it and raise ProviderError."""

    media_type: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Made:
    """One output that a provider made; the seed it came from and the prompt as the vendor revised it, where known."""

    position: int
    content: Pixels | VendorFile
    seed: int | None = None
    revised_prompt: str = ""

    def __post_init__(self) -> None:
        """Take no seed for one that nobody could order by: vendors have longer ones, and -1 for none."""
        if self.seed is not None and not 0 <= self.seed <= LARGEST_SEED:
            object.__setattr__(self, "seed", None)


@dataclass(frozen=True)
class NotMade:
    """One output that a provider did not make, and the stable code of the reason with the values of its words."""

    position: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True)
class Usage:
    """What a vendor counted of an order; None: it does not say. `cost_usd` is the vendor's own word, in US dollars."""

    pictures: int | None = None
    input_text_tokens: int | None = None
    input_image_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None


@dataclass(frozen=True)
class Finished:
    """The provider is done: at least one output, what it did not make, seconds by stage, what decided the outputs, and
    what was counted."""

    made: list[Made]
    not_made: list[NotMade] = field(default_factory=list)
    timings: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = Usage()


@dataclass(frozen=True)
class Submitted:
    """The provider works on it under this id (at most 200 characters), and need not be asked before so many seconds."""

    remote_id: str
    poll_after_seconds: float | None = None


@dataclass(frozen=True)
class Waiting:
    """The provider still works: its progress, 0 to 1, where it says so, and when to ask again."""

    progress: float | None = None
    poll_after_seconds: float | None = None


class CancelOutcome(StrEnum):
    """What a cancelled order costs the operator."""

    FREE = "free"
    BILLED = "billed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Hint:
    """What a callback says: that it is worth asking now; and under which id, for an order whose answer was lost."""

    remote_id: str = ""


@dataclass(frozen=True)
class Lost:
    """An order whose answer was lost: what was ordered, when it left, until when it may have come there, and what the
    vendor was told to know it by."""

    spec: GenerationSpec
    card: ModelCard
    sent_at: datetime
    until: datetime
    reference: str = ""


@dataclass(frozen=True)
class Found:
    """An order that the vendor has and that may be the lost one: its id, the vendor's state of it, when it was made,
    and whether its prompt is the very same (None: the vendor does not tell)."""

    remote_id: str
    state: str
    created_at: datetime | None = None
    is_same_prompt: bool | None = None

    @property
    def rank(self) -> tuple[bool, bool]:
        """Return what sorts the likeliest first: the very prompt, one that is not told, another one."""
        return (not self.is_same_prompt, self.is_same_prompt is False)


# What became of an order, for now: Stopped and its kinds as its own report raised them.
Outcome = Finished | Submitted | Waiting | Exception


@dataclass(frozen=True)
class Capabilities:
    """What an adapter is able to, whatever the model.

    `is_remote`: an order leaves this machine and may be billed though no answer comes; it is never sent twice.
    `makes`: media types. `takes`: of spec.OPTIONS, those that a model honours. `needs_key`: nothing goes without one.
    `cancels`, `finds_lost`: it has such a call. `cost`: told, of tokens that are told, or listed. `follow_ups`: what
    the vendor does further with its own pictures; the options of such an order say `action`, `of` (the picture's id in
    TASKS) and, of a part, its `index` from 1. `treats`: what of TREATMENTS some model of the vendor's does to anybody's
    picture; such an order says `action`, and has the picture as its `image`. `most_references`: how many pictures any
    model takes besides that one; how many this or that model does its card says.
    """

    is_remote: bool = True
    calls_back: bool = False
    makes: frozenset[str] = frozenset({"image"})
    takes: frozenset[str] = frozenset(PICTURE_OPTIONS)
    needs_key: bool = False
    cancels: bool = False
    finds_lost: bool = False
    cost: Literal["told", "tokens", "listed"] = "listed"
    follow_ups: tuple[FollowUp, ...] = ()
    treats: frozenset[str] = frozenset()
    most_references: int = 0


@dataclass(frozen=True)
class AccountSettings:
    """An account as its adapter sees it: where the vendor lives, one key, the adapter's own options, how long it is
    waited for, `private_hosts` of ours that the operator allows, and `most_clip_bytes` that are taken of a clip."""

    alias: str
    base_url: str = ""
    key: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    connect_seconds: float = 5.0
    answer_seconds: float = 300.0
    private_hosts: frozenset[str] = frozenset()
    most_clip_bytes: int = 512 * 2**20


class Provider(ABC):
    """An adapter to one account at a vendor, or to the local engine."""

    capabilities = Capabilities()
    # Where the vendor lives, for accounts that do not say it; empty: each must.
    base_url = ""

    def __init__(self, account: AccountSettings) -> None:
        """Take the account that it speaks for."""
        self.account = account

    @classmethod
    def takes_of(cls, card: ModelCard) -> frozenset[str]:
        """Return those of spec.OPTIONS that it can send for a model; raise BadOptions where no order could be made."""
        return cls.capabilities.takes

    def check(self) -> Mapping[str, Any]:
        """Make the cheapest call that proves the account, and return what came back; raise ProviderError."""
        raise NotImplementedError(f"{type(self).__name__} has no such call")

    @abstractmethod
    def submit(self, work: Work) -> Submitted | Finished:
        """Hand an order over; raise ProviderError, or let what the report raises pass through."""

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for an order that was Submitted; a ProviderError that is `retryable` means to ask again later."""
        raise NotImplementedError(f"{type(self).__name__} finishes what it is given")

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """Return those of several orders that the vendor's list says it works on; the others are asked for alone."""
        return {}

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop an order that nobody wants any more, where the vendor can; raise ProviderError to be asked again."""
        return CancelOutcome.BILLED

    def find_lost(self, lost: Lost) -> list[Found]:
        """Return the vendor's orders that may be a lost one, the likeliest first; raise ProviderError."""
        raise NotImplementedError(f"{type(self).__name__} lists no orders")

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read what the vendor sent to an order's own callback address; raise ValueError for what it did not send."""
        raise ValueError(f"{type(self).__name__} is called by nobody")


class DrawsBatches(Tunes, Provider):
    """An adapter that owns this machine's device: it draws orders together, is warmed up, and must not hang."""

    capabilities = Capabilities(is_remote=False)

    def warm(self, card: ModelCard) -> None:
        """Prepare for the first order of a model."""

    def health(self) -> dict[str, Any]:
        """Return what operators should see of the device; empty when there is nothing."""
        return {}

    @abstractmethod
    def batch_key(self, spec: GenerationSpec, card: ModelCard) -> Hashable | None:
        """Return what orders must have in common to be drawn as one batch; None: this one is drawn alone."""

    @abstractmethod
    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """Return how many pictures (not orders) like this one a batch may hold."""

    @abstractmethod
    def submit_batch(self, works: Sequence[Work]) -> list[Finished | Exception]:
        """Draw what has one batch key and return what became of each, in their order; none spoils another."""

    def submit(self, work: Work) -> Finished:
        """Draw one order."""
        (outcome,) = self.submit_batch([work])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def watched(self, stage: str) -> AbstractContextManager[None]:
        """Return the guard of a slow stage: one that never ends ends the process."""
        return nullcontext()
