"""Z-Image at its real dimensions with random weights, built on the card: timing depends on no weight's value.

The tiny dimensions are the small model's: each arm can be tried once on any machine.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import AutoTokenizer, Qwen3Config, Qwen3Model

from generation.engine.engine import Engine
from generation.engine.options import Options
from generation.engine.pictures import Drawn, Picture
from generation.engine.small import WEIGHTS
from generation.spec import GenerationSpec, LocalModel, ModelCard
from tests.bench.measure import NotRun

DTYPE = torch.bfloat16
BLOCKS = 4


@dataclass(frozen=True)
class Dimensions:
    """What the parts are built from, and the side of the pictures that stand for 512 and for 1024 pixels."""

    transformer: Mapping[str, Any]
    encoder: Mapping[str, Any]
    decoder: Mapping[str, Any]
    sides: tuple[int, int]


def read_config(part: str) -> dict[str, Any]:
    """Return the small model's dimensions of a part."""
    found = json.loads((WEIGHTS / part / "config.json").read_text())
    return {name: value for name, value in found.items() if not name.startswith("_")}


# The published configurations of Z-Image-Turbo (the transformer's are diffusers' defaults), Qwen3-4B and Flux' decoder.
REAL = Dimensions(
    transformer={},
    encoder={
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 151_936,
        "max_position_embeddings": 40_960,
        "tie_word_embeddings": True,
    },
    decoder={
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ("DownEncoderBlock2D",) * BLOCKS,
        "up_block_types": ("UpDecoderBlock2D",) * BLOCKS,
        "layers_per_block": 2,
        "latent_channels": 16,
        "scaling_factor": 0.3611,
        "shift_factor": 0.1159,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
    },
    sides=(512, 1024),
)
TINY = Dimensions(
    read_config("transformer"), read_config("text_encoder"), read_config("vae"), sides=(64, 128)
)


def need_card() -> str:
    """Return the device; raise NotRun where there is no card."""
    if not torch.cuda.is_available():
        raise NotRun("no CUDA device: the figures of this benchmark mean nothing without one")
    return "cuda"


def describe_card() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "gpu": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }


def synchronize(device: str) -> None:
    """Wait until the device has done what it was told."""
    if device == "cuda":
        torch.cuda.synchronize()


def time_seconds(device: str, act: Callable[[], Any]) -> float:
    """Return the seconds that an act takes on the device, from idle to idle."""
    synchronize(device)
    began = time.perf_counter()
    act()
    synchronize(device)
    return time.perf_counter() - began


def make(device: str, build: Callable[[], Any]) -> Any:
    """Return a part with random weights, made where that is quick and kept on the host as a loaded one is."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device(device):
            part = build().eval().requires_grad_(requires_grad=False)
    finally:
        torch.set_default_dtype(before)
    part = part.to("cpu")
    if device == "cuda":
        torch.cuda.empty_cache()
    return part


def build(dimensions: Dimensions, device: str) -> Any:
    """Return a pipeline of random parts; words come from the small model's tokenizer, whose ids the encoder knows."""
    torch.manual_seed(0)
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(WEIGHTS / "scheduler"),
        vae=make(device, lambda: AutoencoderKL(**dimensions.decoder)),
        text_encoder=make(device, lambda: Qwen3Model(Qwen3Config(**dimensions.encoder))),
        tokenizer=AutoTokenizer.from_pretrained(WEIGHTS / "tokenizer"),
        transformer=make(device, lambda: ZImageTransformer2DModel(**dimensions.transformer)),
    )


def save(dimensions: Dimensions, device: str, folder: Path) -> None:
    """Write a pipeline of random parts as the folder of a model that anybody may load."""
    if not (folder / "model_index.json").exists():
        build(dimensions, device).save_pretrained(folder)


class Lab:
    """The hub's engine, whose model has random weights."""

    def __init__(self, folder: Path, device: str, options: Options) -> None:
        self.device = device
        self.engine = Engine(options)
        self.card = ModelCard(alias="random", local=LocalModel(str(folder)))

    def picture(
        self, prompt: str, seed: int, *, side: int, steps: int, guidance: float = 0.0, **more: Any
    ) -> Picture:
        """Return a square picture to draw."""
        spec = GenerationSpec("image", "random", prompt, "", side, side, steps, guidance, (seed,))
        report = more.pop("report", lambda done, preview: None)
        return Picture(spec, replace(self.card, **more), seed, report)

    def draw(self, pictures: list[Picture]) -> list[Drawn]:
        """Return the pictures denoised; raise what any of them ended with."""
        outcomes = self.engine.draw(pictures)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Drawn)]

    def make(self, pictures: list[Picture]) -> list[Any]:
        """Return the pictures' pixels."""
        return [self.engine.decode(drawn) for drawn in self.draw(pictures)]


@contextmanager
def lab(
    dimensions: Dimensions, folder: Path, device: str, options: Options | None = None
) -> Iterator[Lab]:
    """Have an engine that loads random weights wherever it would load a folder's."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(WEIGHTS / "tokenizer", folder / "tokenizer", dirs_exist_ok=True)
    # Other weights are judged by it before they are read.
    with torch.device("meta"):
        ZImageTransformer2DModel(**dimensions.transformer).save_config(folder / "transformer")

    def load(*_: Any, **__: Any) -> Any:
        return build(dimensions, device)

    bench = Lab(folder, device, options or Options(offload="none"))
    with patch.object(ZImagePipeline, "from_pretrained", load):
        try:
            yield bench
        finally:
            # The next model needs the room.
            bench.engine.stock.drop()
