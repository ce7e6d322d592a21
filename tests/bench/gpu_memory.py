"""What the engine saves by keeping: weights on the card, a prompt's embedding, other weights in pinned memory.

`python -m tests.bench.gpu_memory ARM DIMENSIONS DEVICE` is one arm of the residency benchmark: each has a process of
its own, since the bound on the card's memory is a process's.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from generation.engine.embeddings import EmbeddingCache
from generation.engine.options import MIB, Options
from generation.engine.weights import load_weights
from tests import servers
from tests.bench.child import answer, running
from tests.bench.gpu_model import (
    REAL,
    TINY,
    Dimensions,
    Lab,
    build,
    describe_card,
    lab,
    need_card,
    time_seconds,
)
from tests.bench.gpu_speed import measure_copies
from tests.bench.measure import Goal, Report, interleave
from tests.engine.drawing import lying

GIB = 2**30
DIMENSIONS = {"real": REAL, "tiny": TINY}
# The card of the seed's service, and what it draws by default: half of the work is the second branch.
CARD_BYTES = 24 * GIB
STEPS, GUIDANCE = 12, 2.0
PICTURES = 2
# A share of the parameters that any file of ours has.
THRESHOLD = 0.95


@dataclass(frozen=True)
class Job:
    """What an arm draws: one picture a prompt."""

    prompts: list[str]
    seed: int


# ── residency ────────────────────────────────────────────────────────────────────────────────


def offloaded(stack: ExitStack, dimensions: Dimensions, device: str) -> Callable[[Job], Any]:
    """Return plain diffusers with whole parts moved in when they are needed, and back."""
    pipeline = build(dimensions, device)
    pipeline.set_progress_bar_config(disable=True)
    if device == "cuda":
        pipeline.enable_model_cpu_offload()

    def draw(job: Job) -> None:
        for prompt in job.prompts:
            pipeline(
                prompt=prompt,
                height=dimensions.sides[0],
                width=dimensions.sides[0],
                num_inference_steps=STEPS,
                guidance_scale=GUIDANCE,
                generator=torch.Generator("cpu").manual_seed(job.seed),
            )

    return draw


def kept(mode: str, stack: ExitStack, dimensions: Dimensions, device: str) -> Callable[[Job], Any]:
    """Return the engine in one of its modes."""
    folder = servers.HOME / f"model-{mode}"
    bench = stack.enter_context(lab(dimensions, folder, device, Options(offload=mode)))

    def draw(job: Job) -> None:
        for prompt in job.prompts:
            side = dimensions.sides[0]
            bench.make([bench.picture(prompt, job.seed, side=side, steps=STEPS, guidance=GUIDANCE)])

    return draw


ARMS: dict[str, Callable[..., Callable[[Job], Any]]] = {
    "model_cpu_offload": offloaded,
    "resident": partial(kept, "resident"),
    "all on the card": partial(kept, "none"),
}


def be_arm(arm: str, dimensions: str, device: str) -> None:
    """Be the process of an arm, on a card of CARD_BYTES: answer the seconds of each job."""
    if device == "cuda":
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, CARD_BYTES / total))
    with ExitStack() as stack:
        draw = ARMS[arm](stack, DIMENSIONS[dimensions], device)
        draw(Job(["warm"], 0))
        answer(lambda words: time_seconds(device, lambda: draw(Job(**words))), {"arm": arm})


def run_residency(*, is_quick: bool) -> Report:
    """Draw the seed service's job on a card of 24 GB: offloaded, by the hub's mode for it, and as if all fitted."""
    device = need_card()
    orders = iter(range(10**6))

    def job(*, is_new: bool) -> dict[str, Any]:
        number = next(orders)
        prompts = [f"a red star {number} {one}" if is_new else "a" for one in range(PICTURES)]
        return {"prompts": prompts, "seed": number}

    with ExitStack() as stack:
        children = {
            arm: stack.enter_context(running("tests.bench.gpu_memory", arm, "real", device))
            for arm in ARMS
        }

        def time_arm(arm: str, *, is_new: bool = True) -> float:
            return float(children[arm].ask(job(is_new=is_new))) / PICTURES

        time_arm("resident", is_new=False)
        time_arm("all on the card", is_new=False)
        figures = interleave(
            {
                "model_cpu_offload": lambda: time_arm("model_cpu_offload"),
                "resident, new prompt": lambda: time_arm("resident"),
                "resident, known prompt": lambda: time_arm("resident", is_new=False),
                "all on the card, known prompt": lambda: time_arm("all on the card", is_new=False),
            },
            rounds=3 if is_quick else 7,
            unit="s a picture",
        )
    offload = partial(figures.ratios, "model_cpu_offload")
    close = figures.ratios("resident, known prompt", "all on the card, known prompt")
    return Report(
        arms=figures.summary("s a picture"),
        goals=[
            Goal("model_cpu_offload / resident, new prompt", offload("resident, new prompt"), 4),
            Goal("resident / all on the card, known prompt", close, most=1.1),
        ],
        control=figures.control,
        facts={**describe_card(), "card_bytes": CARD_BYTES},
    )


# ── prompt embeddings ────────────────────────────────────────────────────────────────────────


class FirstStep(Exception):
    """Nobody needs the other steps."""


def time_first_step(bench: Lab, prompt: str, side: int) -> float:
    """Return the seconds from the order to the end of the first step."""

    def end(done: float, preview: Any) -> None:
        raise FirstStep

    picture = bench.picture(prompt, 1, side=side, steps=STEPS, report=end)
    outcomes: list[Any] = []
    seconds = time_seconds(bench.device, lambda: outcomes.extend(bench.engine.draw([picture])))
    if [type(outcome) for outcome in outcomes] != [FirstStep]:
        raise AssertionError(f"the first step was not reported: {outcomes}")
    return seconds


def embedding_arms(bench: Lab, side: int) -> dict[str, Callable[[], float]]:
    """Return the seconds to the first step of a repeated prompt, with the cache and without."""
    drawer = bench.engine._drawer
    caches = {"cache off": EmbeddingCache(0), "cache on": EmbeddingCache(256 * MIB)}

    def time_with(name: str) -> float:
        drawer.embeddings = caches[name]
        return time_first_step(bench, "a red star on a blue background", side)

    for name in caches:
        time_with(name)
    return {name: partial(time_with, name) for name in caches}


def count_encodings(bench: Lab, side: int) -> int:
    """Return how often four variants of one prompt are encoded."""
    drawer = bench.engine._drawer
    drawer.embeddings = EmbeddingCache(256 * MIB)
    bench.draw([bench.picture("four of a kind", seed, side=side, steps=1) for seed in range(4)])
    return int(drawer.embeddings.misses)


def run_embed_cache(*, is_quick: bool) -> Report:
    """Repeat a prompt where the encoder has to be moved in for each new one."""
    device, side = need_card(), REAL.sides[0]
    with lab(REAL, servers.HOME / "model", device, Options(offload="resident")) as bench:
        encodings = count_encodings(bench, side)
        figures = interleave(
            embedding_arms(bench, side), rounds=5 if is_quick else 11, unit="s to the first step"
        )
    if encodings != 1:
        raise AssertionError(f"four variants of one prompt were encoded {encodings} times")
    return Report(
        arms=figures.summary("s to the first step"),
        goals=[Goal("cache off / cache on", figures.ratios("cache off", "cache on"), least=3)],
        control=figures.control,
        facts={**describe_card(), "encodings_of_four_variants": encodings},
    )


# ── other weights ────────────────────────────────────────────────────────────────────────────


def write_weights(bench: Lab, folder: Path) -> list[str]:
    """Write two files of other weights for the transformer, and return their names."""
    parts = bench.engine.stock.have(bench.card)
    names = []
    for name, factor in (("one", 0.99), ("two", 1.01)):
        state = {
            key: (value * factor).cpu() for key, value in parts.transformer.state_dict().items()
        }
        path = folder / f"{name}.safetensors"
        save_file(state, path)
        names.append(str(path))
    return names


def swap_arms(bench: Lab, files: list[str]) -> dict[str, Callable[[], float]]:
    """Return the seconds of a change of weights: read from their file, and copied from pinned memory."""
    stock = bench.engine.stock
    cards = [replace(lying(bench.card, weights=(file,)), alias=file) for file in files]
    turn = iter(range(10**6))

    def from_pool() -> float:
        card = cards[next(turn) % 2]
        return time_seconds(bench.device, lambda: stock.have(card))

    def from_file() -> float:
        file = files[next(turn) % 2]
        transformer = stock.have(bench.card).transformer
        return time_seconds(
            bench.device, lambda: load_weights(transformer, (file,), threshold=THRESHOLD)
        )

    for _ in range(4):
        from_pool()
    return {"file": from_file, "pool": from_pool}


def run_swap(*, is_quick: bool) -> Report:
    """Alternate two transformers' weights."""
    device, folder = need_card(), servers.HOME / "model"
    options = Options(offload="none", pool_bytes=48 * GIB)
    with lab(REAL, folder, device, options) as bench:
        files = write_weights(bench, folder)
        size = Path(files[0]).stat().st_size
        figures = interleave(
            swap_arms(bench, files), rounds=3 if is_quick else 5, unit="s a change"
        )
    copies = measure_copies(device)
    floor = size / (copies["pinned"] * 1e9)
    return Report(
        arms=figures.summary("s a change"),
        goals=[
            Goal("file / pool", figures.ratios("file", "pool"), least=8),
            Goal("pool / pinned copy", [took / floor for took in figures.values("pool")], most=1.3),
        ],
        control=figures.control,
        facts={**describe_card(), "bytes": size, "copies_gb_s": copies},
    )


if __name__ == "__main__":
    be_arm(*sys.argv[1:])
