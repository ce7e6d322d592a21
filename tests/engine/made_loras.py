"""LoRA files as trainers write them, with the differences that they make, by hand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ZImagePipeline
from peft.tuners.lokr.layer import factorization

from generation.engine.lora_layers import LayerNames
from generation.engine.loras import Adapters
from generation.engine.small import WEIGHTS
from generation.engine.weights.folders import build_empty

Weights = dict[str, torch.Tensor]
Name = Callable[[str], str]
RANK, ALPHA = 4, 3.0
SIZES = LayerNames(build_empty(WEIGHTS)).sizes
LETTERS = "qkv"
AB = (".lora_A.weight", ".lora_B.weight")
DOWN_UP = (".lora_down.weight", ".lora_up.weight")


def build(dtype: torch.dtype) -> Any:
    pipeline = ZImagePipeline.from_pretrained(WEIGHTS, dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """Shared: each test ends with every LoRA dropped."""
    return build(torch.float32)


def differences(transformer: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield what each layer of a transformer adds to its own weights."""
    for name in SIZES:
        layer = transformer.get_submodule(name)
        own = layer
        while hasattr(own, "base_layer"):
            own = own.base_layer
        one = torch.eye(own.in_features, dtype=own.weight.dtype)
        with torch.no_grad():
            yield name, (layer(one).double() - own(one).double()).T


def check_worn(
    pipeline: Any, path: Path, wanted: dict[str, torch.Tensor], scale: float = 0.5
) -> None:
    """Fail unless exactly these differences are worn, and none once it is dropped."""
    adapters = Adapters(pipeline, {"it": path})
    adapters.use((("it", scale),))
    # What 8 bits of a value, added to larger ones, let through.
    near = 1e-4 if pipeline.transformer.dtype == torch.float32 else 0.06
    for name, found in differences(pipeline.transformer):
        right = wanted.get(name, torch.zeros(SIZES[name])).double() * scale
        assert (found - right).norm() <= near * max(1.0, float(right.norm())), name
    assert set(wanted) <= set(SIZES)
    adapters.drop_all()
    assert all(not found.any() for _, found in differences(pipeline.transformer))


def is_attention(name: str) -> bool:
    return ".attention.to_" in name and not name.endswith("to_out.0")


def to_original(name: str) -> str:
    """The original release's name of a layer."""
    for own, other in (("all_final_layer.2-1.", "final_layer."), ("all_x_embedder.2-1", "x_embedder"),
                       (".attention.to_out.0", ".attention.out")):  # fmt: skip
        name = name.replace(own, other)
    return name


def layers_of(*, fused: bool) -> dict[str, list[str]]:
    """Return the transformer's layers by the file's: three in one where q, k and v are."""
    layers: dict[str, list[str]] = {}
    for name in SIZES:
        key = name
        if fused and is_attention(name):
            key = name.rpartition("to_")[0] + "qkv"
        layers.setdefault(key, []).append(name)
    return layers


def size_of(names: list[str]) -> tuple[int, int]:
    return sum(SIZES[name][0] for name in names), SIZES[names[0]][1]


def cut(delta: torch.Tensor, names: list[str]) -> Weights:
    order = sorted(names, key=lambda name: LETTERS.find(name[-1]))
    parts = delta.split([SIZES[name][0] for name in order])
    return dict(zip(order, parts, strict=True))


def make_lora(
    name: Name, *, ends: tuple[str, str], fused: bool, alpha: bool
) -> tuple[Weights, Weights]:
    """Return a file's tensors, and the differences that they make."""
    torch.manual_seed(1)
    tensors: Weights = {}
    wanted: Weights = {}
    for key, names in layers_of(fused=fused).items():
        rows, columns = size_of(names)
        down, up = torch.randn(RANK, columns) / 8, torch.randn(rows, RANK) / 8
        tensors |= {name(key) + ends[0]: down, name(key) + ends[1]: up}
        if alpha:
            tensors[f"{name(key)}.alpha"] = torch.tensor(ALPHA)
        wanted |= cut(up @ down * (ALPHA / RANK if alpha else 1), names)
    return tensors, wanted


def dotted(prefix: str) -> Name:
    return lambda name: prefix + name


def original(prefix: str) -> Name:
    return lambda name: prefix + to_original(name)


def flat(prefix: str) -> Name:
    return lambda name: prefix + name.replace(".", "_")


def flat_original(prefix: str) -> Name:
    return lambda name: prefix + to_original(name).replace(".", "_")


def factors_of(size: tuple[int, int], factor: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the two factors' shapes, as LyCORIS cuts."""
    (rows, inner_rows), (columns, inner_columns) = (factorization(side, factor) for side in size)
    return (rows, columns), (inner_rows, inner_columns)


def make_factor(part: str, shape: tuple[int, int], rank: int) -> tuple[Weights, torch.Tensor]:
    """Return a factor's tensors and itself: whole where no rank is given."""
    if not rank:
        whole = torch.randn(shape) / 4
        return {part: whole}, whole
    up, down = torch.randn(shape[0], rank) / 4, torch.randn(rank, shape[1]) / 4
    return {f"{part}_a": up, f"{part}_b": down}, up @ down


def make_lokr(
    name: Name, *, factor: int, ranks: tuple[int, int], fused: bool = False
) -> tuple[Weights, Weights]:
    torch.manual_seed(2)
    tensors: Weights = {}
    wanted: Weights = {}
    for key, names in layers_of(fused=fused).items():
        first, second = factors_of(size_of(names), factor)
        # LyCORIS halves only what a rank makes smaller.
        rank = ranks[1] if 2 * ranks[1] < max(second) else 0
        outer = ranks[0] if 2 * ranks[0] < max(first) else 0
        made, one = make_factor("lokr_w1", first, outer if rank else 0)
        more, other = make_factor("lokr_w2", second, rank)
        tensors |= {f"{name(key)}.{part}": tensor for part, tensor in (made | more).items()}
        tensors[f"{name(key)}.alpha"] = torch.tensor(ALPHA)
        # Where both are whole there is no rank, and the number is no strength.
        wanted |= cut(torch.kron(one, other) * (ALPHA / rank if rank else 1), names)
    return tensors, wanted


def make_loha(name: Name, *, fused: bool, rank: int = RANK) -> tuple[Weights, Weights]:
    torch.manual_seed(3)
    tensors: Weights = {}
    wanted: Weights = {}
    for key, names in layers_of(fused=fused).items():
        rows, columns = size_of(names)
        one, first = make_factor("hada_w1", (rows, columns), rank)
        two, second = make_factor("hada_w2", (rows, columns), rank)
        tensors |= {f"{name(key)}.{part}": tensor for part, tensor in (one | two).items()}
        tensors[f"{name(key)}.alpha"] = torch.tensor(ALPHA)
        wanted |= cut(first * second * (ALPHA / rank), names)
    return tensors, wanted
