"""Tests wait by what the machine needs: no limit in plain seconds, which a slow machine would miss."""

import ast
import json
from pathlib import Path

import pytest

from tests import patience

TESTS = Path(__file__).resolve().parents[1]
# Waiting calls, and the place of their limit among the plain arguments.
WAITS = {"wait": 0, "join": 0, "communicate": 1}
# They measure, or run before anything is measured.
OTHERS = {"bench", "mutants", "patience.py", "servers.py"}


def plain_limits(path: Path) -> list[str]:
    """Return each call of a file that fails after a fixed number of seconds."""
    found = []
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        limits = [word.value for word in call.keywords if word.arg == "timeout"]
        # Less than a second is a pause, whose end nobody takes for a failure.
        limits += call.args[WAITS[call.func.attr] :][:1] if call.func.attr in WAITS else []
        found += [
            f"{path.relative_to(TESTS)}:{call.lineno}"
            for limit in limits
            if isinstance(limit, ast.Constant)
            and isinstance(limit.value, int | float)
            and limit.value >= 2
        ]
    return found


def test_no_test_waits_for_a_fixed_number_of_seconds() -> None:
    files = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] not in OTHERS]
    assert [place for path in files for place in plain_limits(path)] == []


@pytest.mark.parametrize(
    ("figures", "slowness"),
    [
        ({"start": 2.0, "step": 0.01}, 1.0),
        ({"start": 40.0, "step": 0.01}, 10.0),
        ({"start": 2.0, "step": 1.6}, 20.0),
    ],
)
def test_patience_grows_with_what_a_start_and_a_step_take(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, figures: dict[str, float], slowness: float
) -> None:
    monkeypatch.setenv("GENHUB_HOME", str(tmp_path))
    assert patience.known_patience(300) == 300 * patience.SPARE
    (tmp_path / "probe.json").write_text(json.dumps(figures))
    monkeypatch.setattr(patience, "read_probe", patience.read_probe.__wrapped__)
    assert patience.slowness() == pytest.approx(slowness)
    assert patience.patience(100) == pytest.approx(100 * slowness * patience.SPARE)
    assert patience.patience(1) >= patience.LEAST_SECONDS
    assert patience.known_patience(300) == pytest.approx(300 * slowness * patience.SPARE)


def test_a_run_is_probed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENHUB_HOME", str(tmp_path))
    probes = [{"start": 8.0, "step": 0.1}]
    monkeypatch.setattr(patience, "run_probe", probes.pop)
    # As two workers ask: neither has the other's memory.
    read = patience.read_probe.__wrapped__
    assert read() == read() == {"start": 8.0, "step": 0.1}
    assert probes == []
