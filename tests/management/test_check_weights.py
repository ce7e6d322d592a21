"""`manage.py check_weights`: what operators ask before they enter a model; a database only for --model."""

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from django.core.management import call_command
from django.core.management.base import CommandError
from safetensors.torch import load_file, save_file

from generation.engine.small import WEIGHTS
from generation.models import Account
from generation.models.weights import columns_of_place
from generation.spec import LocalModel, Lora
from tests.engine.made_files import TRANSFORMER, read_small, save, to_original, write_traps
from tests.offers import place

pytestmark = pytest.mark.xdist_group("torch")


def run(*words: Any) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("check_weights", *map(str, words), stdout=out, stderr=err)
    except SystemExit as end:
        code = int(str(end.code))
    return code, out.getvalue(), err.getvalue()


def test_shipped_weights_are_taken() -> None:
    code, out, err = run(TRANSFORMER)
    assert (code, err) == (0, "")
    assert "(100 %)" in out
    assert out.endswith("taken\n")


@pytest.mark.parametrize("prefix", ["transformer.", "model.", "model.diffusion_model.", "module."])
def test_every_prefix_is_taken_and_named(tmp_path: Path, prefix: str) -> None:
    weights = {prefix + name: weight for name, weight in to_original(read_small()).items()}
    code, out, _ = run(save(tmp_path / "w", weights), "--folder", WEIGHTS)
    assert code == 0
    assert f"original names, prefixes removed: {prefix}\n" in out


def test_json_holds_report_and_hash(tmp_path: Path) -> None:
    path = save(tmp_path / "w", read_small())
    code, out, _ = run(path, "--json")
    answer = json.loads(out)
    assert (code, answer["ok"], answer["reason"]) == (0, True, "")
    assert answer["report"]["share"] == 1.0
    assert len(answer["sha256"][str(path)]) == 64


def test_half_a_model_is_refused_unless_the_threshold_allows_it(tmp_path: Path) -> None:
    names = list(read_small())[:70]
    path = save(tmp_path / "w", {name: read_small()[name] for name in names})
    code, out, err = run(path)
    assert (code, out) == (1, "")
    assert err.startswith("refused: only ")
    assert "missing      63: " in err
    code, out, _ = run(path, "--json")
    assert code == 1
    assert len(json.loads(out)["report"]["missing"]) == 63
    assert run(path, "--threshold", "0.3")[0] == 0
    with pytest.raises(CommandError, match="between 0 and 1"):
        run(path, "--threshold", "95")


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    weights = read_small()
    weights["x_pad_token"].fill_(float("nan"))
    code, _, err = run(save(tmp_path / "w", weights))
    assert code == 1
    assert "x_pad_token holds values that are no numbers" in err


def test_pickle_is_refused_and_not_read(tmp_path: Path) -> None:
    for trap in write_traps(tmp_path, tmp_path / "canary"):
        code, _, err = run(trap)
        assert code == 1
        assert err.startswith(f"refused: {trap}: not safetensors: ")
    assert not (tmp_path / "canary").exists()


def lora(path: Path, *, layer: str = "to_q", width: int = 192, value: float = 1.0) -> Path:
    halves = {"A": torch.full((2, width), value), "B": torch.full((width, 2), value)}
    name = f"transformer.layers.0.attention.{layer}"
    return save(path, {f"{name}.lora_{half}.weight": value for half, value in halves.items()})


def test_lora_is_told_from_weights_and_taken(tmp_path: Path) -> None:
    code, out, err = run(lora(tmp_path / "l"))
    assert (code, err) == (0, "")
    assert out == (
        f"{tmp_path / 'l'}: LoRA of 1 layers, rank 2, 768 parameters\nbase model: {WEIGHTS}\ntaken\n"
    )
    code, out, _ = run(tmp_path / "l", save(tmp_path / "w", read_small()), "--json")
    answer = json.loads(out)
    assert (code, answer["report"]["share"], len(answer["loras"])) == (0, 1.0, 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"layer": "to_x"}, "made for another model: 1 of its 1 layers"),
        ({"width": 320}, "made for another model: 1 of its 1 layers"),
        ({"value": float("inf")}, "holds values that are no numbers or infinite"),
    ],
)
def test_lora_that_the_engine_would_refuse_is_refused(
    tmp_path: Path, model: Callable[..., None], words: dict[str, Any], reason: str
) -> None:
    path = lora(tmp_path / "l", **words)
    model("worn", loras=(Lora("ink", str(path)),))
    for code, out, err in (run(path), run("--model", "worn"), run(path, "--model", "worn")):
        assert (code, out) == (1, "")
        assert err.startswith("refused: ")
        assert reason in err
        assert err.endswith(f"base model: {WEIGHTS}\n")


