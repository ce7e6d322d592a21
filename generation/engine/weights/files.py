"""One safetensors file: opened once, judged by its content whatever its name is, read tensor by tensor."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import torch

from generation.engine.weights.disguises import LOOKED_AT_BYTES, name_disguise

# The library allows 100 MB; the header of the largest published model is below 1 MB.
LARGEST_HEADER: Final = 16 * 2**20
METADATA: Final = "__metadata__"
# Bits of one value: what safetensors 0.8 knows.
BITS: Final = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
# What a transformer's parameter can be read from. Eight bits and fewer need scales that no loader here applies.
FLOATS: Final = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
}  # fmt: skip


# What a single number may be written as besides.
INTEGERS: Final = {
    "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64,
}  # fmt: skip


class WeightsError(Exception):
    """The weights cannot be taken; the message is for staff."""


@dataclass(frozen=True)
class TensorFacts:
    """What the header says of one tensor; `start` and `end` count bytes from the end of the header."""

    type: str
    shape: tuple[int, ...]
    start: int
    end: int


class WeightsFile:
    """An open safetensors file whose header is true of its bytes; raises WeightsError where it is not."""

    def __init__(self, path: Path | str) -> None:
        """Open and judge the file; no tensor is read."""
        self.path = Path(path)
        self._file = _open(self.path)
        try:
            self.tensors, self.metadata, self._data_start = self._read_header()
        except WeightsError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise WeightsError(f"{self.path}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read after."""
        self._file.close()

    def read(self, name: str) -> torch.Tensor:
        """Return one tensor on the CPU; its type must be one of FLOATS, its values finite."""
        kind = self.tensors[name].type
        if kind not in FLOATS:
            raise self._error(f"{name} is of type {kind}: only {', '.join(FLOATS)} are taken")
        tensor = self._read_as(name, FLOATS[kind])
        # A sum that is finite has finite parts, and takes a sixtieth of the time.
        if not (tensor.sum().isfinite() or tensor.isfinite().all()):
            raise self._error(f"{name} holds values that are no numbers or infinite")
        return tensor

    def read_number(self, name: str) -> float:
        """Return the one number of a tensor, which may be whole."""
        kind = self.tensors[name].type
        read = self._read_as(name, INTEGERS[kind]) if kind in INTEGERS else self.read(name)
        return float(read)

    def _read_as(self, name: str, kind: torch.dtype) -> torch.Tensor:
        facts = self.tensors[name]
        raw = torch.empty(facts.end - facts.start, dtype=torch.uint8)
        try:
            self._file.seek(self._data_start + facts.start)
            count = self._file.readinto(raw.numpy())  # type: ignore[attr-defined]
        except OSError as error:
            raise self._error(f"{name} cannot be read: {error}") from error
        if count != raw.numel():
            raise self._error(f"{name} cannot be read: the file was cut while it was open")
        return raw.view(kind).reshape(facts.shape)

    def _error(self, reason: str) -> WeightsError:
        return WeightsError(f"{self.path}: {reason}")

    def _read_header(self) -> tuple[Mapping[str, TensorFacts], Mapping[str, str], int]:
        size = os.fstat(self._file.fileno()).st_size
        start = self._file.read(LOOKED_AT_BYTES)
        length = int.from_bytes(start[:8], "little")
        if length > LARGEST_HEADER or start[8:9] != b"{":
            raise self._error(f"not safetensors: {self._name_disguise(start, length, size)}")
        if 8 + length > size:
            raise self._error(f"cut off: its header has {length} bytes, the file {size}")
        self._file.seek(8)
        header = self._parse(self._file.read(length))
        metadata = header.pop(METADATA, {})
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise self._error(f"lying header: {METADATA} holds more than texts")
        tensors = {name: self._judge(name, values) for name, values in header.items()}
        self._judge_ranges(tensors, size - 8 - length)
        return tensors, metadata, 8 + length

    def _name_disguise(self, start: bytes, length: int, size: int) -> str:
        """Say what the bytes are instead; only asked of a file that is no safetensors."""
        if found := name_disguise(start):
            return found
        if size < 9:  # noqa: PLR2004 (eight bytes of length and a brace)
            return f"{size} bytes are too few"
        if length > LARGEST_HEADER:
            return f"its first 8 bytes announce a header of {length} bytes, {LARGEST_HEADER} are allowed"
        return "its header does not start with {"

    def _parse(self, header: bytes) -> dict[str, Any]:
        try:
            # Decoded first: json.loads guesses other encodings of bytes.
            found: dict[str, Any] = json.loads(
                header.decode(), object_pairs_hook=_once, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError) as error:
            raise self._error(f"lying header: not JSON as it should be ({error})") from error
        return found

    def _judge(self, name: str, values: Any) -> TensorFacts:
        if not name.isprintable():
            raise self._error(f"lying header: the name {name!a} is not printable")
        if not isinstance(values, dict) or set(values) != {"dtype", "shape", "data_offsets"}:
            raise self._error(
                f"lying header: {name} lacks dtype, shape or data_offsets, or has more"
            )
        kind, shape, offsets = values["dtype"], values["shape"], values["data_offsets"]
        if not isinstance(kind, str) or kind not in BITS:
            raise self._error(f"lying header: {name} has the unknown type {kind!a:.40}")
        if not (_are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2):  # noqa: PLR2004
            raise self._error(f"lying header: {name} has a shape or offsets that are no sizes")
        # Dimensions of 0 count as 1 here: no product of sizes may exceed what torch counts with.
        if math.prod(max(1, side) for side in shape) * BITS[kind] >= 2**63:
            raise self._error(f"lying header: {name} has the impossible shape {shape}")
        bits = math.prod(shape) * BITS[kind]
        if bits != 8 * (offsets[1] - offsets[0]):
            raise self._error(
                f"lying header: {name} of shape {shape} and type {kind} needs {bits / 8:g} bytes, "
                f"its offsets {offsets} hold {offsets[1] - offsets[0]}"
            )
        return TensorFacts(kind, tuple(shape), *offsets)

    def _judge_ranges(self, tensors: Mapping[str, TensorFacts], data_bytes: int) -> None:
        """Require that the ranges follow each other, from the first byte of data to the last."""
        reached = 0
        for name, facts in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
            if facts.start != reached:
                fault = "overlaps the tensor before" if facts.start < reached else "leaves a gap"
                raise self._error(
                    f"lying header: {name} {fault}: starts at {facts.start}, not at {reached}"
                )
            reached = facts.end
        if reached > data_bytes:
            raise self._error(f"cut off: its tensors need {reached} bytes, {data_bytes} are there")
        if reached < data_bytes:
            raise self._error(f"{data_bytes - reached} bytes too long: no tensor owns its end")


def identify_file(path: Path | str) -> tuple[str, int, int, int]:
    """Return what a file's content is known by, without reading it: path, inode, bytes and nanoseconds."""
    try:
        facts = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error
    return os.fspath(path), facts.st_ino, facts.st_size, facts.st_mtime_ns


def hash_file(path: Path | str) -> str:
    """Return the SHA-256 of a file; read again only when its size, time or place changed."""
    try:
        return _hash(*identify_file(path))
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error


@lru_cache(maxsize=1024)
def _hash(path: str, *_: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path) -> BinaryIO:
    try:
        # A pipe would wait for a writer for ever.
        if not path.is_file():
            raise WeightsError(
                f"{path}: not a file" if path.exists() else f"{path}: does not exist"
            )
        return path.open("rb")
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror}") from error


def _are_sizes(values: Any) -> bool:
    # bool is an int to Python.
    return isinstance(values, list) and all(type(size) is int and size >= 0 for size in values)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!a} stands in it twice")
    return found


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
