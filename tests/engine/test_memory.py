"""Where the weights live: by the memory of a card that is simulated, since there is none here."""

from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import ZImagePipeline

from generation.accounts.seed import SMALL
from generation.engine import stock as stock_module
from generation.engine.card import read_card
from generation.engine.engine import Engine
from generation.engine.memory import (
    GIB,
    Mode,
    Sizes,
    Visitor,
    choose_mode,
    read_sizes,
    tighter_than,
)
from generation.engine.options import Options
from generation.engine.pictures import Drawn
from generation.engine.small import WEIGHTS
from generation.engine.stock import Stock
from generation.spec import LocalModel, Lora, ModelCard
from tests.engine.drawing import lying, picture
from tests.engine.made_files import read_small, save

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]

# Z-Image in BF16 (PERFORMANCE: 12.31, 0.17 and 8.04 GB).
Z_IMAGE = Sizes(int(12.31e9), int(0.17e9), int(8.04e9))


@pytest.mark.parametrize(
    ("free_gib", "mode"),
    [(80, "none"), (24, "none"), (22.5, "resident"), (19, "model"), (12, "group"), (1, "group")],
)
def test_auto_chooses_by_free_memory_and_says_why(free_gib: float, mode: str) -> None:
    chosen = choose_mode("auto", Z_IMAGE, int(free_gib * GIB))
    assert chosen.name == mode
    assert f"{free_gib:.1f} GiB are free" in chosen.reason


def test_what_the_operator_wants_is_done() -> None:
    assert choose_mode("sequential", Z_IMAGE, 80 * GIB) == Mode(
        "sequential", "LOCAL_OFFLOAD says so"
    )


def test_without_a_card_nothing_is_offloaded() -> None:
    chosen = choose_mode("model", Z_IMAGE, None)
    assert chosen.name == "none"
    assert "no accelerator" in chosen.reason
    assert read_card() == {}
    with pytest.raises(ValueError, match="LOCAL_OFFLOAD"):
        choose_mode("everything", Z_IMAGE, None)


def test_sizes_are_those_of_the_files() -> None:
    sizes = read_sizes(WEIGHTS, torch.bfloat16)
    assert sizes.transformer > sizes.text_encoder > sizes.vae > 0
    # The files are BF16, but for their headers.
    on_disk = sum(file.stat().st_size for file in WEIGHTS.rglob("*.safetensors"))
    assert 0.99 < sizes.all / on_disk < 1


def test_each_mode_has_a_tighter_one_but_the_last() -> None:
    seen = ["none"]
    while tighter := tighter_than(seen[-1]):
        seen.append(tighter)
    assert seen == ["none", "resident", "model", "group", "sequential"]


def test_a_visitor_goes_home_without_being_copied_back() -> None:
    module = torch.nn.Linear(4, 4)
    homes = [tensor.data_ptr() for tensor in module.parameters()]
    inputs = torch.ones(1, 4)
    expected = module(inputs)
    visitor = Visitor(module, "cpu")
    with visitor.visiting():
        away = [tensor.data_ptr() for tensor in module.parameters()]
        assert torch.equal(module(inputs), expected)
    assert set(away).isdisjoint(homes)
    assert [tensor.data_ptr() for tensor in module.parameters()] == homes


LAYER = "layers.0.attention.to_q"
# Plain, worn, and plain again.
WORN: Any = ((), (("ink", 1.0),), ())


