"""Pictures through API → queue → engine → store, against a bare diffusers loop that encodes and writes.

The hub is whole, as `manage.py up` starts it; the loop does nothing but draw, encode and write. Both have the same
model, size, steps and threads of torch (as many as make the loop fastest), and never run at once. On the CPU the model
is the small one; on a card it has Z-Image-Turbo's dimensions and random weights.
"""

import io
import itertools
import math
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_SIZE, DEFAULT_STEPS, WEIGHTS
from genhub.demo.client import DemoClient
from tests import servers
from tests.bench.bare_loop import BareLoop, Turn, looping
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Goal,
    NotRun,
    Report,
    interleave,
    spread,
)
from tests.bench.server import say
from tests.embedded.hubs import HubProcess

# Pictures of one turn, there and as many back; rounds.
FULL, QUICK = (10, 5), (6, 3)
LEAST = {"cpu": 1.0, "cuda": 1.1}
HANDS, TRIES = 4, 5
# The end is read from the task, so nothing is lost by asking rarely; each question costs the hub's web server time.
POLL_SECONDS = 0.5
TURN_SECONDS = 600.0
USER, CREDITS = "bench", 10**6
# A picture alone and in a batch differ by rounding; two different pictures are far below.
LEAST_LIKENESS_DB = 40.0
COLOURS = ("red", "yellow", "green", "blue", "purple", "orange", "black", "white")
SHAPES = ("circle", "square", "triangle", "star")


@dataclass(frozen=True)
class Subject:
    """The model that both arms draw with, as the hub's settings name it, and its usual picture (pixels)."""

    folder: Path
    settings: dict[str, str]
    size: tuple[int, int]
    steps: int
    guidance: float


def choose_subject() -> Subject:
    """Return the small model, or on a card one of real dimensions, written first."""
    from tests.bench import gpu_model  # noqa: PLC0415 (torch is not needed to list the benchmarks)

    try:
        device = gpu_model.need_card()
    except NotRun:
        return Subject(WEIGHTS, {}, DEFAULT_SIZE, DEFAULT_STEPS, DEFAULT_GUIDANCE)
    folder = servers.HOME / "z-image-turbo"
    gpu_model.save(gpu_model.REAL, device, folder)
    named = {"Z_IMAGE_TURBO_FOLDER": str(folder), "DEFAULT_MODEL": "z-image-turbo"}
    return Subject(folder, named, (1024, 1024), steps=8, guidance=0.0)


@dataclass
class Orders:
    """Prompts and seeds that were never drawn before."""

    drawn: int = 0

    def take(self, number: int, *, is_repeated: bool = False) -> tuple[list[str], list[int]]:
        """Return prompts, each another or all the same, and their seeds."""
        seeds = list(range(self.drawn, self.drawn + number))
        self.drawn += number
        words = itertools.cycle(itertools.product(SHAPES, COLOURS, COLOURS))
        prompts = [
            # The number makes another prompt of words that come again.
            f"a {one} {shape} on a {two} background, {seeds[0]}"
            for shape, one, two in itertools.islice(words, seeds[0], seeds[0] + number)
        ]
        return ([prompts[0]] * number if is_repeated else prompts), seeds


