"""What a weights file holds of a transformer, for people and for programs."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from generation.engine.weights.files import WeightsError

# Of the transformer's parameters: below it a file is refused.
THRESHOLD: Final = 0.95
# How many names of a kind a text lists; JSON lists them all.
SHOWN: Final = 5


@dataclass(frozen=True)
class Source:
    """How one file's names were read; `set_aside` counts the tensors of other parts (VAE, text encoder)."""

    file: str
    layout: str
    prefixes: tuple[str, ...]
    tensors: int
    set_aside: int

    def __str__(self) -> str:
        prefixes = ", ".join(self.prefixes) or "none"
        aside = f", {self.set_aside} tensors of other parts set aside" if self.set_aside else ""
        return f"{self.file}: {self.tensors} tensors, {self.layout} names, prefixes removed: {prefixes}{aside}"


@dataclass(frozen=True)
class WrongShape:
    """A tensor that the transformer has in another shape."""

    name: str
    shape: tuple[int, ...]
    wanted: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} {list(self.shape)} instead of {list(self.wanted)}"


@dataclass(frozen=True)
class WrongType:
    """A tensor of a type that is not taken, of 8 bits for example."""

    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.name} {self.type}"


@dataclass(frozen=True)
class WeightsReport:
    """What of a transformer's parameters its files hold, by name; what is missing keeps the base model's values."""

    sources: tuple[Source, ...]
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong_shape: tuple[WrongShape, ...]
    wrong_type: tuple[WrongType, ...]
    # Numbers, not tensors: of the matched tensors, and of all.
    matched_parameters: int
    parameters: int

    @property
    def share(self) -> float:
        """The share of the transformer's parameters that matched, 0 to 1."""
        return self.matched_parameters / self.parameters if self.parameters else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values; the matched names only as their number."""
        return {**asdict(self), "matched": len(self.matched), "share": round(self.share, 6)}

    def __str__(self) -> str:
        total = f"{self.matched_parameters:,} of {self.parameters:,} parameters"
        lines = [
            *map(str, self.sources),
            f"  matched      {len(self.matched)} tensors, {total} ({percent(self.share)})",
            f"  missing      {_count(self.missing)}",
            f"  unexpected   {_count(self.unexpected)}",
            f"  wrong shape  {_count(map(str, self.wrong_shape))}",
        ]
        if self.wrong_type:
            lines.append(f"  wrong type   {_count(map(str, self.wrong_type))}")
        return "\n".join(lines)

    def require(self, threshold: float) -> None:
        """Raise WeightsRefused when less than this share of the parameters matched."""
        if self.share < threshold:
            raise WeightsRefused(self, threshold)


class WeightsRefused(WeightsError):
    """The files hold too little of this transformer: another family, or half a file."""

    def __init__(self, report: WeightsReport, threshold: float) -> None:
        super().__init__(
            f"only {percent(report.share)} of the transformer's parameters matched, "
            f"{percent(threshold)} are needed\n{report}"
        )
        self.report = report
        self.threshold = threshold


def percent(share: float) -> str:
    """Return a share in words, rounded down: 94.999 % is not 95 %."""
    return f"{int(share * 10_000) / 100:g} %"


def _count(names: Iterable[str]) -> str:
    names = tuple(names)
    if not names:
        return "0"
    rest = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)}: {', '.join(names[:SHOWN])}{rest}"
