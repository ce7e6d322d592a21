"""Custom weights: judged by their headers, then copied into a transformer that is already loaded."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from generation.engine.weights import layouts
from generation.engine.weights.files import FLOATS, WeightsError, WeightsFile
from generation.engine.weights.report import (
    THRESHOLD,
    Source,
    WeightsReport,
    WrongShape,
    WrongType,
)

# By the transformer's name of each parameter.
Shapes = Mapping[str, Sequence[int]]


def judge_weights(files: Sequence[Path | str], shapes: Shapes) -> WeightsReport:
    """Compare the files' headers with a transformer's parameters; no tensor is read. Later files win."""
    with _opened(files) as opened:
        return _plan(opened, shapes).report


def check_values(files: Sequence[Path | str], shapes: Shapes) -> None:
    """Read what would be loaded; raise WeightsError where it cannot be read or is no number."""
    with _opened(files) as opened:
        for _ in _plan(opened, shapes).read():
            pass


def load_weights(
    transformer: Any, files: Sequence[Path | str], *, threshold: float = THRESHOLD
) -> WeightsReport:
    """Copy the files' weights over the transformer's own, in its types and places; what they lack stays.

    WeightsRefused leaves the transformer as it was. Any other WeightsError may come in the middle (a bad disk, values
    that are no numbers): then the transformer must not be used.
    """
    parameters = dict(transformer.named_parameters())
    if any(parameter.is_meta for parameter in parameters.values()):
        raise WeightsError(
            "the transformer's own weights are not in memory: load these before it is offloaded"
        )
    shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
    with _opened(files) as opened, torch.no_grad():
        plan = _plan(opened, shapes)
        plan.report.require(threshold)
        for name, tensor in plan.read():
            parameters[name].copy_(tensor)
    return plan.report


@contextmanager
def _opened(files: Sequence[Path | str]) -> Iterator[list[WeightsFile]]:
    """Open each file once: what is judged is what is read."""
    with ExitStack() as stack:
        yield [stack.enter_context(WeightsFile(file)) for file in files]


@dataclass
class _Reading:
    """One file read in one layout, by the transformer's names; `fitting` says which tensor each is in."""

    file: WeightsFile
    layout: str
    names: Mapping[str, str]
    fitting: dict[str, str] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)
    wrong_shape: dict[str, WrongShape] = field(default_factory=dict)
    wrong_type: dict[str, WrongType] = field(default_factory=dict)

    def judge(self, key: str, shapes: Shapes) -> None:
        """Say where one tensor of the file belongs."""
        facts = self.file.tensors[key]
        for name, part in self.parts(key, torch.empty(facts.shape, device="meta")).items():
            if name not in shapes or name in self.fitting:
                self.unexpected.append(key)
            elif facts.type not in FLOATS:
                self.wrong_type[name] = WrongType(name, facts.type)
            elif tuple(part.shape) != tuple(shapes[name]):
                self.wrong_shape[name] = WrongShape(name, tuple(part.shape), tuple(shapes[name]))
            else:
                self.fitting[name] = key

    def parts(self, key: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return what the transformer calls a tensor of the file, in one part or more."""
        name = self.names[key]
        return layouts.convert(name, tensor) if self.layout == layouts.ORIGINAL else {name: tensor}


@dataclass(frozen=True)
class _Plan:
    report: WeightsReport
    readings: Sequence[_Reading]

    def read(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield each tensor that fits, by the transformer's name; one of the files' is in memory at a time."""
        for reading in self.readings:
            for key in dict.fromkeys(reading.fitting.values()):
                for name, tensor in reading.parts(key, reading.file.read(key)).items():
                    if reading.fitting.get(name) == key:
                        yield name, tensor


def _plan(files: Sequence[WeightsFile], shapes: Shapes) -> _Plan:
    """Read each file in the layout by which more parameters fit."""
    readings, sources = [], []
    for file in files:
        stripped = layouts.strip_prefixes(
            {key: math.prod(facts.shape) for key, facts in file.tensors.items()}
        )
        reading = max(
            (_read(file, layout, stripped.names, shapes) for layout in layouts.LAYOUTS),
            key=lambda reading: _count_numbers(reading.fitting, shapes),
        )
        readings.append(reading)
        sources.append(
            Source(
                str(file.path),
                reading.layout,
                stripped.prefixes,
                len(stripped.names),
                len(stripped.set_aside),
            )
        )
    return _Plan(_report(sources, readings, shapes), readings)


def _read(file: WeightsFile, layout: str, names: Mapping[str, str], shapes: Shapes) -> _Reading:
    reading = _Reading(file, layout, names)
    for key in names:
        reading.judge(key, shapes)
    return reading


def _report(
    sources: Sequence[Source], readings: Sequence[_Reading], shapes: Shapes
) -> WeightsReport:
    matched = {name for reading in readings for name in reading.fitting}
    faulty = {
        name: fault
        for reading in readings
        for name, fault in [*reading.wrong_shape.items(), *reading.wrong_type.items()]
        if name not in matched
    }
    return WeightsReport(
        sources=tuple(sources),
        matched=tuple(name for name in shapes if name in matched),
        missing=tuple(name for name in shapes if name not in matched and name not in faulty),
        unexpected=tuple(dict.fromkeys(key for reading in readings for key in reading.unexpected)),
        wrong_shape=tuple(fault for fault in faulty.values() if isinstance(fault, WrongShape)),
        wrong_type=tuple(fault for fault in faulty.values() if isinstance(fault, WrongType)),
        matched_parameters=_count_numbers(matched, shapes),
        parameters=_count_numbers(shapes, shapes),
    )


def _count_numbers(names: Iterable[str], shapes: Shapes) -> int:
    return sum(math.prod(shapes[name]) for name in names)
