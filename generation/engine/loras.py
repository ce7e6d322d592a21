"""LoRAs: loaded once, worn by the next batch at their scales, and unloaded again."""

import math
import re
import warnings
from collections import Counter, OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import torch

from generation.engine.lora_files import (
    LARGEST_RANK,
    LoraError,
    LoraReport,
    is_lora,
    judge_lora,
    read_lora,
)
from generation.engine.lora_layers import Factors, Halves, LayerNames, resolve
from generation.engine.weights.files import WeightsError, identify_file

__all__ = ["LARGEST_RANK", "Adapters", "LoraError", "LoraReport", "is_lora", "judge_lora"]

# How many stay loaded beside the model: the bound of what can be worn at once, too.
MOST_LOADED: Final = 8

# What peft gets: tensors by name, and its configuration.
Package = tuple[dict[str, torch.Tensor], dict[str, Any]]


class Adapters:
    """The LoRAs of one loaded pipeline. Not re-entrant, as pipelines are not."""

    def __init__(
        self, pipeline: Any, files: Mapping[str, Path | str], *, most: int = MOST_LOADED
    ) -> None:
        """Take the pipeline, the file of each LoRA by name, and how many may stay loaded."""
        self.pipeline = pipeline
        self.files = files
        self.most = most
        # By name what peft calls it, the least recently worn first. Numbers: peft refuses dots and some words.
        self.loaded: OrderedDict[str, str] = OrderedDict()
        # What peft has of each: one package of halves, and one for each way to cut layers into factors.
        self._peft: dict[str, list[str]] = {}
        self._waiting: dict[str, list[Package]] = {}
        self._has_factors = False
        self._contents: dict[str, Hashable] = {}
        self._numbers = count()

    def use(self, worn: Sequence[tuple[str, float]]) -> None:
        """Wear these (name, scale) in this order, and no other; a scale of 0 wears nothing."""
        self._require_wearable(worn)
        scales = {name: scale for name, scale in worn if scale}
        if not scales:
            if self.loaded:
                self.pipeline.disable_lora()
            return
        with warnings.catch_warnings():
            # Several at once are meant; and what is worn is said below, also when one goes that was worn.
            warnings.filterwarnings("ignore", "Already found a `peft_config`")
            warnings.filterwarnings("ignore", "Adapter .* was active which is now deleted")
            try:
                self._load_missing(scales)
            except BaseException:
                # Part of one may be in the layers already.
                self._forget_all()
                raise
        worn_now = [
            (adapter, scale) for name, scale in scales.items() for adapter in self._peft[name]
        ]
        self.pipeline.set_adapters(*map(list, zip(*worn_now, strict=True)))
        self.pipeline.enable_lora()

    def drop_all(self) -> None:
        """Unload every LoRA: the transformer's layers and names are its own again."""
        if self.loaded:
            self._forget_all()

    def _forget_all(self) -> None:
        for known in (self.loaded, self._peft, self._waiting):
            known.clear()
        self._has_factors = False
        self.pipeline.unload_lora_weights()

    def _forget(self, name: str) -> None:
        del self.loaded[name]
        self.pipeline.delete_adapters(self._peft.pop(name))

    def _load_missing(self, wanted: Mapping[str, float]) -> None:
        """Load those that are wanted and not there, or whose file was written anew."""
        for name in wanted:
            if name in self.loaded and self._contents[name] != self._identify(name):
                self._forget(name)
        if self._has_factors and any(name not in self.loaded for name in wanted):
            self.drop_all()
        self._make_room(wanted)
        for name in wanted:
            if name not in self.loaded:
                self._contents[name] = self._identify(name)
                self.loaded[name] = self._load(name)
            self.loaded.move_to_end(name)
        for name in wanted:
            self._load_factors(name)

    def _identify(self, name: str) -> Hashable:
        try:
            return identify_file(self.files[name])
        except WeightsError as error:
            raise LoraError(f"LoRA {name!r}: {error}") from error

    def _require_wearable(self, worn: Sequence[tuple[str, float]]) -> None:
        names = [name for name, _ in worn]
        for name, scale in worn:
            if name not in self.files:
                raise LoraError(
                    f"no LoRA {name!r}: {', '.join(self.files) or 'this model has none'}"
                )
            if not math.isfinite(scale):
                raise LoraError(f"LoRA {name!r} cannot have the scale {scale}")
            if names.count(name) > 1:
                raise LoraError(f"LoRA {name!r} stands in the order twice")
        if len(names) > self.most:
            raise LoraError(f"{len(names)} LoRAs at once: {self.most} are allowed")

    def _make_room(self, wanted: Mapping[str, float]) -> None:
        """Unload the least recently worn until those that are wanted have room."""
        coming = sum(name not in self.loaded for name in wanted)
        for name in [name for name in self.loaded if name not in wanted]:
            if len(self.loaded) + coming <= self.most:
                return
            self._forget(name)

    def _load(self, name: str) -> str:
        """Load a LoRA, which its scale does not touch, and return what peft calls it.

        Its Kronecker factors wait: peft puts them around halves, and would put others around them without end.
        """
        adapter = f"lora_{next(self._numbers)}"
        path = self.files[name]
        try:
            names = LayerNames(self.pipeline.transformer)
            halves, self._waiting[name] = pack(resolve(read_lora(path), names))
        except (WeightsError, LoraError) as error:
            raise LoraError(f"LoRA {name!r}: {error}") from error
        except (ValueError, ArithmeticError, RuntimeError) as error:
            raise LoraError(f"LoRA {name!r}: {path} cannot be loaded: {error}") from error
        self._peft[name] = []
        if halves:
            self._hand_over(name, halves, adapter)
        return adapter

    def _load_factors(self, name: str) -> None:
        """Load what waits of a LoRA."""
        for number, package in enumerate(self._waiting.pop(name, ())):
            self._hand_over(name, package, f"{self.loaded[name]}_{number}")
            self._has_factors = True

    def _hand_over(self, name: str, package: Package, adapter: str) -> None:
        tensors, config = package
        try:
            self.pipeline.load_lora_into_transformer(
                {f"transformer.{key}": tensor for key, tensor in tensors.items()},
                transformer=self.pipeline.transformer,
                adapter_name=adapter,
                metadata={f"transformer.{word}": value for word, value in config.items()},
                _pipeline=self.pipeline,
                low_cpu_mem_usage=True,
            )
        except torch.OutOfMemoryError:
            raise
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            path = self.files[name]
            raise LoraError(f"LoRA {name!r}: {path} cannot be loaded: {error}") from error
        self._peft[name].append(adapter)


