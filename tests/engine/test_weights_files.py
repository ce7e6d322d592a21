"""A weights file is what its bytes say: every lie is refused in one clear sentence, and nothing is unpickled."""

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from generation.engine.loras import LoraError, judge_lora
from generation.engine.weights import WeightsError, WeightsFile, check_folder, hash_file
from tests.engine.made_files import TRANSFORMER, read_small, tensor, write_raw, write_traps

pytestmark = pytest.mark.xdist_group("torch")


def open_file(path: Path) -> None:
    WeightsFile(path).close()


def test_true_file_is_read_as_the_library_reads_it() -> None:
    with WeightsFile(TRANSFORMER) as file:
        for name, weight in read_small().items():
            assert torch.equal(file.read(name), weight)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16"])
def test_every_float_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "weights.safetensors"
    weights = {
        "a": torch.arange(6).reshape(2, 3).to(getattr(torch, kind)),
        "scalar": torch.tensor(2.5).to(getattr(torch, kind)),
        "empty": torch.zeros(0, 4).to(getattr(torch, kind)),
    }
    save_file(weights, path)
    with WeightsFile(path) as file:
        for name, weight in weights.items():
            assert file.read(name).dtype == weight.dtype
            assert torch.equal(file.read(name), weight)


def test_name_and_links_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(TRANSFORMER.read_bytes())
    (tmp_path / "weights.ckpt").symlink_to(tmp_path / "blob")
    with WeightsFile(tmp_path / "weights.ckpt") as file:
        assert len(file.tensors) == len(read_small())


def test_eight_bits_are_not_read_as_numbers(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "w", {"a": tensor(0, 4, [4], "F8_E4M3")}, bytes(4))
    with WeightsFile(path) as file, pytest.raises(WeightsError, match="a is of type F8_E4M3"):
        file.read("a")


@pytest.mark.parametrize("values", [(1.0, "nan"), ("inf",), ("-inf", "inf"), ("nan", "-inf", 0.0)])
def test_value_that_is_no_number_is_refused(tmp_path: Path, values: tuple[Any, ...]) -> None:
    save_file({"a": torch.tensor([float(value) for value in values])}, tmp_path / "w")
    with WeightsFile(tmp_path / "w") as file, pytest.raises(WeightsError, match="no numbers"):
        file.read("a")


def test_numbers_whose_sum_is_infinite_are_numbers(tmp_path: Path) -> None:
    save_file({"a": torch.full((4,), 60_000.0).half()}, tmp_path / "w")
    with WeightsFile(tmp_path / "w") as file:
        assert file.read("a").tolist() == [60_000.0] * 4


def test_file_cut_while_open_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.ones(100_000)}, tmp_path / "w")
    with WeightsFile(tmp_path / "w") as file:
        os.truncate(tmp_path / "w", 10_000)
        with pytest.raises(WeightsError, match="cut while it was open"):
            file.read("a")


GOOD = {"a": tensor(0, 8, [2]), "b": tensor(8, 12, [1])}
BRACES = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize(
    ("header", "data", "sentence"),
    [
        (GOOD, bytes(11), "cut off: its tensors need 12 bytes, 11 are there"),
        (GOOD, bytes(13), "1 bytes too long"),
        ({**GOOD, "b": tensor(4, 8, [1])}, bytes(8), "b overlaps"),
        ({**GOOD, "b": tensor(9, 13, [1])}, bytes(13), "b leaves a gap"),
        ({"a": tensor(4, 8, [1])}, bytes(8), "a leaves a gap"),
        ({"a": tensor(0, 8, [3])}, bytes(8), r"a of shape \[3\] and type F32 needs 12 bytes"),
        ({"a": tensor(0, 8, [2, 2])}, bytes(8), "needs 16 bytes"),
        ({"a": tensor(8, 0, [2])}, bytes(8), "needs 8 bytes"),
        ({"a": tensor(0, 1, [1], "F4")}, bytes(1), "needs 0.5 bytes"),
        ({"a": tensor(0, 0, [0, 2**62, 2**62])}, b"", "impossible shape"),
        ({"a": tensor(0, 8, [-2])}, bytes(8), "no sizes"),
        ({"a": tensor(0, 8, [2.0])}, bytes(8), "no sizes"),
        ({"a": tensor(0, 4, [True])}, bytes(4), "no sizes"),
        ({"a": tensor(0, 8, 2)}, bytes(8), "no sizes"),
        ({"a": {**tensor(0, 8, [2]), "data_offsets": [0, 8, 8]}}, bytes(8), "no sizes"),
        ({"a": tensor(0, 8, [2], "F33")}, bytes(8), "unknown type 'F33'"),
        ({"a": tensor(0, 8, [2], ["F32"])}, bytes(8), "unknown type"),
        ({"a": {"dtype": "F32", "shape": [2]}}, bytes(8), "lacks dtype"),
        ({"a": {**tensor(0, 8, [2]), "code": "x"}}, bytes(8), "or has more"),
        ({"a": [0, 8]}, bytes(8), "lacks dtype"),
        ({"a\x1b[2J": tensor(0, 8, [2])}, bytes(8), "not printable"),
        ({"\ud800": tensor(0, 8, [2])}, bytes(8), "not printable"),
        ({"__metadata__": {"a": 1}, **GOOD}, bytes(12), "more than texts"),
        ({"__metadata__": "a", **GOOD}, bytes(12), "more than texts"),
        (b'{"a":{},"a":{}}', b"", "'a' stands in it twice"),
        (b'{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}', bytes(4), "twice"),
        (b'{"a":NaN}', b"", "NaN is no JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", b"", "not JSON"),
        (BRACES, b"", "not JSON"),
        (b'{"a":1', b"", "not JSON"),
        (b'{} {"a":1}', b"", "not JSON"),
        ('{"a":1}'.encode("utf-16-le"), b"", "not JSON"),
        (b'{"\xff":1}', b"", "not JSON"),
        (b"[1,2,3]", b"", "does not start with {"),
        (b" {}", b"", "does not start with {"),
    ],
)  # fmt: skip
def test_lying_header_is_refused(tmp_path: Path, header: Any, data: bytes, sentence: str) -> None:
    path = write_raw(tmp_path / "weights.safetensors", header, data)
    with pytest.raises(WeightsError, match=sentence) as caught:
        open_file(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 16 * 2**20 + 1])
