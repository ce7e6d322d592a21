"""What a soak found, as JSON and as a table: how often a fault struck, what was lost or came double."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Struck:
    """One fault: the seconds from each strike until an order of each worker, sent after it, was completed."""

    recoveries: list[float] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """Return the longest of them."""
        return max(self.recoveries, default=0.0)


@dataclass(frozen=True)
class Soak:
    """The whole run. What must be nothing is in `wrong`, by what it is."""

    seed: int
    minutes: float
    faults: Mapping[str, Struck]
    orders: Mapping[str, int]
    ends: Mapping[str, int]
    wrong: Mapping[str, list[str]]
    facts: Mapping[str, Any]
    memory: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> str:
        """Return everything as one line."""
        faults = {
            name: {"struck": len(one.recoveries), "worst_recovery_s": round(one.worst, 1)}
            for name, one in self.faults.items()
        }
        return json.dumps(asdict(self) | {"faults": faults})

    def to_text(self) -> str:
        """Return the tables that people read."""
        lost, double = len(self.wrong["lost"]), len(self.wrong["double"])
        lines = [
            f"soak of {self.minutes:.1f} min, seed {self.seed}: lost {lost}, double {double}",
            f"orders {dict(self.orders)}",
            f"ended {dict(self.ends)}",
            "",
            f"{'fault':32}{'struck':>8}{'worst recovery s':>18}",
            *(f"{n:32}{len(f.recoveries):>8}{f.worst:>18.1f}" for n, f in self.faults.items()),
            "",
            f"{'memory, MiB':16}{'pss':>8}{'own':>8}{'rise':>8}{'an hour':>10}",
            *(
                f"{part:16}{m['pss_mib']:>8}{m['own_mib']:>8}{m['rise_mib']:>8}{m['slope_mib_per_hour']:>10}"
                for part, m in self.memory.items()
            ),
            "",
            *(f"{name}: {found[:5]}" for name, found in self.wrong.items() if found),
            json.dumps(self.facts),
        ]
        return "\n".join(lines)