@dataclass
class Work:
    """CPU time of an arm's processes while it drew: told beside the pictures per second, since others may be busy."""

    pids: Callable[[], Iterable[int]]
    seconds: float = 0.0
    pictures: int = 0

    def time(self, draw: Callable[[], float], pictures: int) -> float:
        """Let the arm draw, and return the pictures per second."""
        before = self._read()
        seconds = draw()
        self.seconds += self._read() - before
        self.pictures += pictures
        return pictures / seconds

    def weigh(self, make: Callable[[], object], turns: int, pictures: int = 1) -> float:
        """Let the arm make so many pictures in each turn, and return the milliseconds of CPU of one."""
        before = self._read()
        for _ in range(turns):
            make()
        return (self._read() - before) / (turns * pictures) * 1000

    def _read(self) -> float:
        ticks = 0
        for pid in self.pids():
            with suppress(OSError):
                # After the name, which may hold spaces: times of the process and of its ended children.
                after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, after[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")


class HubArm:
    """The hub, seen by an app."""

    def __init__(
        self, client: DemoClient, pids: Callable[[], Iterable[int]], subject: Subject
    ) -> None:
        self.pids = pids
        self.last: list[dict[str, Any]] = []
        self._client, self._subject = client, subject

    def run(self, prompts: list[str], seeds: list[int]) -> float:
        """Order all pictures and return the seconds until the last of them was published, by the database's clock."""
        began = time.time()
        with ThreadPoolExecutor(HANDS) as pool:
            tasks = list(pool.map(self._client.submit, prompts, seeds))
        self.last = [self._wait(task["id"]) for task in tasks]
        usual = self._subject
        for task in self.last:
            made = task["width"], task["height"], task["steps"], task["cfg_scale"]
            if made != (*usual.size, usual.steps, usual.guidance):
                raise AssertionError(f"the hub made other pictures: {made}")
        ends = [datetime.fromisoformat(task["completed_at"]).timestamp() for task in self.last]
        return max(ends) - began

    def _wait(self, task_id: str) -> dict[str, Any]:
        give_up_at = time.monotonic() + TURN_SECONDS
        while (task := self._client.task(task_id))["status"] in {"pending", "processing"}:
            if time.monotonic() > give_up_at:
                raise AssertionError(f"{task_id} is {task['status']} after {TURN_SECONDS} s")
            time.sleep(POLL_SECONDS)
        if task["status"] != "completed":
            raise AssertionError(f"{task_id} ended {task['status']}: {task['error']}")
        return task

    def open_last(self) -> Iterator[tuple[int, Image.Image]]:
        """Return seed and pixels of each picture of the last turn."""
        for task in self.last:
            [picture] = task["result"]["images"]
            data = self._client.download(self._client.link(picture["id"]))
            yield picture["seed"], Image.open(io.BytesIO(data)).convert("RGB")


@contextmanager
def hub_arm(threads: int, subject: Subject) -> Iterator[HubArm]:
    """Start a whole hub whose engine has so many threads; stop it after the block, with its books proved."""
    settings = {"LOCAL_THREADS": str(threads), **subject.settings}
    hub = HubProcess(servers.HOME / "hub", settings=settings)
    try:
        hub.start()
        key = hub.run_json("issue_key", "bench", "--user", USER, "--grant", str(CREDITS))["key"]
        with DemoClient(f"http://127.0.0.1:{hub.port}", key) as client:
            yield HubArm(client, lambda: list_family(hub.process), subject)
        if not hub.run_json("audit")["ok"]:
            raise AssertionError("the audit found the books wrong")
    finally:
        hub.kill()


def list_family(process: subprocess.Popen[Any] | None) -> list[int]:
    """Return a process and all that come from it: PostgreSQL's hide their environment, not their parents."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    family = [process.pid] if process else []
    for member in family:
        family += [pid for pid, parent in parents.items() if parent == member]
    return family


def find_threads(bare: BareLoop, turn: Turn) -> int:
    """Return with how many threads of torch the bare loop is fastest."""
    choices = sorted({1, len(os.sched_getaffinity(0))})
    seconds = dict.fromkeys(choices, math.inf)
    for _ in range(TRIES):
        for threads in choices:
            took = bare.run(replace(turn, threads=threads))
            seconds[threads] = min(seconds[threads], took)
    said = ", ".join(f"{threads}: {value:.2f} s" for threads, value in seconds.items())
    say(f"· threads of torch: {said} a picture")
    # More than one must be worth it: what else the machine does comes in between.
    return min(seconds, key=lambda threads: seconds[threads] * (1.1 if threads > 1 else 1.0))


def compare(bare: BareLoop, hub: HubArm, turn: Turn) -> float:
    """Draw the hub's last pictures by the bare loop and return how alike they are (dB); raise if they are others."""
    bare.run(turn)
    found = []
    for seed, image in hub.open_last():
        with Image.open(bare.path(seed)) as other:
            error = float(np.mean((np.asarray(image, float) - np.asarray(other, float)) ** 2))
        found.append(10 * math.log10(255**2 / max(error, 1e-9)))
    if len(found) != len(turn.seeds) or min(found) < LEAST_LIKENESS_DB:
        raise AssertionError(f"the hub's pictures are not the loop's: {found} dB")
    return min(found)


def run(*, is_quick: bool) -> Report:
    """Let loop and hub draw in turn, then prove that they draw the same."""
    number, rounds = QUICK if is_quick else FULL
    patience = QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS
    orders, subject = Orders(), choose_subject()
    with looping(servers.HOME / "bare", subject.folder) as bare:
        turn = Turn(
            *orders.take(1),
            *subject.size,
            subject.steps,
            subject.guidance,
            form="webp",
            threads=1,
        )
        turn = replace(turn, threads=find_threads(bare, turn))

        work = {"bare": Work(lambda: [bare.pid])}

        def draw_bare(form: str = "webp") -> float:
            prompts, seeds = orders.take(number)
            ordered = replace(turn, prompts=prompts, seeds=seeds, form=form)
            return work["bare"].time(lambda: bare.run(ordered), number)

        with hub_arm(turn.threads, subject) as hub:
            hub.run(*orders.take(2))
            work["hub"] = Work(hub.pids)

            def draw_hub(*, is_repeated: bool = False) -> float:
                ordered = orders.take(number, is_repeated=is_repeated)
                return work["hub"].time(lambda: hub.run(*ordered), number)

            found = interleave(
                {"bare": draw_bare, "hub": draw_hub},
                rounds=rounds,
                unit="pictures/s",
                patience=patience,
            )
            others = interleave(
                {
                    "bare again": draw_bare,
                    "bare, PNG": lambda: draw_bare("png"),
                    "hub, one prompt": lambda: draw_hub(is_repeated=True),
                },
                rounds=2,
                unit="pictures/s",
                patience=0,
            )
            prompts, seeds = orders.take(number)
            hub.run(prompts, seeds)
            likeness = compare(bare, hub, replace(turn, prompts=prompts, seeds=seeds))
    return Report(
        arms=found.summary("pictures/s") | others.summary("pictures/s"),
        goals=[
            Goal("hub / bare", found.ratios("hub", "bare"), least=LEAST[bare.device]),
        ],
        control=found.control,
        facts={
            "device": bare.device,
            "threads": turn.threads,
            "pictures": 2 * number * rounds,
            "size": subject.size,
            "steps": subject.steps,
            "guidance": subject.guidance,
            "told": {
                f"{arm} / {other}": spread(others.ratios(arm, other))
                for arm, other in (("hub, one prompt", "bare again"), ("bare again", "bare, PNG"))
            },
            "cpu_seconds_a_picture": {
                name: round(done.seconds / done.pictures, 3) for name, done in work.items()
            },
            "likeness_db": round(likeness, 1),
            "libraries": {name: version(name) for name in ("torch", "diffusers", "transformers")},
            "scaled_down": is_quick,
        },
    )
