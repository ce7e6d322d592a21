"""A thousand submits from eight processes against credits for ten: ten are accepted, the rest politely refused."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from credits.errors import InsufficientCredits
from credits.models import Hold, Purse, Transfer
from generation.models import Attempt, Provider, Task
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.servers import database_url

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, THREADS, SUBMITS, AFFORDABLE = 8, 5, 1000, 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_a_thousand_submits_from_eight_processes_spend_credits_for_ten_once(
    stub: Provider, rich: Callable[..., Purse], client_of: Callable[..., APIClient], tmp_path: Path
) -> None:
    rich("alice", 10 * AFFORDABLE)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(str(connection.settings_dict["NAME"])),
        "DJANGO_SETTINGS_MODULE": "genhub.settings.test",
        "SUBMITTER_KEY": header_of(client_of("alice"))["HTTP_AUTHORIZATION"].removeprefix(
            "Bearer "
        ),
    }
    command = [
        sys.executable,
        "-m",
        "tests.ledger.submitter",
        str(SUBMITS // PROCESSES),
        str(THREADS),
    ]
    log = (tmp_path / "errors").open("w+")
    words: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": log,
        "text": True,
    }
    hands = [
        subprocess.Popen(command, cwd=ROOT, env=environment, **words) for _ in range(PROCESSES)
    ]
    try:
        for hand in hands:
            assert hand.stdout
            assert hand.stdout.readline() == "ready\n", (tmp_path / "errors").read_text()[-3000:]
        answers: Counter[str] = Counter()
        with ThreadPoolExecutor(PROCESSES) as pool:
            for out, _ in pool.map(lambda hand: hand.communicate("go\n", timeout=200), hands):
                answers.update(json.loads(out))
    finally:
        for hand in hands:
            hand.kill()
            hand.wait()
        log.close()

    refusals = SUBMITS - AFFORDABLE
    assert answers == {"202 ": AFFORDABLE, f"402 {InsufficientCredits.code}": refusals}
    assert Task.objects.count() == Attempt.objects.count() == Hold.objects.count() == AFFORDABLE
    assert Transfer.objects.filter(kind="hold").count() == AFFORDABLE
    purse = Purse.objects.get()
    assert (purse.available, purse.held) == (0, 10 * AFFORDABLE)
    assert find_mistakes() == []
