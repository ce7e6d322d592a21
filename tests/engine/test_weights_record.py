"""A picture's record names its base model by what its files hold, and `engine rerun` says when they are others."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from generation.accounts.seed import SMALL
from generation.engine import stock as stock_module
from generation.engine.engine import Engine
from generation.engine.errors import EngineError
from generation.engine.options import Options
from generation.engine.small import WEIGHTS
from generation.engine.stock import Stock
from generation.engine.watchdog import PATIENCE_LOADING
from generation.engine.weights import WeightsError, files, hash_folder
from generation.management.commands.engine import describe
from generation.spec import LocalModel, Lora, ModelCard
from generation.work.rerun import Again, find_changes
from tests.engine.drawing import picture

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(WEIGHTS, tmp_path / "model")


def replace_weights(folder: Path) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({key: value * 0.5 for key, value in load_file(path).items()}, path)


def replace_shift(folder: Path) -> None:
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shift": 9.0}))


def replace_template(folder: Path) -> None:
    (folder / "tokenizer" / "chat_template.jinja").write_text("{{ messages }}")


def rename_weights(folder: Path) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_name("model.safetensors"))


def test_hash_of_a_folder_is_of_its_names_and_contents(folder: Path) -> None:
    assert hash_folder(folder) == hash_folder(WEIGHTS)
    # Not read when a model is loaded.
    (folder / "README.md").write_text("anew")
    (folder / "old.bin").write_bytes(b"pickle")
    assert hash_folder(folder) == hash_folder(WEIGHTS)
    seen = {hash_folder(folder)}
    for number, replace in enumerate(
        (replace_weights, replace_shift, replace_template, rename_weights), 2
    ):
        replace(folder)
        seen.add(hash_folder(folder))
        assert len(seen) == number, replace.__name__


def test_folders_files_are_read_once(folder: Path) -> None:
    first, before = hash_folder(folder), files._hash.cache_info()
    assert hash_folder(folder) == first
    assert files._hash.cache_info().misses == before.misses
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x80\x04")
    with pytest.raises(WeightsError, match="not safetensors"):
        hash_folder(folder)


def test_a_folder_is_hashed_once_for_each_load_and_while_loading_may_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, patience = Engine(Options()), []

    def noting(folder: Path) -> str:
        ((stage,),) = engine.watchdog._stages.values()
        patience.append((stage.name, stage.patience))
        return hash_folder(folder)

    monkeypatch.setattr(stock_module, "hash_folder", noting)
    for seed in (1, 2):
        (outcome,) = engine.draw([picture(seed, steps=1)])
        assert not isinstance(outcome, Exception)
        assert outcome.facts["folder_sha256"] == hash_folder(WEIGHTS)
    assert patience == [("load", PATIENCE_LOADING)]


def test_rerun_says_that_the_base_models_files_are_others(folder: Path) -> None:
    card, facts = ModelCard("local", local=LocalModel(str(folder))), []
    stock = Stock(Options(), "cpu")
    for replace in (replace_weights, lambda folder: None):
        stock.have(card)
        facts.append(stock.describe(card, ()))
        replace(folder)
        # What is loaded is what is recorded, whatever lies there now.
        assert stock.describe(card, ()) == facts[-1]
        stock = Stock(Options(), "cpu")
    changed = find_changes(*facts)
    assert changed == {"folder_sha256": (facts[0]["folder_sha256"], hash_folder(folder))}
    again = Again(0, 7, Image.new("RGB", (8, 8)), False, 20.0, changed)
    assert f"; since then: folder_sha256 {facts[0]['folder_sha256']} -> " in describe(again)


def test_a_pinned_revision_is_recorded_without_reading_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stock_module, "find_folder", lambda card: WEIGHTS)
    monkeypatch.setattr(stock_module, "hash_folder", lambda folder: pytest.fail("read"))
    card = ModelCard("pinned", local=LocalModel("somebody/z-image", revision="0" * 40))
    described = Stock(Options(), "cpu").describe(card, ())
    assert (described["revision"], described["folder_sha256"]) == ("0" * 40, "")


def test_another_folder_is_recorded_as_another(folder: Path) -> None:
    replace_shift(folder)
    stock, found = Stock(Options(), "cpu"), []
    for card in (SMALL, ModelCard("local", local=LocalModel(str(folder))), SMALL):
        stock.have(card)
        found.append(stock.describe(card, ())["folder_sha256"])
    assert found == [hash_folder(WEIGHTS), hash_folder(folder), hash_folder(WEIGHTS)]


def test_a_file_that_is_gone_when_the_record_is_written_is_the_models_fault(
    tmp_path: Path,
) -> None:
    lost = ModelCard(
        "lost", local=LocalModel(str(WEIGHTS), loras=(Lora("ink", str(tmp_path / "gone")),))
    )
    # A scale of 0 wears nothing: the record alone asks for the file.
    (outcome,) = Engine(Options()).draw([picture(card=lost, loras=(("ink", 0.0),), steps=1)])
    assert isinstance(outcome, EngineError)
    assert "lost: " in str(outcome)
