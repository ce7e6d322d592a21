"""Where the weights live: chosen from the card's free memory, tighter when that was not enough."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ZImagePipeline

from generation.engine.weights.files import WeightsFile

# From the fastest to the one that needs least. What each keeps on the card:
# none: everything. resident: transformer and decoder, the encoder only while it encodes. model: one whole part at a
# time. group: a few layers at a time, the next ones on their way. sequential: one layer at a time.
MODES: Final = ("none", "resident", "model", "group", "sequential")
WANTED: Final = ("auto", *MODES)
# Activations, the decoder's peak at 1024 x 1024 and the allocator's slack, beside the weights; all in BF16.
HEADROOM_BYTES = 4 * 2**30
# The encoder's own activations are small: 512 tokens in BF16.
ENCODER_HEADROOM_BYTES = 2**30
GIB = 2**30
BF16_BYTES = 2
PARTS = ("transformer", "vae", "text_encoder")
# Layers that group offload moves as one.
BLOCKS_A_GROUP = 1


@dataclass(frozen=True)
class Mode:
    """An offload mode and, in a sentence, why it was chosen."""

    name: str
    reason: str


@dataclass(frozen=True)
class Sizes:
    """What each part of a model takes, in bytes, and how many bytes a number is: activations grow with it, too."""

    transformer: int
    vae: int
    text_encoder: int
    number_bytes: int = BF16_BYTES

    @property
    def all(self) -> int:
        """Return what all parts take together."""
        return self.transformer + self.vae + self.text_encoder

    def scale(self, headroom_bytes: int) -> int:
        """Return what takes so many bytes in BF16."""
        return headroom_bytes * self.number_bytes // BF16_BYTES


def read_sizes(folder: Path, dtype: torch.dtype) -> Sizes:
    """Return what each part's weights take in memory in a type, by the headers of its safetensors files."""
    numbers = {
        part: sum(map(count_numbers, (folder / part).rglob("*.safetensors"))) for part in PARTS
    }
    taken = {part: count * dtype.itemsize for part, count in numbers.items()}
    return Sizes(**taken, number_bytes=dtype.itemsize)


def count_numbers(path: Path) -> int:
    """Return how many numbers a safetensors file holds."""
    with WeightsFile(path) as file:
        return sum(math.prod(facts.shape) for facts in file.tensors.values())


def choose_mode(wanted: str, sizes: Sizes, free_bytes: int | None) -> Mode:
    """Return the offload mode: as wanted, or by the card's free bytes (None: there is no card).

    Raises ValueError for a mode that nobody knows.
    """
    if wanted not in WANTED:
        raise ValueError(f"LOCAL_OFFLOAD must be one of {', '.join(WANTED)}, not {wanted!r}")
    if free_bytes is None:
        return Mode("none", "there is no accelerator to offload from")
    if wanted != "auto":
        return Mode(wanted, "LOCAL_OFFLOAD says so")
    core = sizes.transformer + sizes.vae
    headroom, for_encoder = sizes.scale(HEADROOM_BYTES), sizes.scale(ENCODER_HEADROOM_BYTES)
    needs = {
        "none": sizes.all + headroom,
        "resident": max(core + headroom, core + sizes.text_encoder + for_encoder),
        "model": max(sizes.transformer, sizes.text_encoder) + headroom,
    }
    for name, need in needs.items():
        if need <= free_bytes:
            return Mode(
                name, f"{free_bytes / GIB:.1f} GiB are free, {need / GIB:.1f} GiB are needed"
            )
    return Mode("group", f"{free_bytes / GIB:.1f} GiB are free: no whole part fits")


def tighter_than(mode: str) -> str | None:
    """Return the next mode that needs less of the card, or None after the last one."""
    following = MODES[MODES.index(mode) + 1 :]
    return following[0] if following else None


def free_bytes() -> int | None:
    """Return the card's free memory in bytes, or None without a card."""
    if not torch.cuda.is_available():
        return None
    free, _ = torch.cuda.mem_get_info()
    return int(free)


def keeps_decoder(mode: str) -> bool:
    """Return whether the decoder stays on the card, so that a second thread may decode while the next is drawn."""
    return mode in ("none", "resident")


class Visitor:
    """A part that lives in pinned memory of the host and is on the card only while it works.

    Weights never change, so nothing is copied back: the parameters point at the host's copy again.
    """

    def __init__(self, module: Any, device: str) -> None:
        """Pin the module's weights where the device is a card."""
        self.module, self.device = module, device
        for tensor in self._tensors():
            if device != "cpu":
                tensor.data = tensor.data.pin_memory()

    @contextmanager
    def visiting(self) -> Iterator[None]:
        """Have the module on its device."""
        homes = [(tensor, tensor.data) for tensor in self._tensors()]
        try:
            for tensor, home in homes:
                tensor.data = home.to(self.device, non_blocking=True, copy=True)
            yield
        finally:
            for tensor, home in homes:
                tensor.data = home

    def _tensors(self) -> Iterator[Any]:
        return chain(self.module.parameters(), self.module.buffers())


def place(drawing: ZImagePipeline, encoding: ZImagePipeline, mode: str, device: str) -> None:
    """Bring the parts of the two pipelines to where a mode wants them."""
    match mode:
        case "none":
            drawing.to(device)
            encoding.to(device)
        case "resident":
            # The encoder stays on the host: see Visitor.
            drawing.to(device)
        case "model":
            for pipeline in (drawing, encoding):
                pipeline.enable_model_cpu_offload(device=device)
        case "group":
            for pipeline in (drawing, encoding):
                pipeline.enable_group_offload(
                    onload_device=torch.device(device),
                    offload_type="block_level",
                    num_blocks_per_group=BLOCKS_A_GROUP,
                    use_stream=device == "cuda",
                )
        case _:
            # What enable_sequential_cpu_offload does, by the newer hooks: the older ones fail on an embedding whose
            # parameter transformers 5 has wrapped.
            for pipeline in (drawing, encoding):
                pipeline.enable_group_offload(
                    onload_device=torch.device(device), offload_type="leaf_level"
                )
