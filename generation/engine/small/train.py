"""Trains the small Z-Image, stage by stage: vae, text, transformer, sizes."""

import argparse
import logging
from pathlib import Path

import torch

from generation.engine.small.text_lessons import train_text
from generation.engine.small.transformer_lessons import train_sizes, train_transformer
from generation.engine.small.vae_lessons import train_vae

_STAGES = {
    "vae": (train_vae, 4500),
    "text": (train_text, 1200),
    "transformer": (train_transformer, 3000),
    "sizes": (train_sizes, 3000),
}


def main() -> None:
    """Run one stage; a second call with the same folder resumes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=_STAGES, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--steps", type=int, help="instead of the stage's own number")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    train, steps = _STAGES[chosen.stage]
    train(chosen.out, chosen.steps or steps)


if __name__ == "__main__":
    main()