def pack(differences: Mapping[str, Halves | Factors]) -> tuple[Package | None, list[Package]]:
    """Return what peft gets of the halves, and of the factors: one package for each way to cut layers."""
    halves: dict[str, Halves] = {}
    factors: dict[tuple[int, int, int], dict[str, Factors]] = {}
    for layer, difference in differences.items():
        if isinstance(difference, Halves):
            halves[layer] = difference
        elif factor := difference.find_native_factor():
            kind = (len(difference.first), len(difference.second), factor)
            factors.setdefault(kind, {})[layer] = difference
        else:
            halves[layer] = difference.to_halves(layer)
    return pack_halves(halves) if halves else None, [
        pack_factors(layers, factor) for (*_, factor), layers in factors.items()
    ]


def pack_halves(layers: Mapping[str, Halves]) -> Package:
    """Return a LoRA as peft takes it. Its strength stays a number: multiplied into BF16 it would be rounded."""
    tensors = {}
    for layer, halves in layers.items():
        tensors[f"{layer}.lora_A.weight"] = halves.down
        tensors[f"{layer}.lora_B.weight"] = halves.up
    ranks = {layer: halves.down.shape[0] for layer, halves in layers.items()}
    alphas = {layer: halves.scale * ranks[layer] for layer, halves in layers.items()}
    rank, alpha = (Counter(values.values()).most_common(1)[0][0] for values in (ranks, alphas))
    return tensors, {
        "r": rank,
        "lora_alpha": alpha,
        "rank_pattern": {as_pattern(k): v for k, v in ranks.items() if v != rank},
        "alpha_pattern": {as_pattern(k): v for k, v in alphas.items() if v != alpha},
        "target_modules": list(layers),
    }


def pack_factors(layers: Mapping[str, Factors], factor: int) -> Package:
    """Return layers of one kind of LoKr as peft takes them, their strength in the first factor."""
    tensors: dict[str, torch.Tensor] = {}
    ranks = {}
    for layer, factors in layers.items():
        first = (factors.first[0].float() * factors.scale, *factors.first[1:])
        for name, parts in (("lokr_w1", first), ("lokr_w2", factors.second)):
            ends = ("",) if len(parts) == 1 else ("_a", "_b")
            tensors |= {f"{layer}.{name}{end}": part for end, part in zip(ends, parts, strict=True)}
        second = factors.second
        # A rank as large as the factor makes peft keep it whole.
        ranks[layer] = second[0].shape[1] if len(second) > 1 else max(second[0].shape)
    rank = Counter(ranks.values()).most_common(1)[0][0]
    others = {as_pattern(k): v for k, v in ranks.items() if v != rank}
    return tensors, {
        "r": rank,
        "alpha": rank,
        "rank_pattern": others,
        "alpha_pattern": others,
        "decompose_both": any(len(factors.first) > 1 for factors in layers.values()),
        "decompose_factor": factor,
        "target_modules": list(layers),
    }


def as_pattern(layer: str) -> str:
    """Return the pattern of this layer alone."""
    return f"^{re.escape(layer)}"
