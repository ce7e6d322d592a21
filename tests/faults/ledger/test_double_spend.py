"""Many submits from several processes against credits for ten: ten are accepted, the rest politely refused."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits.errors import InsufficientCredits
from credits.models import Hold, Purse, Transfer
from generation.models import Account, Attempt, Task
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.faults.processes import COUNT, ROOT, environment
from tests.patience import patience

PROCESSES, THREADS, SUBMITS = (8, 5, 1000) if COUNT else (2, 10, 200)
AFFORDABLE = 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(240)
def test_submits_from_several_processes_spend_credits_for_ten_once(
    stub: Account, rich: Callable[..., Purse], client_of: Callable[..., APIClient], tmp_path: Path
) -> None:
    rich("alice", 10 * AFFORDABLE)
    key = header_of(client_of("alice"))["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    words = [str(SUBMITS // PROCESSES), str(THREADS)]
    log = (tmp_path / "errors").open("w+")
    hands = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.ledger.submitter", *words],
            cwd=ROOT, env=environment() | {"SUBMITTER_KEY": key}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=log, text=True,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    try:
        for hand in hands:
            assert hand.stdout
            assert hand.stdout.readline() == "ready\n", (tmp_path / "errors").read_text()[-3000:]
        answers: Counter[str] = Counter()
        with ThreadPoolExecutor(PROCESSES) as pool:
            for out, _ in pool.map(
                lambda hand: hand.communicate("go\n", timeout=patience(200)), hands
            ):
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
