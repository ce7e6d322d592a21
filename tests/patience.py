"""How long tests wait for a fact: by what this machine needs for one start and one step, measured once a run.

No test passes or fails by the clock alone: what is waited for comes or it does not, and a slow machine is given more
time to bring it. `python -m tests.patience` is the probe.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a quiet machine of two cores needs to import torch and load the small model, and for one of its steps.
USUAL = {"start": 4.0, "step": 0.08}
# The probe may have met the machine at rest, and the test may not: others may take four fifths of it meanwhile.
SPARE = 5.0
# To wait longer for what comes costs nothing.
LEAST_SECONDS = 60.0
PROBE_SECONDS = 1800
PROBED_STEPS = 4


def patience(usual_seconds: float = LEAST_SECONDS) -> float:
    """Return for how many seconds to wait for what takes so many, at most, on a usual machine."""
    return max(usual_seconds * slowness() * SPARE, LEAST_SECONDS)


def slowness() -> float:
    """Return how many times as long as a usual machine this one takes; never less than 1."""
    return weigh(read_probe())


def quick_enough(
    usual_seconds: float, measure: Callable[[], float], what: str, rounds: int = 5
) -> float:
    """Measure until something takes no longer than so many seconds of a usual machine, and return the seconds it took;
    fail when it does in none of several rounds.

    What holds it up does so in each; what others do on this machine at one moment does not.
    """
    most = usual_seconds * slowness()
    took: list[float] = []
    while len(took) < rounds:
        took.append(measure())
        if took[-1] <= most:
            said = ", ".join(f"{seconds:.3f}" for seconds in took)
            print(f"{what}: {said} s (at most {most:.2f})")  # noqa: T201 (a measurement)
            return took[-1]
    raise AssertionError(f"{what}: {took} s, and at most {most:.2f} s was promised")


def known_patience(usual_seconds: float) -> float:
    """Return as `patience`, but measure nothing: of a run that has not waited yet, a usual machine's."""
    found = probe_file()
    known = weigh(json.loads(found.read_text())) if found.exists() else 1.0
    return usual_seconds * known * SPARE


def weigh(probe: dict[str, float]) -> float:
    """Return the slowness that a probe's figures stand for."""
    return max(1.0, *(probe[name] / seconds for name, seconds in USUAL.items()))


def probe_file() -> Path:
    """Return where this run's workers share what was measured."""
    return Path(os.environ["GENHUB_HOME"]) / "probe.json"


@cache
def read_probe() -> dict[str, float]:
    """Return this run's figures; the first process that asks measures them."""
    path = probe_file()
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            beside = path.with_suffix(".new")
            beside.write_text(json.dumps(run_probe()))
            beside.rename(path)
    figures: dict[str, float] = json.loads(path.read_text())
    return figures


def run_probe() -> dict[str, float]:
    """Measure in a process of its own, as workers are started."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.patience"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=PROBE_SECONDS,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return {"start": time.monotonic() - began - PROBED_STEPS * figures["step"], **figures}


def draw_steps() -> float:
    """Load the small model and return the seconds of one of its steps, decoding included."""
    from generation.engine.engine import Engine  # noqa: PLC0415 (the tests that only wait need no torch)
    from generation.engine.options import Options  # noqa: PLC0415
    from generation.engine.pictures import Drawn, Picture  # noqa: PLC0415
    from generation.engine.small import WEIGHTS  # noqa: PLC0415
    from generation.spec import GenerationSpec, LocalModel, ModelCard  # noqa: PLC0415

    engine = Engine(Options())
    card = ModelCard("probe", local=LocalModel(str(WEIGHTS)), default_width=256, default_height=256)
    engine.warm(card)
    spec = GenerationSpec(
        "image", card.alias, "a red circle", "", 256, 256, PROBED_STEPS, 2.0, (1,)
    )
    began = time.monotonic()
    (drawn,) = engine.draw([Picture(spec, card, 1, lambda done, preview: None)])
    if not isinstance(drawn, Drawn):
        raise drawn
    engine.decode(drawn)
    return (time.monotonic() - began) / PROBED_STEPS


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    print(json.dumps({"step": draw_steps()}))  # noqa: T201 (its answer)
