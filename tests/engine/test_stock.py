"""Models that change places: folders, hub ids, custom weights and LoRAs, from files and from the pool."""

import os
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.accounts.seed import SMALL
from generation.engine import stock as stock_module
from generation.engine.errors import EngineError
from generation.engine.loading import load_parts, local_of
from generation.engine.options import Options
from generation.engine.pool import WeightsPool, size_bytes
from generation.engine.small import WEIGHTS
from generation.engine.stock import Stock
from generation.engine.weights import load_weights
from generation.spec import LocalModel, Lora, ModelCard
from tests.engine.drawing import lying

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]

FILE = WEIGHTS / "transformer" / "diffusion_pytorch_model.safetensors"


def state_of(stock: Stock) -> dict[str, torch.Tensor]:
    assert stock.parts is not None
    return {name: value.clone() for name, value in stock.parts.transformer.named_parameters()}


def are_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def custom(path: Path, share: float, *, part: str = "") -> ModelCard:
    """Return a card whose transformer is scaled, all of it or those keys that begin with a part's name."""
    state = load_file(FILE)
    save_file({k: v * share for k, v in state.items() if k.startswith(part)}, path)
    return ModelCard(alias=path.stem, local=LocalModel(str(WEIGHTS), weights=(str(path),)))


@pytest.fixture
def stock() -> Stock:
    return Stock(Options(), "cpu")


