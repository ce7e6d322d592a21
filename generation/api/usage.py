"""What was counted of a task's work, as its owner is told."""

from typing import Any

from generation.accounts.costs import COUNTED_HERE
from generation.models import Task

COUNTED = ("pictures", "input_text_tokens", "input_image_tokens", "output_tokens")


def answer_usage(task: Task) -> dict[str, Any] | None:
    """Return what was counted of all attempts of a task; what one of them does not say is not known. None where none
    counted anything."""
    usages = [attempt.usage for attempt in task.attempts.all() if attempt.usage]
    if not usages:
        return None
    return {
        **{name: add_up(name, usages) for name in COUNTED},
        "counted_by_hub": sorted(
            {name for usage in usages for name in usage.get(COUNTED_HERE, ())}
        ),
    }


def add_up(name: str, usages: list[dict[str, Any]]) -> int | None:
    """Return the sum of what each says of a word, None where one does not."""
    said = [number for usage in usages if (number := usage.get(name)) is not None]
    return sum(said) if len(said) == len(usages) else None
