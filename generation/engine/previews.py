"""A small picture of what is under way: the latents made small first, so that to decode them costs next to nothing."""

import io
from collections.abc import Callable

import torch
from torch.nn import functional

from generation.engine.loading import LatentDecoder

# A linear map from latents to colours is cheaper still, but gave mud with the small model's decoder.
LONGEST_SIDE_LATENTS = 16
QUALITY = 80


def draw_preview(decoder: LatentDecoder, latents: torch.Tensor) -> Callable[[], bytes]:
    """Return what makes a JPEG of latents [channels, height, width]; its longer side is at most 128 pixels."""

    def draw() -> bytes:
        buffer = io.BytesIO()
        decoder.to_pixels(shrink(latents)).save(buffer, "JPEG", quality=QUALITY)
        return buffer.getvalue()

    return draw


def shrink(latents: torch.Tensor) -> torch.Tensor:
    """Return latents whose longer side is at most 16, each the mean of those it stands for."""
    height, width = latents.shape[-2:]
    share = min(1.0, LONGEST_SIDE_LATENTS / max(height, width))
    small = max(1, round(height * share)), max(1, round(width * share))
    return functional.adaptive_avg_pool2d(latents, small)
