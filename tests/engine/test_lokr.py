"""LoKr and LoHa: worn with the difference that their tensors make, by hand, alone and beside LoRAs."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from generation.engine.lora_files import LoraError, judge_lora
from generation.engine.lora_layers import Factors
from generation.engine.loras import Adapters, pack
from tests.engine.made_loras import (
    AB,
    RANK,
    SIZES,
    Name,
    check_worn,
    differences,
    dotted,
    flat,
    make_loha,
    make_lokr,
    make_lora,
    original,
    pipeline,
)

__all__ = ["pipeline"]
pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]


@pytest.mark.parametrize(
    ("name", "factor", "ranks"),
    [
        (dotted("diffusion_model."), -1, (0, 0)),
        (dotted("diffusion_model."), 8, (0, RANK)),
        (dotted("diffusion_model."), 4, (RANK, RANK)),
        (flat("lycoris_"), -1, (RANK, RANK)),
        (flat("lycoris_"), 16, (0, 0)),
        (dotted("transformer."), 4, (0, 0)),
        (flat("lora_unet_"), -1, (0, RANK)),
    ],
)
def test_lokr_is_worn_with_its_exact_difference(
    tmp_path: Path, pipeline: Any, name: Name, factor: int, ranks: tuple[int, int]
) -> None:
    tensors, wanted = make_lokr(name, factor=factor, ranks=ranks)
    save_file(tensors, tmp_path / "w")
    assert judge_lora(tmp_path / "w").kind == "LoKr"
    check_worn(pipeline, tmp_path / "w", wanted)


@pytest.mark.parametrize("ranks", [(0, 0), (0, RANK)], ids=["whole", "half"])
@pytest.mark.parametrize("factor", [-1, 3])
def test_lokr_over_fused_layers_is_worn_where_it_can_be_cut(
    tmp_path: Path, pipeline: Any, factor: int, ranks: tuple[int, int]
) -> None:
    tensors, wanted = make_lokr(
        original("diffusion_model."), factor=factor, ranks=ranks, fused=True
    )
    save_file(tensors, tmp_path / "w")
    check_worn(pipeline, tmp_path / "w", wanted)


def test_lokr_whose_cut_no_layer_has_is_worn_as_a_lora_or_refused_by_its_name(
    tmp_path: Path, pipeline: Any
) -> None:
    layer = "diffusion_model.layers.0.feed_forward.w1"
    weights = {f"{layer}.lokr_w1": torch.ones(1, 2), f"{layer}.lokr_w2": torch.ones(512, 96)}
    save_file(weights, tmp_path / "w")
    check_worn(pipeline, tmp_path / "w", {"layers.0.feed_forward.w1": torch.ones(512, 192)})
    whole = Factors((torch.ones(1, 4),), (torch.ones(2400, 600),), 1.0)
    with pytest.raises(LoraError, match=r"wide: this LoKr is cut into .* exceed rank 512"):
        pack({"wide": whole})
    with pytest.raises(LoraError, match="wide: this LoKr"):
        whole.cut(0, 800, "wide")


@pytest.mark.parametrize(
    ("name", "fused"), [(flat("lycoris_"), False), (original("diffusion_model."), True)]
)
def test_loha_is_worn_with_its_exact_difference(
    tmp_path: Path, pipeline: Any, name: Name, fused: bool
) -> None:
    tensors, wanted = make_loha(name, fused=fused)
    save_file(tensors, tmp_path / "w")
    assert judge_lora(tmp_path / "w").kind == "LoHa"
    check_worn(pipeline, tmp_path / "w", wanted)


def test_loha_that_is_too_large_for_a_lora_is_refused(tmp_path: Path, pipeline: Any) -> None:
    tensors, _ = make_loha(dotted(""), fused=False, rank=23)
    save_file(tensors, tmp_path / "w")
    with pytest.raises(LoraError, match="this LoHa would exceed rank 512"):
        Adapters(pipeline, {"it": tmp_path / "w"}).use((("it", 1.0),))


def test_kinds_are_worn_together_in_one_file_and_in_several(tmp_path: Path, pipeline: Any) -> None:
    lokr, of_lokr = make_lokr(dotted("diffusion_model."), factor=-1, ranks=(0, 0))
    lora, of_lora = make_lora(dotted("diffusion_model."), ends=AB, fused=False, alpha=False)
    half = {key: tensor for key, tensor in lora.items() if ".layers." in key}
    rest = {key: tensor for key, tensor in lokr.items() if ".layers." not in key}
    mixed = {n: (of_lora if n.startswith("layers.") else of_lokr)[n] for n in SIZES}
    for name, tensors in (("lokr", lokr), ("lora", lora), ("mixed", half | rest)):
        save_file(tensors, tmp_path / name)
    check_worn(pipeline, tmp_path / "mixed", mixed)
    adapters = Adapters(pipeline, {name: tmp_path / name for name in ("lokr", "lora", "mixed")})
    deltas = {"lokr": of_lokr, "lora": of_lora, "mixed": mixed}
    for worn in ({"lokr": 0.5}, {"lora": 1.0, "lokr": -0.5}, {"lora": 1.0}, {"mixed": 1.0, "lora": 0.25},
                 {"lokr": 2.0, "mixed": 0.5, "lora": 0.5}, {"lokr": 0.5}):  # fmt: skip
        adapters.use(tuple(worn.items()))
        for name, found in differences(pipeline.transformer):
            right = sum(deltas[lora][name].double() * scale for lora, scale in worn.items())
            assert (found - right).norm() <= 1e-4 * max(1.0, float(right.norm())), (worn, name)
            depth, layer = 0, pipeline.transformer.get_submodule(name)
            while hasattr(layer, "base_layer"):
                depth, layer = depth + 1, layer.base_layer
            assert depth <= 2, "wrapped again and again"
    adapters.drop_all()