def test_custom_weights_come_and_go_bit_by_bit(
    stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[tuple[str, ...]] = []
    load = load_weights

    def noting(transformer: Any, paths: Any, **words: Any) -> Any:
        files.append(tuple(paths))
        return load(transformer, paths, **words)

    monkeypatch.setattr(stock_module, "load_weights", noting)
    half, double = custom(tmp_path / "half.safetensors", 0.5), custom(tmp_path / "double.safetensors", 2)  # fmt: skip
    first = stock.have(SMALL)
    own = state_of(stock)
    for card, share in ((half, 0.5), (double, 2), (half, 0.5), (SMALL, 1), (double, 2)):
        assert stock.have(card) is first
        expected = {name: value * share for name, value in own.items()}
        assert are_equal(state_of(stock), expected)
    # Each file was read once; the rest came from the pool.
    assert files == [local_of(half).weights, local_of(double).weights]
    assert stock.alias == "double"


def test_a_folder_whose_weights_were_replaced_is_loaded_anew(stock: Stock, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(WEIGHTS, folder)
    card, half = (
        ModelCard("own", local=LocalModel(str(folder))),
        custom(tmp_path / "half.safetensors", 0.5),
    )
    stock.have(card)
    own = state_of(stock)
    stock.have(lying(half, folder=str(folder)))
    # A power of two: exact in the file's BF16, whatever is computed in.
    save_file(
        {name: value * 4 for name, value in load_file(FILE).items()},
        folder / "transformer" / FILE.name,
    )
    stock.have(card)
    assert are_equal(state_of(stock), {name: value * 4 for name, value in own.items()})


def test_without_a_pool_the_files_are_read_anew(tmp_path: Path) -> None:
    stock = Stock(Options(pool_bytes=0), "cpu")
    half = custom(tmp_path / "half.safetensors", 0.5)
    stock.have(SMALL)
    own = state_of(stock)
    stock.have(half)
    assert not are_equal(state_of(stock), own)
    stock.have(SMALL)
    assert are_equal(state_of(stock), own)


def test_partial_weights_lie_over_the_folders_own_not_over_the_last_ones(tmp_path: Path) -> None:
    stock = Stock(Options(weights_threshold=0.1), "cpu")
    double = custom(tmp_path / "double.safetensors", 2)
    layers = custom(tmp_path / "layers.safetensors", 4, part="layers.")
    stock.have(SMALL)
    own = state_of(stock)
    stock.have(double)
    stock.have(layers)
    for name, value in state_of(stock).items():
        assert torch.equal(value, own[name] * (4 if name.startswith("layers.") else 1)), name


def test_refused_weights_leave_a_model_that_draws(stock: Stock, tmp_path: Path) -> None:
    stock.have(SMALL)
    own = state_of(stock)
    few = custom(tmp_path / "few.safetensors", 2, part="t_embedder.")
    with pytest.raises(EngineError, match="few"):
        stock.have(few)
    assert are_equal(state_of(stock), own)
    stock.have(SMALL)
    assert are_equal(state_of(stock), own)


def test_a_refused_folder_leaves_the_loaded_model(stock: Stock, tmp_path: Path) -> None:
    parts = stock.have(SMALL)
    (tmp_path / "weights.safetensors").write_bytes(b"no header")
    with pytest.raises(EngineError, match="cannot load"):
        stock.have(ModelCard("empty", local=LocalModel(str(tmp_path))))
    assert stock.parts is parts
    assert stock.alias == SMALL.alias


def test_weights_written_anew_under_their_name_are_read_anew(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "style.safetensors"
    stock.have(SMALL)
    own = state_of(stock)
    for share in (0.5, 2):
        card = custom(path, share)
        # As an editor writes it: the clock of a file system may be coarse.
        os.utime(path, ns=(0, int(share * 10**9)))
        stock.have(card)
        assert are_equal(state_of(stock), {name: value * share for name, value in own.items()})


def test_the_old_model_is_gone_before_another_is_loaded(
    stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, alive = load_parts, []
    last: Any = None

    def noting(*args: Any) -> Any:
        nonlocal last
        alive.append(last is not None and last() is not None)
        parts = load(*args)
        last = weakref.ref(parts.transformer)
        return parts

    monkeypatch.setattr(stock_module, "load_parts", noting)
    monkeypatch.setattr(stock.pool, "most_bytes", 0)
    (tmp_path / "twin").symlink_to(WEIGHTS)
    half, double = (custom(tmp_path / f"{share}.safetensors", share) for share in (0.5, 2))
    stock.have(SMALL)
    stock.have(ModelCard("twin", local=LocalModel(str(tmp_path / "twin"))))
    # From one custom file to another without the folder's own in the pool.
    stock.have(half)
    stock.have(double)
    stock.have(SMALL)
    assert alive == [False] * 5


def test_a_change_of_weights_that_breaks_off_leaves_nothing_in_use(
    stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock.have(SMALL)
    own = state_of(stock)

    def break_off(transformer: Any, files: Any, **_: Any) -> None:
        next(transformer.parameters()).data.zero_()
        raise RuntimeError("a kernel for one")

    with monkeypatch.context() as patch:
        patch.setattr(stock_module, "load_weights", break_off)
        with pytest.raises(RuntimeError):
            stock.have(custom(tmp_path / "half.safetensors", 0.5))
    stock.have(SMALL)
    assert are_equal(state_of(stock), own)


def test_a_file_that_is_no_safetensors_is_refused(stock: Stock, tmp_path: Path) -> None:
    path = tmp_path / "evil.safetensors"
    path.write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(EngineError, match="pickle"):
        stock.have(ModelCard(alias="evil", local=LocalModel(str(WEIGHTS), weights=(str(path),))))
    stock.have(SMALL)


def test_a_lora_that_the_card_lacks_is_a_clear_error(stock: Stock) -> None:
    stock.have(SMALL)
    with pytest.raises(EngineError, match="has no LoRA 'ink'"):
        stock.wear(SMALL, (("ink", 1.0),))
    lost = ModelCard(
        alias="lost",
        local=LocalModel(str(WEIGHTS), loras=(Lora("ink", "/nowhere/ink.safetensors"),)),
    )
    with pytest.raises(EngineError, match="ink"):
        stock.wear(lost, (("ink", 1.0),))


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (ModelCard("blank"), "has no folder"),
        (ModelCard("gone", local=LocalModel("/nowhere")), "no such folder"),
        (ModelCard("loose", local=LocalModel("owner/name")), "40 hex digits"),
        (ModelCard("loose", local=LocalModel("owner/name", revision="main")), "40 hex digits"),
        (
            ModelCard("absent", local=LocalModel("owner/name", revision="0" * 40)),
            "not in the local cache",
        ),
    ],
    ids=lambda value: value.alias if isinstance(value, ModelCard) else "",
)
def test_models_that_are_not_there_are_named(stock: Stock, card: ModelCard, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        stock.have(card)


def test_a_folder_without_weights_is_refused(stock: Stock, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot load"):
        stock.have(ModelCard("empty", local=LocalModel(str(tmp_path))))


def test_the_record_names_each_file_by_its_content(stock: Stock, tmp_path: Path) -> None:
    card = custom(tmp_path / "half.safetensors", 0.5)
    facts = stock.describe(card, ())
    assert facts["model"] == "half"
    (digest,) = facts["weights"].values()
    assert len(digest) == 64


def test_the_pool_is_bounded_and_forgets_the_least_recently_used() -> None:
    module = torch.nn.Linear(8, 8)
    size = size_bytes(dict(module.named_parameters()))
    pool = WeightsPool(2 * size)
    for key in ("one", "two", "one", "three"):
        pool.keep(key, module)
        pool.put_into(module, key)
    assert [*pool] == ["one", "three"]
    assert pool.held_bytes == 2 * size
    small = WeightsPool(size - 1)
    small.keep("one", module)
    assert not [*small]


def test_the_pool_keeps_nothing_in_place_of_what_is_wanted_next() -> None:
    module = torch.nn.Linear(8, 8)
    pool = WeightsPool(size_bytes(dict(module.named_parameters())))
    pool.keep("one", module)
    pool.keep("two", module, beside="one")
    assert [*pool] == ["one"]
    pool.keep("two", module)
    assert [*pool] == ["two"]
