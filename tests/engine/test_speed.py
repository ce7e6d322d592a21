"""Faster kernels by wish, and a card that is lost: what a machine without a card can show of both."""

import os
from typing import Any

import pytest
import torch
from torch import nn

from generation.accounts.seed import SMALL
from generation.engine.speed import choose_attention, compile_blocks
from generation.providers.local import LocalProvider
from tests.engine.drawing import decode, work

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture
def transformer(provider: LocalProvider) -> Any:
    return provider.engine.stock.have(SMALL).transformer


@pytest.mark.parametrize(
    ("wanted", "used"),
    [
        ("", "native"),
        ("_native_math", "_native_math"),
        ("_native_flash", "native"),  # takes no mask
        ("flash", "native"),  # is not installed
        ("telepathy", "native"),
    ],
)
def test_attention_that_cannot_do_it_all_is_not_used(
    transformer: Any, wanted: str, used: str
) -> None:
    try:
        # Its tensors have no values there: what is asked is asked all the same.
        assert choose_attention(transformer, wanted, "meta") == used
        names = {module.processor._attention_backend for module in attentions(transformer)}
        assert names <= {None, used}
    finally:
        transformer.set_attention_backend("native")


def attentions(transformer: Any) -> list[Any]:
    return [module for module in transformer.modules() if hasattr(module, "processor")]


def test_on_the_processor_nothing_is_chosen(transformer: Any) -> None:
    assert choose_attention(transformer, "_native_math", "cpu") == "native"
    assert not compile_blocks(transformer, "cpu")


class Block(nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * 2).relu()


asked: list[torch.fx.GraphModule] = []


def break_off(graph: torch.fx.GraphModule, _: Any) -> Any:
    asked.append(graph)
    raise RuntimeError("no compiler")


class Repeated(nn.Module):  # type: ignore[misc]
    """What diffusers calls a model with repeated blocks, on a machine without a compiler."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])

    def compile_repeated_blocks(self, **words: Any) -> None:
        for block in self.blocks:
            block.compile(backend=break_off, **words)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = block(x)
        return x


def test_blocks_that_cannot_be_compiled_run_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch._dynamo.config, "suppress_errors", False)
    model = Repeated()
    assert compile_blocks(model, "cuda")
    assert torch.equal(model(torch.ones(3)), torch.full((3,), 4.0))
    assert asked
    torch._dynamo.reset()


class Ended(BaseException):
    """Stands for the end of the process."""


def end(code: int) -> None:
    raise Ended(code)


def refuse() -> None:
    raise torch.AcceleratorError("an illegal memory access was encountered")


@pytest.mark.parametrize("stage", ["draw", "decode"])
def test_a_lost_card_ends_the_worker_before_it_fails_the_queue(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr(os, "_exit", end)
    parts = provider.engine.stock.have(SMALL)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("an illegal memory access was encountered")

    def order() -> None:
        decode(provider.submit(work()))

    monkeypatch.setattr(provider.engine, "device", "cuda")
    monkeypatch.setattr(provider.engine._decoder, "_device", "cuda")
    part, name = (
        (parts.transformer, "forward") if stage == "draw" else (parts.decoder.vae, "decode")
    )
    monkeypatch.setattr(part, name, broken)
    # A mishap of one order leaves the card well.
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    with pytest.raises(Exception, match="illegal"):
        order()
    monkeypatch.setattr(torch.cuda, "synchronize", refuse)
    with pytest.raises(Ended):
        order()
