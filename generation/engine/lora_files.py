"""LoRA files: judged by their headers, and read with the strength that each layer has."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch

from generation.engine.weights.files import FLOATS, INTEGERS, WeightsError, WeightsFile

LARGEST_RANK: Final = 512

# The names that diffusers, PEFT, ComfyUI, kohya's scripts and LyCORIS give to what a layer is made of: two halves
# (LoRA), two products of halves (LoHa), two factors (LoKr); and to its strength.
PART: Final = re.compile(
    r"(?P<layer>.+)\.(?:"
    r"lora(?:_linear_layer)?[._](?P<half>A|B|down|up)(?:\.[\w-]+)?\.weight"
    r"|(?P<factor>(?:hada|lokr)_w[12](?:_[ab])?)(?:\.[\w-]+)?"
    r"|(?P<alpha>alpha)(?:\.[\w-]+)?)"
)
DOWN, UP, ALPHA = "down", "up", "alpha"
HALVES: Final = {"A": DOWN, DOWN: DOWN, "B": UP, UP: UP}
LOHA: Final = frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"})
# What trainers write that no layer here can wear, by the ends of its names.
FOREIGN: Final = {
    r"dora_scale|lora_magnitude_vector(\..+)?": "DoRA",
    r"oft_.+|.+\.oft_.+": "OFT or BOFT",
    r"(a|b|bm)[12]\.weight|glora.*": "GLoRA",
    r"on_input|ia3_l(\..+)?|weight\.on_input": "IA3",
    r"lora_mid\.weight|(hada|lokr)_t[12]?(\..+)?": "a decomposition by Tucker",
    r"lora_embedding_[AB](\..+)?": "LoRA of an embedding",
    r"vera_lambda_[bd](\..+)?": "VeRA",
    r"fourierft_spectrum(\..+)?": "FourierFT",
    r"scalar": "LyCORIS with a scalar of its own",
    r"lora[._](A|B|down|up)(\.[\w-]+)?\.bias|diff_b": "the difference of a bias",
    r"diff|w_norm|b_norm|set_weight|reshape_weight": "the difference of a whole layer",
}
FOREIGN_END: Final = {re.compile(rf"(?:.*\.)?(?:{end})"): kind for end, kind in FOREIGN.items()}

# What of a file's own peft configuration decides its strength. The rest is not looked at: some of it names files and
# patterns, and how layers begin.
STRENGTH: Final = ("r", "lora_alpha", "alpha", "use_rslora", "rank_pattern", "alpha_pattern")
PLAIN_PATTERN: Final = re.compile(r"\^?[\w.]+")
# What peft takes where a configuration names neither.
PEFT_RANK: Final = 8
PEFT_PREFIX: Final = "base_model.model."
PEFT_CONFIG: Final = "adapter_config.json"
LARGEST_CONFIG_BYTES: Final = 2**20


class LoraError(Exception):
    """A LoRA cannot be taken or worn; the message is for staff."""


@dataclass(frozen=True)
class LoraReport:
    """What a LoRA file holds."""

    file: str
    layers: int
    ranks: tuple[int, ...]
    parameters: int
    kind: str = "LoRA"

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        ranks = f"rank {', '.join(map(str, self.ranks))}" if self.ranks else "full rank"
        return f"{self.file}: {self.kind} of {self.layers} layers, {ranks}, {self.parameters:,} parameters"


@dataclass(frozen=True)
class Layer:
    """The tensors of one layer by what they are, and what their product is multiplied by."""

    parts: Mapping[str, torch.Tensor]
    scale: float


def is_lora(path: Path | str) -> bool:
    """Say whether most of a file's tensors are parts of layers; raise WeightsError for what is no safetensors."""
    with WeightsFile(path) as file:
        count = sum(
            PART.fullmatch(key) is not None or name_foreign(key) != "" for key in file.tensors
        )
        return 2 * count > len(file.tensors)


def judge_lora(path: Path | str) -> LoraReport:
    """Say what a LoRA file holds by its header; raise LoraError for anything else."""
    try:
        with WeightsFile(path) as file:
            return report(file, judge(file))
    except WeightsError as error:
        raise LoraError(str(error)) from error


