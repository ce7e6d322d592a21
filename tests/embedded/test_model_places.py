"""Where models lie, as the environment says it: a folder, or a hub id that is pinned."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from genhub.lib.places import is_hub_id, is_whole_path
from genhub.settings import parts

PIN = "0123456789abcdef0123456789abcdef01234567"
FOLDER, REVISION = "Z_IMAGE_TURBO_FOLDER", "Z_IMAGE_TURBO_REVISION"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "models" / "Z-Image").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("folder", "pin", "place"),
    [
        ("", "", ("", "")),
        # The workers' machine may have what this one has not.
        ("/not/here/yet", "", ("/not/here/yet", "")),
        ("D:\\models\\Z-Image", "", ("D:\\models\\Z-Image", "")),
        ("Tongyi-MAI/Z-Image-Turbo", PIN, ("Tongyi-MAI/Z-Image-Turbo", PIN)),
    ],
)
def test_place_is_a_folder_or_a_pinned_hub_id(
    monkeypatch: pytest.MonkeyPatch, folder: str, pin: str, place: tuple[str, str]
) -> None:
    monkeypatch.setenv(FOLDER, folder)
    monkeypatch.setenv(REVISION, pin)
    assert parts.model_place(FOLDER, REVISION) == place


def test_folder_that_is_here_is_made_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER, "models/Z-Image")
    monkeypatch.setenv(REVISION, PIN)
    assert parts.model_place(FOLDER, REVISION) == (str(tmp_path / "models/Z-Image"), "")


@pytest.mark.parametrize(
    ("folder", "pin", "named"),
    [
        ("Tongyi-MAI/Z-Image", "", REVISION),
        ("Tongyi-MAI/Z-Image", "main", REVISION),
        ("Tongyi-MAI/Z-Image", PIN[:39], REVISION),
        ("Tongyi-MAI/Z-Image", PIN.upper(), REVISION),
        ("models/Z-Image/none", "", FOLDER),
        ("~/Z-Image", "", FOLDER),
        ("Z-Image", "", FOLDER),
    ],
)
def test_place_that_nobody_could_find_again_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: str, pin: str, named: str
) -> None:
    monkeypatch.setenv(FOLDER, folder)
    monkeypatch.setenv(REVISION, pin)
    with pytest.raises(ImproperlyConfigured, match=named):
        parts.model_place(FOLDER, REVISION)


def test_weights_are_parted_as_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIUJUAN_WEIGHTS", os.pathsep.join(["/models/a.safetensors", "", "b"]))
    assert parts.weights_files("LIUJUAN_WEIGHTS") == [
        "/models/a.safetensors",
        str(tmp_path / "b"),
    ]
    monkeypatch.delenv("LIUJUAN_WEIGHTS")
    assert parts.weights_files("LIUJUAN_WEIGHTS") == []


@pytest.mark.parametrize("text", ["a/b/c", "/a/b", "a", "a b/c", "../a", "a/b\n", "", "é/a"])
def test_what_is_no_hub_id(text: str) -> None:
    assert not is_hub_id(text)


@pytest.mark.parametrize("text", ["a", "a/b", "./a", "~/a", ""])
def test_what_is_no_whole_path(text: str) -> None:
    assert not is_whole_path(text)
