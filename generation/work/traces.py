"""What a trace tells of an order's work: who took it, who drew or made it, step by step, and how it ended."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from generation.life.claims import Claim
from generation.providers.base import Report, Work
from genhub.lib import tracing
from genhub.lib.ids import to_wire

DRAW, ORDER = "draw", "order at vendor"


def name(claim: Claim) -> dict[str, str]:
    """Return what each span of an attempt says."""
    return {
        "task": to_wire("task", claim.task_id),
        "attempt": str(claim.attempt_id),
        "account": claim.account.alias,
        "model": claim.spec.model,
    }


@contextmanager
def telling(what: str, claim: Claim, kind: tracing.Kind = "internal") -> Iterator[tracing.Span]:
    """Tell what is done for an attempt until the body ends."""
    with tracing.span(what, parent=claim.traceparent, kind=kind) as told:
        told.note(**name(claim))
        yield told


def tell_claims(members: Sequence[Claim], began: int, worker: str) -> None:
    """Tell that attempts were taken, all by one worker, since when it looked for them."""
    for claim in members:
        tracing.record(
            "claim",
            parent=claim.traceparent,
            began=began,
            queue=claim.queue,
            worker=worker,
            batch=len(members),
            **name(claim),
        )


class Steps:
    """An order's report that also tells each step; what was reported last began where the one before ended."""

    def __init__(self, claim: Claim, report: Report) -> None:
        self.claim, self.report = claim, report
        self.parent, self.began, self.number = claim.traceparent, tracing.moment(), 0

    def __call__(self, done: float, preview: Callable[[], bytes] | None = None) -> None:
        """Take the progress, as every report does."""
        self.number += 1
        tracing.record(
            "step", parent=self.parent, began=self.began, number=self.number, done=round(done, 4)
        )
        self.began = tracing.moment()
        self.report(done, preview)

    def begin(self, what: str) -> ExitStack:
        """Return the span of the whole, which has begun; its steps are part of it."""
        spec, stack = self.claim.spec, ExitStack()
        kind: tracing.Kind = "internal" if what == DRAW else "client"
        told = stack.enter_context(telling(what, self.claim, kind))
        told.note(pictures=spec.number)
        if spec.width and spec.height:
            told.note(width=spec.width, height=spec.height)
        self.parent, self.began = tracing.current.get(), tracing.moment()
        return stack


def steps_of(claim: Claim, report: Report) -> Report:
    """Return a report that tells steps, too, if anybody is told."""
    return Steps(claim, report) if claim.traceparent and tracing.is_on() else report


@contextmanager
def making(works: Sequence[Work], what: str) -> Iterator[None]:
    """Tell that orders are being drawn or ordered, until the body ends."""
    with ExitStack() as stack:
        for work in works:
            if isinstance(work.report, Steps):
                stack.enter_context(work.report.begin(what))
        yield
