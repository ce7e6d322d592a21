"""From the layers of a LoRA file, under whatever names, to the transformer's own: each with its exact difference."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import torch
from peft.tuners.lokr.layer import factorization

from generation.engine.lora_files import DOWN, LARGEST_RANK, UP, Layer, LoraError, name_kind
from generation.engine.weights.layouts import unwrap

# What trainers put before a layer's name, dots and underscores alike; one after the other is taken off.
PREFIXES: Final = (
    "base_model_model_", "model_diffusion_model_", "diffusion_model_", "lora_unet_", "lora_transformer_",
    "lora_", "lycoris_", "transformer_", "unet_", "pipe_dit_", "pipe_", "dit_", "model_", "module_",
    "orig_mod_", "fsdp_wrapped_module_", "checkpoint_wrapped_module_", "default_",
)  # fmt: skip
OTHER_PARTS: Final = re.compile(
    r"(?:base_model\.model\.)?(?:lora_te\d*_|te\d*[._]|text_encoders?\d*[._]|text_encoder_\d|text_model[._]|"
    r"lycoris_text|vae[._]|lora_vae|first_stage_model|cond_stage_model|conditioner)"
)
# A module by the original release's name: the transformer's own begins, or goes on, like this.
ORIGINAL: Final = {
    "all_final_layer.2-1.": "final_layer.",
    "all_x_embedder.2-1": "x_embedder",
    ".attention.to_out.0": ".attention.out",
}
QUERY: Final = ".attention.to_q"
FUSED: Final = (".attention.qkv", ".attention.to_qkv")


@dataclass(frozen=True)
class Halves:
    """A difference as `up @ down`, times the scale."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Its rows and columns."""
        return self.up.shape[0], self.down.shape[1]

    def cut(self, start: int, end: int, layer: str) -> "Halves":
        """Return some of a layer's rows."""
        return replace(self, up=self.up[start:end])


