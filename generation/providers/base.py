"""What every adapter is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from generation.spec import GenerationSpec, ModelCard

# Called with 0 to 1 while the provider works; raises Stopped when the order is no longer wanted.
Report = Callable[[float], None]


@dataclass(frozen=True)
class Output:
    """One picture that a provider made: RGB pixels and the seed they came from."""

    position: int
    seed: int
    image: Image.Image


@dataclass(frozen=True)
class Refusal:
    """One picture that a provider did not make, and the stable code of the reason."""

    position: int
    seed: int
    code: str


@dataclass(frozen=True)
class Finished:
    """The provider is done: at least one output, what it refused, seconds by stage, and what decided the pictures."""

    outputs: list[Output]
    refusals: list[Refusal] = field(default_factory=list)
    timings: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Provider(ABC):
    """An adapter to one vendor or to the local engine."""

    def warm(self, card: ModelCard) -> None:  # noqa: B027 (most adapters have nothing to warm)
        """Prepare for the first order of a model."""

    def health(self) -> dict[str, Any]:
        """Return what operators should see of the adapter's machine; empty when there is nothing."""
        return {}

    @abstractmethod
    def submit(self, spec: GenerationSpec, *, card: ModelCard, report: Report) -> Finished:
        """Make the order and return it; raise ProviderError, or let the report's Stopped pass through."""
