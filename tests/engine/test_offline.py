"""The libraries of the engine speak to nobody: they are offline before they are imported, whatever the shell said."""

import json
import os
import subprocess
import sys

from tests.faults.processes import ROOT
from tests.patience import patience

ASK = """
import json, sys, django
django.setup()
dialled = []
sys.addaudithook(lambda event, said: dialled.append(event) if event in {"socket.connect", "socket.getaddrinfo"} else None)
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError
from huggingface_hub import hf_hub_download
try:
    hf_hub_download("nobody/nothing", "config.json")
except LocalEntryNotFoundError:
    print(json.dumps([constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_TELEMETRY, dialled]))
"""


def test_libraries_are_offline_and_tell_nothing() -> None:
    said = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "0"}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=os.environ | said,
        capture_output=True,
        text=True,
        check=True,
        timeout=patience(),
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [True, True, []]
