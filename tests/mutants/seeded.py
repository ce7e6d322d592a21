"""The mutants: each takes one promise away, and names the tests that must fail for it."""

from dataclasses import dataclass

RACES = "tests/credits/test_races.py"
EXAMPLES = "tests/credits/test_worked_examples.py"
LOTS = "tests/credits/test_lots.py"
BUDGETS = "tests/credits/test_budgets.py"
STATEMENTS = "credits/sql.py"
LEDGER = "credits/ledger.py"
OUTCOMES = "credits/outcomes.py"


@dataclass(frozen=True)
class Edit:
    """A text that stands exactly once in a file, and what is put in its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A promise that is taken away, how, and the tests that promise it."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "a hold reads the balance, then saves it",
        (
            Edit(
                STATEMENTS,
                "SET available = p.available - w.total,",
                "SET available = %(seen)s - w.total,",
            ),
            Edit(STATEMENTS, "AND p.available >= w.total", "AND %(seen)s >= w.total"),
            Edit(
                LEDGER,
                '        "at": terms.at,\n',
                '        "at": terms.at,\n'
                '        "seen": Purse.objects.values_list("available", flat=True).filter(pk=purse_id).first() or 0,\n',
            ),
        ),
        (RACES, "tests/faults/ledger/test_double_spend.py"),
    ),
    Mutant(
        "a settlement has a random key",
        (
            Edit(
                STATEMENTS,
                "'capture', 'settle:' || %(hold)s,",
                "'capture', 'settle:' || gen_random_uuid(),",
            ),
        ),
        ("tests/faults/ledger/test_settlements.py",),
    ),
    Mutant(
        "a settled hold is settled again",
        (Edit(STATEMENTS, "WHERE id = %(hold)s AND state = 'open'", "WHERE id = %(hold)s"),),
        (EXAMPLES,),
    ),
    Mutant(
        "an older claim's writes are taken: no token",
        (
            Edit(
                "generation/life/claims.py",
                "pk=attempt_id, lease_token=token, state=AttemptState.RUNNING",
                "pk=attempt_id, lease_token__gte=token, state=AttemptState.RUNNING",
            ),
        ),
        ("tests/faults/ledger/test_fence.py",),
    ),
    Mutant(
        "a dead worker's writes are taken: no fence at all",
        (
            Edit(
                "generation/life/claims.py",
                "pk=attempt_id, lease_token=token, state=AttemptState.RUNNING",
                "pk=attempt_id, lease_token__gte=token",
            ),
        ),
        ("tests/life/test_claims.py::test_stale_worker_writes_nothing",),
    ),
    Mutant(
        "a budget counts without looking at its limit",
        (
            Edit(
                "credits/counts.py",
                "DO UPDATE SET used = credits_count.used + excluded.used\n"
                "            WHERE credits_count.used + excluded.used <= %(most)s",
                "DO UPDATE SET used = credits_count.used + excluded.used",
            ),
        ),
        (BUDGETS,),
    ),
    Mutant(
        "what is released stays counted in the budget",
        (Edit(OUTCOMES, "budgets.give_back(hold_id, released)", "budgets.give_back(hold_id, 0)"),),
        (BUDGETS,),
    ),
    Mutant(
        "what expires last is spent first",
        (
            Edit(
                "credits/lots.py",
                "sum(remaining) OVER (ORDER BY expires_at, id)",
                "sum(remaining) OVER (ORDER BY expires_at DESC, id)",
            ),
        ),
        (LOTS,),
    ),
    Mutant(
        "expired credits can be held until somebody sweeps",
        (
            Edit(
                STATEMENTS,
                "AND (p.expires_next_at IS NULL OR p.expires_next_at > coalesce(%(at)s, statement_timestamp()))",
                "AND coalesce(%(at)s, statement_timestamp()) IS NOT NULL",
            ),
        ),
        (LOTS,),
    ),
    Mutant(
        "a lot expires under one key for ever",
        (
            Edit(
                "credits/lots.py",
                'key = f"expire:{lot.pk}:{lot.expired}"',
                'key = f"expire:{lot.pk}"',
            ),
        ),
        (LOTS,),
    ),
    Mutant(
        "more is refunded than was captured",
        (
            Edit(
                LEDGER,
                '.filter(pk=hold_id, captured__gte=F("refunded") + amount)',
                ".filter(pk=hold_id)",
            ),
        ),
        (EXAMPLES,),
    ),
    Mutant(
        "a payment that is told twice is granted twice",
        (Edit(LEDGER, 'full_key = f"grant:{key}"', 'full_key = f"grant:{key}:{new_id()}"'),),
        (EXAMPLES,),
    ),
    Mutant(
        "an order that is sent twice is held twice",
        (
            Edit(
                STATEMENTS,
                "AND NOT EXISTS (SELECT FROM credits_hold h WHERE h.reference = ANY (%(references)s::uuid[]))",
                "",
            ),
        ),
        (EXAMPLES,),
    ),
    Mutant(
        "an overrun is paid by the customer",
        (
            Edit(
                STATEMENTS,
                "captured = least(amount, %(due)s), released = amount - least(amount, %(due)s)",
                "captured = %(due)s, released = greatest(amount - %(due)s, 0)",
            ),
        ),
        (EXAMPLES,),
    ),
    Mutant(
        "a frozen purse is held from",
        (Edit(STATEMENTS, "           AND p.frozen_at IS NULL\n", ""),),
        ("tests/credits/test_freeze.py",),
    ),
    Mutant(
        "whoever asks for a refund approves it",
        (
            Edit(
                "generation/refunds/one.py",
                "if row.requested_by_id == person.pk:",
                "if row.requested_by_id is None:",
            ),
        ),
        ("tests/refunds/test_one.py",),
    ),
    Mutant(
        "a transfer can be changed by SQL",
        (
            # An empty database is laid out from what the migrations made, and not from them.
            Edit(
                "genhub/schema/tables.sql",
                "BEFORE DELETE OR UPDATE ON public.credits_transfer",
                "BEFORE DELETE ON public.credits_transfer",
            ),
        ),
        ("tests/credits/test_guards.py",),
    ),
    Mutant(
        "an Idempotency-Key is not looked up",
        (
            Edit(
                "genhub/platforms/idempotency.py",
                "    return uuid.UUID(made_id)\n",
                "    return None\n",
            ),
        ),
        ("tests/api/test_idempotency.py",),
    ),
)
