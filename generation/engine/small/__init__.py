"""A small but real Z-Image: coloured shapes from English and Chinese prompts."""

from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "weights"
"""The shipped model, in the layout ZImagePipeline.from_pretrained reads."""
