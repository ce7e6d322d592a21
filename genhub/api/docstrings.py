"""What the OpenAPI documents say by docstrings and names of examples, in the reader's language: the catalogue has them
as all other words."""

import re
from typing import Any, Final

from django.utils.translation import gettext

# A paragraph goes on after it.
LINE_BREAK: Final = re.compile(r"(?<!\n)\n(?!\n)")
# What drf-spectacular lists of a choice by itself.
CHOICES: Final = "* `"
# What was said since the process began: a document that is made anew says the same again.
SAID: Final[set[str]] = set()


def say(docstring: str) -> str:
    """Return a docstring in the reader's language."""
    text = LINE_BREAK.sub(" ", docstring)
    if not text:
        # A catalogue translates nothing by its own header.
        return ""
    SAID.add(text)
    return gettext(text)


def say_schemas(result: dict[str, Any]) -> None:
    """Say what each schema of a document is."""
    for schema in result["components"].get("schemas", {}).values():
        description = schema.get("description", CHOICES)
        if not description.startswith(CHOICES):
            schema["description"] = say(description)


def say_examples(bodies: list[dict[str, Any]]) -> None:
    """Say what each example is that has a name for people."""
    for body in bodies:
        for content in body.get("content", {}).values():
            for example in content.get("examples", {}).values():
                if "summary" in example:
                    example["summary"] = say(example["summary"])
