"""Several hands on the same thing at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection, connections, transaction

from genhub.lib.errors import Problem
from tests.patience import patience

Act = Callable[[], object]


def together(
    *acts: Callable[[], object], rounds: int = 1, lost: Sequence[type[Exception]] = ()
) -> list[list[object]]:
    """Run the acts at the same moment, round after round, each in a thread of its own; return what came of each round.

    An exception of `lost` is an outcome (its class), any other one is raised here.
    """
    outcomes: list[list[object]] = [[None] * len(acts) for _ in range(rounds)]
    errors: list[Exception] = []
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        for number in range(rounds):
            start.wait(timeout=patience())
            try:
                outcomes[number][place] = act()
            except tuple(lost) as problem:
                outcomes[number][place] = type(problem)
            except Exception as error:  # noqa: BLE001 (raised below, in the test's own thread)
                errors.append(error)
        connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return outcomes


def told(*acts: Callable[[], object], rounds: int = 1) -> list[list[str]]:
    """Run the acts as `together` does and return what each was told: a refusal's code, `repeated` (False) or `done`."""
    outcomes = together(*acts, rounds=rounds, lost=[Problem])
    return [[word(outcome) for outcome in of_round] for of_round in outcomes]


def word(outcome: object) -> str:
    if isinstance(outcome, type) and issubclass(outcome, Problem):
        return outcome.code
    return "repeated" if outcome is False else "done"


def told_after(first: Act, act: Act, *, meanwhile: Act = lambda: None) -> object:
    """Start the act while the first one's transaction is open and return its outcome; a refusal's is its class.

    The transaction commits when the act waits for it, after the `meanwhile` of a third hand.
    """
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            first()
            waiting = pool.submit(outcome_of, act)
            assert waits_for_us(waiting), "the act had nothing to wait for"
            pool.submit(outcome_of, meanwhile).result()
        return waiting.result()


def outcome_of(act: Act) -> object:
    try:
        return act()
    except Problem as problem:
        return type(problem)
    finally:
        connections.close_all()


def waits_for_us(act: Future[object]) -> bool:
    """Return True once somebody waits for this connection, False when the act ended without."""
    while not act.done():
        with connection.cursor() as cursor:
            cursor.execute("""
                SELECT count(*) FROM pg_locks
                 WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
            """)
            if cursor.fetchone()[0]:
                return True
    return False
