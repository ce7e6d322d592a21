"""Vendors that make one picture a call: an order of several is as many calls, and one attempt."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from generation.providers.base import (
    CancelOutcome,
    Finished,
    Made,
    NotMade,
    Pixels,
    Provider,
    Submitted,
    Usage,
    VendorFile,
    Waiting,
    Work,
)
from generation.providers.errors import ProviderError, Sent

Given = TypeVar("Given")
Got = TypeVar("Got")
# Between the ids of an order's calls, in their order. A call without one failed, for the reason in its place.
SEPARATOR, FAILED = ",", "!"
MOST_CALLS_AT_ONCE = 4


@dataclass(frozen=True)
class Picture:
    """One picture that a call made."""

    content: Pixels | VendorFile
    seed: int | None = None
    revised_prompt: str = ""
    usage: Usage = field(default_factory=Usage)


class OneByOne(Provider):
    """An adapter whose vendor makes one picture a call."""

    @abstractmethod
    def submit_one(self, work: Work) -> Submitted | Picture:
        """Hand over an order of one picture; raise ProviderError."""

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one picture."""
        raise NotImplementedError(f"{type(self).__name__} finishes what it is given")

    def submit(self, work: Work) -> Submitted | Finished:
        """Hand over one call for each picture."""
        works = [part_of(work, position) for position in range(work.spec.number)]
        first, others = call_each(self.submit_one, works)
        outcomes = [first, *others]
        taken = [outcome for outcome in outcomes if isinstance(outcome, Submitted)]
        if not taken:
            return collect(outcomes)
        ids = [
            outcome.remote_id if isinstance(outcome, Submitted) else FAILED + code_of(outcome)
            for outcome in outcomes
        ]
        return Submitted(SEPARATOR.join(ids), taken[0].poll_after_seconds)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for each picture; they are finished once all are."""
        outcomes: list[Submitted | Waiting | Picture | ProviderError] = []
        for one in remote_id.split(SEPARATOR):
            if one.startswith(FAILED):
                outcomes.append(ProviderError("not taken", code=one.removeprefix(FAILED)))
                continue
            outcome = attempt(self.poll_one, one)
            if isinstance(outcome, ProviderError) and outcome.retryable:
                raise outcome
            outcomes.append(outcome)
        waiting = [outcome for outcome in outcomes if isinstance(outcome, Waiting)]
        if not waiting:
            return collect(outcomes)
        done = [wait.progress or 0.0 for wait in waiting]
        if len(waiting) == len(outcomes) and not any(done):
            # Nothing is known, which is not that nothing is done.
            return waiting[0]
        progress = (len(outcomes) - len(waiting) + sum(done)) / len(outcomes)
        return replace(waiting[0], progress=progress)

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop one picture that nobody wants any more, where the vendor can."""
        return CancelOutcome.BILLED

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop each picture; the order costs what the dearest of them does."""
        ids = [one for one in remote_id.split(SEPARATOR) if not one.startswith(FAILED)]
        outcomes = {self.cancel_one(one) for one in ids}
        dearest = (CancelOutcome.BILLED, CancelOutcome.UNKNOWN, CancelOutcome.FREE)
        return next(outcome for outcome in dearest if outcome in outcomes)


def in_calls(order: Callable[[Work], Finished], work: Work, most: int) -> Finished:
    """Return what an order becomes by calls of at most so many pictures each."""
    begins = range(0, work.spec.number, most)
    works = [part_of(work, begin, most) for begin in begins]
    first, others = call_each(order, works)
    if not others:
        return first
    made, not_made, usages = [], [], []
    for begin, part, outcome in zip(begins, works, [first, *others], strict=True):
        if isinstance(outcome, Finished):
            made += [replace(one, position=begin + one.position) for one in outcome.made]
            not_made += [replace(one, position=begin + one.position) for one in outcome.not_made]
            usages.append(outcome.usage)
        else:
            positions = range(begin, begin + part.spec.number)
            not_made += [NotMade(position, code_of(outcome)) for position in positions]
    return Finished(made, not_made, facts=first.facts, usage=add_up(usages))


def call_each(
    act: Callable[[Work], Got], works: Sequence[Work]
) -> tuple[Got, list[Got | ProviderError]]:
    """Return what the first call returns, and what became of the others. The first goes alone: what fails there, which
    is raised, was not paid for twice."""
    first = act(works[0])
    if len(works) == 1:
        return first, []
    with ThreadPoolExecutor(MOST_CALLS_AT_ONCE) as pool:
        return first, list(pool.map(lambda part: attempt(act, part), works[1:]))


def part_of(work: Work, position: int, most: int = 1) -> Work:
    """Return the order of some of its pictures, from one on."""
    seeds = work.spec.seeds[position : position + most]
    number = min(most, work.spec.number - position)
    if number == work.spec.number:
        return work
    spec = replace(work.spec, number=number, seeds=seeds)
    return replace(work, spec=spec, reference=f"{work.reference}-{position}")


def attempt(act: Callable[[Given], Got], given: Given) -> Got | ProviderError:
    """Return what a call returns, or the ProviderError that it raises."""
    try:
        return act(given)
    except ProviderError as error:
        return error


def code_of(outcome: object) -> str:
    """Return why one picture of several is missing: what may have been taken is lost."""
    if not isinstance(outcome, ProviderError):
        return "generation_failed"
    return "answer_lost" if outcome.sent is Sent.MAYBE else outcome.code


def collect(outcomes: Sequence[Submitted | Waiting | Picture | ProviderError]) -> Finished:
    """Return what several calls made; when none made any, raise what the first said."""
    made, not_made, usages = [], [], []
    for position, outcome in enumerate(outcomes):
        if isinstance(outcome, Picture):
            made.append(Made(position, outcome.content, outcome.seed, outcome.revised_prompt))
            usages.append(outcome.usage)
        else:
            not_made.append(NotMade(position, code_of(outcome)))
    if not made:
        raise next(outcome for outcome in outcomes if isinstance(outcome, ProviderError))
    return Finished(made, not_made, usage=replace(add_up(usages), pictures=len(made)))


def add_up(usages: list[Usage]) -> Usage:
    """Return the sum of what several calls counted; what one of them does not say is not known."""

    def total(name: str) -> Any:
        values = [getattr(usage, name) for usage in usages]
        return None if None in values else sum(values)

    return Usage(**{part.name: total(part.name) for part in fields(Usage)})
