"""Standard prompts, the same for each style and seed, so that styles can be seen side by side. Pure."""

from typing import Final

# Of a thing, a place, a person, a shape, and two in Chinese: a style adds other words to those.
PROMPTS: Final = (
    "a cup of tea on a wooden table",
    "a street in the rain at night",
    "a portrait of an old fisherman",
    "a red star on a white background",
    "一只坐在窗台上的猫",
    "群山之间的湖",
)
SEED: Final = 7
