"""What is asked of an order that goes on with a finished picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What the hub writes into the metadata of an order that was made of another.
ORIGINS = ("refines", "follows")


@dataclass(frozen=True)
class Following:
    """What to do with which picture, counted from 0, and with which part of it, counted from 1; where its end is told,
    and its times in seconds."""

    action: str
    picture: int = 0
    part: int | None = None
    webhook: str | None = None
    timeout: int | None = None
    expires_in: int | None = None
    output_format: str | None = None
    output_compression: int | None = None
    embed_parameters: bool | None = None


def metadata_of(before: Mapping[str, Any], follows: str) -> dict[str, Any]:
    """Return the metadata of an order that goes on with this picture or task, after those of the order before."""
    kept = {name: value for name, value in before.items() if name not in ORIGINS}
    return {**kept, "follows": follows}
