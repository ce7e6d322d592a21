"""What a LoRA is trained by: the frozen description that goes from a job's row to the engine."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

FEWEST_PICTURES: Final = 4
MOST_PICTURES: Final = 500
# The longest caption in characters, before the model's tokenizer counts; its own bound is 512 tokens.
LONGEST_CAPTION: Final = 2000
# Of each number of a lesson: the least, what is usual, the most.
STEPS: Final = (1, 1000, 20_000)
RANK: Final = (1, 16, 128)
RATE: Final = (1e-6, 1e-4, 1e-1)
BATCH: Final = (1, 1, 16)
RESOLUTION: Final = (128, 512, 1536)


@dataclass(frozen=True)
class Lesson:
    """How a LoRA learns: optimiser steps, rank of its halves, learning rate, pictures a step, and the side in pixels of
    a square with as many pixels as each picture is brought to. The seed decides everything that is drawn by lot."""

    steps: int = STEPS[1]
    rank: int = RANK[1]
    rate: float = RATE[1]
    batch: int = BATCH[1]
    resolution: int = RESOLUTION[1]
    seed: int = 0

    @classmethod
    def of(cls, row: Any) -> Self:
        """Return what a row says, whose columns are called alike."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})

    def to_json(self) -> dict[str, Any]:
        """Return the lesson as JSON values."""
        return asdict(self)


def word_caption(trigger: str, caption: str) -> str:
    """Return what a picture is learned under: its caption, led by the trigger word unless that stands in it."""
    if not caption:
        return trigger
    return caption if trigger in caption else f"{trigger}, {caption}"
