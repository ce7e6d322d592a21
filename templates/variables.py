"""Variables in a prompt: names in braces, nothing more, so that staff's text can reach into nothing."""

import json
import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Stands where a variable has nothing to say, until what separated it from its neighbours is gone; no text holds it.
NOTHING = "\0"
IN_A_LIST = re.compile(
    rf"[ \t]*[,，、;；][ \t]*{NOTHING}(?=[ \t]*(?:[,，、;；.。!！?？\n]|$))", re.M
)
FIRST = re.compile(rf"(^|\n)[ \t]*{NOTHING}[ \t]*[,，、;；]?[ \t]*")
BETWEEN = re.compile(rf"[ \t]+{NOTHING}(?=[ \t,，、;；.。:：!！?？\n]|$)|{NOTHING}")


def find_variables(prompt: str) -> set[str]:
    """Return the names that stand in braces."""
    return set(VARIABLE.findall(prompt))


def fill(prompt: str, values: Mapping[str, Any]) -> str:
    """Return the prompt with each variable replaced by its value; a value's own braces stay as they are.

    A variable without a value, or with a blank one, leaves no hole: the space or comma before it goes too.
    """
    said = {name: say(values.get(name)) for name in find_variables(prompt)}
    filled = VARIABLE.sub(lambda match: said[match[1]] or NOTHING, prompt)
    if all(said.values()):
        return filled
    for pattern, rest in ((IN_A_LIST, ""), (FIRST, r"\1"), (BETWEEN, "")):
        # Neighbours may both be empty: what went may have joined them.
        while (shorter := pattern.sub(rest, filled)) != filled:
            filled = shorter
    return filled


def say(value: Any) -> str:
    """Return a value as people write it; empty for nothing and for blanks."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(say, value)))
    if isinstance(value, bool | dict):
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    return text if text.strip() else ""
