"""LoRAs: judged by content, loaded once, worn by the next batch at their scales, and unloaded again."""

import json
import math
import re
import warnings
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import torch

from generation.engine.weights.files import FLOATS, WeightsError, WeightsFile, identify_file
from generation.engine.weights.layouts import strip_prefixes

LARGEST_RANK: Final = 512
# How many stay loaded beside the model: the bound of what can be worn at once, too.
MOST_LOADED: Final = 8

# The names that diffusers, peft, ComfyUI and kohya's scripts give to the two halves of a layer.
HALF: Final = re.compile(
    r"(?P<layer>.+)\.(?:lora_(?P<half>A|B|down|up)|lora\.(?P<dotted>down|up))(?:\.default)?\.weight"
)
# What of a file's own peft configuration decides its strength. The rest is not looked at: some of it names files and
# patterns, and how layers begin.
STRENGTH: Final = ("r", "lora_alpha", "use_rslora", "rank_pattern", "alpha_pattern")
PLAIN_PATTERN: Final = re.compile(r"\^?[\w.]+")


class LoraError(Exception):
    """A LoRA cannot be taken or worn; the message is for staff."""


@dataclass(frozen=True)
class LoraReport:
    """What a LoRA file holds."""

    file: str
    layers: int
    ranks: tuple[int, ...]
    parameters: int

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        ranks = ", ".join(map(str, self.ranks))
        return f"{self.file}: LoRA of {self.layers} layers, rank {ranks}, {self.parameters:,} parameters"


def is_lora(path: Path | str) -> bool:
    """Say whether most of a file's tensors are halves of layers; raise WeightsError for what is no safetensors."""
    with WeightsFile(path) as file:
        return 2 * sum(HALF.fullmatch(key) is not None for key in file.tensors) > len(file.tensors)


