"""The model that is loaded, and how another one takes its place with as little copying as possible."""

import gc
import logging
from collections.abc import Hashable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from generation.engine.embeddings import identify
from generation.engine.errors import EngineError
from generation.engine.loading import Parts, find_folder, load_parts, local_of
from generation.engine.loras import Adapters, LoraError
from generation.engine.memory import (
    MODES,
    Mode,
    choose_mode,
    free_bytes,
    keeps_decoder,
    read_sizes,
    tighter_than,
)
from generation.engine.options import Options
from generation.engine.pool import WeightsPool
from generation.engine.precision import choose_precision
from generation.engine.speed import choose_attention, compile_blocks
from generation.engine.weights import (
    WeightsError,
    check_folder,
    hash_file,
    hash_folder,
    identify_file,
    identify_transformer,
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
        self.precision = choose_precision(options.dtype, device)
        self.pool = WeightsPool(options.pool_bytes)
        self.parts: Parts | None = None
        self.encoder: Hashable = None
        self.adapters: Adapters | None = None
        self.alias = ""
        self.speed: dict[str, Any] = {}
        self._weights: Hashable = None
        # The SHA-256 of the folder's files, once a picture has been described since the last loading.
        self._base = ""
        # Folder and mode of the last loading, whether it came to an end or not.
        self._tried: tuple[Path, Mode] | None = None
        # By folder and pixels: what such pictures and larger ones need beyond what the free memory suggests.
        self._tight: dict[tuple[Path, int], Mode] = {}

    def have(self, card: ModelCard, pixels: int = 0) -> Parts:
        """Return the parts of a card's model, loading what is not there; raise EngineError when that cannot be."""
        folder = find_folder(card)
        wanted = self._identify(card, folder)
        is_other = self.parts is None or self.parts.folder != folder
        if is_other or wanted not in (self._weights, *self.pool):
            self._judge(card, folder)
        if is_other:
            self.drop()
        mode = self._mode_for(folder, pixels)
        if self.parts is None or self.parts.mode.name != mode.name:
            self._load(card, folder, mode)
        elif self._weights != wanted:
            self._change_weights(card, wanted)
        assert self.parts is not None  # noqa: S101 (loaded above)
        self.alias, self._weights = card.alias, wanted
        return self.parts

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
        """Let pictures of this size and larger use the model in the next tighter mode; False when there is none."""
        if self._tried is None or self.device == "cpu":
            return False
        folder, tried = self._tried
        name = tighter_than(tried.name)
        if name is None:
            return False
        self._tight[folder, pixels] = Mode(name, f"out of memory at {pixels} pixels")
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
            "dtype": self.precision.name,
            "threads": torch.get_num_threads(),
            **read_versions(),
        }

    def _identify(self, card: ModelCard, folder: Path) -> tuple[Hashable, ...]:
        """Return what a transformer's weights are known by, the folder's own first: a file written anew is another."""
        try:
            return (identify_transformer(folder), *map(identify_file, local_of(card).weights))
        except WeightsError as error:
            raise EngineError(f"cannot load {card.alias}: {error}") from error

    def _mode_for(self, folder: Path, pixels: int) -> Mode:
        """Return the mode that is loaded, or a tighter one; to have it looser again is not worth a loading."""
        if self.parts:
            # It has taken its memory: to ask again would find the card full.
            usual = self.parts.mode
        else:
            usual = choose_mode(
                self.options.offload, read_sizes(folder, self.precision.dtype), free_bytes()
            )
        known = (mode for (at, n), mode in self._tight.items() if at == folder and n <= pixels)
        return max([usual, *known], key=tightness)

    # What follows keeps no name of its own for the parts: it would hold them on the card while others are loaded.

    def drop(self) -> None:
        """Take the model off the device."""
        self.parts, self.adapters, self._weights, self.alias = None, None, None, ""
        self._base = ""
        self.release()

    def _load(self, card: ModelCard, folder: Path, mode: Mode) -> None:
        """Load a folder and put the card's weights in, before offload hooks take the transformer apart."""
        self.drop()
        self._tried = (folder, mode)
        parts = load_parts(
            folder, mode, self.device, self.precision.dtype, partial(self._put_weights, card)
        )
        self.encoder = identify(folder)
        self.adapters = Adapters(parts.from_noise, {})
        attention = choose_attention(parts.transformer, self.options.attention, self.device)
        compiled = self.options.compile and compile_blocks(parts.transformer, self.device)
        self.speed = {"attention": attention, "compiled": compiled}
        self.parts = parts

    def _change_weights(self, card: ModelCard, wanted: tuple[Hashable, ...]) -> None:
        """Put other weights into the loaded transformer: from the pool, else from the files over the folder's own."""
        assert self.parts is not None  # noqa: S101 (the caller has seen them)
        assert self.adapters is not None  # noqa: S101 (loaded together with the parts)
        folder, mode = self.parts.folder, self.parts.mode
        base = wanted[:1]
        if keeps_decoder(mode.name):
            self.adapters.drop_all()
            self.pool.keep(self._weights, self.parts.transformer, beside=wanted)
        if not keeps_decoder(mode.name) or not {base, wanted} & {self._weights, *self.pool}:
            self._load(card, folder, mode)
            return
        try:
            if wanted in self.pool:
                self.pool.put_into(self.parts.transformer, wanted)
                return
            if self._weights != base:
                self.pool.put_into(self.parts.transformer, base)
            self._put_weights(card, self.parts.transformer)
        except BaseException:
            # Some of them may be in already.
            self.drop()
            raise

    def _judge(self, card: ModelCard, folder: Path) -> None:
        """Raise EngineError for what will be refused, by headers alone, while what is loaded is still whole."""
        try:
            check_folder(folder)
            if weights := local_of(card).weights:
                report = judge_weights(weights, read_shapes(folder))
                report.require(self.options.weights_threshold)
        except (WeightsError, OSError) as error:
            raise EngineError(f"cannot load {card.alias}: {error}") from error

    def _put_weights(self, card: ModelCard, transformer: Any) -> None:
        weights = local_of(card).weights
        if not weights:
            return
        try:
            report = load_weights(transformer, weights, threshold=self.options.weights_threshold)
        except (WeightsError, OSError) as error:
            raise EngineError(f"cannot load {card.alias}: {error}") from error
        logger.info("weights of %s: %s", card.alias, report)

    def describe(self, card: ModelCard, loras: tuple[tuple[str, float], ...]) -> dict[str, Any]:
        """Return which model a picture comes from, with the SHA-256 of its folder, of each weights file and LoRA."""
        worn = [(find_lora(card, name), scale) for name, scale in loras]
        local = local_of(card)
        try:
            # A pinned revision says as much, and no file need be read.
            if not (self._base or local.revision):
                self._base = hash_folder(find_folder(card))
            return {
                "model": card.alias,
                "folder": local.folder,
                "revision": local.revision,
                "folder_sha256": self._base,
                "weights": {file: hash_file(file) for file in local.weights},
                "loras": [
                    {"name": lora.name, "scale": scale, "sha256": hash_file(lora.file)}
                    for lora, scale in worn
                ],
            }
        except WeightsError as error:
            raise EngineError(f"cannot describe {card.alias}: {error}") from error


def tightness(mode: Mode) -> int:
    """Return a mode's place among all, from the fastest to the one that needs least."""
    return MODES.index(mode.name)


@cache
def read_versions() -> dict[str, str]:
    """Return the version of each library that decides a picture's bits; they stay while the process lives."""
    return {name: version(name) for name in LIBRARIES}


def find_lora(card: ModelCard, name: str) -> Lora:
    """Return a LoRA of a card by its name; raise EngineError for one that staff took away meanwhile."""
    for lora in card.loras:
        if lora.name == name:
            return lora
    raise EngineError(f"the model {card.alias} has no LoRA {name!r}")
