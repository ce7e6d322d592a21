"""What the engine computes in: BF16 where the machine has arithmetic for it, else FP32 from the same weights.

A processor without BF16 arithmetic computes it by emulation: a picture of the small model took ten times as long.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import torch
from torch.nn import functional

DTYPES: Final = {"bfloat16": torch.bfloat16, "float32": torch.float32}
WANTED: Final = ("auto", *DTYPES)
# BF16 halves the memory, so it may be this many times as slow: less than that is noise.
WORTH_ITS_MEMORY = 1.15
# Of the trial: enough for the kernels to show what they are, a few milliseconds in all. The first round warms up.
ROUNDS, WIDTH, CHANNELS, SIDE = 12, 256, 32, 32


@dataclass(frozen=True)
class Precision:
    """The type that the parts are loaded and computed in and, in a sentence, why it was chosen."""

    dtype: torch.dtype
    reason: str

    @property
    def name(self) -> str:
        """Return the type's name as LOCAL_DTYPE spells it."""
        return str(self.dtype).removeprefix("torch.")


def choose_precision(wanted: str, device: str) -> Precision:
    """Return the type to compute in: as wanted, or what this machine is fast at; raise ValueError for no known one."""
    if wanted not in WANTED:
        raise ValueError(f"LOCAL_DTYPE must be one of {', '.join(WANTED)}, not {wanted!r}")
    if wanted != "auto":
        return Precision(DTYPES[wanted], "LOCAL_DTYPE says so")
    return judge_card() if device == "cuda" else judge_processor()


def judge_card() -> Precision:
    """Return BF16 for any card: one that emulates it computes slowly, but has no room for twice the weights."""
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Precision(torch.bfloat16, "the card computes in it")
    return Precision(
        torch.bfloat16,
        "the card only emulates it; LOCAL_DTYPE=float32 may be faster, and takes twice the memory",
    )


@cache
def judge_processor() -> Precision:
    """Return what this process computes fast in: decided once, or a picture drawn again would be another."""
    if not has_bfloat16():
        return Precision(torch.float32, "the processor has no BF16 arithmetic")
    times = measure()
    ratio = times[torch.bfloat16] / times[torch.float32]
    if ratio > WORTH_ITS_MEMORY:
        return Precision(torch.float32, f"BF16 takes {ratio:.1f} times as long here")
    return Precision(torch.bfloat16, f"FP32 takes {1 / ratio:.1f} times as long here")


def has_bfloat16() -> bool:
    """Return whether oneDNN, which computes on processors, takes BF16 here: under ONEDNN_MAX_CPU_ISA, too."""
    with suppress(AttributeError):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 (no public name)
    return False


def measure() -> Mapping[torch.dtype, float]:
    """Return the seconds of a small matrix product and convolution in each type.

    In turns, and the fastest of several, since the machine does other things too.
    """
    trials = {dtype: make_trial(dtype) for dtype in DTYPES.values()}
    seconds: dict[torch.dtype, list[float]] = {dtype: [] for dtype in trials}
    with torch.no_grad():
        for _ in range(ROUNDS):
            for dtype, run in trials.items():
                started = time.perf_counter()
                run()
                seconds[dtype].append(time.perf_counter() - started)
    return {dtype: min(taken[1:]) for dtype, taken in seconds.items()}


def make_trial(dtype: torch.dtype) -> Callable[[], Any]:
    """Return what computes as a transformer's layer and as the decoder does."""
    tokens, layer = torch.ones(2, WIDTH, WIDTH, dtype=dtype)
    picture = torch.ones(1, CHANNELS, SIDE, SIDE, dtype=dtype)
    kernel = torch.ones(CHANNELS, CHANNELS, 3, 3, dtype=dtype)

    def run() -> None:
        functional.linear(tokens, layer)
        functional.conv2d(picture, kernel, padding=1)

    return run
