"""Models that took their place before an order's strength was a word of its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from generation.models import Account, Offer
from tests.faults.upgrades.test_cards import migrate, state_at

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0020_follows"
EDITS: list[str] = ["seed", "mask"]


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables as they were before; afterwards as they are."""
    migrate(BEFORE)
    yield state_at(BEFORE)
    migrate(None)


def test_each_model_says_whether_it_takes_a_strength_and_no_more_where_the_release_before_is_put_back(
    before: Any,
) -> None:
    words = {"words": {"strength": "prompt_strength"}}
    adapters: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
        ("openai", {}, {}, EDITS),
        ("openai", words, {}, EDITS),
        ("bfl", {}, {}, EDITS),
        ("stability", {}, {}, EDITS),
        ("stability", {}, {}, ["image", "mask"]),
        ("stability", {}, {}, []),
        ("replicate", {}, words, EDITS),
        ("replicate", {}, {"words": None}, EDITS),
        ("sdwebui", {}, {}, []),
        ("local", {}, {}, []),
    ]
    accounts, offers = (before.get_model("generation", name) for name in ("Account", "Offer"))
    for i, (adapter, account_options, options, unsupported) in enumerate(adapters):
        account = accounts.objects.create(
            alias=f"a{i}", adapter=adapter, queue="remote", options=account_options
        )
        seeded = {"unsupported": unsupported, "options": options}
        offers.objects.create(
            account=account, alias="m", options=options, unsupported=unsupported, seeded=seeded
        )
    migrate(None)
    rows = [Offer.objects.get(account=account) for account in Account.objects.order_by("pk")]
    lacking = [row.unsupported == [*entry[3], "strength"] for row, entry in zip(rows, adapters, strict=True)]  # fmt: skip
    assert lacking == [True, False, True, False, True, True, False, True, False, False]
    assert [row.seeded["unsupported"] for row in rows] == [row.unsupported for row in rows]

    migrate(BEFORE)
    found = offers.objects.order_by("account_id").values_list("unsupported", "seeded__unsupported")
    assert list(found) == [(entry[3], entry[3]) for entry in adapters]
