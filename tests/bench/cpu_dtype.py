"""Pictures of the small model in BF16 and in FP32, on this processor: what the engine chooses must be the faster one.

Both arms are engines of one process, with the same model, words, seed and threads, that draw in turn.
"""

import time
from typing import Any

import torch

from generation.accounts.seed import SMALL
from generation.engine.engine import Engine
from generation.engine.options import Options
from generation.engine.pictures import Drawn, Picture
from generation.engine.precision import DTYPES, WORTH_ITS_MEMORY, choose_precision
from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_STEPS
from generation.spec import GenerationSpec
from generation.work.rerun import psnr_db
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Goal,
    NotRun,
    Report,
    interleave,
)

# Rounds and the picture's side in pixels: in emulation one of 256 takes ten seconds.
FULL, QUICK = (5, 256), (2, 128)
PROMPT, SEED = "a yellow star on a purple background", 7


class Arm:
    """An engine that computes in one type; `seconds` are those of the last picture, by stage."""

    def __init__(self, dtype: str, side: int) -> None:
        self.engine = Engine(Options(dtype=dtype))
        self.seconds: dict[str, float] = {}
        self.image: Any = None
        self._spec = GenerationSpec(
            media_type="image",
            model=SMALL.alias,
            prompt=PROMPT,
            negative_prompt="",
            width=side,
            height=side,
            steps=DEFAULT_STEPS,
            cfg_scale=DEFAULT_GUIDANCE,
            seeds=(SEED,),
        )

    def draw(self) -> float:
        """Draw the picture and return the seconds from its latents' noise to its pixels."""
        (drawn,) = self.engine.draw([Picture(self._spec, SMALL, SEED, lambda done, preview: None)])
        if not isinstance(drawn, Drawn):
            raise drawn
        began = time.perf_counter()
        self.image = self.engine.decode(drawn)
        decode = time.perf_counter() - began
        self.seconds = {"denoise": drawn.timings["denoise"], "decode": round(decode, 4)}
        return self.seconds["denoise"] + decode


def run(*, is_quick: bool) -> Report:
    """Let both types draw in turn, and compare what auto chooses with the other."""
    if torch.cuda.is_available():
        raise NotRun("a card always computes in BF16; hide it: CUDA_VISIBLE_DEVICES=")
    rounds, side = QUICK if is_quick else FULL
    chosen = choose_precision("auto", "cpu")
    arms = {name: Arm(name, side) for name in DTYPES}
    for arm in arms.values():
        arm.draw()
    found = interleave(
        {name: arm.draw for name, arm in arms.items()},
        rounds=rounds,
        unit="s a picture",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    (other,) = DTYPES.keys() - {chosen.name}
    return Report(
        arms=found.summary("s a picture"),
        goals=[
            Goal("chosen / other", found.ratios(chosen.name, other), most=WORTH_ITS_MEMORY),
        ],
        control=found.control,
        facts={
            "chosen": chosen.name,
            "reason": chosen.reason,
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "side": side,
            "stages": {name: arm.seconds for name, arm in arms.items()},
            # Told: the same words and seed make the same picture, but for rounding.
            "likeness_db": round(psnr_db(*(arm.image for arm in arms.values())), 1),
        },
    )
