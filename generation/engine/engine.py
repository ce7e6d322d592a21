"""Draws pictures: batches of what agrees, each picture from its own seed, none spoiled by another."""

import logging
import math
import time
from collections.abc import Hashable, Sequence
from typing import Any

import torch
from PIL import Image

from generation.engine.captions import count_padded_tokens
from generation.engine.card import end_if_lost
from generation.engine.decoding import Decoder
from generation.engine.drawing import Drawer
from generation.engine.embeddings import EmbeddingCache
from generation.engine.errors import EngineError, OutOfMemoryError
from generation.engine.loading import find_folder
from generation.engine.memory import keeps_decoder
from generation.engine.options import Options
from generation.engine.pictures import Drawn, Picture
from generation.engine.stock import Stock
from generation.engine.watchdog import PATIENCE_LOADING, Watchdog
from generation.spec import GenerationSpec, ModelCard

logger = logging.getLogger(__name__)

# A token of the picture stands for 16 x 16 pixels.
TOKEN_PIXELS = 16
# Beyond it one picture keeps the card busy (1.02x at batch 2 of 1024 x 1024, against 3.1x at batch 8 of 512 x 512:
# SGLang pull request 22183), and a batch only makes everybody wait.
BATCHED_TOKENS = 2048
WARM_SEED = 0


class Engine:
    """Owns one device. `draw` belongs to one thread; `decode` may run in a second one meanwhile."""

    def __init__(self, options: Options) -> None:
        """Take the operator's options; nothing is loaded yet."""
        if options.threads:
            torch.set_num_threads(options.threads)
        self.options = options
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.watchdog = Watchdog(options.stall_seconds)
        self.embeddings = EmbeddingCache(options.embedding_bytes)
        self.stock = Stock(options, self.device)
        self._drawer = Drawer(self.stock, self.embeddings, self.watchdog)
        self._decoder = Decoder(self.device, self.watchdog, self.stock.release)
        # How many pictures of a look fit, where more ran out of memory.
        self._largest: dict[Hashable, int] = {}

    def warm(self, card: ModelCard) -> None:
        """Load a model and draw one step with it, so that the first order waits for nothing; raise EngineError."""
        spec = GenerationSpec(
            media_type="image",
            model=card.alias,
            prompt="",
            negative_prompt="",
            width=card.default_width,
            height=card.default_height,
            steps=1,
            cfg_scale=card.default_cfg_scale,
            seeds=(WARM_SEED,),
        )
        started = time.perf_counter()
        with self.watchdog.stage("warm", patience=PATIENCE_LOADING):
            (outcome,) = self.draw([Picture(spec, card, WARM_SEED, lambda done, preview: None)])
            if isinstance(outcome, EngineError):
                raise outcome
            if isinstance(outcome, Exception):
                raise EngineError(f"{card.alias} does not draw: {outcome}") from outcome
            self.decode(outcome)
        logger.info("warmed up %s in %.1f s", card.alias, time.perf_counter() - started)

    def batch_key(self, spec: GenerationSpec, card: ModelCard) -> Hashable | None:
        """Return what pictures must have in common to be drawn at once; None: alone, as with input pictures.

        The caption's padded length is part of it: to pad one to a longer neighbour's length would change its picture.
        """
        if spec.image:
            return None
        try:
            folder = find_folder(card)
        except EngineError:
            return None
        prompts = [spec.prompt, spec.negative_prompt] if spec.cfg_scale > 0 else [spec.prompt]
        lengths = tuple(count_padded_tokens(folder, prompt) for prompt in prompts)
        return (*look_of(spec, card), spec.steps, spec.cfg_scale, lengths)

    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """Return how many pictures like this one a batch may hold, by their size and by what memory has shown."""
        tokens = math.ceil(spec.width / TOKEN_PIXELS) * math.ceil(spec.height / TOKEN_PIXELS)
        if tokens > BATCHED_TOKENS or spec.image:
            return 1
        most = self.options.largest_batch
        return max(1, min(self._largest.get(look_of(spec, card), most), most))

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn | Exception]:
        """Denoise pictures of one batch key and return what became of each, in their order.

        Out of memory: free what is unused, halve the batch, then take a tighter offload mode, then that picture alone
        fails. Any other error of a batch is found by drawing its members alone.
        """
        outcomes: list[Drawn | Exception] = []
        waiting = list(pictures)
        while waiting:
            first = waiting[0]
            batch = waiting[: self.largest_batch(first.spec, first.card)]
            drawn = self._try(batch)
            if drawn is not None:
                outcomes += drawn
                waiting = waiting[len(batch) :]
        return outcomes

    def decode(self, drawn: Drawn) -> Image.Image:
        """Return a drawn picture's RGB pixels; raise OutOfMemoryError when they do not fit, in tiles neither."""
        return self._decoder.decode(drawn)

    def facts(self) -> dict[str, Any]:
        """Return what operators should know of the engine: device, mode, what is loaded and kept."""
        return {
            **self.stock.facts(),
            "model": self.stock.alias or None,
            "embedding_bytes": self.embeddings.held_bytes,
            "embedding_hits": self.embeddings.hits,
            "embedding_misses": self.embeddings.misses,
        }

    def _try(self, batch: list[Picture]) -> list[Drawn | Exception] | None:
        """Draw a batch; None when it should be tried again, smaller or in a tighter mode."""
        try:
            return self._decode_now(self._drawer.draw(batch))
        except torch.OutOfMemoryError as error:
            said = str(error)
        except EngineError as error:
            return [error for _ in batch]
        except Exception as error:
            end_if_lost(self.device)
            if len(batch) == 1:
                return [error]
            logger.exception("a batch of %d broke; its members are drawn alone", len(batch))
            return [outcome for picture in batch for outcome in self.draw([picture])]
        # Outside of the handler: the error's frames hold the tensors that must go.
        spec = batch[0].spec
        size = f"{spec.width}x{spec.height}"
        return None if self._makes_room(batch, size) else [OutOfMemoryError(f"{size}: {said}")]

    def _makes_room(self, batch: list[Picture], size: str) -> bool:
        """Free what is unused, then take fewer pictures at once, then a tighter mode; False at the end of the ways."""
        self.stock.release()
        spec, card = batch[0].spec, batch[0].card
        if len(batch) > 1 and self.stock.parts is not None:
            self._largest[look_of(spec, card)] = len(batch) // 2
            logger.warning("out of memory with %d of %s: halved from now on", len(batch), size)
            return True
        what = f"one picture of {size}" if self.stock.parts else "a model that was being loaded"
        logger.warning("out of memory with %s", what)
        return self.stock.tighten(spec.width * spec.height)

    def _decode_now(self, drawn: list[Drawn | Exception]) -> list[Drawn | Exception]:
        """Decode at once where the next batch would pull the decoder away from a second thread."""
        if self.stock.parts is None or keeps_decoder(self.stock.parts.mode.name):
            return drawn
        for place, outcome in enumerate(drawn):
            if isinstance(outcome, Drawn):
                try:
                    outcome.image = self.decode(outcome)
                except OutOfMemoryError as error:
                    drawn[place] = error
        return drawn


def look_of(spec: GenerationSpec, card: ModelCard) -> tuple[Hashable, ...]:
    """Return what decides a picture's memory: weights, LoRAs and size."""
    return (card.folder, card.revision, card.weights, spec.loras, spec.width, spec.height)
