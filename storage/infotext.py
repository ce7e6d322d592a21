"""What a picture was made of, as WebUI (AUTOMATIC1111) writes it into its files, for people and other programs."""

import re
from collections.abc import Mapping
from typing import Any, Final

NEGATIVE: Final = "Negative prompt: "
# Ends the last line of a text of ours, which begins with the steps where there are any.
VERSION: Final = "Version: GenHub"
LONGEST_LINE: Final = 10_000
# The last line: names and values; a value with a comma or a colon of its own stands in quotes.
PAIR: Final = re.compile(r'([A-Za-z][\w -]{0,60}): ("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |,?$)')
SIZE: Final = re.compile(r"([0-9]+)x([0-9]+)")
PLAIN: Final = re.compile(r"[^,:\"\n]*")


def write(
    prompt: str, negative_prompt: str, facts: Mapping[str, Any], *, most_bytes: int | None = None
) -> str:
    """Return the text of one picture: prompts in lines, all else in the last one. Facts that are not known (None) are
    left out; prompts that do not fit into so many bytes end in an ellipsis."""
    lines = [prompt]
    if negative_prompt:
        lines.append(f"{NEGATIVE}{negative_prompt}")
    said = [f"{name}: {quote(str(value))}" for name, value in facts.items() if value is not None]
    last = ", ".join([*said, VERSION])
    prompts = "\n".join(lines)
    if most_bytes is not None:
        prompts = cut(prompts, most_bytes - len(last.encode()) - 1)
    return f"{prompts}\n{last}"


def cut(text: str, most_bytes: int) -> str:
    """Return a text of at most so many bytes."""
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    ellipsis = "…"
    return data[: most_bytes - len(ellipsis.encode())].decode(errors="ignore") + ellipsis


def quote(value: str) -> str:
    """Return a value as it stands in the last line."""
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def read(text: str) -> dict[str, str]:
    """Return what a text says: the prompts, and each fact by its name; of text that is none only the prompt."""
    lines = text.strip().split("\n")
    is_last = lines[-1].startswith("Steps: ") or lines[-1].endswith(VERSION)
    is_last = is_last and len(lines[-1]) <= LONGEST_LINE
    facts = dict(PAIR.findall(lines[-1])) if is_last else {}
    if facts:
        lines.pop()
    prompts = "\n".join(lines)
    prompt, _, negative = (
        ("", "", prompts.removeprefix(NEGATIVE)) if prompts.startswith(NEGATIVE)
        else prompts.partition(f"\n{NEGATIVE}")
    )  # fmt: skip
    found = {"Prompt": prompt, "Negative prompt": negative}
    found |= {name: unquote(value) for name, value in facts.items()}
    if size := SIZE.fullmatch(facts.get("Size", "")):
        found |= {"Size-1": size[1], "Size-2": size[2]}
    return found


def unquote(value: str) -> str:
    """Return a value that `quote` wrote."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
