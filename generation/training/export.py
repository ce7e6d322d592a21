"""Writes the trained parts as a published Z-Image folder: BF16 safetensors, nothing else."""

import argparse
import logging
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ZImagePipeline

from generation.engine.small import WEIGHTS
from generation.training import networks
from generation.training.style_lessons import export_outlines
from generation.training.text_lessons import load_text_encoder, load_tokenizer
from generation.training.vae_lessons import load_vae

logger = logging.getLogger(__name__)

MAX_BYTES: Final = 24_000_000
"""What a clone of the repository is asked to carry, in bytes of safetensors."""

_STAGES = ("pairs.pt", "sizes.pt", "transformer.pt")


def load_parts(out: Path) -> Any:
    """Return the pipeline of the furthest stage in the checkpoint folder, in BF16."""
    trained = next(out / name for name in _STAGES if (out / name).exists())
    transformer = networks.build_transformer()
    transformer.load_state_dict(torch.load(trained, weights_only=True)["averages"]["transformer"])
    pipeline = ZImagePipeline(
        networks.build_scheduler(),
        load_vae(out),
        load_text_encoder(out),
        load_tokenizer(out),
        transformer,
    )
    logger.info("parts of %s", trained.name)
    return pipeline.to(torch.bfloat16)


def export(out: Path, folder: Path) -> None:
    """Write the model beside the folder, then put it in its place."""
    beside, before = folder.with_suffix(".new"), folder.with_suffix(".old")
    for leftover in (beside, before):
        shutil.rmtree(leftover, ignore_errors=True)
    load_parts(out).save_pretrained(beside, safe_serialization=True)
    for path in beside.rglob("*.safetensors"):
        path.chmod(0o644)  # written for the owner alone, but a clone is for everybody
    size = sum(path.stat().st_size for path in beside.rglob("*.safetensors"))
    if size > MAX_BYTES:
        raise ValueError(f"The weights are {size} bytes; the limit is {MAX_BYTES}.")
    if folder.exists():
        folder.rename(before)
    beside.rename(folder)
    shutil.rmtree(before, ignore_errors=True)
    logger.info("%d bytes of weights in %s", size, folder)


def main() -> None:
    """Export what a checkpoint folder holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder to write")
    parser.add_argument("--outlines", action="store_true", help="the style's weights instead")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if chosen.outlines:
        export_outlines(chosen.out)
    else:
        export(chosen.out, chosen.weights)


if __name__ == "__main__":
    main()