@pytest.fixture(scope="module")
def inked(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """The small model with a LoRA that nobody can overlook."""
    torch.manual_seed(0)
    wide, deep = read_small()[f"{LAYER}.weight"].shape
    halves = {"A": torch.randn(2, deep), "B": torch.randn(wide, 2)}
    path = tmp_path_factory.mktemp("loras") / "ink.safetensors"
    save(path, {f"{LAYER}.lora_{half}.weight": weight for half, weight in halves.items()})
    return lying(SMALL, loras=(Lora("ink", str(path)),))


@pytest.fixture(scope="module")
def expected(inked: ModelCard) -> list[Any]:
    """What is drawn with everything in place."""
    engine = Engine(Options(threads=1))
    return [engine.decode(draw(engine, inked, loras)) for loras in WORN]


def draw(engine: Engine, card: ModelCard, loras: Any) -> Drawn:
    (outcome,) = engine.draw([picture(7, card, loras=loras)])
    assert isinstance(outcome, Drawn), outcome
    return outcome


@pytest.mark.parametrize("mode", ["resident", "model", "group", "sequential"])
def test_every_mode_draws_the_same_bits_whatever_is_worn(
    mode: str, inked: ModelCard, expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The offload hooks work from the CPU to the CPU, too: no gain, but all of their ways.
    monkeypatch.setattr(stock_module, "choose_mode", lambda *_: Mode(mode, "as the test wants"))
    # To load a LoRA, diffusers takes them off and puts them on again, for a card.
    offload = partialmethod(ZImagePipeline.enable_model_cpu_offload, device="cpu")
    monkeypatch.setattr(ZImagePipeline, "enable_model_cpu_offload", offload)
    engine = Engine(Options(threads=1))
    for loras, plain in zip(WORN, expected, strict=True):
        drawn = draw(engine, inked, loras)
        # Where the decoder is moved about, the picture does not wait for a second thread.
        assert (drawn.image is None) == (mode == "resident")
        assert engine.decode(drawn) == plain
    assert engine.facts()["offload"] == mode
    assert expected[0] == expected[2] != expected[1]


@pytest.fixture
def card_stock(monkeypatch: pytest.MonkeyPatch) -> tuple[Stock, list[str]]:
    """A stock that believes in a card of 80 GiB, and the modes in which it loaded parts."""
    modes: list[str] = []

    def load(folder: Path, mode: Mode, device: str, dtype: Any, prepare: Any) -> Any:
        modes.append(mode.name)
        return SimpleNamespace(folder=folder, mode=mode, from_noise=None, transformer=None)

    monkeypatch.setattr(stock_module, "load_parts", load)
    monkeypatch.setattr(stock_module, "free_bytes", lambda: 80 * GIB)
    monkeypatch.setattr(Stock, "release", lambda self: None)
    monkeypatch.setattr(stock_module, "choose_attention", lambda *_: "native")
    return Stock(Options(), "cuda"), modes


def test_a_tighter_mode_stays_as_long_as_its_model(card_stock: tuple[Stock, list[str]]) -> None:
    stock, modes = card_stock
    stock.have(SMALL, 512 * 512)
    assert stock.tighten(1024 * 1024)
    for side in (1024, 512, 1024, 512):
        stock.have(SMALL, side * side)
    assert modes == ["none", "resident"]


def test_a_tighter_mode_is_for_its_own_model_and_sizes_only(
    card_stock: tuple[Stock, list[str]], tmp_path: Path
) -> None:
    stock, modes = card_stock
    (tmp_path / "twin").symlink_to(WEIGHTS)
    twin = ModelCard("twin", local=LocalModel(str(tmp_path / "twin")))
    for side in (1024, 2048, 2048):
        stock.have(SMALL, side * side)
        assert stock.tighten(side * side)
    modes.clear()
    for side in (512, 1024, 2048):
        stock.have(twin, 2048 * 2048)
        stock.have(SMALL, side * side)
    assert modes == ["none", "none", "none", "resident", "none", "group"]


def test_tighter_ends_at_the_tightest(card_stock: tuple[Stock, list[str]]) -> None:
    stock, modes = card_stock
    stock.have(SMALL, 512)
    while stock.tighten(512):
        stock.have(SMALL, 512)
    assert modes == ["none", "resident", "model", "group", "sequential"]


def test_a_model_too_large_to_load_is_loaded_in_a_tighter_mode(
    card_stock: tuple[Stock, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stock, modes = card_stock

    def load_if_tight(folder: Path, mode: Mode, device: str, dtype: Any, prepare: Any) -> Any:
        modes.append(mode.name)
        parts = SimpleNamespace(folder=folder, mode=mode, from_noise=None, transformer=None)
        if mode.name in ("none", "resident"):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return parts

    monkeypatch.setattr(stock_module, "load_parts", load_if_tight)
    engine = Engine(Options())
    engine.stock = stock
    batch = [picture(seed) for seed in range(4)]
    for _ in range(2):
        with pytest.raises(torch.OutOfMemoryError):
            stock.have(SMALL, 128 * 128)
        # The number of pictures has no part in it.
        assert engine._makes_room(batch)
    stock.have(SMALL, 128 * 128)
    assert modes == ["none", "resident", "model"]
    assert not engine._largest
