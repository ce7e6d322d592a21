"""What the demo found out: its checks, its JSON, its summary for people."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from genhub.demo.client import Answer
from genhub.embedded.hub import Address

LABEL_WIDTH = 10
# The order in which a picture passes them.
STAGES = ("queued", "load", "encode", "denoise", "decode", "encode_store")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One finished generation, with the money and the file that belong to it."""

    prompt: str
    key: str
    task: Answer
    link: str
    path: Path
    seconds: float
    credits_before: int
    credits_held: int
    credits_after: int
    audit_ok: bool

    @property
    def picture(self) -> Answer:
        """Return the answer's first picture."""
        picture: Answer = self.task["result"]["images"][0]
        return picture

    def faults(self) -> list[str]:
        """Return what did not hold, in words; empty when all is well."""
        price = self.task["credits"]["price"]
        found = hashlib.sha256(self.path.read_bytes()).hexdigest() if self.path.exists() else ""
        checks = {
            f"the task ended {self.task['status']}": self.task["status"] == "completed",
            f"{self.path} is missing": bool(found),
            f"{self.path} is not the file that was stored": found == self.picture["sha256"],
            f"{self.credits_before} credits became {self.credits_after} at a price of {price}": (
                self.credits_after == self.credits_before - price
            ),
            "the audit found the ledger wrong": self.audit_ok,
        }
        return [fault for fault, holds in checks.items() if not holds]

    def as_json(self) -> str:
        """Return the outcome as one JSON object on one line."""
        return json.dumps(
            {
                "task": self.task["id"],
                "status": self.task["status"],
                "artifact_path": str(self.path),
                "seconds": round(self.seconds, 3),
                "credits_before": self.credits_before,
                "credits_after": self.credits_after,
                "audit_ok": self.audit_ok,
            }
        )


def show_outcome(outcome: Outcome, console: Console) -> None:
    """Print the picture, the time and the money."""
    picture = outcome.picture
    timings = outcome.task.get("timings", {})
    stages = " · ".join(f"{stage} {timings[stage]:.2f}" for stage in sorted(timings, key=_place))
    ledger = "the ledger adds up" if outcome.audit_ok else "THE LEDGER DOES NOT ADD UP"
    money = (
        f"{outcome.credits_before} before → {outcome.credits_held} held"
        f" → {outcome.credits_after} after   ({ledger})"
    )
    console.rule("[bold]A picture from words", style="green")
    show_line(console, "Prompt", outcome.prompt)
    show_line(console, "Picture", str(outcome.path), style="bold green")
    show_line(console, "Link", outcome.link)
    show_line(
        console, "Size", f"{picture['width']} x {picture['height']} pixels, seed {picture['seed']}"
    )
    show_line(console, "Seconds", f"{outcome.seconds:.1f} in all   ({stages})")
    show_line(console, "Credits", money)


def _place(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def show_addresses(addresses: list[Address], key: str, console: Console) -> None:
    """Print the doors of the hub and their credentials."""
    console.rule("[bold]Open to you", style="green")
    for address in addresses:
        show_line(console, address.name, address.url + address.login)
    show_line(console, "API key", key)


def show_line(console: Console, label: str, text: str, *, style: str = "default") -> None:
    """Print a label and its text; long paths and links are left to the terminal to wrap."""
    line = f"  [dim]{label:<{LABEL_WIDTH}}[/] [{style}]{escape(text)}[/]"
    console.print(line, soft_wrap=True, highlight=False)