def judge_lora(path: Path | str) -> LoraReport:
    """Say what a LoRA file holds by its header; raise LoraError for anything else."""
    try:
        with WeightsFile(path) as file:
            return _judge(file)
    except WeightsError as error:
        raise LoraError(str(error)) from error


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
                self.loaded.clear()
                self.pipeline.unload_lora_weights()
                raise
        self.pipeline.set_adapters([self.loaded[name] for name in scales], list(scales.values()))
        self.pipeline.enable_lora()

    def drop_all(self) -> None:
        """Unload every LoRA: the transformer's layers and names are its own again."""
        if self.loaded:
            self.loaded.clear()
            self.pipeline.unload_lora_weights()

    def _load_missing(self, wanted: Mapping[str, float]) -> None:
        """Load those that are wanted and not there, or whose file was written anew."""
        for name in wanted:
            if name in self.loaded and self._contents[name] != self._identify(name):
                self.pipeline.delete_adapters(self.loaded.pop(name))
        self._make_room(wanted)
        for name in wanted:
            if name not in self.loaded:
                self._contents[name] = self._identify(name)
                self.loaded[name] = self._load(name)
            self.loaded.move_to_end(name)

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
            self.pipeline.delete_adapters(self.loaded.pop(name))

    def _load(self, name: str) -> str:
        """Load a LoRA, which its scale does not touch, and return what peft calls it."""
        adapter = f"lora_{next(self._numbers)}"
        path = self.files[name]
        try:
            with WeightsFile(path) as file:
                _judge(file)
                tensors = {key: file.read(key) for key in file.tensors}
                strength = _read_strength(file)
            state = self._convert(tensors)
            self._require_own_layers(state)
            layers = [key.removesuffix(".lora_A.weight") for key in _downs(state)]
            self.pipeline.load_lora_into_transformer(
                {f"transformer.{key}": tensor for key, tensor in state.items()},
                transformer=self.pipeline.transformer,
                adapter_name=adapter,
                metadata=strength and {**strength, "transformer.target_modules": layers},
                _pipeline=self.pipeline,
                low_cpu_mem_usage=True,
            )
        except (WeightsError, LoraError) as error:
            raise LoraError(f"LoRA {name!r}: {error}") from error
        except torch.OutOfMemoryError:
            raise
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise LoraError(f"LoRA {name!r}: {path} cannot be loaded: {error}") from error
        return adapter

    def _convert(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the tensors by the transformer's names, through diffusers' own converter."""
        stripped = strip_prefixes({key: tensor.numel() for key, tensor in tensors.items()})
        if stripped.set_aside:
            raise LoraError(f"{stripped.set_aside[0]}: only the transformer can wear a LoRA")
        named = {
            name if name.startswith("lora_unet_") else f"diffusion_model.{name}": tensors[key]
            for key, name in stripped.names.items()
        }
        if len(named) < len(stripped.names):
            raise LoraError("a layer stands in it twice, with a prefix and without")
        found = self.pipeline.lora_state_dict(named)
        return {key.removeprefix("transformer."): tensor for key, tensor in found.items()}

    def _require_own_layers(self, state: Mapping[str, torch.Tensor]) -> None:
        """Raise LoraError unless each layer is one of the transformer's, of its size."""
        own = dict(self.pipeline.transformer.named_modules())
        foreign = []
        for key in _downs(state):
            layer = key.removesuffix(".lora_A.weight")
            up = state[f"{layer}.lora_B.weight"]
            sizes = (state[key].shape[1], up.shape[0])
            found = own.get(layer)
            if (getattr(found, "in_features", 0), getattr(found, "out_features", 0)) != sizes:
                foreign.append(layer)
        if foreign:
            raise LoraError(
                f"made for another model: {len(foreign)} of its {len(_downs(state))} layers are "
                f"not the transformer's, {foreign[0]} for example"
            )


def _judge(file: WeightsFile) -> LoraReport:
    downs: dict[str, tuple[int, ...]] = {}
    ups: dict[str, tuple[int, ...]] = {}
    for key, facts in file.tensors.items():
        if facts.type not in FLOATS:
            raise LoraError(f"{file.path}: {key} is of type {facts.type}")
        if key.endswith(".alpha") and math.prod(facts.shape) == 1:
            continue
        half = HALF.fullmatch(key)
        if half is None:
            raise LoraError(f"{file.path}: not a LoRA: {key} is no half of a layer")
        halves = downs if (half["half"] or half["dotted"]) in {"A", "down"} else ups
        halves[half["layer"]] = facts.shape
    for layer in downs.keys() | ups.keys():
        _judge_layer(file, layer, downs.get(layer, ()), ups.get(layer, ()))
    if not downs:
        raise LoraError(f"{file.path}: not a LoRA: it holds no layer")
    return LoraReport(
        str(file.path),
        len(downs),
        tuple(sorted({shape[0] for shape in downs.values()})),
        sum(math.prod(shape) for shape in (*downs.values(), *ups.values())),
    )


def _judge_layer(file: WeightsFile, layer: str, down: tuple[int, ...], up: tuple[int, ...]) -> None:
    match down, up:
        case (rank, _), (_, again) if rank == again and 1 <= rank <= LARGEST_RANK:
            return
    raise LoraError(
        f"{file.path}: not a LoRA: {layer} has halves of shape {list(down)} and {list(up)}; "
        f"one rank from 1 to {LARGEST_RANK} must join them"
    )


def _downs(state: Mapping[str, torch.Tensor]) -> list[str]:
    return [key for key in state if key.endswith(".lora_A.weight")]


def _read_strength(file: WeightsFile) -> dict[str, Any] | None:
    """Return the numbers of the peft configuration that diffusers writes into a file; None: alpha is the rank."""
    text = file.metadata.get("lora_adapter_metadata")
    # A file that carries alphas has said its strength already.
    if text is None or any(key.endswith(".alpha") for key in file.tensors):
        return None
    try:
        written = json.loads(text)
        found = {
            word: written[key] for word in STRENGTH if (key := f"transformer.{word}") in written
        }
    except (ValueError, TypeError, RecursionError) as error:
        raise LoraError(f"{file.path}: its configuration cannot be read: {error}") from error
    for value in found.values():
        patterns = value if isinstance(value, dict) else {"r": value}
        if not all(
            PLAIN_PATTERN.fullmatch(pattern) and isinstance(number, int | float)
            for pattern, number in patterns.items()
        ):
            raise LoraError(f"{file.path}: its configuration holds {value!a:.80}")
    return {f"transformer.{word}": value for word, value in found.items()} or None