def read_lora(path: Path | str) -> dict[str, Layer]:
    """Return a file's layers by its own names; raise LoraError, or WeightsError where it cannot be read."""
    layers = {}
    with WeightsFile(path) as file:
        strength = read_strength(file)
        for layer, parts in judge(file).items():
            tensors = {part: file.read(key) for part, key in parts.items() if part != ALPHA}
            alpha = file.read_number(parts[ALPHA]) if ALPHA in parts else None
            layers[layer] = Layer(tensors, find_scale(layer, tensors, alpha, strength))
    return layers


def judge(file: WeightsFile) -> dict[str, dict[str, str]]:
    """Return the name of each part of each layer; raise LoraError for what is none, or not whole."""
    layers: dict[str, dict[str, str]] = {}
    for key, facts in file.tensors.items():
        found = PART.fullmatch(key)
        if facts.type not in FLOATS and not (found and found["alpha"] and facts.type in INTEGERS):
            raise LoraError(f"{file.path}: {key} is of type {facts.type}")
        if found is None:
            foreign = name_foreign(key)
            told = f" but {foreign}: only LoRA, LoHa and LoKr can be worn" if foreign else ""
            raise LoraError(f"{file.path}: not a LoRA: {key} is no half of a layer{told}")
        parts = layers.setdefault(found["layer"], {})
        part = HALVES[found["half"]] if found["half"] else found["factor"] or ALPHA
        if part in parts:
            raise LoraError(f"{file.path}: a layer stands in it twice: {parts[part]} and {key}")
        parts[part] = key
    for layer, parts in layers.items():
        shapes = {part: file.tensors[key].shape for part, key in parts.items()}
        if not is_whole(shapes):
            raise LoraError(f"{file.path}: not a LoRA: {layer} has {describe(shapes)}")
    if not layers:
        raise LoraError(f"{file.path}: not a LoRA: it holds no layer")
    return layers


def name_foreign(key: str) -> str:
    """Return what kind of adapter a tensor is a part of that cannot be worn; empty for none that is known."""
    return next((kind for end, kind in FOREIGN_END.items() if end.fullmatch(key)), "")


