"""Weights files as the tests need them: true, lying, and pickles that leave a trace when they are read."""

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from generation.engine.small import WEIGHTS

TRANSFORMER = WEIGHTS / "transformer" / "diffusion_pytorch_model.safetensors"


def write_raw(path: Path, header: Any, data: bytes = b"", *, length: int | None = None) -> Path:
    """Write a header and data as they are; `length` lies about the header's."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def tensor(start: int, end: int, shape: Any, kind: Any = "F32") -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def read_small() -> dict[str, torch.Tensor]:
    """The small transformer's weights by diffusers' names."""
    found: dict[str, torch.Tensor] = load_file(TRANSFORMER)
    return found


def read_state_of(transformer: Any) -> dict[str, torch.Tensor]:
    """A copy of a transformer's weights."""
    return {name: weight.clone() for name, weight in transformer.state_dict().items()}


def save(path: Path, weights: Mapping[str, torch.Tensor]) -> Path:
    save_file({name: weight.contiguous() for name, weight in weights.items()}, path)
    return path


def to_original(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The inverse of diffusers' converter: the names of Z-Image's own repository, q, k and v in one."""
    renamed = {
        "all_final_layer.2-1.": "final_layer.",
        "all_x_embedder.2-1.": "x_embedder.",
        ".attention.norm_k.": ".attention.k_norm.",
        ".attention.norm_q.": ".attention.q_norm.",
        ".attention.to_out.0.": ".attention.out.",
    }
    found = {}
    for name, weight in weights.items():
        if ".to_k." in name or ".to_v." in name:
            continue
        if ".to_q." in name:
            parts = [weights[name.replace(".to_q.", f".to_{letter}.")] for letter in "qkv"]
            found[name.replace(".to_q.", ".qkv.")] = torch.cat(parts)
            continue
        new = name
        for old, original in renamed.items():
            new = new.replace(old, original)
        found[new] = weight
    return found


class Trap:
    """What writes the canary as soon as anybody unpickles it."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


def write_traps(folder: Path, canary: Path) -> list[Path]:
    """Write pickles of every protocol and torch's own two formats, renamed to safetensors."""
    trap = {"layers.0.weight": Trap(canary)}
    made = []
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        made.append(folder / f"protocol{protocol}.safetensors")
        made[-1].write_bytes(pickle.dumps(trap, protocol=protocol))
    for name in ("zip.safetensors", "zip.SafeTensors", "zip.SAFETENSORS"):
        made.append(folder / name)
        torch.save(trap, made[-1])
    made.append(folder / "legacy.SafeTensors")
    torch.save(trap, made[-1], _use_new_zipfile_serialization=False)
    return made