def test_endless_header_is_refused_before_it_is_read(tmp_path: Path, length: int) -> None:
    path = write_raw(tmp_path / "w", GOOD, bytes(12), length=length)
    with path.open("r+b") as file:
        # Sparse: the announced header would fit into the file.
        file.truncate(min(length + 100, 2**30))
    with pytest.raises(WeightsError, match=f"a header of {length} bytes, 16777216 are allowed"):
        open_file(path)


def test_largest_allowed_header_is_read(tmp_path: Path) -> None:
    text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    path = write_raw(tmp_path / "w", text.ljust(16 * 2**20), bytes(8))
    with WeightsFile(path) as file:
        assert list(file.tensors) == ["a"]


def test_header_longer_than_the_file_is_cut_off(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "w", GOOD, b"", length=4096)
    with pytest.raises(WeightsError, match="cut off: its header has 4096 bytes"):
        open_file(path)


@pytest.mark.parametrize("share", [0, 0.00001, 0.001, 0.5, 0.999999])
def test_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    whole = TRANSFORMER.read_bytes()
    path = tmp_path / "weights.safetensors"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError, match=r"cut off|too few|is empty"):
        open_file(path)


def test_pickles_are_named_and_never_read(tmp_path: Path) -> None:
    canary, folder = tmp_path / "canary", tmp_path / "model"
    folder.mkdir()
    traps = write_traps(folder, canary)
    pickle.loads(traps[0].read_bytes())  # noqa: S301 (the trap does close)
    assert canary.exists()
    canary.unlink()
    for trap in traps:
        with pytest.raises(WeightsError, match="not safetensors") as caught:
            open_file(trap)
        if trap.stem == "zip":
            assert "this is a zip archive (torch.save)" in str(caught.value)
        elif trap.stem not in {"protocol0", "protocol1"}:
            assert "this is a pickle" in str(caught.value)
        with pytest.raises(LoraError, match="not safetensors"):
            judge_lora(trap)
    with pytest.raises(WeightsError) as caught:
        check_folder(folder)
    assert all(str(trap) in str(caught.value) for trap in traps)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"GGUF\x03\x00\x00\x00\x00", "a GGUF file"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
            "a Git LFS pointer",
        ),
        (b"<!DOCTYPE html>", "a web page"),
        (b"\n\n  <html><head>" + b"x" * 900, "a web page"),
        (b"\xef\xbb\xbf<!doctype html><title>\xe6\xa8\xa1\xe5\x9e\x8b</title>", "a web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML page"),
        (b'{"error": "Repository not found"}', "a JSON text"),
        (b'{"a":1}', "a JSON text"),
        (b' \n{"metadata": {}, "weight_map": {"' + b"x" * 900, "a JSON text"),
        (b'[{"id": 1}, {"id": 2}]', "a JSON text"),
        ('{"error": "gone"}'.encode("utf-16"), "a JSON text"),
        (b"Entry not found", "a text, not the file itself: 'Entry not found'"),
        ("模型不存在，请登录后再下载。".encode() * 30, "a text, not the file itself"),
        (b"\x1f\x8b\x08\x00" + b"\0" * 20, "packed by gzip"),
        (b"BZh91AY&SY", "packed by bzip2"),
        (b"7z\xbc\xaf\x27\x1c\0\4\0\0", "a 7z archive"),
        (b"PK\x03\x04" + b"\0" * 20, "a zip archive"),
        (b"name".ljust(257, b"\0") + b"ustar\0", "a tar archive"),
        (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
        (b"\x93NUMPY\x01\0v\0", "an array of NumPy"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / "w").write_bytes(start)
    with pytest.raises(WeightsError, match=f"not safetensors: this is {name}") as caught:
        open_file(tmp_path / "w")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [0, 5, 4096, 2**20])
def test_download_that_did_not_finish_is_named(tmp_path: Path, size: int) -> None:
    (tmp_path / "w").write_bytes(bytes(size))
    with pytest.raises(WeightsError, match="a download that did not finish"):
        open_file(tmp_path / "w")


def test_header_that_looks_like_a_pickles_magic_is_taken(tmp_path: Path) -> None:
    text = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    path = write_raw(tmp_path / "w", text.ljust(0x280), bytes(8))
    assert path.read_bytes()[:2] == b"\x80\x02"
    open_file(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in ((tmp_path, "not a file"), (tmp_path / "pipe", "not a file"),
                         (tmp_path / "gone", "does not exist")):  # fmt: skip
        with pytest.raises(WeightsError, match=reason):
            open_file(path)


def test_hash_is_of_the_bytes_and_follows_them(tmp_path: Path) -> None:
    path = tmp_path / "w"
    for second, data in enumerate((b"one", b"two", b"three")):
        path.write_bytes(data)
        os.utime(path, (second, second))
        assert hash_file(path) == hash_file(path) == hashlib.sha256(data).hexdigest()
    with pytest.raises(WeightsError, match="No such file"):
        hash_file(tmp_path / "gone")
