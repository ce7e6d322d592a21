"""Arms in turn, there and back, round after round; ratios within each round, so that the machine's moods cancel."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.server import say

CONTROL_WITHIN = (0.9, 1.1)
# For so long after its begin, a series that something disturbed is given further rounds.
PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS = 240.0, 25.0

Arm = Callable[[], float]


class NotRun(Exception):
    """A benchmark cannot run on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Figures:
    """What each arm measured: two figures a round, on the way there and on the way back."""

    rounds: Mapping[str, list[tuple[float, float]]]
    control: float

    def values(self, arm: str) -> list[float]:
        """Return one figure a round."""
        return [statistics.fmean(pair) for pair in self.rounds[arm]]

    def ratios(self, arm: str, other: str) -> list[float]:
        """Return arm / other, round by round."""
        pairs = zip(self.values(arm), self.values(other), strict=True)
        return [one / two for one, two in pairs]

    def summary(self, unit: str) -> dict[str, Any]:
        """Return median and interquartile range of each arm."""
        return {name: {**spread(self.values(name)), "unit": unit} for name in self.rounds}


@dataclass(frozen=True)
class Goal:
    """One ratio and what it must keep to: at least `least`, or at most `most`."""

    name: str
    ratios: list[float]
    least: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.ratios)

    @property
    def is_met(self) -> bool:
        """Return whether the ratio keeps to its bound."""
        if self.least is not None:
            return self.ratio >= self.least
        return self.most is None or self.ratio <= self.most

    @property
    def room(self) -> float:
        """Return how far the ratio is from its bound: 1 is at it, less is missed."""
        if self.least is not None:
            return self.ratio / self.least
        return (self.most or self.ratio) / self.ratio

    def to_json(self) -> dict[str, Any]:
        """Return the goal's part of the last line."""
        found = spread(self.ratios)
        bound = {"at_least": self.least} if self.least is not None else {"at_most": self.most}
        return {
            "name": self.name,
            "ratio": found["median"],
            "iqr": found["iqr"],
            **bound,
            "ok": self.is_met,
        }


@dataclass(frozen=True)
class Report:
    """What one benchmark found."""

    arms: Mapping[str, Any]
    goals: list[Goal]
    control: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the last line; `ratio` and `goal` are those of the goal that is nearest to its bound."""
        low, high = CONTROL_WITHIN
        nearest = min(self.goals, key=lambda goal: goal.room)
        is_quiet = low <= self.control <= high
        return {
            "arms": self.arms,
            "ratio": round(nearest.ratio, 3),
            "goal": nearest.least if nearest.least is not None else nearest.most,
            "ok": is_quiet and all(goal.is_met for goal in self.goals),
            "goals": [goal.to_json() for goal in self.goals],
            "control": round(self.control, 3),
            **self.facts,
        }


def spread(values: list[float]) -> dict[str, Any]:
    """Return the median and the interquartile range, rounded to four digits."""
    low, _, high = statistics.quantiles(values, n=4)
    return {
        "median": float(f"{statistics.median(values):.4g}"),
        "iqr": [float(f"{low:.4g}"), float(f"{high:.4g}")],
    }


def interleave(
    arms: Mapping[str, Arm],
    *,
    rounds: int,
    unit: str,
    calls: int = 1,
    patience: float = PATIENCE_SECONDS,
) -> Figures:
    """Run the arms A B … B A, round after round. Arms that are short are called in turn `calls` times each way, and the
    median counts.

    The control compares the first arm with itself: every other of its calls, or there and back. While it is off, more
    rounds are begun for `patience` seconds: the median forgets a disturbance of a moment.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in arms}
    names = list(arms)
    controls: list[float] = []
    control = 1.0
    low, high = CONTROL_WITHIN
    began = time.monotonic()
    while len(controls) < rounds or (
        not low <= control <= high and time.monotonic() - began < patience
    ):
        there = take_turns(arms, names, calls)
        back = take_turns(arms, names[::-1], calls)
        for name in names:
            found[name].append((statistics.median(there[name]), statistics.median(back[name])))
        own = there[names[0]] + back[names[0]]
        controls.append(statistics.median(own[::2]) / statistics.median(own[1::2]))
        control = statistics.median(controls)
        figures = ", ".join(f"{name} {statistics.fmean(found[name][-1]):.4g}" for name in names)
        say(f"· round {len(controls)}: {figures} {unit}; control {control:.2f}")
    return Figures(found, control)


def take_turns(arms: Mapping[str, Arm], names: list[str], calls: int) -> dict[str, list[float]]:
    """Call the arms one after the other, again and again, and return what each measured."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(calls):
        for name in names:
            found[name].append(arms[name]())
    return found
