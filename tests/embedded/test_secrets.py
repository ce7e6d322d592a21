"""Secrets are made once, whoever comes first."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from genhub.embedded.hub import addresses
from genhub.embedded.secrets import FILES, ensure_secrets, note_told
from tests.patience import patience

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys
from pathlib import Path
from genhub.embedded.secrets import ensure_secrets
sys.stdin.readline()
print(json.dumps(ensure_secrets(Path(sys.argv[1])), sort_keys=True))
"""


def test_secrets_are_stable_and_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    first = ensure_secrets(home)
    assert ensure_secrets(home) == first
    names = {name for names in FILES.values() for name in names}
    assert set(first) == names
    assert len(set(first.values())) == len(names)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_another_home_has_other_secrets(tmp_path: Path) -> None:
    assert ensure_secrets(tmp_path / "a") != ensure_secrets(tmp_path / "b")


def test_processes_that_race_agree(tmp_path: Path) -> None:
    home = tmp_path / "home"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert len({racer.communicate(timeout=patience(60))[0] for racer in racers}) == 1
    assert sorted(path.name for path in home.iterdir()) == sorted(FILES)


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="GENHUB_HOME"):
        ensure_secrets(tmp_path / "file" / "home")


def test_a_damaged_file_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(ImproperlyConfigured, match=r"secrets\.json is damaged"):
        ensure_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{"


def test_passwords_are_shown_once_and_then_where_they_stand(tmp_path: Path, settings: Any) -> None:
    settings.HOME, settings.SECRETS = tmp_path, ensure_secrets(tmp_path)
    passwords = {settings.SECRETS[name] for name in ("admin_password", "flower_password")}
    shown = " ".join(address.login for address in addresses())
    assert all(password in shown for password in passwords)
    note_told(tmp_path)
    shown = " ".join(address.login for address in addresses())
    assert not any(password in shown for password in passwords)
    assert shown.count(str(tmp_path / "secrets.json")) == 2
