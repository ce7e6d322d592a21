"""A prompt is read whole or refused, never cut."""

from typing import Any

import pytest

from generation.accounts.seed import SMALL
from generation.engine.captions import MOST_TOKENS, count_padded_tokens
from generation.engine.errors import PromptTooLongError
from generation.engine.small import WEIGHTS
from generation.failures import PromptTooLong
from generation.life.outputs import failure_of
from generation.providers.base import Finished
from generation.providers.errors import ProviderError
from generation.providers.local import LocalProvider
from generation.training import networks
from genhub.lib.errors import Problem
from tests.engine.drawing import spec, work

pytestmark = pytest.mark.xdist_group("torch")
# Each of these words is one token of the small model; its template adds the roles.
LONGEST = " ".join(["a"] * (MOST_TOKENS - len(networks.ROLES)))
TOO_LONG = f"{LONGEST} a"


def test_the_longest_prompt_is_read_whole() -> None:
    assert count_padded_tokens(WEIGHTS, LONGEST) == MOST_TOKENS
    with pytest.raises(PromptTooLongError, match="513 tokens; the model reads 512"):
        count_padded_tokens(WEIGHTS, TOO_LONG)


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_a_longer_one_fails_its_own_order_alone(provider: LocalProvider, field: str) -> None:
    assert provider.batch_key(spec(**{field: TOO_LONG}), SMALL) is None
    too_long: dict[str, Any] = {field: TOO_LONG}
    failed, made = provider.submit_batch([work(**too_long), work()])
    assert isinstance(failed, ProviderError)
    assert failed.code == "prompt_too_long"
    assert Problem.kinds[failed.code] is PromptTooLong
    assert failed.params == {"limit": MOST_TOKENS}
    assert isinstance(made, Finished)


def test_a_negative_prompt_that_is_not_used_may_be_long(provider: LocalProvider) -> None:
    finished = provider.submit(work(negative_prompt=TOO_LONG, cfg_scale=0.0))
    assert isinstance(finished, Finished)


def test_words_tell_the_models_own_figure() -> None:
    told = ProviderError("too long", code="prompt_too_long", params={"limit": 77})
    assert "It reads 77 tokens" in str(failure_of(told.code, told.params))
    # As it was stored before models said it.
    assert "It reads 512 tokens" in str(PromptTooLong())
    # Not all that the words tell: the general failure.
    assert failure_of("quarantined", {}).code == "generation_failed"
