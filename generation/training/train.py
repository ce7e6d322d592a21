"""Trains the small Z-Image, stage by stage: vae, text, transformer, sizes, pairs, outlines.

OMP_WAIT_POLICY=PASSIVE python -m generation.training.train --stage vae --out FOLDER
"""

import argparse
import logging
import os
from pathlib import Path

import torch
from torch import distributed, multiprocessing

from generation.training.style_lessons import train_outlines
from generation.training.text_lessons import train_text
from generation.training.transformer_lessons import train_pairs, train_sizes, train_transformer
from generation.training.vae_lessons import train_vae

_STAGES = {
    "vae": (train_vae, 4500),
    "text": (train_text, 4200),
    "transformer": (train_transformer, 3000),
    "sizes": (train_sizes, 8000),
    "pairs": (train_pairs, 3800),
    "outlines": (train_outlines, 1400),
}


def main() -> None:
    """Run one stage; a second call with the same folder resumes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=_STAGES, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--steps", type=int, help="instead of the stage's own number")
    parser.add_argument("--partners", type=int, default=1, help="processes that share a batch")
    parser.add_argument("--threads", type=int, default=2, help="of each process")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.partners == 1:
        _train(0, chosen)
    else:
        (chosen.out / "meeting").unlink(missing_ok=True)
        multiprocessing.spawn(_train, (chosen,), nprocs=chosen.partners)


def _train(rank: int, chosen: argparse.Namespace) -> None:
    logging.basicConfig(
        level=logging.WARNING if rank else logging.INFO, format="%(asctime)s %(message)s"
    )
    torch.set_num_threads(chosen.threads)
    if chosen.partners > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        meeting = (chosen.out / "meeting").resolve().as_uri()
        distributed.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=chosen.partners
        )
    train, steps = _STAGES[chosen.stage]
    train(chosen.out, chosen.steps or steps)


if __name__ == "__main__":
    main()
