"""Measures the shipped weights on prompts they never saw: the command behind the promise.

python -m generation.engine.small.evaluate [--prompts 100] [--size 256x256] [--json] [--sheet FILE]
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ZImagePipeline
from PIL import Image

from generation.engine.small import WEIGHTS, words
from generation.engine.small.judge import Verdict, judge_picture

GOALS: Final = {"background": 95.0, "colour": 95.0, "shape": 85.0}
"""Percent of held-out prompts that must be drawn right."""

_SHEET_COLUMNS = 8


@dataclass(frozen=True)
class Sample:
    """One prompt, the picture it gave and whether each part is right."""

    prompt: str
    language: words.Language
    scene: words.Scene
    picture: Image.Image
    verdict: Verdict

    def is_right(self, part: str) -> bool:
        """Return whether the picture shows this part ("shape", "colour", "background")."""
        return bool(getattr(self.scene, part) == getattr(self.verdict, part))


def load_pipeline(folder: Path = WEIGHTS) -> Any:
    """Return the real pipeline over the weights in the folder, in BF16."""
    pipeline = ZImagePipeline.from_pretrained(folder, dtype=torch.bfloat16)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_samples(
    pipeline: Any, count: int, size: tuple[int, int], steps: int, guidance: float
) -> list[Sample]:
    """Draw that many held-out prompts one by one, each from its own seed."""
    samples = []
    for seed, (prompt, language, scene) in enumerate(words.held_out_prompts(count)):
        picture = pipeline(
            prompt,
            width=size[0],
            height=size[1],
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
        ).images[0]
        samples.append(Sample(prompt, language, scene, picture, judge_picture(picture)))
    return samples


def measure(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """Return percent right per part, for all samples and for each language and shape."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        for name in ("all", sample.language, sample.scene.shape):
            groups[name].append(sample)
    return {
        name: {
            part: round(100 * sum(sample.is_right(part) for sample in members) / len(members), 1)
            for part in GOALS
        }
        for name, members in groups.items()
    }


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
    samples = draw_samples(pipeline, chosen.prompts, chosen.size, chosen.steps, chosen.guidance)
    seconds = (time.monotonic() - begun) / len(samples)
    table = measure(samples)
    if chosen.sheet:
        save_sheet(samples, chosen.sheet)
    reached = all(table["all"][part] >= goal for part, goal in GOALS.items())
    if chosen.json:
        report = {"reached": reached, "goals": GOALS, "percent": table, "seconds_each": seconds}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        sys.stdout.write(_as_text(table, samples, seconds, wrong=chosen.wrong))
    return 0 if reached else 1


def _as_text(
    table: dict[str, dict[str, float]], samples: list[Sample], seconds: float, *, wrong: bool
) -> str:
    lines = [f"{'':10}" + "".join(f"{part:>12}" for part in GOALS)]
    lines += [f"{'goal':10}" + "".join(f"{goal:>11.1f}%" for goal in GOALS.values())]
    lines += [
        f"{name:10}" + "".join(f"{percent:>11.1f}%" for percent in row.values())
        for name, row in table.items()
    ]
    lines.append(f"{len(samples)} prompts, {seconds:.2f} s each")
    if wrong:
        lines += [
            f"{sample.prompt} -> {' '.join(astuple(sample.verdict))}"
            for sample in samples
            if not all(sample.is_right(part) for part in GOALS)
        ]
    return "\n".join(lines) + "\n"


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument(
        "--size", type=_size, default=words.DEFAULT_SIZE, help="WIDTHxHEIGHT in pixels"
    )
    parser.add_argument("--steps", type=int, default=words.DEFAULT_STEPS)
    parser.add_argument("--guidance", type=float, default=words.DEFAULT_GUIDANCE)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--sheet", type=Path, help="also write a sheet of samples to this file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--wrong", action="store_true", help="list the prompts drawn wrong")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
