"""A model's folder: every safetensors file is judged, every pickle is left alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from diffusers import ZImagePipeline

from generation.engine.small import WEIGHTS
from generation.engine.weights import WeightsError, check_folder, read_shapes
from tests.engine.made_files import TRANSFORMER, write_traps

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WEIGHTS, tmp_path / "model"))


def test_shipped_folder_is_taken() -> None:
    report = check_folder(WEIGHTS)
    assert len(report.taken) == 3
    assert report.ignored == ()


@pytest.mark.parametrize("suffix", [".bin", ".PT", ".ckpt", ".Pkl", ".pth", ".BIN"])
def test_pickles_are_reported_and_never_read(tmp_path: Path, folder: Path, suffix: str) -> None:
    canary = tmp_path / "canary"
    trap = write_traps(tmp_path, canary)[-2]
    names = ("transformer/diffusion_pytorch_model", "text_encoder/pytorch_model")
    for name in names:
        shutil.copy(trap, folder / (name + suffix))
    report = check_folder(folder)
    assert {path.name for path in report.ignored} == {Path(name).name + suffix for name in names}
    assert "diffusion_pytorch_model" + suffix in str(report)
    ZImagePipeline.from_pretrained(folder, use_safetensors=True, local_files_only=True)
    assert not canary.exists()


def test_folder_with_pickles_alone_is_not_loaded(tmp_path: Path, folder: Path) -> None:
    canary = tmp_path / "canary"
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    shutil.copy(
        write_traps(tmp_path, canary)[-2], folder / "transformer" / "diffusion_pytorch_model.bin"
    )
    with pytest.raises(OSError, match="safetensors"):
        ZImagePipeline.from_pretrained(folder, use_safetensors=True, local_files_only=True)
    assert not canary.exists()


def test_every_fault_of_a_folder_is_named(folder: Path) -> None:
    for part in ("vae", "transformer"):
        path = folder / part / "diffusion_pytorch_model.safetensors"
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError) as caught:
        check_folder(folder)
    assert str(caught.value).count("cut off") == 2


@pytest.mark.parametrize(
    "shard", ["evil.bin", "../vae/other.safetensors", "gone.safetensors", "/etc/passwd"]
)
def test_index_that_leads_elsewhere_is_refused(folder: Path, shard: str) -> None:
    index = folder / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    (folder / "transformer" / "evil.bin").write_bytes(b"\x80")
    shutil.copy(TRANSFORMER, folder / "vae" / "other.safetensors")
    good = {"a": "diffusion_pytorch_model.safetensors"}
    index.write_text(json.dumps({"weight_map": good}))
    check_folder(folder)
    index.write_text(json.dumps({"weight_map": {**good, "b": shard}}))
    with pytest.raises(WeightsError, match=r"which is no \.safetensors file beside it"):
        check_folder(folder)
    index.write_text("[]")
    with pytest.raises(WeightsError, match="not an index"):
        check_folder(folder)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not a folder"):
        check_folder(tmp_path / "gone")
    with pytest.raises(WeightsError, match="not the configuration"):
        read_shapes(tmp_path)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ([], "not the configuration"),
        ({}, "not the configuration"),
        ("Tongyi-MAI/Z-Image", "not the configuration"),
        ({"_class_name": "UNet2DConditionModel"}, "this is a 'UNet2DConditionModel'"),
        ({"dim": "wide"}, "no transformer can be built"),
        ({"n_heads": 0}, "no transformer can be built"),
        ({"n_layers": -1, "dim": 7}, "no transformer can be built"),
    ],
)
def test_configuration_that_builds_nothing_is_refused(
    folder: Path, config: Any, sentence: str
) -> None:
    if "no transformer" in sentence:
        config = {"_class_name": "ZImageTransformer2DModel", **config}
    (folder / "transformer" / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=sentence):
        read_shapes(folder)
