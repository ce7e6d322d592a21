"""What providers said of models in JSON moved into rows: it is there afterwards, and after the way back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from generation.models import Offer


@pytest.fixture
def before_rows(transactional_db: None) -> Iterator[Any]:
    """The tables as the release before had them; afterwards as they are."""
    migrate("0003_refunds_and_prices")
    yield state_at("0003_refunds_and_prices").get_model("generation", "Provider")
    migrate(None)


def migrate(name: str | None) -> None:
    executor = MigrationExecutor(connection)
    leaves = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "generation"]
    executor.migrate([("generation", name)] if name else leaves)


def state_at(name: str) -> Any:
    return MigrationExecutor(connection).loader.project_state(("generation", name)).apps


@pytest.mark.django_db(transaction=True)
def test_cards_become_rows_and_cards_again(before_rows: Any) -> None:
    cards = {
        "old": {"folder": "/models/old", "fast_steps": 0, "high_quality_steps": 99,
                "sizes": [[512, 512]], "usd_per_picture": 0.04},
        "quick": {"fast_steps": 4, "default_steps": 60, "unknown": 1},
        "unpinned": {"folder": "Tongyi-MAI/Z-Image"},
    }  # fmt: skip
    before_rows.objects.create(alias="local", adapter="local", queue="local", cards=cards)
    migrate("0004_models")
    migrate(None)
    rows = {row.alias: row for row in Offer.objects.all()}
    old, quick, unpinned = rows["old"].card(), rows["quick"].card(), rows["unpinned"]
    assert (rows["old"].local.folder, old.sizes, old.usd_per_picture) == (
        "/models/old",
        ((512, 512),),
        0.04,
    )
    assert (old.fast.steps, old.fine.steps) == (None, 50)
    assert (quick.fast.steps, quick.fine.steps, quick.largest_steps) == (4, None, 60)
    assert (unpinned.local.folder, unpinned.is_enabled) == ("", False)
    connection.cursor().execute(
        "INSERT INTO generation_provider (alias, adapter, queue, is_enabled, weight)"
        " VALUES ('new', 'stub', 'local', true, 1)"
    )
    migrate("0003_refunds_and_prices")
    found = before_rows.objects.get(alias="local").cards
    assert set(found) == {"old", "quick"}
    assert (found["old"]["high_quality_steps"], found["old"]["usd_per_picture"]) == (50, 0.04)
    assert found["quick"]["fast_steps"] == 4
    assert before_rows.objects.get(alias="new").cards == {}
