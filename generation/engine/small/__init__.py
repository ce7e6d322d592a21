"""A small but real Z-Image: coloured shapes from English and Chinese prompts."""

from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "weights"
"""The shipped model, in the layout ZImagePipeline.from_pretrained reads."""

SIZES: Final = ((128, 128), (192, 192), (256, 256), (256, 192), (192, 256))
"""Width and height in pixels of every size the model was trained at."""

DEFAULT_SIZE: Final = (256, 256)
DEFAULT_STEPS: Final = 12
DEFAULT_GUIDANCE: Final = 2.0
