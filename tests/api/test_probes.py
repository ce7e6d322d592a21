"""What an orchestrator asks of a web process: no key, any Host, nothing written, and only what it can mend."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from genhub import probes
from tests.api.refusals import nothing_moves
from tests.api.test_health import database_away
from tests.migrations import forget_newest_migration, note_migration

pytestmark = pytest.mark.django_db
NAMES = ("live", "ready", "startup")


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    probes.find_tables.cache_clear()
    yield
    probes.find_tables.cache_clear()


def ask(name: str, **words: Any) -> tuple[int, str]:
    with nothing_moves():
        answer = APIClient().get(f"/api/v1/health/{name}", **words)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()["status"]


@pytest.mark.parametrize("name", NAMES)
def test_all_is_well_without_a_worker_and_by_any_name(name: str) -> None:
    assert ask(name, headers={"Host": "10.0.0.5:8000"}) == (200, "ok")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_reading(name: str) -> None:
    assert APIClient().post(f"/api/v1/health/{name}").status_code == 405
    assert APIClient().head(f"/api/v1/health/{name}").status_code == 200


def test_without_a_database_it_lives_and_is_not_ready() -> None:
    with database_away():
        assert APIClient().get("/api/v1/health/live").status_code == 200
        for name in ("ready", "startup"):
            answer = APIClient().get(f"/api/v1/health/{name}")
            assert (answer.status_code, answer.json()["status"]) == (503, "database unreachable")


def test_startup_waits_for_the_tables_and_looks_no_more_once_they_are_there() -> None:
    newest = forget_newest_migration("webhooks")
    code, said = ask("startup")
    assert (code, f"webhooks.{newest}" in said) == (503, True)
    assert ask("ready") == (200, "ok")
    note_migration("webhooks", newest)
    assert ask("startup") == (200, "ok")
    with database_away():
        assert APIClient().get("/api/v1/health/startup").status_code == 200
