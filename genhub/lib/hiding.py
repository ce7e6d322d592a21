"""What a line of a log must not repeat of what somebody sent: secrets, by their looks, and what makes a terminal or a
reader take one line for another.
"""

import re
from typing import Final

# A key or token of ours, or what signs webhooks. The part that finds a key stays: it tells which one leaked.
SECRET: Final = re.compile(
    r"((?:gh|tok)_[A-Za-z0-9]{8,}(?:\.|%2[Ee]))[A-Za-z0-9]{16,}|(whsec_)[A-Za-z0-9+/=%]{16,}"
)
# Controls and ends of lines, marks of direction, and halves of surrogate pairs, which no file takes. Tabs are harmless.
MISLEADING: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def hide_secrets(text: str) -> str:
    """Return a text without the secret parts of keys, tokens and webhook secrets."""
    return SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


def keep_on_one_line(text: str) -> str:
    """Return a text with whatever misleads written as escapes, such as \\n."""
    return MISLEADING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
