"""Prompt embeddings, kept: variants of one prompt and repeated prompts are encoded once."""

from collections.abc import Callable, Hashable
from operator import attrgetter
from pathlib import Path
from typing import Any

import cachetools
import torch


def identify(folder: Path) -> Hashable:
    """Return what an encoder and its tokenizer are known by: models that share their files share embeddings."""
    files = [file for part in ("text_encoder", "tokenizer") for file in (folder / part).rglob("*")]
    facts = ((file.resolve(), file.stat()) for file in files if file.is_file())
    return tuple(sorted((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in facts))


class EmbeddingCache:
    """Embeddings by (encoder and tokenizer, prompt), each [tokens, width] on the CPU.

    Bounded by bytes, the least recently used goes first. The empty prompt stays: it is every picture's other branch.
    """

    def __init__(self, most_bytes: int) -> None:
        """Take the bound in bytes; 0 keeps the empty prompt only."""
        self._kept: Any = cachetools.LRUCache(most_bytes, getsizeof=attrgetter("nbytes"))
        self._empty: dict[Hashable, torch.Tensor] = {}
        self.hits = 0
        self.misses = 0

    def get(self, encoder: Hashable, prompt: str, encode: Callable[[], torch.Tensor]) -> Any:
        """Return a prompt's embedding, encoding it on the first sight."""
        key = (encoder, prompt)
        found = self._kept.get(key) if prompt else self._empty.get(encoder)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        made = encode().cpu()
        if not prompt:
            self._empty[encoder] = made
        elif made.nbytes <= self._kept.maxsize:
            self._kept[key] = made
        return made

    @property
    def held_bytes(self) -> int:
        """Return what is kept, the empty prompts included."""
        return int(self._kept.currsize + sum(made.nbytes for made in self._empty.values()))
