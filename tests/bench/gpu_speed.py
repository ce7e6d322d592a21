"""How near the engine comes to what the card can: matrix products alone, one picture, many pictures.

Every function takes the device and the dimensions, so that a test can run each arm once on tiny ones.
"""

import math
import statistics
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import ZImageTransformer2DModel

from generation.engine.options import Options
from generation.engine.pictures import Picture
from tests import servers
from tests.bench import flops
from tests.bench.gpu_model import (
    DTYPE,
    REAL,
    Dimensions,
    Lab,
    describe_card,
    lab,
    need_card,
    time_seconds,
)
from tests.bench.measure import Goal, Report, interleave, spread

# Useful steps of Z-Image-Turbo, which needs no second branch; tokens of a caption as the floor counts them.
STEPS, CAPTION = 8, 64
GIB = 2**30
COPIED_BYTES = GIB
CALLS = 20
LARGEST_BATCH = 8
# Four lengths, each padded to another multiple of 32 tokens: only equal ones share a batch.
WORDS = (1, 40, 75, 110)
LEAST_LIKENESS_DB = 50.0


def measure_products(dimensions: Dimensions, device: str, side: int) -> dict[str, float]:
    """Return the TFLOP/s of each matrix product of a block at the tokens of a square picture, and of all of them."""
    config = dimensions.transformer
    dim = config.get("dim", 3840)
    hidden = int(dim / 3 * 8)
    tokens = flops.pad((side // flops.PIXELS_A_TOKEN) ** 2) + CAPTION
    # Rows, columns, and how often a block has it.
    shapes = {"projection": (dim, dim, 4), "widen": (dim, hidden, 2), "narrow": (hidden, dim, 1)}
    rates, seconds, work = {}, 0.0, 0.0
    for name, (rows, columns, number) in shapes.items():
        left = torch.randn(tokens, rows, device=device, dtype=DTYPE)
        right = torch.randn(columns, rows, device=device, dtype=DTYPE)
        product = partial(torch.nn.functional.linear, left, right)
        own = 2.0 * tokens * rows * columns
        best = time_best(device, product)
        rates[name] = own / best / 1e12
        seconds, work = seconds + number * best, work + number * own
    return rates | {"all": work / seconds / 1e12}


def time_best(device: str, act: Callable[[], Any]) -> float:
    """Return the seconds of one call of many without a pause: the median of five series."""

    def many() -> None:
        for _ in range(CALLS):
            act()

    many()
    return statistics.median(time_seconds(device, many) for _ in range(5)) / CALLS


def measure_copies(device: str, size: int = COPIED_BYTES) -> dict[str, float]:
    """Return the GB/s of copies from the host, pinned and pageable, and within the device."""
    there = torch.empty(size, dtype=torch.uint8, device=device)
    sources = {
        "pageable": torch.ones(size, dtype=torch.uint8),
        "pinned": torch.ones(size, dtype=torch.uint8, pin_memory=device == "cuda"),
        "within": torch.ones_like(there),
    }
    found = {}
    for name, source in sources.items():
        copy = partial(there.copy_, source, non_blocking=True)
        copy()
        found[name] = size / statistics.median(time_seconds(device, copy) for _ in range(5)) / 1e9
    return found


def run_floor(*, is_quick: bool) -> Report:
    """Tell what the card does by itself; the other benchmarks are held against it."""
    device = need_card()
    small, large = REAL.sides
    figures = interleave(
        {
            f"{large}²": lambda: measure_products(REAL, device, large)["all"],
            f"{small}²": lambda: measure_products(REAL, device, small)["all"],
        },
        rounds=3 if is_quick else 7,
        unit="TFLOP/s",
    )
    return Report(
        arms=figures.summary("TFLOP/s"),
        # Far below, and whatever is held against it means nothing.
        goals=[Goal("512² / 1024²", figures.ratios(f"{small}²", f"{large}²"), least=0.5)],
        control=figures.control,
        facts={
            **describe_card(),
            "products": {side: measure_products(REAL, device, side) for side in REAL.sides},
            "copies_gb_s": measure_copies(device),
        },
    )


def floor_seconds(dimensions: Dimensions, device: str, side: int) -> float:
    """Return what the denoising of one picture takes at the rate of the matrix products alone."""
    with torch.device("meta"):
        config = ZImageTransformer2DModel(**dimensions.transformer).config
    step = flops.count_step(config, side, side, CAPTION)
    return STEPS * step / (measure_products(dimensions, device, side)["all"] * 1e12)


def draw_plain(bench: Lab, picture: Picture) -> Any:
    """Return a picture's latents as plain diffusers makes them, with embeddings made before."""
    parts = bench.engine.stock.have(bench.card)
    spec = picture.spec
    embedding = bench.engine.embeddings.get(bench.engine.stock.encoder, spec.prompt, unknown)
    return parts.from_noise(
        prompt_embeds=[embedding.to(bench.device)],
        negative_prompt_embeds=[],
        width=spec.width,
        height=spec.height,
        num_inference_steps=spec.steps,
        guidance_scale=spec.cfg_scale,
        generator=[torch.Generator("cpu").manual_seed(picture.seed)],
        output_type="latent",
    ).images


def unknown() -> torch.Tensor:
    """Complain of a prompt that was not drawn before."""
    raise AssertionError("the prompt is not in the cache")


def denoise_arms(bench: Lab, dimensions: Dimensions, side: int) -> dict[str, Callable[[], float]]:
    """Return the seconds of one picture's denoising: floor, plain diffusers, the engine."""
    picture = bench.picture("a", 1, side=side, steps=STEPS)
    bench.draw([picture])
    return {
        "floor": lambda: floor_seconds(dimensions, bench.device, side),
        "diffusers": lambda: time_seconds(bench.device, lambda: draw_plain(bench, picture)),
        "engine": lambda: time_seconds(bench.device, lambda: bench.draw([picture])),
    }


def run_denoise(*, is_quick: bool) -> Report:
    """Hold the engine against the card's floor and against the pipeline that it drives, at both sizes."""
    device = need_card()
    arms: dict[str, Any] = {}
    told: dict[str, Any] = {}
    goals, controls = [], []
    for compiled in (False, True):
        options = Options(offload="none", compile=compiled)
        with lab(REAL, servers.HOME / "model", device, options) as bench:
            for side in REAL.sides:
                turns = denoise_arms(bench, REAL, side)
                figures = interleave(turns, rounds=3 if is_quick else 7, unit="s")
                controls.append(figures.control)
                words = f"{side}²{', compiled' if compiled else ''}"
                arms |= {f"{arm}, {words}": found for arm, found in figures.summary("s").items()}
                by_floor = figures.ratios("engine", "floor")
                told[f"engine / floor, {words}"] = spread(by_floor)
                told[f"diffusers / engine, {words}"] = spread(figures.ratios("diffusers", "engine"))
                # To compile is the operator's choice, so it meets no goal for those who do not.
                if side == max(REAL.sides) and not compiled:
                    goals.append(Goal(f"engine / floor, {words}", by_floor, most=1.3))
    return Report(arms, goals, worst(controls), {**describe_card(), "told": told})


def worst(controls: list[float]) -> float:
    """Return the control that is farthest from one."""
    return max(controls, key=lambda control: abs(control - 1))


def order_pictures(bench: Lab, number: int, side: int) -> list[Picture]:
    """Return pictures with prompts of four lengths, mixed."""
    return [
        bench.picture(f"{seed} " + "red " * WORDS[seed % len(WORDS)], seed, side=side, steps=STEPS)
        for seed in range(number)
    ]


def draw_serially(bench: Lab, pictures: list[Picture]) -> list[Any]:
    """Return each picture's pixels, drawn alone."""
    return [image for picture in pictures for image in bench.make([picture])]


def draw_in_batches(bench: Lab, pictures: list[Picture]) -> list[Any]:
    """Return each picture's pixels in the order of their seeds, drawn with whatever may be drawn at once."""
    engine = bench.engine
    keyed = sorted(pictures, key=lambda picture: repr(engine.batch_key(picture.spec, picture.card)))
    found: dict[int, Any] = {}
    for _, group in groupby(keyed, lambda one: engine.batch_key(one.spec, one.card)):
        batch = list(group)
        found |= zip([one.seed for one in batch], bench.make(batch), strict=True)
    return [found[picture.seed] for picture in pictures]


def likeness(first: list[Any], second: list[Any]) -> float:
    """Return how near the least alike of the pictures are (dB)."""
    errors = [
        float(np.mean((np.asarray(one, float) - np.asarray(two, float)) ** 2))
        for one, two in zip(first, second, strict=True)
    ]
    return 10 * math.log10(255**2 / max(*errors, 1e-9))


def batch_options() -> Options:
    """Return the engine's options for many small pictures."""
    return Options(offload="none", largest_batch=LARGEST_BATCH)


def run_batch(*, is_quick: bool) -> Report:
    """Draw the same pictures one by one and in batches, and hold the pictures against each other."""
    device, number = need_card(), 32 if is_quick else 64
    folder: Path = servers.HOME / "model"
    with lab(REAL, folder, device, batch_options()) as bench:
        pictures = order_pictures(bench, number, REAL.sides[0])
        alike = likeness(draw_serially(bench, pictures), draw_in_batches(bench, pictures))
        figures = interleave(
            {
                "one by one": lambda: (
                    number / time_seconds(device, lambda: draw_serially(bench, pictures))
                ),
                "in batches": lambda: (
                    number / time_seconds(device, lambda: draw_in_batches(bench, pictures))
                ),
            },
            rounds=2 if is_quick else 5,
            unit="pictures/s",
        )
    if alike < LEAST_LIKENESS_DB:
        raise AssertionError(f"a picture alone and in a batch differ: {alike:.1f} dB")
    return Report(
        arms=figures.summary("pictures/s"),
        goals=[Goal("batches / one by one", figures.ratios("in batches", "one by one"), least=1.5)],
        control=figures.control,
        facts={**describe_card(), "pictures": number, "likeness_db": round(alike, 1)},
    )
