"""What an adapter's training is to whoever runs it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from generation.lesson import Lesson
from generation.providers.errors import ProviderError, Unsupported
from generation.spec import ModelCard


class Taught(NamedTuple):
    """A picture to learn from: what opens its RGB pixels, and its whole caption."""

    open: Callable[[], Image.Image]
    caption: str


class Tuner(Protocol):
    """A training under way on this machine's device. It goes on in stretches, between which nothing of it is in the
    model; no call lasts longer than a step, so that orders wait no longer. What it raises its adapter explains."""

    @property
    def step(self) -> int:
        """Return how many steps were done."""

    @property
    def prepared(self) -> int:
        """Return how many pictures were looked at."""

    @property
    def is_prepared(self) -> bool:
        """Return whether all pictures were looked at, as they are before the first step."""

    def prepare_one(self) -> None:
        """Look at the next picture."""

    def stretch(self) -> AbstractContextManager[None]:
        """Return what steps are taken within."""

    def learn(self) -> float:
        """Take a step and return its loss."""

    def dump(self) -> bytes:
        """Return a checkpoint, once a stretch has begun."""

    def load(self, data: bytes) -> None:
        """Go on from a checkpoint."""

    def write(self, path: Path, facts: Mapping[str, str]) -> None:
        """Write the LoRA, with what its file says of itself."""


class Tunes:
    """The part of an adapter with a device that trains on it; without words of its own it trains nothing."""

    def tune(self, card: ModelCard, lesson: Lesson, taught: Sequence[Taught]) -> Tuner:
        """Return a training of a LoRA for a model, nothing done yet; raise Unsupported where nothing here can learn."""
        raise Unsupported("this adapter trains nothing")

    def explain(self, error: Exception) -> ProviderError:
        """Return what it means that a training raised this."""
        return error if isinstance(error, ProviderError) else ProviderError(repr(error))
