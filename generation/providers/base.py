"""What every adapter is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL import Image

from generation.spec import GenerationSpec, ModelCard


class Report(Protocol):
    """Called while the provider works; raises Stopped or GivenBack when the order is no longer wanted here."""

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


@dataclass(frozen=True)
class Output:
    """One picture that a provider made: the seed it came from, and how to get its RGB pixels.

    `decode` may take long and raise ProviderError: it is called once, while the provider may work on the next order.
    """

    position: int
    seed: int
    decode: Callable[[], Image.Image]


@dataclass(frozen=True)
class Refusal:
    """One picture that a provider did not make, and the stable code of the reason with the values of its words."""

    position: int
    seed: int
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """The provider is done: at least one output, what it refused, seconds by stage, and what decided the pictures."""

    outputs: list[Output]
    refusals: list[Refusal] = field(default_factory=list)
    timings: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


# What became of one member of a batch: Stopped and GivenBack as its own report raised them.
Outcome = Finished | Exception


class Provider(ABC):
    """An adapter to one vendor or to the local engine."""

    def warm(self, card: ModelCard) -> None:  # noqa: B027 (most adapters have nothing to warm)
        """Prepare for the first order of a model."""

    def health(self) -> dict[str, Any]:
        """Return what operators should see of the adapter's machine; empty when there is nothing."""
        return {}

    def batch_key(self, spec: GenerationSpec, card: ModelCard) -> Hashable | None:
        """Return what orders must have in common to be made as one batch; None: this one runs alone."""
        return None

    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """Return how many pictures (not orders) like this one a batch may hold."""
        return 1

    @abstractmethod
    def submit(self, work: Work) -> Finished:
        """Make what is ordered and return it; raise ProviderError, or let what the report raises pass through."""

    def submit_batch(self, works: Sequence[Work]) -> list[Outcome]:
        """Make what has one batch key and return what became of each, in their order; none spoils another."""
        outcomes: list[Outcome] = []
        for work in works:
            try:
                outcomes.append(self.submit(work))
            except Exception as error:  # noqa: BLE001 (the caller decides by its kind)
                outcomes.append(error)
        return outcomes

    def watched(self, stage: str) -> AbstractContextManager[None]:
        """Return the guard of a slow stage: one that never ends ends the process, where the adapter owns it."""
        return nullcontext()
