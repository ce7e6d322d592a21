"""Form fields for lists that people read and write as lines of text."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from generation.prices import Price, read_prices, write_prices
from genhub.lib.limits import LARGEST_LORA_SCALE
from genhub.lib.places import is_whole_path

MOST_LINES = 100
LORA_NAME = r"[A-Za-z0-9._-]{1,50}"
LORA = re.compile(
    rf"(?P<name>{LORA_NAME})\s*=\s*(?P<file>\S(?:(?!\s@).)*?)"
    r"(?:\s+@\s*(?P<scale>[+-]?\d{1,3}(?:\.\d{1,6})?))?(?P<usual>\s+\(usual\))?"
)
WHOLE = re.compile(r"\d{1,5}", re.ASCII)
SIZE = re.compile(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", re.IGNORECASE)


class LinesField(forms.CharField):
    """A list, one value a line: `read` makes a line's value or raises ValidationError, `write` its line."""

    def __init__(
        self, *, read: Callable[[str], Any], write: Callable[[Any], str] = str, **kwargs: Any
    ) -> None:
        self.read, self.write = read, write
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget({"rows": 3, "class": "hub-code"}))
        super().__init__(required=False, max_length=MOST_LINES * 1000, **kwargs)

    def clean(self, value: Any) -> list[Any]:
        """Return the values of all lines that are not empty; raise ValidationError naming each wrong line."""
        lines = [line.strip() for line in super().clean(value).splitlines()]
        found, mistakes = [], []
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                found.append(self.read(line))
            except ValidationError as error:
                words = {"number": number, "mistake": " ".join(error.messages)}
                mistakes.append(gettext("Line %(number)s: %(mistake)s") % words)
        if len(found) > MOST_LINES:
            mistakes.append(gettext("At most %(most)s lines.") % {"most": MOST_LINES})
        if mistakes:
            raise ValidationError(mistakes)
        return found

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the text area: what was typed, or a line for each value."""
        return "\n".join(map(self.write, value)) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the values differ, whatever the spaces."""
        try:
            return bool(self.clean(data) != (initial or []))
        except ValidationError:
            return True


def read_path(line: str) -> str:
    """Return a file's path; workers may be other machines, so nobody looks whether it is there."""
    if not is_whole_path(line):
        raise ValidationError(_("Write the whole path, from the root on."))
    return line


def read_size(line: str) -> list[int]:
    """Return width and height of a line such as 512x768."""
    match = SIZE.fullmatch(line)
    if not match:
        raise ValidationError(_("Write width and height in pixels, such as 512x768."))
    sides = [int(side) for side in match.groups()]
    # Vendors make clips of 1920x1080; a model of pictures is asked for more by its form.
    if any(not side or side % 2 for side in sides):
        raise ValidationError(_("Both sides are even numbers of pixels."))
    return sides


def read_whole(line: str, most: int) -> int:
    """Return the whole number of a line, from 1 to the most."""
    if not WHOLE.fullmatch(line) or not 1 <= int(line) <= most:
        message = _("Write one whole number a line, from 1 to %(most)s.")
        raise ValidationError(message, params={"most": most})
    return int(line)


def write_size(size: list[int]) -> str:
    """Return a size as it is typed."""
    return "x".join(map(str, size))


def read_lora(line: str) -> dict[str, Any]:
    """Return a LoRA of a line such as `sketch = /models/sketch.safetensors @ 0.8 (usual)`."""
    match = LORA.fullmatch(line)
    if not match:
        message = _("Write a name, its file and a scale: sketch = /models/sketch.safetensors @ 0.8")
        raise ValidationError(message)
    scale = float(match["scale"] or 1)
    if abs(scale) > LARGEST_LORA_SCALE:
        raise ValidationError(_("A scale is from -2 to 2."))
    return {
        "name": match["name"],
        "file": read_path(match["file"]),
        "scale": scale,
        "is_usual": bool(match["usual"]),
    }


def read_price(line: str) -> dict[str, Any]:
    """Return a row of a price table of a line of JSON."""
    try:
        row = msgspec.json.decode(line, type=Price)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        message = _("This is no price: %(mistake)s.")
        raise ValidationError(message, params={"mistake": error}) from error
    return write_prices([row])[0]


def write_price(row: dict[str, Any]) -> str:
    """Return a row of a price table as it is typed: the database keeps no order of words."""
    with suppress(ValueError):
        [row] = write_prices(read_prices([row]))
    return json.dumps(row, ensure_ascii=False)


def write_lora(lora: dict[str, Any]) -> str:
    """Return a LoRA as it is typed."""
    usual = " (usual)" if lora.get("is_usual") else ""
    return f"{lora['name']} = {lora['file']} @ {lora.get('scale', 1):g}{usual}"
