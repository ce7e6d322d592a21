"""Draws pictures: batches of what agrees, each picture from its own seed, none spoiled by another."""

import logging
import math
import threading
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
from generation.engine.pictures import Drawn, Picture, is_guided
from generation.engine.stock import Stock
from generation.engine.tuning.pictures import Taught
from generation.engine.tuning.tuner import Tuner
from generation.engine.watchdog import PATIENCE_LOADING, Watchdog
from generation.lesson import Lesson
from generation.spec import GenerationSpec, ModelCard

logger = logging.getLogger(__name__)

# A token of the picture stands for 16 x 16 pixels.
TOKEN_PIXELS = 16
# Beyond it one picture keeps the card busy (1.02x at batch 2 of 1024 x 1024, against 3.1x at batch 8 of 512 x 512:
# SGLang pull request 22183), and a batch only makes everybody wait.
BATCHED_TOKENS = 2048
# On two cores 2 at once make 1.06 times a bare loop's pictures a second, 8 at once 0.92 times: nothing of a batch runs
# in parallel, and its last pictures are decoded while nothing is drawn.
PAYING_BATCH = {"cuda": 8, "cpu": 2}
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
        # Held while a batch is drawn: who holds it has the model, and the card's memory, to itself.
        self._drawing = threading.RLock()
        # How many pictures of a look fit, where more ran out of memory; forgotten when a tighter mode makes room.
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
        """Return what pictures must have in common to be drawn at once; None for one that cannot be drawn at all.

        The caption's padded length is part of it: to pad one to a longer neighbour's length would change its picture.
        """
        prompts = [spec.prompt, spec.negative_prompt] if is_guided(spec) else [spec.prompt]
        try:
            folder = find_folder(card)
            lengths = tuple(count_padded_tokens(folder, prompt) for prompt in prompts)
        except EngineError:
            return None
        start = (spec.image, spec.mask, spec.strength)
        return (*look_of(spec, card), spec.steps, spec.cfg_scale, lengths, *start)

    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """Return how many pictures like this one a batch may hold, by their size and by what memory has shown."""
        tokens = math.ceil(spec.width / TOKEN_PIXELS) * math.ceil(spec.height / TOKEN_PIXELS)
        if tokens > BATCHED_TOKENS or spec.image:
            return 1
        most = self.options.largest_batch or PAYING_BATCH[self.device]
        return max(1, min(self._largest.get(look_of(spec, card), most), most))

    def draw(self, pictures: Sequence[Picture]) -> list[Drawn | Exception]:
        """Denoise pictures of one batch key and return what became of each, in their order.

        Out of memory: free what is unused, halve the batch where its steps ran out, then take a tighter offload mode,
        then that picture alone fails. Any other error of a batch is found by drawing its members alone.
        """
        outcomes: list[Drawn | Exception] = []
        waiting = list(pictures)
        while waiting:
            first = waiting[0]
            batch = waiting[: self.largest_batch(first.spec, first.card)]
            with self._drawing:
                drawn = self._try(batch)
            if drawn is not None:
                outcomes += drawn
                waiting = waiting[len(batch) :]
        return outcomes

    def decode(self, drawn: Drawn) -> Image.Image:
        """Return a drawn picture's RGB pixels; raise OutOfMemoryError when not even its decoder alone has room.

        Out of memory: in tiles, then with nothing drawn beside it, then without the model, which comes back tighter.
        """
        try:
            return self._decoder.decode(drawn)
        except OutOfMemoryError as error:
            logger.warning("%s; again when nothing is drawn beside it", error)
        with self._drawing:
            self.stock.release()
            try:
                return self._decoder.decode(drawn)
            except OutOfMemoryError as error:
                logger.warning("%s; again without the model", error)
            # The latents and their decoder are the picture's own.
            self.stock.drop()
            image = self._decoder.decode(drawn)
            self.stock.tighten(drawn.picture.spec.width * drawn.picture.spec.height)
            return image

    def tune(self, card: ModelCard, lesson: Lesson, taught: Sequence[Taught]) -> Tuner:
        """Return a training of a LoRA on the model that is drawn with; it belongs to the thread that draws."""
        return Tuner(self.stock, self.watchdog, card, lesson, taught)

    def facts(self) -> dict[str, Any]:
        """Return what operators should know of the engine: device, mode, what is loaded and kept."""
        return {
            **self.stock.facts(),
            "dtype_reason": self.stock.precision.reason,
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
            spec = batch[0].spec
            failure: Exception = OutOfMemoryError(f"{spec.width}x{spec.height}: {error}")
        except EngineError as error:
            return [error for _ in batch]
        except Exception as error:
            end_if_lost(self.device)
            if len(batch) > 1:
                logger.exception("a batch of %d broke; its members are drawn alone", len(batch))
            failure = error
        # Outside of the handler: the error's frames hold the tensors that must go.
        if isinstance(failure, OutOfMemoryError) and self._makes_room(batch):
            return None
        if len(batch) > 1:
            return [outcome for picture in batch for outcome in self.draw([picture])]
        return [failure]

    def _makes_room(self, batch: list[Picture]) -> bool:
        """Free what is unused, then take fewer pictures at once, then a tighter mode; False at the end of the ways."""
        self.stock.release()
        spec, card, stage = batch[0].spec, batch[0].card, self._drawer.stage
        logger.warning(
            "out of memory in the stage %s of %d of %dx%d",
            stage,
            len(batch),
            spec.width,
            spec.height,
        )
        # Loading does not know their number, and prompts are encoded one by one.
        if stage == "step" and len(batch) > 1:
            self._largest[look_of(spec, card)] = len(batch) // 2
            return True
        if self.stock.tighten(spec.width * spec.height):
            self._largest.clear()
            return True
        if len(batch) == 1:
            # The tightest mode did not help: smaller pictures shall not stay in it.
            self.stock.drop()
        return False

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
    return (card.local, spec.loras, spec.width, spec.height)
