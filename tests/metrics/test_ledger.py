"""What the ledger moved is counted once by each kind, whoever moved it and however long its transaction took."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from credits import boundary, expiry, ledger
from credits.models import Purse, Transfer
from credits.models.transfer import ROUTES
from genhub.metrics.ledger import CREDITS, WORDS, Ledger
from genhub.metrics.registry import REGISTRY

WHY = ledger.Why("tests", "to be counted")
LATE = """
    INSERT INTO credits_transfer (id, purse_id, source, target, amount, kind, key, actor, reason, purse_version,
                                  available_after, held_after)
    SELECT gen_random_uuid(), id, 'issued', 'available', 5, 'grant', 'late', 'x', 'x', version + 1, available + 5, held
      FROM credits_purse
"""

Rich = Callable[..., Purse]


@pytest.fixture(autouse=True)
def _no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The margin would hide whether the boundary itself is right."""
    monkeypatch.setattr(boundary, "MARGIN", "0 seconds")


def read() -> dict[str, float]:
    return {word: CREDITS.labels(word)._value.get() for word in WORDS.values()}


@pytest.fixture
def counted() -> Callable[[], dict[str, float]]:
    """Return how many credits of each kind were counted since the test began; what was none is left out."""
    reader, before = Ledger(), read()
    reader.catch_up()

    def catch_up() -> dict[str, float]:
        reader.catch_up()
        return {word: more for word, now in read().items() if (more := now - before[word])}

    return catch_up


def move_all(purse: Purse) -> None:
    """Let each kind of move happen once, each of another amount."""
    soon = datetime.now(UTC) + timedelta(days=1)
    ledger.grant(purse.pk, 1000, key="given", why=WHY)
    ledger.grant(purse.pk, 64, key="given for a day", why=WHY, expires_at=soon)
    expiry.expire_lots(soon + timedelta(days=1))
    ledger.adjust(purse.pk, 32, key="up", why=WHY)
    ledger.adjust(purse.pk, -16, key="down", why=WHY)
    done = ledger.hold(purse.pk, 100, reference=uuid4())
    ledger.settle(done, 90)
    ledger.refund(done, 4, key="back", why=WHY)
    late = ledger.hold(purse.pk, 200, reference=uuid4())
    ledger.release(late)
    ledger.expose(late, 8)


def test_each_kind_has_a_word() -> None:
    assert {(kind.value, source.value) for kind, source, _ in ROUTES} == set(WORDS)


@pytest.mark.django_db
def test_all_kinds_are_counted_once(rich: Rich, counted: Callable[[], dict[str, float]]) -> None:
    move_all(rich("alice", 0))
    assert set(Transfer.objects.values_list("kind", "source")) == set(WORDS)
    expected = {
        "granted": 1064, "expired": 64, "adjusted_up": 32, "adjusted_down": 16, "held": 300,
        "captured": 90, "overrun": 8, "refunded": 4, "released": 210,
    }  # fmt: skip
    assert counted() == expected
    assert counted() == expected
    # Told again, nothing moves.
    ledger.grant(Purse.objects.get().pk, 1000, key="given", why=WHY)
    assert counted() == expected


@pytest.mark.django_db
def test_a_process_that_begins_anew_counts_nothing_that_was(rich: Rich) -> None:
    move_all(rich("alice", 0))
    before, reader = read(), Ledger()
    reader.catch_up()
    reader.catch_up()
    assert read() == before


@pytest.mark.django_db(transaction=True)
def test_what_a_long_transaction_moved_is_counted_once_it_ends(
    rich: Rich, counted: Callable[[], dict[str, float]]
) -> None:
    purse = rich("alice", 100)
    assert counted() == {"granted": 100}
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(LATE)
            # Meanwhile another purse moves on, and is read as far as nothing can come between.
            ledger.grant(rich("bob", 0).pk, 7, key="beside", why=WHY)
            assert counted() == {"granted": 100}
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert Transfer.objects.filter(purse=purse).count() == 2
    assert counted() == {"granted": 112}
    assert counted() == {"granted": 112}


@pytest.mark.django_db
def test_no_question_reads_the_whole_ledger(
    rich: Rich, counted: Callable[[], dict[str, float]]
) -> None:
    """However much there is: each look asks for a stretch of time, which the index by time finds."""
    rich("alice", 100)
    with CaptureQueriesContext(connection) as asked:
        counted()
    (read_ledger,) = [one["sql"] for one in asked if "credits_transfer" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {read_ledger}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "transfer_by_time" in plan, plan
    assert "genhub_credits_total" in {sample.name for family in REGISTRY.collect() for sample in family.samples}  # fmt: skip
