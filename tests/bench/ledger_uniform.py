"""Hold and settle over ten thousand purses: our SQL against a bare schema, and Python against our SQL."""

import uuid

from credits import ledger
from tests.bench import books, hands, pgbench
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.bench.recorded import Recorder, write_script
from tests.bench.server import say

PURSES, CLIENTS = 10_000, 64
# Processes and threads of the Python arm; the best of them is measured.
CREWS = ((2, 2), (2, 4), (3, 4))
# The protocol that the hub's own connections speak.
MODE = "simple"
# What finds a repetition: without these keys the statements would mean something else.
KEPT_KEYS = ("transfer_key", "credits_hold_reference_key")


def record() -> str:
    """Return the script of one hold and one settlement as the ledger sends them."""
    recorder = Recorder()
    purse = books.purse_id(1)
    # Once without recording: what is only sent once for each connection is no part of the flow.
    ledger.settle(ledger.hold(purse, books.PRICE, reference=uuid.uuid4()), books.PRICE)
    hold = recorder.record(lambda: ledger.hold(purse, books.PRICE, reference=uuid.uuid4()))
    recorder.record(lambda: ledger.settle(hold, books.PRICE))
    return write_script(recorder.steps, purse=purse, purses=PURSES)


def choose_crew() -> tuple[int, int]:
    """Return the processes and threads that do most on this machine."""
    rates = {}
    for crew in CREWS:
        with hands.working(*crew, PURSES) as crowd:
            crowd.run(0.3)
            rates[crew] = crowd.run(1)
    say("· Python: " + ", ".join(f"{p} × {t} {rate:.0f}/s" for (p, t), rate in rates.items()))
    return max(rates, key=lambda crew: rates[crew])


def run(*, is_quick: bool) -> Report:
    """Measure the three arms in turn; after each on our schema the books are proved."""
    seconds = 1 if is_quick else 4
    books.fill(PURSES)
    script = record()
    pgbench.build_bare_schema(*KEPT_KEYS)
    flow = pgbench.Flow(pgbench.write(script), CLIENTS, seconds, MODE)
    crew = CREWS[1] if is_quick else choose_crew()

    def proved(rate: float) -> float:
        if left := books.count_holds("open"):
            raise AssertionError(f"{left} holds were left open")
        books.check()
        return rate

    with hands.working(*crew, PURSES) as crowd:
        arms = {
            "pgbench": lambda: proved(flow.run("public")),
            "bare": lambda: flow.run(pgbench.BARE),
            "python": lambda: proved(crowd.run(seconds)),
        }
        figures = interleave(
            arms,
            rounds=3 if is_quick else 5,
            unit="orders/s",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
    return Report(
        arms=figures.summary("orders/s"),
        goals=[
            Goal("pgbench / bare", figures.ratios("pgbench", "bare"), least=0.7),
            Goal("python / pgbench", figures.ratios("python", "pgbench"), least=0.35),
        ],
        control=figures.control,
        facts={
            "clients": CLIENTS,
            "python_processes_threads": list(crew),
            "protocol": MODE,
            "statements": script.count(";\n"),
        },
    )
