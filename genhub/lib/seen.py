"""What a page showed, as a short mark that the page sends back: what is done is what was seen, or nothing."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

DIGITS = 16


def mark(values: Mapping[str, Any]) -> str:
    """Return the mark of some named values: a digest for each, so that it can be said which one changed."""
    return " ".join(f"{name}:{digest(value)}" for name, value in sorted(values.items()))


def digest(value: Any) -> str:
    """Return a digest of a value, the same whatever the order of an object's names."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def changed_since(seen: str, values: Mapping[str, Any]) -> list[str]:
    """Return the names of the values that are not those of a mark; all of them when it is no mark."""
    was = dict(part.partition(":")[::2] for part in seen.split(" "))
    return [name for name, value in sorted(values.items()) if was.get(name) != digest(value)]
