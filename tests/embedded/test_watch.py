"""What `up` says of the hub's health while it runs."""

from typing import Any

import pytest

from genhub.embedded import watch
from genhub.embedded.watch import HealthWatch
from tests.embedded.dummies import wait_for

WELL: Any = {"checks": {"database": "ok", "loops": "ok"}}


def ill(loops: str) -> Any:
    return {"checks": {"database": "ok", "loops": loops}}


def look_at(*answers: Any) -> list[list[str]]:
    """Look once for each answer and return what was said after each."""
    coming = iter(answers)
    health = HealthWatch(lambda: next(coming))
    said = []
    for _ in answers:
        health.look()
        said.append(health.news())
    return said


def test_what_lasts_is_said_once_when_it_begins_and_once_when_it_is_over() -> None:
    late = [ill(f"reap is late: {seconds} s") for seconds in (25, 35, 45, 100)]
    assert look_at(*late, WELL, WELL) == [
        [], ["! loops: reap is late: 35 s"], [], [], ["· loops: well again"], []
    ]  # fmt: skip


def test_what_is_over_at_the_next_look_is_not_said() -> None:
    assert look_at(None, WELL, ill("reap is late"), WELL) == [[], [], [], []]


def test_what_gets_worse_is_said_again() -> None:
    one, two = ill("reap is late: 20 s"), ill("reap is late: 40 s; sweep is late: 30 s")
    assert look_at(one, one, two, two)[1:] == [
        ["! loops: reap is late: 20 s"], [], ["! loops: reap is late: 40 s; sweep is late: 30 s"]
    ]  # fmt: skip


def test_what_is_wrong_at_the_start_is_said_at_once_and_looking_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.01)
    answers: list[Any] = [ill("reap has never run")]
    health = HealthWatch(lambda: answers[-1])
    health.begin()
    assert health.news() == ["! loops: reap has never run"]
    answers.append(None)
    lines: list[str] = []

    def is_all_said() -> bool:
        lines.extend(health.news())
        return len(lines) == 2

    wait_for(is_all_said)
    health.end()
    assert sorted(lines) == ["! web server: it does not answer", "· loops: well again"]