def is_whole(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Say whether these parts make one layer."""
    found = dict(shapes)
    if math.prod(found.pop(ALPHA, ())) != 1:
        return False
    if not all(len(shape) == 2 and min(shape) > 0 for shape in found.values()):  # noqa: PLR2004 (matrices)
        return False
    # By the name of each product: whole, or the two halves of it.
    whole = {part for part in found if part in {"lokr_w1", "lokr_w2"}}
    cut = {part[:-2] for part in found if part.endswith("_a")}
    products = [(found[f"{name}_a"], found.get(f"{name}_b", (0, 0))) for name in cut]
    if found.keys() == {DOWN, UP}:
        products = [(found[UP], found[DOWN])]
    elif found.keys() == LOHA:
        sizes = {(up[0], down[1]) for up, down in products}
        return len(sizes) == 1 and all(are_halves(*product) for product in products)
    elif whole | cut != {"lokr_w1", "lokr_w2"} or len(found) != len(whole) + 2 * len(cut):
        return False
    return all(are_halves(*product) for product in products)


def are_halves(up: Sequence[int], down: Sequence[int]) -> bool:
    """Say whether one rank joins two halves."""
    return up[1] == down[0] and 1 <= up[1] <= LARGEST_RANK


def describe(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return what is wrong with the parts of a layer."""
    if shapes.keys() <= {DOWN, UP, ALPHA}:
        down, up = (list(shapes.get(half, ())) for half in (DOWN, UP))
        return f"halves of shape {down} and {up}; one rank from 1 to {LARGEST_RANK} must join them"
    parts = ", ".join(f"{part} {list(shape)}" for part, shape in sorted(shapes.items()))
    return f"these parts, which make no layer: {parts}"


def report(file: WeightsFile, layers: Mapping[str, Mapping[str, str]]) -> LoraReport:
    """Return what a judged file holds."""
    shapes = {
        layer: {part: file.tensors[key].shape for part, key in parts.items() if part != ALPHA}
        for layer, parts in layers.items()
    }
    kinds = {name_kind(parts) for parts in layers.values()}
    ranks = {rank for parts in shapes.values() if (rank := find_rank(parts))}
    numbers = sum(math.prod(shape) for parts in shapes.values() for shape in parts.values())
    return LoraReport(
        str(file.path), len(layers), tuple(sorted(ranks)), numbers, " and ".join(sorted(kinds))
    )


def name_kind(parts: Mapping[str, Any]) -> str:
    """Return what a layer of these parts is called."""
    if DOWN in parts:
        return "LoRA"
    return "LoHa" if parts.keys() >= LOHA else "LoKr"


def find_rank(shapes: Mapping[str, Sequence[int]]) -> int:
    """Return the rank that a layer's strength counts by; 0 where both factors are whole."""
    for part in (DOWN, "hada_w1_b", "lokr_w2_b", "lokr_w1_b"):
        if part in shapes:
            return shapes[part][0]
    return 0


def find_scale(
    layer: str,
    tensors: Mapping[str, torch.Tensor],
    alpha: float | None,
    strength: Mapping[str, Any] | None,
) -> float:
    """Return what a layer's product is multiplied by: its alpha by its rank, 1 without either."""
    rank = find_rank({part: tensor.shape for part, tensor in tensors.items()})
    if alpha is not None:
        # Two whole factors have no rank, and trainers write any number there.
        return alpha / rank if rank else 1.0
    if not strength:
        return 1.0
    said = find_value(strength.get("rank_pattern"), layer, strength.get("r", PEFT_RANK))
    if rank and said != rank:
        raise LoraError(
            f"cannot be loaded: its configuration says rank {said} of {layer}, its halves have {rank}"
        )
    usual = strength.get("lora_alpha", strength.get("alpha", PEFT_RANK))
    said_alpha = find_value(strength.get("alpha_pattern"), layer, usual)
    scale = float(said_alpha / (math.sqrt(said) if strength.get("use_rslora") else said))
    if not math.isfinite(scale):
        raise LoraError(f"its configuration holds {said_alpha!a:.40} as the strength of {layer}")
    return scale


def find_value(patterns: Mapping[str, Any] | None, layer: str, default: Any) -> Any:
    """Return what the patterns say of a layer as peft reads them, under whatever its name was put."""
    parts = layer.split(".")
    names = [".".join(parts[start:]) for start in range(len(parts))]
    for pattern, value in (patterns or {}).items():
        if any(re.fullmatch(rf"(?:.*\.)?(?:{pattern})", name) for name in names):
            return value
    return default


def read_strength(file: WeightsFile) -> dict[str, Any] | None:
    """Return the numbers of a peft configuration: what diffusers writes into a file, PEFT beside it.

    None: each layer has its alpha, or is as strong as its halves.
    """
    # A file that carries alphas has said its strength already.
    if any(key.endswith(".alpha") for key in file.tensors):
        return None
    prefix, text = "transformer.", file.metadata.get("lora_adapter_metadata")
    beside = file.path.parent / PEFT_CONFIG
    if (
        text is None
        and all(key.startswith(PEFT_PREFIX) for key in file.tensors)
        and beside.is_file()
    ):
        prefix, text = "", beside.read_bytes()[:LARGEST_CONFIG_BYTES].decode(errors="replace")
    if text is None:
        return None
    try:
        written = json.loads(text)
        found = {word: written[key] for word in STRENGTH if (key := f"{prefix}{word}") in written}
    except (ValueError, TypeError, RecursionError) as error:
        raise LoraError(f"{file.path}: its configuration cannot be read: {error}") from error
    for value in found.values():
        patterns = value if isinstance(value, dict) else {"r": value}
        if not all(
            PLAIN_PATTERN.fullmatch(pattern) and isinstance(number, int | float)
            for pattern, number in patterns.items()
        ):
            raise LoraError(f"{file.path}: its configuration holds {value!a:.80}")
    return found or None
