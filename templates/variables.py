"""Variables in a prompt: names in braces, nothing more, so that staff's text can reach into nothing."""

import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def find_variables(prompt: str) -> set[str]:
    """Return the names that stand in braces."""
    return set(VARIABLE.findall(prompt))


def fill(prompt: str, values: Mapping[str, Any]) -> str:
    """Return the prompt with each variable replaced by its value; a value's own braces stay as they are."""
    return VARIABLE.sub(lambda match: str(values.get(match[1], "")), prompt)