@dataclass(frozen=True)
class Factors:
    """A difference as the Kronecker product of two matrices, each whole or in two halves, times the scale."""

    first: tuple[torch.Tensor, ...]
    second: tuple[torch.Tensor, ...]
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """Its rows and columns."""
        return (
            self.first[0].shape[0] * self.second[0].shape[0],
            self.first[-1].shape[1] * self.second[-1].shape[1],
        )

    def cut(self, start: int, end: int, layer: str) -> "Factors | Halves":
        """Return some of a layer's rows: of the first factor, where the border is one of its own."""
        rows = self.second[0].shape[0]
        if start % rows or end % rows:
            return self.to_halves(layer).cut(start, end, layer)
        return replace(self, first=(self.first[0][start // rows : end // rows], *self.first[1:]))

    def find_native_factor(self) -> int:
        """Return by which number peft cuts both sides as this file did; 0 where its layers would be made otherwise.

        It halves those factors that the rank makes smaller, and the second before the first.
        """
        wide = [max(part[0].shape[0], part[-1].shape[1]) for part in (self.first, self.second)]
        ranks = [part[0].shape[1] if len(part) > 1 else 0 for part in (self.first, self.second)]
        is_smaller = all(2 * rank < width for rank, width in zip(ranks, wide, strict=True))
        if not is_smaller or ranks[0] not in {0, ranks[1]}:
            return 0
        rows, columns = self.size
        left = (self.first[0].shape[0], self.second[0].shape[0])
        right = (self.first[-1].shape[1], self.second[-1].shape[1])
        for factor in (left[0], right[0], -1):
            if (factorization(rows, factor), factorization(columns, factor)) == (left, right):
                return factor
        return 0

    def to_halves(self, layer: str) -> Halves:
        """Return the same difference as a LoRA's, which takes more memory; raise LoraError where far more."""
        (up, down), (inner_up, inner_down) = halve(self.first), halve(self.second)
        if up.shape[1] * inner_up.shape[1] > LARGEST_RANK:
            raise LoraError(
                f"{layer}: this LoKr is cut into {list(self.first[0].shape)} and {list(self.second[0].shape)}, "
                f"as no layer of the transformer is, and as a LoRA it would exceed rank {LARGEST_RANK}"
            )
        return Halves(torch.kron(down, inner_down), torch.kron(up, inner_up), self.scale)


def halve(matrix: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two matrices whose product a matrix is, of the least rank that it may have."""
    first, *others = (part.float() for part in matrix)
    if others:
        return first, others[0]
    rows, columns = first.shape
    return (first, torch.eye(columns)) if columns <= rows else (torch.eye(rows), first)


def as_difference(layer: Layer, name: str) -> Halves | Factors:
    """Return what a layer's tensors make; raise LoraError for a LoHa that is too large."""
    parts, kind = layer.parts, name_kind(layer.parts)
    if kind == "LoRA":
        return Halves(parts[DOWN], parts[UP], layer.scale)
    if kind == "LoKr":
        first, second = (
            (parts[part],) if part in parts else (parts[f"{part}_a"], parts[f"{part}_b"])
            for part in ("lokr_w1", "lokr_w2")
        )
        return Factors(first, second, layer.scale)
    up, down, inner_up, inner_down = (
        parts[f"hada_{part}"].float() for part in ("w1_a", "w1_b", "w2_a", "w2_b")
    )
    if up.shape[1] * inner_up.shape[1] > LARGEST_RANK:
        raise LoraError(f"{name}: this LoHa would exceed rank {LARGEST_RANK} as a LoRA")
    # The product of two products, number by number: each pair of ranks is one.
    ups = (up[:, :, None] * inner_up[:, None]).flatten(1)
    downs = (down[:, None] * inner_down[None]).flatten(0, 1)
    return Halves(downs, ups, layer.scale)


class LayerNames:
    """The layers that a transformer can wear a difference on, by every name that programs give them."""

    def __init__(self, transformer: Any) -> None:
        """Take the transformer, whether it wears something or not."""
        self.sizes: dict[str, tuple[int, int]] = {}
        for path, module in transformer.named_modules():
            if isinstance(module, torch.nn.Linear) and ".lora_" not in path:
                name = path.replace(".base_layer", "")
                self.sizes[name] = (module.out_features, module.in_features)
        self._found: dict[str, tuple[str, ...]] = {}
        for name in self.sizes:
            self._add(name, (name,))
            if name.endswith(QUERY):
                block = name.removesuffix(QUERY)
                targets = tuple(f"{block}.attention.to_{letter}" for letter in "qkv")
                for fused in FUSED:
                    self._add(block + fused, targets)

    def _add(self, name: str, targets: tuple[str, ...]) -> None:
        original = name
        for own, other in ORIGINAL.items():
            original = original.replace(own, other)
        for alias in (name, original, name.removesuffix(".0") if ".to_out." in name else name):
            self._found.setdefault(flatten(alias), targets)

    def find(self, layer: str) -> tuple[str, ...]:
        """Return which of the transformer's layers one of a file is: three where q, k and v are one, or none."""
        word = flatten(layer)
        while word not in self._found:
            prefix = next((prefix for prefix in PREFIXES if word.startswith(prefix)), None)
            if prefix is None:
                return ()
            word = word.removeprefix(prefix)
        return self._found[word]


def flatten(name: str) -> str:
    """Return a name as trainers without dots write it, who may write an underscore too many."""
    return re.sub(r"[._]+", "_", unwrap(name)).strip("_")


def resolve(layers: Mapping[str, Layer], names: LayerNames) -> dict[str, Halves | Factors]:
    """Return each difference by the transformer's layer; raise LoraError where one cannot be worn."""
    targets = {layer: names.find(layer) for layer in drop_repeated(layers)}
    other = next((layer for layer in targets if OTHER_PARTS.match(layer)), None)
    if other:
        raise LoraError(f"{other}: only the transformer can wear a LoRA")
    resolved: dict[str, Halves | Factors] = {}
    foreign = []
    for layer, owners in targets.items():
        difference = as_difference(layers[layer], layer)
        rows = sum(names.sizes[owner][0] for owner in owners)
        if not owners or difference.size != (rows, names.sizes[owners[0]][1]):
            foreign.append(layer)
            continue
        parts = dict(share(difference, owners, names))
        if twice := parts.keys() & resolved.keys():
            raise LoraError(f"a layer stands in it twice: {layer} is {min(twice)} again")
        resolved |= parts
    if foreign:
        raise LoraError(
            f"made for another model: {len(foreign)} of its {len(targets)} layers are "
            f"not the transformer's, {foreign[0]} for example"
        )
    return resolved


def share(
    difference: Halves | Factors, owners: tuple[str, ...], names: LayerNames
) -> Iterator[tuple[str, Halves | Factors]]:
    """Yield the rows of each owner."""
    if len(owners) == 1:
        yield owners[0], difference
        return
    borders = [0]
    for owner in owners:
        borders.append(borders[-1] + names.sizes[owner][0])
    for owner, (start, end) in zip(owners, pairwise(borders), strict=True):
        yield owner, difference.cut(start, end, owner)


def drop_repeated(layers: Mapping[str, Layer]) -> list[str]:
    """Leave out what one trainer writes in two forms, as diffusers does: `to.q` and others beside `qkv`, with `out`."""
    blocks = {layer.removesuffix("to.q") for layer in layers if layer.endswith("attention.to.q")}
    repeated = {f"{block}qkv" for block in blocks}
    repeated |= {f"{block}out" for block in blocks if f"{block}to_out.0" in layers}
    return [layer for layer in layers if layer not in repeated]
