"""Storing: what was made for an order is decoded, encoded, stored and published, or what else became of it written."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from generation.accounts import standing
from generation.accounts.adapters import device_of
from generation.accounts.costs import bill_of, tells_cost
from generation.accounts.spending import NotNow
from generation.failures import TimedOut
from generation.life import attempt_ends, chains, waiting
from generation.life.claims import Claim, LeaseLost
from generation.life.outputs import Stored, StoredOutput
from generation.life.withheld import AllWithheld
from generation.providers.base import (
    DrawsBatches,
    Finished,
    Made,
    NotMade,
    Outcome,
    Submitted,
    Waiting,
)
from generation.providers.errors import GivenBack, OutOfTime, ProviderError, Sent, Stopped
from generation.work import job_log, leftovers, too_late, traces, watching
from generation.work.finish import contents_of, finish_spec, place
from generation.work.heart import Pulse
from generation.work.persisting import AWAY, persist
from generation.work.trying import explain, try_to_store
from genhub.lib.connections import release_connection
from storage.content import OutputRefused, Show, StoredFile
from storage.outputs import save_output
from storage.thumbnails import publishing

logger = logging.getLogger(__name__)
# A task, and how it went on: its state, or `step_done`, `waiting`, `unknown`, `handed_back`, `put_back`, `stopped`,
# `late`, `unwritten`.
Ended = dict[str, str]

# How often a store that refuses what a vendor has made, and may not make again, is asked.
MOST_TRIES_TO_STORE = 3


def finish_safely(claim: Claim, outcome: Outcome, pulse: Pulse) -> Ended:
    """Finish one member of a batch, whatever goes wrong with it."""
    with job_log.working_on([claim]):
        how = finish_logged(claim, outcome, pulse)
        job_log.tell(claim, outcome, how)
    return named(claim, how)


def finish_logged(claim: Claim, outcome: Outcome, pulse: Pulse) -> str:
    """Finish one member of a batch, log what keeps its end from being written, and return how it ended."""
    try:
        how = finish_wanted(claim, outcome, pulse)
    except Exception:
        # Its lease runs out, and another worker goes on.
        logger.exception("the end of attempt %s is not written", claim.attempt_id)
        how = "unwritten"
    finally:
        pulse.leave(claim)
        release_connection()
    if how not in {"completed", "step_done", "late", "unwritten"} and isinstance(outcome, Finished):
        leftovers.clear(claim)
    return how


def named(claim: Claim, how: str) -> Ended:
    """Return how an order ended."""
    return {"task": f"task_{claim.task_id.hex}", "ended": how}


def finish_wanted(claim: Claim, outcome: Outcome, pulse: Pulse) -> str:
    """Finish one member of a batch; of one that nobody wants any more, only what it cost is written."""
    was_sent = pulse.signs[claim.attempt_id].was_sent
    try:
        return finish_member(claim, outcome, pulse)
    except (LeaseLost, Stopped):
        # Whether staff keep it, of a task that failed.
        gather = partial(collect, claim, outcome, lambda: None, was_sent=True)
        how = too_late.keep(claim, outcome, gather)
    if was_sent and tells_cost(outcome):
        bill = bill_of(claim.card, claim.spec, outcome, was_sent=True)
        persist(partial(waiting.settle_late, claim, bill), claim)
    return how


def finish_member(claim: Claim, outcome: Outcome, pulse: Pulse) -> str:
    """Store and publish what was made for one attempt, or write what else became of it; return how it ended."""
    if isinstance(outcome, Submitted | Waiting):
        return leave(claim, outcome)
    was_sent = pulse.signs[claim.attempt_id].was_sent
    try:
        check, viewing = partial(pulse.check, claim), watching.Viewing(claim)
        with traces.telling("store", claim):
            stored = collect(claim, outcome, check, viewing, was_sent=was_sent)
        outputs, withheld = watching.look(claim, stored.outputs, check, viewing)
        stored = replace(stored, outputs=outputs, withheld=withheld)
        with publishing(stored.list_files()), traces.telling("settle", claim) as settled:
            how = persist(partial(chains.finish, claim, stored), claim)
            settled.note(ended=how, outputs=len(outputs))
    except GivenBack:
        logger.info("attempt %s is given back: the worker stops", claim.attempt_id)
        persist(partial(attempt_ends.hand_back, claim), claim)
        return "handed_back"
    except (LeaseLost, Stopped, *AWAY):
        raise
    except NotNow as refused:
        standing.heed(claim.account.pk, refused)
        persist(partial(attempt_ends.put_back, claim, refused), claim)
        return "put_back"
    except Exception as error:
        is_understood = isinstance(error, ProviderError)
        level = logging.WARNING if is_understood else logging.ERROR
        logger.log(
            level, "attempt %s failed: %r", claim.attempt_id, error, exc_info=not is_understood
        )
        # What is not understood would end alike: the task fails, and staff find the trace. Only where the vendor has
        # not answered nobody knows what it has.
        sent = Sent.YES if isinstance(outcome, Finished) else Sent.MAYBE
        meant = error if isinstance(error, ProviderError) else ProviderError(f"unexpected: {error!r}", sent=sent)  # fmt: skip
        return end_badly(claim, meant, outcome, was_sent=was_sent)
    return how


def leave(claim: Claim, told: Submitted | Waiting) -> str:
    """Leave an order to its vendor; one that was cancelled while it was handed over is cancelled there, too."""
    try:
        persist(partial(waiting.wait, claim, told), claim)
    except LeaseLost:
        if isinstance(told, Submitted):
            persist(partial(waiting.cancel_unwanted, claim, told.remote_id), claim)
        raise
    return "waiting"


def end_badly(claim: Claim, error: ProviderError, outcome: Outcome, *, was_sent: bool) -> str:
    """Write what an error means: asked for again, in doubt, another attempt, or the end; return how it ended.

    What has an id at its vendor is asked for again while that may help, and ordered anew only where it is gone there.
    """
    is_open = error.retryable or error.sent is Sent.MAYBE
    if claim.remote_id and is_open and not error.is_gone:
        return leave(claim, Waiting(poll_after_seconds=error.retry_after_seconds))
    if was_sent and error.sent is Sent.MAYBE:
        persist(partial(waiting.doubt, claim, str(error), error.evidence), claim)
        return "unknown"
    # What was made and could not be stored is billed all the same.
    came = outcome if isinstance(outcome, Finished) else error
    bill = bill_of(claim.card, claim.spec, came, was_sent=was_sent or bool(claim.remote_id))
    withheld = error.pictures if isinstance(error, AllWithheld) else ()
    with publishing([one.file for one in withheld]), traces.telling("settle", claim) as settled:
        settled.fail(error.code)
        how = persist(partial(attempt_ends.fail, claim, error, bill), claim)
        settled.note(ended=how)
    return how


def collect(
    claim: Claim,
    outcome: Outcome,
    check: Callable[[], None],
    viewing: watching.Viewing | None = None,
    *,
    was_sent: bool = False,
) -> Stored:
    """Store each output that was made, viewed on its way; what cannot be had or stored is missing, and only if all is
    does it raise."""
    if isinstance(outcome, OutOfTime):
        raise ProviderError("worked on for longer than it may be", code=TimedOut.code)
    if isinstance(outcome, Exception):
        raise outcome
    assert isinstance(outcome, Finished)  # noqa: S101 (what works on was left before)
    outcome, device = place(claim, outcome), device_of(claim.account)
    seconds = {"decode": 0.0, "encode_store": 0.0}
    outputs, missing = [], list(outcome.not_made)
    failure = ProviderError("the provider made no picture")
    for made in outcome.made:
        # Before each picture: one that nobody wants any more costs nothing more.
        check()
        try:
            show = partial(viewing.see, made.position) if viewing and not device else None
            file = store(claim, made, device, seconds, show=show, was_sent=was_sent)
        except ProviderError as error:
            logger.warning("picture %s of %s: %s", made.position, claim.task_id, error)
            missing.append(NotMade(made.position, error.code, error.params, made.seed))
            failure = error
        else:
            outputs.append(StoredOutput(made, file))
    if not outputs:
        # What came with the answer is gone: to have it made again would be paid for twice.
        failure.retryable = failure.retryable and (bool(claim.remote_id) or not was_sent)
        raise failure
    timings = {**outcome.timings, **{stage: round(took, 4) for stage, took in seconds.items()}}
    bill = bill_of(claim.card, claim.spec, outcome, was_sent=was_sent)
    return Stored(outputs, missing, (), timings, outcome.facts, bill)


def store(
    claim: Claim,
    made: Made,
    device: DrawsBatches | None,
    seconds: dict[str, float],
    *,
    show: Show | None,
    was_sent: bool,
) -> StoredFile:
    """Decode and store one output, adding to the seconds by stage; raise ProviderError when it cannot be."""
    started = time.perf_counter()
    try:
        what = contents_of(made, show)
    except ProviderError:
        raise
    except Exception as error:
        logger.exception("picture %s not decoded", made.position)
        raise ProviderError(f"not decoded: {error!r}") from error
    finally:
        decoded = time.perf_counter()
        seconds["decode"] += decoded - started
    save = partial(
        save_output,
        what,
        day=claim.day,
        owner=claim.owner_id,
        attempt=claim.attempt_id,
        position=made.position,
        finish=finish_spec(claim.spec, made.seed),
    )
    try:
        if device:
            with device.watched("store"):
                return save()
        return try_to_store(save, most_tries=MOST_TRIES_TO_STORE if was_sent else 1)
    except OutputRefused as refused:
        raise explain(refused) from refused
    except Exception as error:
        # Each store raises its own; the money decides what it means.
        message = f"not stored: {error!r}"
        raise ProviderError(message, code="store_failed", retryable=True) from error
    finally:
        seconds["encode_store"] += time.perf_counter() - decoded
