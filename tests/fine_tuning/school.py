"""A device whose training a test holds in its hands: each step is counted, and a hook is called in it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from generation.lesson import Lesson
from generation.providers.tuning import Taught
from generation.spec import ModelCard
from tests.easel import Easel


class Pupil:
    """Learns nothing, and remembers how often."""

    def __init__(self, school: "School", lesson: Lesson, taught: Sequence[Taught]) -> None:
        self.school, self.lesson, self.taught = school, lesson, taught
        self.step = self.prepared = 0
        self.stretches = 0

    @property
    def is_prepared(self) -> bool:
        return self.prepared == len(self.taught)

    def prepare_one(self) -> None:
        self.taught[self.prepared].open()
        self.prepared += 1
        self.school.deeds.append("prepare")

    @contextmanager
    def stretch(self) -> Iterator[None]:
        self.stretches += 1
        yield

    def learn(self) -> float:
        self.school.deeds.append(f"step {self.step + 1}")
        self.school.in_step(self.step + 1)
        self.step += 1
        return 1 / self.step

    def dump(self) -> bytes:
        return json.dumps(self.step).encode()

    def load(self, data: bytes) -> None:
        self.step = json.loads(data)

    def write(self, path: Path, facts: Mapping[str, str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts))


class School(Easel):
    """Draws as the easel does, and trains."""

    deeds: list[str]
    in_step: Callable[[int], None]

    def begin(self) -> None:
        """Forget what was done before."""
        self.deeds, self.in_step = [], lambda step: None
        self.before_drawing = lambda works: self.deeds.extend(work.spec.prompt for work in works)

    def tune(self, card: ModelCard, lesson: Lesson, taught: Sequence[Taught]) -> Pupil:
        return Pupil(self, lesson, taught)
