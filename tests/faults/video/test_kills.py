"""Workers killed while clips wait at their vendor: each is created once, and delivered once."""

from pathlib import Path

import pytest
from rest_framework.test import APIClient

from generation.models import Attempt, Share, Task
from tests.books import find_mistakes
from tests.faults.processes import COUNT, wait_until
from tests.faults.providers.test_kills import START_SECONDS, kill, working
from tests.faults.providers.vendor import Vendor, let_time_pass, work_on
from tests.faults.video.studio import Studio, done, order_clip, told
from tests.steps import die
from tests.strikes import struck

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account"),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
]
CLIPS = 40 if COUNT else 3
KILLS = 2 * COUNT or 2


def knows_all() -> bool:
    """Return whether each create was answered and noted: what dies before that is in doubt, and waits for a person."""
    return Attempt.objects.exclude(remote_id="").count() == CLIPS


def test_workers_die_while_clips_wait_and_each_is_created_once(
    dora: APIClient, vendor: Vendor, tmp_path: Path
) -> None:
    studio = Studio(vendor, told("running", progress=0.5))
    tasks = [order_clip(dora) for _ in range(CLIPS)]
    for _ in range(KILLS):
        polls = vendor.count("GET")
        with working(tmp_path) as pid:
            wait_until(
                lambda: knows_all() and vendor.count("GET") > polls,  # noqa: B023
                START_SECONDS,
                "a poll after all creates",
            )
            kill(pid)
            struck("J1")
        die()
        let_time_pass()
    assert set(Attempt.objects.values_list("state", flat=True)) == {"waiting"}
    studio.answers = [done(vendor)]
    let_time_pass()
    work_on()
    assert vendor.count("POST") == CLIPS
    assert Task.objects.filter(state="completed").count() == CLIPS
    assert Attempt.objects.count() == CLIPS == len(tasks)
    assert Share.objects.get().running == 0
    assert find_mistakes() == []
