"""A plain diffusers loop, as a script of ten lines would have it: `python -m tests.bench.bare_loop FOLDER MODEL`.

For each Turn it is asked for, it draws each picture with a call of its own, encodes it, writes it to the folder, and
answers the seconds that all of it took.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.child import Child, answer, running


@dataclass(frozen=True)
class Turn:
    """What to draw: a picture for each prompt, of the seed with the same place. Sizes in pixels."""

    prompts: list[str]
    seeds: list[int]
    width: int
    height: int
    steps: int
    guidance: float
    # How the file is written: by the hub's own options (webp), or by Pillow's (png).
    form: str
    # CPU threads of torch.
    threads: int


class BareLoop:
    """The process, seen from the benchmark."""

    def __init__(self, child: Child, folder: Path) -> None:
        self.device, self.pid = child.facts["device"], child.pid
        self._child, self._folder = child, folder

    def run(self, turn: Turn) -> float:
        """Have everything drawn, and return the seconds that it took."""
        return float(self._child.ask(asdict(turn)))

    def path(self, seed: int, form: str = "webp") -> Path:
        """Return where the picture of a seed lies."""
        return self._folder / f"{seed}.{form}"


@contextmanager
def looping(folder: Path, model: Path) -> Iterator[BareLoop]:
    """Start the process, wait until its model is loaded, and end it after the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with running("tests.bench.bare_loop", str(folder), str(model)) as child:
        yield BareLoop(child, folder)


def main(folder: Path, model: str) -> None:
    """Draw whenever a line says so."""
    import torch  # noqa: PLC0415 (the benchmark itself needs none)
    from diffusers import ZImagePipeline  # noqa: PLC0415

    from generation.engine.precision import choose_precision  # noqa: PLC0415
    from storage.encoding import FORMATS  # noqa: PLC0415

    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline: Any = ZImagePipeline.from_pretrained(
        model,
        dtype=choose_precision("auto", device).dtype,
        use_safetensors=True,
        local_files_only=True,
    )
    pipeline.to(device)
    pipeline.set_progress_bar_config(disable=True)
    options = {"webp": FORMATS["webp"], "png": {"format": "PNG"}}

    def draw(words: Any) -> float:
        turn = Turn(**words)
        torch.set_num_threads(turn.threads)
        began = time.perf_counter()
        for prompt, seed in zip(turn.prompts, turn.seeds, strict=True):
            image = pipeline(
                prompt=prompt,
                width=turn.width,
                height=turn.height,
                num_inference_steps=turn.steps,
                guidance_scale=turn.guidance,
                generator=torch.Generator("cpu").manual_seed(seed),
            ).images[0]
            image.save(folder / f"{seed}.{turn.form}", **options[turn.form])
        return time.perf_counter() - began

    answer(draw, {"device": device})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
