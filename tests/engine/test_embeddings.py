"""The cache of prompt embeddings: bounded by bytes, and never for another encoder."""

import shutil
from pathlib import Path

import pytest
import torch

from generation.engine.embeddings import EmbeddingCache, identify
from generation.engine.small import WEIGHTS

pytestmark = pytest.mark.xdist_group("torch")
ROW_BYTES = 4 * 4


def made(tokens: int) -> torch.Tensor:
    return torch.ones(tokens, 4)


def test_least_recently_used_goes_first() -> None:
    cache = EmbeddingCache(3 * ROW_BYTES)
    for prompt in ("one", "two", "three", "one", "four"):
        cache.get("encoder", prompt, lambda: made(1))
    assert (cache.hits, cache.misses) == (1, 4)
    cache.get("encoder", "one", lambda: made(1))
    assert cache.hits == 2
    cache.get("encoder", "two", lambda: made(1))
    assert cache.misses == 5
    assert cache.held_bytes == 3 * ROW_BYTES


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    cache = EmbeddingCache(ROW_BYTES)
    for _ in range(2):
        assert cache.get("encoder", "long", lambda: made(2)).shape == (2, 4)
    assert (cache.hits, cache.misses, cache.held_bytes) == (0, 2, 0)


def test_the_empty_prompt_stays_for_ever() -> None:
    cache = EmbeddingCache(2 * ROW_BYTES)
    cache.get("encoder", "", lambda: made(1))
    for number in range(5):
        cache.get("encoder", f"prompt {number}", lambda: made(2))
    cache.get("encoder", "", lambda: made(1))
    assert cache.hits == 1


def test_another_encoder_has_its_own() -> None:
    cache = EmbeddingCache(10 * ROW_BYTES)
    for encoder in ("one", "other"):
        for prompt in ("", "a star"):
            cache.get(encoder, prompt, lambda: made(1))
    assert (cache.hits, cache.misses) == (0, 4)


def test_an_encoder_is_known_by_its_files_and_its_tokenizers(tmp_path: Path) -> None:
    before = identify(WEIGHTS)
    assert identify(WEIGHTS) == before
    copy = tmp_path / "copy"
    copy.mkdir()
    for part in ("text_encoder", "tokenizer"):
        (copy / part).symlink_to(WEIGHTS / part)
    # A folder that shares the files shares what they made.
    assert identify(copy) == before
    (copy / "tokenizer").unlink()
    shutil.copytree(WEIGHTS / "tokenizer", copy / "tokenizer")
    assert identify(copy) != before
