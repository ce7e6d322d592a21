"""How many tokens a text has, by OpenAI's vocabulary as it ships with the tokenizer: nothing is fetched for it."""

import logging
from functools import cache
from typing import Any

logger = logging.getLogger(__name__)

# Of the models since GPT-4o, gpt-image among them.
VOCABULARY = "o200k_base"


@cache
def find_tokenizer() -> Any:
    """Return the tokenizer, None where the extra `tokens` is not installed."""
    try:
        import quicktok  # noqa: PLC0415 (an extra: a hub without it only knows less)
    except ImportError:
        logger.info("no tokenizer: tokens that a vendor does not count stay unknown")
        return None
    return quicktok.get_encoding(VOCABULARY)


def count_tokens(text: str) -> int | None:
    """Return how many tokens a text has, or None where nobody can count them."""
    tokenizer = find_tokenizer()
    if tokenizer is None:
        return None
    # Half of a surrogate pair is JSON, but no text.
    whole = text.encode("utf-8", "replace").decode()
    return len(tokenizer.encode_ordinary(whole))
