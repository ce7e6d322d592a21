"""A folder in diffusers' layout: whether its weights may be read, and the shapes of its transformer."""

import hashlib
import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ZImageTransformer2DModel

from generation.engine.weights.files import WeightsError, WeightsFile, hash_file, identify_file

SAFE: Final = ".safetensors"
INDEX: Final = ".safetensors.index.json"
# What decides a picture besides the weights: configurations, the tokenizer's words and how a prompt is put to it.
TEXTS: Final = (".json", ".jinja", "merges.txt")
# Formats that run their author's code when they are read.
PICKLES: Final = frozenset({".bin", ".pt", ".ckpt", ".pkl", ".pth"})


@dataclass(frozen=True)
class FolderReport:
    """The weights files that are taken, and those that are never read."""

    taken: tuple[Path, ...]
    ignored: tuple[Path, ...]

    def __str__(self) -> str:
        ignored = ", ".join(map(str, self.ignored)) or "none"
        return f"{len(self.taken)} safetensors files taken, never read: {ignored}"


def check_folder(folder: Path | str) -> FolderReport:
    """Judge every weights file in a folder; raise WeightsError with each that cannot be taken."""
    if not Path(folder).is_dir():
        raise WeightsError(f"{folder}: not a folder")
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    weights = tuple(path for path in files if path.name.lower().endswith(SAFE))
    faults = [fault for path in weights for fault in _judge(path)]
    for path in files:
        if path.name.lower().endswith(INDEX):
            faults += _judge_index(path)
    if faults:
        raise WeightsError("\n".join(faults))
    return FolderReport(weights, tuple(path for path in files if path.suffix.lower() in PICKLES))


def hash_folder(folder: Path | str) -> str:
    """Return one SHA-256 of what a model is loaded from, by name and content; raise as check_folder does."""
    texts = [
        path for path in Path(folder).rglob("*") if path.name.endswith(TEXTS) and path.is_file()
    ]
    read = sorted([*check_folder(folder).taken, *texts])
    lines = [f"{hash_file(path)}  {path.relative_to(folder).as_posix()}\n" for path in read]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def identify_transformer(folder: Path | str) -> Hashable:
    """Return what the content of a folder's transformer is known by, without reading it."""
    files = (Path(folder) / "transformer").glob(f"*{SAFE}")
    return tuple(identify_file(path) for path in sorted(files))


def read_shapes(folder: Path | str) -> dict[str, tuple[int, ...]]:
    """Return the shape of each parameter of the folder's transformer, from its configuration alone."""
    return {name: tuple(part.shape) for name, part in build_empty(folder).named_parameters()}


def build_empty(folder: Path | str) -> Any:
    """Return the folder's transformer without its weights, on torch's meta device."""
    file = Path(folder) / "transformer" / "config.json"
    config = _read_config(file)
    try:
        with torch.device("meta"):
            return ZImageTransformer2DModel.from_config(config)
    except (ValueError, TypeError, ArithmeticError, AssertionError, RuntimeError) as error:
        raise WeightsError(f"{file}: no transformer can be built from it: {error}") from error


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(file.read_text())
        kind = config["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{file}: not the configuration of a transformer: {error!r}") from error
    if kind != ZImageTransformer2DModel.__name__:
        raise WeightsError(
            f"{file}: this is a {kind!a:.60}, no {ZImageTransformer2DModel.__name__}"
        )
    return config


def _judge(path: Path) -> Iterator[str]:
    try:
        WeightsFile(path).close()
    except WeightsError as error:
        yield str(error)


def _judge_index(path: Path) -> Iterator[str]:
    """Require that an index names safetensors beside it: another ending would be read as a pickle."""
    try:
        files: Any = set(json.loads(path.read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        yield f"{path}: not an index of weights files"
        return
    for name in sorted(map(str, files)):
        if Path(name).name != name or not name.endswith(SAFE) or not (path.parent / name).is_file():
            yield f"{path}: names {name!a}, which is no {SAFE} file beside it"
