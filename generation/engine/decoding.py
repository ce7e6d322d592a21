"""From latents to pixels, one picture at a time, beside the drawing of the next batch."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import replace
from typing import Any, Final

import torch
from PIL import Image

from generation.engine.card import end_if_lost
from generation.engine.errors import OutOfMemoryError
from generation.engine.loading import LatentDecoder
from generation.engine.pictures import Drawn
from generation.engine.watchdog import Watchdog

logger = logging.getLogger(__name__)

# A tile's sides in latents, of 8 x 8 pixels each: a fraction of a picture's peak, and few seams.
LARGEST_TILE: Final = 64
SMALLEST_TILE: Final = 8
# What diffusers cuts and joins agrees only then.
TILE_MULTIPLE: Final = 4


class Decoder:
    """Decodes in the caller's thread; on a card in a stream of its own, so that it waits for no step."""

    def __init__(self, device: str, watchdog: Watchdog, release: Callable[[], None]) -> None:
        """Take the device and what gives its unused memory back."""
        self._device, self._watchdog, self._release = device, watchdog, release
        self._stream: Any = torch.cuda.Stream() if device == "cuda" else None
        self._lock = threading.Lock()

    def decode(self, drawn: Drawn) -> Image.Image:
        """Return the RGB picture; out of memory it is decoded in tiles, and if that fails, OutOfMemoryError."""
        if drawn.image is not None:
            return drawn.image
        with self._lock, self._watchdog.stage("decode"):
            try:
                return self._pixels(drawn, drawn.decoder)
            except torch.OutOfMemoryError:
                logger.warning("out of memory while decoding: in tiles")
            except RuntimeError:
                end_if_lost(self._device)
                raise
            # Outside of the handler: the error's frames hold the tensors that must go.
            self._release()
            try:
                image = self._pixels(drawn, in_tiles(drawn.decoder, drawn.latents))
            except torch.OutOfMemoryError as error:
                spec = drawn.picture.spec
                raise OutOfMemoryError(f"decoding {spec.width}x{spec.height}: {error}") from error
            drawn.is_tiled = True
            return image

    def _pixels(self, drawn: Drawn, decoder: LatentDecoder) -> Image.Image:
        with self._own_stream(drawn):
            image: Image.Image = decoder.to_pixels(drawn.latents)
        source, mask = drawn.picture.image, drawn.picture.mask
        # Outside of the mask nothing changes, not by a bit.
        return Image.composite(image, source, mask) if source and mask else image

    def _own_stream(self, drawn: Drawn) -> AbstractContextManager[Any]:
        if self._stream is None:
            return nullcontext()
        self._stream.wait_event(drawn.ready)
        drawn.latents.record_stream(self._stream)
        context: AbstractContextManager[Any] = torch.cuda.stream(self._stream)
        return context


def in_tiles(decoder: LatentDecoder, latents: torch.Tensor) -> LatentDecoder:
    """Return a decoder of the same weights whose tiles are at most half of these latents' longer side."""
    # A shallow copy: the thread that draws may use the other one meanwhile.
    vae = copy(decoder.vae)
    side = max(SMALLEST_TILE, min(LARGEST_TILE, max(latents.shape[-2:]) // 2))
    side -= side % TILE_MULTIPLE
    pixels = 2 ** (len(vae.config.block_out_channels) - 1)
    # By default they are of the size that it was trained with: for Z-Image 1024 pixels, a whole picture.
    vae.tile_latent_min_size, vae.tile_sample_min_size = side, side * pixels
    vae.enable_tiling()
    return replace(decoder, vae=vae)
