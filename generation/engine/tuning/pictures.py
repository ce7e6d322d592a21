"""The pictures of a lesson as the transformer sees them: latents and embedded captions, made once for a training."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from PIL import Image, ImageOps

from generation.engine.captions import count_padded_tokens
from generation.engine.drawing import encode
from generation.engine.loading import Parts

# What the transformer's blocks are wide, in pixels.
MULTIPLE_PIXELS = 16


class Taught(Protocol):
    """A picture to learn from: what opens its RGB pixels, and its whole caption."""

    @property
    def open(self) -> Callable[[], Image.Image]:
        """Return what opens it."""

    @property
    def caption(self) -> str:
        """Return its caption."""


@dataclass(frozen=True)
class Encoded:
    """A picture's latents [channels, height / 8, width / 8] in FP32 and its caption's embedding [tokens, width]."""

    latents: torch.Tensor
    caption: torch.Tensor


def encode_picture(parts: Parts, taught: Taught, resolution: int) -> Encoded:
    """Return a picture as the transformer sees it, on the CPU; raise PromptTooLongError for a caption that the model
    does not read to its end."""
    count_padded_tokens(parts.folder, taught.caption)
    vae, processor = parts.from_noise.vae, parts.from_noise.image_processor
    image = fit(taught.open(), resolution)
    with torch.no_grad():
        with parts.encoder_at_work() as device:
            caption = encode(parts, taught.caption, device)
        pixels = processor.preprocess(image).to(vae.device, vae.dtype)
        latents = vae.encode(pixels).latent_dist.mode()
        # As the decoder's way back does: see LatentDecoder.
        scaled = (latents - vae.config.shift_factor) * vae.config.scaling_factor
    return Encoded(scaled[0].float().cpu(), caption.cpu())


def fit(image: Image.Image, resolution: int) -> Image.Image:
    """Return a picture in its own proportions with as many pixels as a square of this side, cut to whole blocks."""
    scale = resolution / math.sqrt(image.width * image.height)
    size = [
        max(MULTIPLE_PIXELS, round(side * scale / MULTIPLE_PIXELS) * MULTIPLE_PIXELS)
        for side in image.size
    ]
    return ImageOps.fit(image.convert("RGB"), (size[0], size[1]), Image.Resampling.LANCZOS)