def test_lora_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    path = lora(tmp_path / "l")
    strength = {"lora_adapter_metadata": json.dumps({"transformer.r": 5})}
    save_file(load_file(path), path, strength)
    code, _, err = run(path)
    assert code == 1
    assert "cannot be loaded: " in err


def test_lora_of_every_kind_is_told_by_its_name(tmp_path: Path) -> None:
    original = "diffusion_model.layers.0.attention"
    halves = {
        f"{original}.qkv.lora_A.weight": torch.ones(4, 192),
        f"{original}.qkv.lora_B.weight": torch.ones(576, 4),
        f"{original}.out.lora_A.weight": torch.ones(4, 192),
        f"{original}.out.lora_B.weight": torch.ones(192, 4),
    }
    factors = {f"{original}.to_q.lokr_w1": torch.ones(12, 12), f"{original}.to_q.lokr_w2": torch.ones(16, 16),
               f"{original}.to_q.alpha": torch.tensor(1.0)}  # fmt: skip
    for weights, words in (
        (halves, "LoRA of 2 layers, rank 4, "),
        (factors, "LoKr of 1 layers, full rank, "),
    ):
        code, out, err = run(save(tmp_path / "l", weights))
        assert (code, err) == (0, "")
        assert words in out
    code, _, err = run(
        save(tmp_path / "d", {**halves, f"{original}.out.dora_scale": torch.ones(192)})
    )
    assert (code, "DoRA: only LoRA, LoHa and LoKr can be worn" in err) == (1, True)


@pytest.mark.parametrize(
    ("text", "name"),
    [('{"error": "not found"}', "a JSON text"), ("<html>log in</html>", "a web page")],
)
def test_page_that_was_saved_for_weights_is_named(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "style.safetensors"
    path.write_text(text)
    code, _, err = run(path)
    assert code == 1
    assert err.startswith(f"refused: {path}: not safetensors: this is {name}")


def test_folder_alone_is_judged(tmp_path: Path) -> None:
    code, out, _ = run()
    assert (code, out.splitlines()[0]) == (0, "3 safetensors files taken, never read: none")
    assert len(json.loads(run("--json")[1])["sha256"]) == 3
    code, _, err = run("--folder", tmp_path / "gone")
    assert code == 1
    assert "there is no such folder" in err


def test_file_over_a_folder_that_the_engine_refuses_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(WEIGHTS, broken)
    (broken / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"\x80\x04")
    code, _, err = run(TRANSFORMER, "--folder", broken)
    assert code == 1
    assert f"{broken}/vae/diffusion_pytorch_model.safetensors: not safetensors" in err


@pytest.fixture
def model(db: None) -> Callable[..., None]:
    """Enter a model of the local provider."""

    def enter(alias: str, **words: Any) -> None:
        provider, _ = Account.objects.get_or_create(
            alias="local", defaults={"adapter": "local", "queue": "local"}
        )
        place(
            provider.offers.create(alias=alias),
            **columns_of_place(LocalModel(str(WEIGHTS), **words)),
        )

    return enter


def test_lora_among_a_models_weights_is_named(tmp_path: Path, model: Callable[..., None]) -> None:
    model("astray", weights=(str(lora(tmp_path / "w")),))
    code, _, err = run("--model", "astray")
    assert code == 1
    assert "LoRA of 1 layers, rank 2, 768 parameters: name it among the LoRAs" in err


def test_models_own_weights_and_loras_are_judged(
    tmp_path: Path, model: Callable[..., None]
) -> None:
    weights = save(tmp_path / "w", read_small())
    worn = lora(tmp_path / "l")
    model("liujuan", weights=(str(weights),), loras=(Lora("ink", str(worn)),))
    code, out, _ = run("--model", "liujuan", "--json")
    answer = json.loads(out)
    assert (code, answer["ok"]) == (0, True)
    assert set(answer["sha256"]) == {str(weights), str(worn)}
    assert answer["loras"][0]["ranks"] == [2]
    assert "LoRA of 1 layers" in run("--model", "liujuan")[1]
    worn.write_bytes(b"\x80\x04")
    code, _, err = run("--model", "liujuan")
    assert code == 1
    assert f"{worn}: not safetensors" in err
    assert run(weights, "--model", "liujuan")[0] == 0


def test_model_that_is_not_there_is_an_error(db: None) -> None:
    with pytest.raises(CommandError, match="no model gone"):
        run("--model", "gone")
