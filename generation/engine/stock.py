"""The model that is loaded, and how another one takes its place with as little copying as possible."""

import gc
import logging
from collections.abc import Hashable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from generation.engine.embeddings import identify
from generation.engine.errors import EngineError
from generation.engine.loading import DTYPE, Parts, find_folder, load_parts
from generation.engine.loras import Adapters, LoraError
from generation.engine.memory import (
    Mode,
    choose_mode,
    free_bytes,
    keeps_decoder,
    read_sizes,
    tighter_than,
)
from generation.engine.options import Options
from generation.engine.pool import WeightsPool
from generation.engine.speed import choose_attention, compile_blocks
from generation.engine.weights import (
    WeightsError,
    check_folder,
    hash_file,
    judge_weights,
    load_weights,
    read_shapes,
)
from generation.spec import Lora, ModelCard

logger = logging.getLogger(__name__)

LIBRARIES = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors", "pillow")


class Stock:
    """Holds one model's parts. Not for two threads: the one that draws owns it."""

    def __init__(self, options: Options, device: str) -> None:
        """Take the engine's options and the device: `cuda` or `cpu`."""
        self.options, self.device = options, device
        self.pool = WeightsPool(options.pool_bytes)
        self.parts: Parts | None = None
        self.encoder: Hashable = None
        self.adapters: Adapters | None = None
        self.alias = ""
        self.speed: dict[str, Any] = {}
        self._weights: Hashable = None
        # From so many pixels on, pictures need a tighter mode than the one that the free memory suggests.
        self._tight_pixels: int | None = None
        self._tight_mode: Mode | None = None

    def have(self, card: ModelCard, pixels: int = 0) -> Parts:
        """Return the parts of a card's model, loading what is not there; raise EngineError when that cannot be."""
        folder = find_folder(card)
        mode = self._mode_for(folder, pixels)
        wanted = (str(folder), *card.weights)
        parts = self.parts
        if parts is None or parts.folder != folder or parts.mode.name != mode.name:
            parts = self._load(card, folder, mode)
        elif self._weights != wanted:
            parts = self._change_weights(card, parts)
        self.alias, self._weights = card.alias, wanted
        return parts

    def wear(self, card: ModelCard, loras: tuple[tuple[str, float], ...]) -> None:
        """Put these LoRAs of the card on, and all others off; raise EngineError for one that cannot be worn."""
        assert self.adapters is not None  # noqa: S101 (loaded together with the parts)
        # By file: what is loaded serves every card that names the same one.
        self.adapters.files = {lora.file: lora.file for lora in card.loras}
        try:
            self.adapters.use([(find_lora(card, name).file, scale) for name, scale in loras])
        except LoraError as error:
            raise EngineError(f"{card.alias}: {error}") from error

    def tighten(self, pixels: int) -> bool:
        """Let pictures of this size and larger use the next tighter mode; False when there is none."""
        if self.parts is None or self.device == "cpu":
            return False
        name = tighter_than(self.parts.mode.name)
        if name is None:
            return False
        self._tight_pixels = min(pixels, self._tight_pixels or pixels)
        self._tight_mode = Mode(name, f"out of memory at {pixels} pixels")
        return True

    def release(self) -> None:
        """Give unused memory back to the device."""
        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def facts(self) -> dict[str, Any]:
        """Return what decides a picture besides its spec: model, device, mode and library versions."""
        mode = self.parts.mode if self.parts else Mode("none", "nothing is loaded")
        return {
            **self.speed,
            "device": self.device,
            # Which kernels a processor takes decides the last bits.
            "kernels": torch.backends.cpu.get_cpu_capability()
            if self.device == "cpu"
            else torch.cuda.get_device_name(),
            "offload": mode.name,
            "offload_reason": mode.reason,
            "dtype": str(DTYPE).removeprefix("torch."),
            "threads": torch.get_num_threads(),
            **{name: version(name) for name in LIBRARIES},
        }

    def _mode_for(self, folder: Path, pixels: int) -> Mode:
        if self._tight_mode and self._tight_pixels and pixels >= self._tight_pixels:
            return self._tight_mode
        parts = self.parts
        if parts and parts.folder == folder and parts.mode != self._tight_mode:
            # What is loaded has taken its memory: to ask again would find the card full.
            return parts.mode
        self._drop()
        return choose_mode(self.options.offload, read_sizes(folder), free_bytes())

    def _drop(self) -> None:
        self.parts, self.adapters, self._weights = None, None, None
        self.release()

    def _load(self, card: ModelCard, folder: Path, mode: Mode) -> Parts:
        """Load a folder and put the card's weights in, before offload hooks take the transformer apart."""
        self._judge(card, folder)
        self._drop()
        parts = load_parts(folder, mode, self.device, partial(self._put_weights, card))
        self.encoder = identify(folder)
        self.adapters = Adapters(parts.from_noise, {})
        attention = choose_attention(parts.transformer, self.options.attention, self.device)
        compiled = self.options.compile and compile_blocks(parts.transformer, self.device)
        self.speed = {"attention": attention, "compiled": compiled}
        self.parts = parts
        return parts

    def _change_weights(self, card: ModelCard, parts: Parts) -> Parts:
        """Put other weights into the loaded transformer: from the pool, else from the files over the folder's own."""
        assert self.adapters is not None  # noqa: S101 (loaded together with the parts)
        base = (str(parts.folder),)
        wanted = (*base, *card.weights)
        if not keeps_decoder(parts.mode.name):
            return self._load(card, parts.folder, parts.mode)
        self.adapters.drop_all()
        self.pool.keep(self._weights, parts.transformer)
        if wanted in self.pool:
            self.pool.put_into(parts.transformer, wanted)
            return parts
        if self._weights != base and base not in self.pool:
            return self._load(card, parts.folder, parts.mode)
        self._judge(card, parts.folder)
        if self._weights != base:
            self.pool.put_into(parts.transformer, base)
            self._weights = base
        self._put_weights(card, parts.transformer)
        return parts

    def _judge(self, card: ModelCard, folder: Path) -> None:
        """Raise EngineError for what will be refused, by headers alone, while what is loaded is still whole."""
        try:
            check_folder(folder)
            if card.weights:
                report = judge_weights(card.weights, read_shapes(folder))
                report.require(self.options.weights_threshold)
        except (WeightsError, OSError) as error:
            raise EngineError(f"cannot load {card.alias}: {error}") from error

    def _put_weights(self, card: ModelCard, transformer: Any) -> None:
        if not card.weights:
            return
        try:
            report = load_weights(
                transformer, card.weights, threshold=self.options.weights_threshold
            )
        except (WeightsError, OSError) as error:
            # Some of them may be in already.
            self._drop()
            raise EngineError(f"cannot load {card.alias}: {error}") from error
        logger.info("weights of %s: %s", card.alias, report)

    def describe(self, card: ModelCard, loras: tuple[tuple[str, float], ...]) -> dict[str, Any]:
        """Return which model a picture comes from: folder, revision, and the SHA-256 of each weights file and LoRA."""
        worn = [(find_lora(card, name), scale) for name, scale in loras]
        return {
            "model": card.alias,
            "folder": card.folder,
            "revision": card.revision,
            "weights": {file: hash_file(file) for file in card.weights},
            "loras": [
                {"name": lora.name, "scale": scale, "sha256": hash_file(lora.file)}
                for lora, scale in worn
            ],
        }


def find_lora(card: ModelCard, name: str) -> Lora:
    """Return a LoRA of a card by its name; raise EngineError for one that staff took away meanwhile."""
    for lora in card.loras:
        if lora.name == name:
            return lora
    raise EngineError(f"the model {card.alias} has no LoRA {name!r}")
