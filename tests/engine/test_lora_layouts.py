"""Every program's names for the same layers: each is worn with the difference that its tensors make, by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from generation.engine.lora_files import LoraError, is_lora, judge_lora
from generation.engine.loras import Adapters
from tests.engine.made_loras import (
    AB,
    DOWN_UP,
    LETTERS,
    RANK,
    SIZES,
    Name,
    Weights,
    build,
    check_worn,
    dotted,
    flat,
    flat_original,
    layers_of,
    make_lokr,
    make_lora,
    original,
    pipeline,
)

__all__ = ["pipeline"]
pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]

LAYOUTS: dict[str, tuple[Name, tuple[str, str], bool, bool]] = {
    "diffusers": (dotted("transformer."), AB, False, False),
    "ai-toolkit": (dotted("diffusion_model."), AB, False, False),
    "ai-toolkit, original": (original("diffusion_model."), AB, True, False),
    "ComfyUI": (original("diffusion_model."), DOWN_UP, True, True),
    "ComfyUI, A and B": (original("diffusion_model."), AB, True, True),
    "ComfyUI, model": (original("model.diffusion_model."), DOWN_UP, True, True),
    "ComfyUI, apart": (dotted("diffusion_model."), DOWN_UP, False, True),
    "kohya": (flat_original("lora_unet_"), DOWN_UP, True, True),
    "kohya, diffusers": (flat("lora_unet_"), DOWN_UP, False, True),
    "two underscores": (flat("lora_unet__"), DOWN_UP, False, True),
    "two underscores, original": (flat_original("lora_unet__"), DOWN_UP, True, True),
    "musubi": (flat_original("lora_unet_"), DOWN_UP, True, False),
    "OneTrainer": (dotted("transformer."), DOWN_UP, False, True),
    "OneTrainer, flat": (flat("lora_transformer_"), DOWN_UP, False, True),
    "DiffSynth": (dotted(""), (".lora_A.default.weight", ".lora_B.default.weight"), False, False),
    "DiffSynth, pipe": (dotted("pipe.dit."), AB, False, False),
    "PEFT": (dotted("base_model.model."), AB, False, False),
    "PEFT, transformer": (dotted("base_model.model.transformer."), AB, False, False),
    "PEFT, original": (original("base_model.model."), AB, True, False),
    "LyCORIS": (flat("lycoris_"), DOWN_UP, False, True),
    "compiled": (dotted("_orig_mod."), AB, False, False),
    "compiled blocks": (
        lambda name: name.replace("layers.0.", "layers.0._orig_mod."), AB, False, True
    ),
    "dots": (dotted("diffusion_model."), (".lora.down.weight", ".lora.up.weight"), False, True),
    "bare": (original(""), DOWN_UP, True, True),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_worn_with_its_exact_difference(
    tmp_path: Path, pipeline: Any, layout: str
) -> None:
    name, ends, fused, alpha = LAYOUTS[layout]
    tensors, wanted = make_lora(name, ends=ends, fused=fused, alpha=alpha)
    save_file(tensors, tmp_path / "w")
    assert is_lora(tmp_path / "w")
    assert judge_lora(tmp_path / "w").layers == len(layers_of(fused=fused))
    check_worn(pipeline, tmp_path / "w", wanted)


def test_form_that_a_trainer_writes_twice_counts_once(tmp_path: Path, pipeline: Any) -> None:
    torch.manual_seed(4)
    block, down, ups = "layers.0.attention", torch.randn(2, 192), torch.randn(576, 2)
    tensors = {f"{block}.qkv.lora.down.weight": down, f"{block}.qkv.lora.up.weight": ups.clone()}
    wanted = {}
    for letter, up in zip(LETTERS, ups.split(192), strict=True):
        tensors |= {
            f"{block}.to.{letter}.lora.down.weight": down.clone(),
            f"{block}.to.{letter}.lora.up.weight": up.clone(),
        }
        wanted[f"{block}.to_{letter}"] = up @ down
    for name in ("out", "to_out.0"):
        tensors |= {
            f"{block}.{name}.lora.down.weight": down.clone(),
            f"{block}.{name}.lora.up.weight": ups[:192].clone(),
        }
    wanted[f"{block}.to_out.0"] = ups[:192] @ down
    save_file(tensors, tmp_path / "w")
    check_worn(pipeline, tmp_path / "w", wanted, scale=0.1)
    # Elsewhere two forms of one layer may mean their sum: nobody guesses.
    tensors = {
        key.replace(".lora.", ".lora_").replace(".to.", ".to_"): t for key, t in tensors.items()
    }
    save_file(tensors, tmp_path / "two")
    with pytest.raises(LoraError, match="stands in it twice"):
        Adapters(pipeline, {"it": tmp_path / "two"}).use((("it", 1.0),))


@pytest.mark.parametrize(
    ("config", "scale"),
    [
        ({"r": RANK, "lora_alpha": 8}, 2.0),
        ({"r": RANK, "lora_alpha": 8, "use_rslora": True}, 4.0),
        ({"r": 9, "lora_alpha": 8, "rank_pattern": {"to_q": RANK}}, 2.0),
        ({"r": RANK, "lora_alpha": 8, "alpha_pattern": {"layers.0.attention.to_q": 2}}, 0.5),
    ],
)
def test_strength_beside_a_file_of_peft_counts(
    tmp_path: Path, pipeline: Any, config: dict[str, Any], scale: float
) -> None:
    torch.manual_seed(5)
    layer, down, up = "layers.0.attention.to_q", torch.randn(RANK, 192), torch.randn(192, RANK)
    path = tmp_path / "adapter_model.safetensors"
    save_file(
        {f"base_model.model.{layer}{end}": t for end, t in zip(AB, (down, up), strict=True)}, path
    )
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", **config}))
    check_worn(pipeline, path, {layer: up @ down * scale}, scale=0.1)
    # Its own alpha says more.
    save_file({f"{layer}{end}": t for end, t in zip(AB, (down, up), strict=True)}, path)
    check_worn(pipeline, path, {layer: up @ down}, scale=0.1)


@pytest.mark.parametrize(
    ("end", "shape", "kind"),
    [
        ("dora_scale", (192, 1), "DoRA"),
        ("lora_magnitude_vector", (192,), "DoRA"),
        ("lora_magnitude_vector.weight", (192,), "DoRA"),
        ("lora_mid.weight", (2, 2), "Tucker"),
        ("lokr_t2", (2, 2, 1, 1), "Tucker"),
        ("hada_t1", (2, 2, 1, 1), "Tucker"),
        ("oft_blocks", (2, 4, 4), "OFT"),
        ("oft_R.weight", (2, 4), "OFT"),
        ("a1.weight", (2, 192), "GLoRA"),
        ("ia3_l", (192,), "IA3"),
        ("on_input", (), "IA3"),
        ("diff", (192, 192), "the difference of a whole layer"),
        ("diff_b", (192,), "the difference of a bias"),
        ("lora_B.bias", (192,), "the difference of a bias"),
        ("w_norm", (192,), "the difference of a whole layer"),
        ("set_weight", (192, 192), "the difference of a whole layer"),
        ("scalar", (), "a scalar"),
    ],
)
def test_what_cannot_be_worn_is_refused_by_its_name(
    tmp_path: Path, end: str, shape: tuple[int, ...], kind: str
) -> None:
    layer = "diffusion_model.layers.0.attention.to_q"
    good = {layer + AB[0]: torch.ones(2, 192), layer + AB[1]: torch.ones(192, 2)}
    for others in ({}, good):
        save_file({f"{layer}.{end}": torch.ones(shape), **others}, tmp_path / "w")
        assert is_lora(tmp_path / "w"), "it is no whole model"
        with pytest.raises(LoraError, match=rf"{end} is no half of a layer but .*{kind}"):
            judge_lora(tmp_path / "w")


def test_alpha_of_one_layer_touches_no_other(tmp_path: Path, pipeline: Any) -> None:
    torch.manual_seed(6)
    tensors: Weights = {}
    wanted: Weights = {}
    for number, name in enumerate(n for n in SIZES if n.endswith(("to_q", "w1"))):
        rank = 1 + number % 5
        down, up = torch.randn(rank, SIZES[name][1]) / 8, torch.randn(SIZES[name][0], rank) / 8
        tensors |= {f"{name}{AB[0]}": down, f"{name}{AB[1]}": up}
        tensors[f"{name}.alpha"] = torch.tensor(number / 3)
        wanted[name] = up @ down * (number / 3 / rank)
    save_file(tensors, tmp_path / "w")
    check_worn(pipeline, tmp_path / "w", wanted)


@pytest.mark.parametrize(
    "alpha",
    [torch.tensor(8), torch.tensor([8], dtype=torch.int32), torch.tensor([[8.0]]).bfloat16()],
)
def test_strength_may_be_written_as_any_number(
    tmp_path: Path, pipeline: Any, alpha: torch.Tensor
) -> None:
    torch.manual_seed(7)
    layer, down, up = "layers.0.attention.to_q", torch.randn(RANK, 192), torch.randn(192, RANK)
    tensors = {f"{layer}{end}": t for end, t in zip(AB, (down, up), strict=True)}
    save_file({**tensors, f"{layer}.alpha": alpha}, tmp_path / "w")
    check_worn(pipeline, tmp_path / "w", {layer: up @ down * 2}, scale=0.1)
    for fault in (torch.tensor(float("nan")), torch.ones(2), torch.tensor(True)):
        save_file({**tensors, f"{layer}.alpha": fault}, tmp_path / "w")
        with pytest.raises(LoraError):
            Adapters(pipeline, {"it": tmp_path / "w"}).use((("it", 1.0),))


def test_differences_are_right_in_bf16_too(tmp_path: Path) -> None:
    rounded = build(torch.bfloat16)
    lora = make_lora(original("diffusion_model."), ends=AB, fused=True, alpha=True)
    lokr = make_lokr(flat("lycoris_"), factor=-1, ranks=(0, RANK))
    for tensors, wanted in (lora, lokr):
        save_file({key: value.bfloat16() for key, value in tensors.items()}, tmp_path / "w")
        check_worn(rounded, tmp_path / "w", wanted)
