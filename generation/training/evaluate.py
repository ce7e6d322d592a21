"""Measures the shipped weights on prompts they never saw: the command behind the promise.

python -m generation.training.evaluate [--prompts 120] [--size 256x256] [--json] [--sheet FILE]
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ZImagePipeline
from PIL import Image

from generation.engine.precision import judge_processor
from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_SIZE, DEFAULT_STEPS, WEIGHTS
from generation.training import phrases, vocabulary
from generation.training.judge import Verdict, judge_picture

GOALS: Final[dict[str, dict[str, float]]] = {
    "plain": {"background": 95.0, "colour": 95.0, "shape": 85.0},
    "placed": {"place": 85.0, "extent": 85.0},
    "pair": {"pair": 85.0},
}
"""Percent of each kind of held-out prompts that must be drawn right in each part."""

PARTS: Final = ("background", "colour", "shape", "place", "extent", "pair")
"""What is judged; "pair" is two things all right, and the five others are told of one."""

_SHEET_COLUMNS = 8


@dataclass(frozen=True)
class Sample:
    """One prompt, the picture it gave and whether each part is right."""

    kind: str
    prompt: str
    language: vocabulary.Language
    scene: vocabulary.Scene
    picture: Image.Image
    verdict: Verdict

    def rights(self) -> dict[str, bool]:
        """Return whether the picture shows each part that this kind of prompt asks for."""
        background = self.verdict.background == self.scene.background
        if self.kind == "pair":
            asked = {(thing.shape, thing.colour, thing.place) for thing in self.scene.things}
            seen = [(thing.shape, thing.colour, thing.place) for thing in self.verdict.things]
            pair = background and len(seen) == len(asked) and set(seen) == asked
            return {"background": background, "pair": pair}
        names = ("colour", "shape", "place", "extent")[: 4 if self.kind == "placed" else 2]
        thing = self.verdict.things[0] if len(self.verdict.things) == 1 else None
        return {"background": background} | {
            name: getattr(thing, name, None) == getattr(self.scene.things[0], name)
            for name in names
        }


def load_pipeline(folder: Path = WEIGHTS) -> Any:
    """Return the real pipeline over the weights in the folder, in what the engine computes in here."""
    pipeline = ZImagePipeline.from_pretrained(folder, dtype=judge_processor().dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_samples(
    pipeline: Any,
    count: int,
    size: tuple[int, int],
    steps: int,
    guidance: float,
    kinds: tuple[str, ...] = phrases.KINDS,
) -> list[Sample]:
    """Draw that many held-out prompts one by one, each from its own seed."""
    samples = []
    for seed, (prompt, language, scene) in enumerate(phrases.held_out_prompts(count, kinds=kinds)):
        picture = pipeline(
            prompt,
            width=size[0],
            height=size[1],
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]
        kind = kinds[seed % len(kinds)]
        samples.append(Sample(kind, prompt, language, scene, picture, judge_picture(picture)))
    return samples


def measure(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """Return percent right per part: for each kind of prompt, language and shape."""
    groups: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        names = {sample.kind, f"{sample.kind} {sample.language}"}
        names |= {sample.scene.things[0].shape} if sample.kind != "pair" else set()
        for name in names:
            for part, right in sample.rights().items():
                groups[name][part].append(right)
    return {
        name: {part: round(100 * sum(rights) / len(rights), 1) for part, rights in row.items()}
        for name, row in sorted(groups.items())
    }


def is_reached(table: dict[str, dict[str, float]], kinds: tuple[str, ...] = phrases.KINDS) -> bool:
    """Return whether each of these kinds of prompt reaches its goals."""
    return all(
        table.get(kind, {}).get(part, 0.0) >= goal
        for kind in kinds
        for part, goal in GOALS[kind].items()
    )


def save_sheet(samples: list[Sample], path: Path) -> None:
    """Write the first pictures of the samples as one contact sheet."""
    width, height = samples[0].picture.size
    shown = samples[: _SHEET_COLUMNS * 4]
    rows = -(-len(shown) // _SHEET_COLUMNS)
    sheet = Image.new("RGB", (_SHEET_COLUMNS * (width + 8) + 8, rows * (height + 8) + 8), "gray")
    for number, sample in enumerate(shown):
        row, column = divmod(number, _SHEET_COLUMNS)
        sheet.paste(sample.picture, (8 + column * (width + 8), 8 + row * (height + 8)))
    sheet.reduce(2).save(path, optimize=True)


def main() -> int:
    """Print the table; 0 when every goal is reached, else 1."""
    chosen = _arguments()
    torch.set_num_threads(chosen.threads)
    pipeline = load_pipeline(chosen.weights)
    begun = time.monotonic()
    kinds = tuple(chosen.kinds)
    samples = draw_samples(
        pipeline, chosen.prompts, chosen.size, chosen.steps, chosen.guidance, kinds
    )
    seconds = (time.monotonic() - begun) / len(samples)
    table = measure(samples)
    if chosen.sheet:
        save_sheet(samples, chosen.sheet)
    reached = is_reached(table, kinds)
    if chosen.json:
        report = {"reached": reached, "goals": GOALS, "percent": table, "seconds_each": seconds}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        sys.stdout.write(_as_text(table, samples, seconds, wrong=chosen.wrong))
    return 0 if reached else 1


def _as_text(
    table: dict[str, dict[str, float]], samples: list[Sample], seconds: float, *, wrong: bool
) -> str:
    lines = [f"{'':14}" + "".join(f"{part:>12}" for part in PARTS)]
    lines += [_row(f"goal {kind}", goals) for kind, goals in GOALS.items()]
    lines += [_row(name, row) for name, row in table.items()]
    lines.append(f"{len(samples)} prompts, {seconds:.2f} s each")
    if wrong:
        lines += [
            f"{number} {sample.prompt} -> {sample.verdict}"
            for number, sample in enumerate(samples)
            if not all(sample.rights().values())
        ]
    return "\n".join(lines) + "\n"


def _row(name: str, row: dict[str, float]) -> str:
    cells = (f"{row[part]:>11.1f}%" if part in row else f"{'':12}" for part in PARTS)
    return f"{name:14}" + "".join(cells)


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=120)
    parser.add_argument("--size", type=_size, default=DEFAULT_SIZE, help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--kinds", nargs="+", choices=phrases.KINDS, default=phrases.KINDS)
    parser.add_argument("--steps", type=int, default=DEFAULT_STEPS)
    parser.add_argument("--guidance", type=float, default=DEFAULT_GUIDANCE)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--sheet", type=Path, help="also write a sheet of samples to this file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--wrong", action="store_true", help="list the prompts drawn wrong")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
