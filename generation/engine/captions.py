"""How long a prompt is to the model, which decides with which others it may be drawn."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from transformers import AutoTokenizer

from generation.engine.errors import PromptTooLongError

# ZImagePipeline's limit, and the multiple that its transformer pads captions to.
MOST_TOKENS: Final = 512
CAPTION_MULTIPLE: Final = 32


@lru_cache(maxsize=4)
def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a model's folder."""
    return AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)


@lru_cache(maxsize=4096)
def count_padded_tokens(folder: Path, prompt: str) -> int:
    """Return a prompt's length in tokens as the transformer sees it: templated and padded as the pipeline does.

    Raises PromptTooLongError where the pipeline would silently cut it.
    """
    tokenizer = load_tokenizer(folder)
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=True,
    )
    tokens = len(tokenizer(text).input_ids)
    if tokens > MOST_TOKENS:
        raise PromptTooLongError(tokens, MOST_TOKENS)
    return -(-tokens // CAPTION_MULTIPLE) * CAPTION_MULTIPLE
