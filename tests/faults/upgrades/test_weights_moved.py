"""Where weights lie moved into rows of their own: what anybody entered is there afterwards, and after the way back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from generation.models import Offer

BEFORE, AFTER = "0012_accounts_and_offers", "0015_local_weights"
PIN = "0123456789abcdef0123456789abcdef01234567"
INK = {"name": "ink", "file": "/ink.safetensors", "scale": 0.5, "is_usual": True}
PLACES: dict[str, dict[str, Any]] = {
    "pinned": {
        "folder": "Tongyi-MAI/Z-Image", "revision": PIN, "weights": ["/b.safetensors", "/a.safetensors"],
        "loras": [INK],
    },
    "nowhere": {"folder": "", "revision": "", "weights": [], "loras": []},
    "worn": {"folder": "", "revision": "", "weights": [], "loras": [INK]},
    "vendors": {"folder": "", "revision": "", "weights": [], "loras": []},
}  # fmt: skip


def migrate(name: str | None) -> None:
    executor = MigrationExecutor(connection)
    leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "generation"]
    executor.migrate([("generation", name)] if name else leaves)


@pytest.fixture
def older(transactional_db: None) -> Iterator[Callable[[str], Any]]:
    """The tables as the release before had them; afterwards as they are."""
    migrate(BEFORE)
    state = MigrationExecutor(connection).loader.project_state(("generation", BEFORE)).apps
    yield lambda name: state.get_model("generation", name)
    migrate(None)


def read_places(older: Callable[[str], Any]) -> dict[str, dict[str, Any]]:
    rows = older("Offer").objects.values("alias", "folder", "revision", "weights", "loras")
    return {row.pop("alias"): row for row in rows}


def test_weights_move_into_rows_and_back(older: Callable[[str], Any]) -> None:
    local = older("Account").objects.create(alias="local", adapter="local", queue="local")
    stub = older("Account").objects.create(alias="stub", adapter="stub", queue="local")
    for alias, place in PLACES.items():
        account = local if alias in {"pinned", "nowhere"} else stub
        older("Offer").objects.create(account=account, alias=alias, **place)
    migrate(None)
    rows = {row.alias: row for row in Offer.objects.select_related("local")}
    found = {alias: row.local.place() for alias, row in rows.items() if hasattr(row, "local")}
    assert found == {alias: place for alias, place in PLACES.items() if alias != "vendors"}
    changed = {"folder": "/models/new", "revision": "", "weights": [], "loras": [INK, INK]}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE generation_localweights SET folder = %s, revision = '', weights = '[]', loras = %s"
            " WHERE offer_id = %s",
            ["/models/new", json.dumps([INK, INK]), rows["pinned"].pk],
        )
    # The release before reads them there when it comes back.
    migrate(BEFORE)
    assert read_places(older) == PLACES | {"pinned": changed}
