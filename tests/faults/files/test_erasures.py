"""A loop that is killed in the middle of a user's deletion: the next one ends it, and nothing of the user is left."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Purse
from genhub.platforms.models import Platform, usual_scopes
from genhub.retention import erasing
from tests.books import find_mistakes
from tests.conftest import WHY
from tests.faults.test_leftovers import be_killed
from tests.retention.test_erasing import SECRET, USER, erase, fill, find_traces

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


@pytest.mark.usefixtures("stub", "right_books")
@pytest.mark.parametrize("step", ["canceled_tasks", "task_texts", "pictures", "files", "end"])
def test_killed_deletion_is_ended_by_the_next_turn(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
    shop: Platform,
    tmp_path: Path,
    step: str,
) -> None:
    ledger.grant(rich(USER, 0).pk, 200, key="a letter", why=WHY)
    scopes = [*usual_scopes(), "data:erase"]
    fill(client_of(USER, scopes=scopes), shop, client_of("", scopes=scopes))
    row = erasing.ask(shop.pk, USER, by="tests")
    be_killed(tmp_path / "log", "erase", step)
    row.refresh_from_db()
    assert row.state == "working"
    assert find_traces(USER, SECRET)
    assert find_mistakes() == []
    row = erase(row)
    assert row.state == "done"
    assert find_traces(USER, SECRET) == set()
    # What a bite deleted that nobody could note any more is counted by nobody, and nothing is counted twice.
    assert row.deleted["pictures"]["rows"] == 4
    assert row.deleted["files"]["files"] <= 8
    assert find_mistakes() == []
