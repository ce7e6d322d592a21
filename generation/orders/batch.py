"""What a batch asks for: orders, each with its place in the request, and what is wrong with each. Writes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generation.moderation.judges.base import Verdict
from generation.order import Order
from generation.orders import screening
from generation.orders.brought import is_brought
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved
from generation.orders.submit import resolve_for
from generation.spec import PICTURES, name_references
from genhub.api.problems import AND_MORE, error_body, problem_body
from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop, problem_of
from genhub.lib.once import reading_once

# Of a refused order that is told among others: the rest is counted.
MOST_MISTAKES = 5
UPLOAD_FIRST = gettext_noop(
    "In a batch, name a picture by its id: upload it first (POST /api/v1/artifacts)."
)


@dataclass(frozen=True)
class Entry:
    """One order of a batch: what it says, or why its words are refused; and where in the request each word stands."""

    index: int
    order: Order | None
    refused: Problem | None = None
    # By the first part of a field's name; a word that stands nowhere would stand under `otherwise`.
    places: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""

    def place(self, name: str) -> str:
        """Return where a field of the order stands in the request."""
        head = name.replace("[", ".").partition(".")[0]
        found = self.places.get(head)
        if found is None:
            return f"{self.otherwise}.{name}".strip(".")
        return found + name[len(head) :]


@dataclass(frozen=True)
class Asked:
    """A batch as it is asked for."""

    entries: Sequence[Entry]
    takes_some: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook: str | None = None


@dataclass(frozen=True)
class Whole:
    """An order of a batch made whole."""

    entry: Entry
    resolved: Resolved


@dataclass(frozen=True)
class Refused:
    """An order of a batch that is not taken, and why."""

    entry: Entry
    problem: Problem


def make_entries_whole(
    customer: Customer, entries: Iterable[Entry], *, keeps: bool = True
) -> tuple[list[Whole], list[Refused]]:
    """Return the orders of a batch made whole, and those that are refused. What many of them name is read once."""
    taken, refused = [], []
    with reading_once():
        for entry in entries:
            try:
                taken.append(Whole(entry, make_entry_whole(customer, entry, keeps=keeps)))
            except Problem as problem:
                refused.append(Refused(entry, problem))
    return taken, refused


def make_entry_whole(customer: Customer, entry: Entry, *, keeps: bool) -> Resolved:
    """Return one order made whole; raise what `resolve` raises."""
    if entry.order is None:
        raise entry.refused or InvalidRequest
    # A hundred fetches would keep their caller for an hour, and a hundred data URIs are no body.
    said = {name: getattr(entry.order, name) or "" for name in PICTURES}
    said |= name_references(entry.order.references or ())
    brought = [name for name, text in said.items() if is_brought(text)]
    if brought:
        raise InvalidRequest(errors=[FieldError(n, "upload_first", UPLOAD_FIRST) for n in brought])
    return resolve_for(customer, entry.order, keeps=keeps)


def screen_all(customer: Customer, taken: Sequence[Whole]) -> tuple[list[Whole], list[Refused]]:
    """Return the orders of a batch with what moderation services find in them, and those that are refused for it.

    They are asked once for all that may be asked of them. Raises ModerationUnavailable as `screening.ask` does.
    """
    verdicts: dict[int, Verdict | None] = {}
    for local_only in (False, True):
        some = [one for one in taken if one.resolved.local_only is local_only]
        said = screening.ask(customer, [one.resolved for one in some], local_only=local_only)
        verdicts |= {one.entry.index: verdict for one, verdict in zip(some, said, strict=True)}
    fitting, refused = [], []
    for one in taken:
        try:
            with screening.keeping_refusals(customer):
                resolved = screening.judged(customer, one.resolved, verdicts[one.entry.index])
        except Problem as problem:
            refused.append(Refused(one.entry, problem))
        else:
            fitting.append(replace(one, resolved=resolved))
    return fitting, refused


def whole_refusal(refused: Sequence[Refused]) -> Problem:
    """Return the refusal of a whole batch: what is wrong with each order, at its words, what is said of several once.

    One of wrong words where any word is wrong; else the first order's own.
    """
    problems = [one.problem for one in refused]
    first = next((p for p in problems if isinstance(p, InvalidRequest)), problems[0])
    found = {(error.field, error.code): error for one in refused for error in list_mistakes(one)}
    whole = type(first)(errors=list(found.values()), headers=first.headers)
    whole.params = first.params
    return whole


def list_mistakes(refused: Refused) -> list[FieldError]:
    """Return what is wrong with an order, at its place in the request."""
    entry, problem = refused.entry, refused.problem
    if not isinstance(problem, InvalidRequest):
        return [FieldError(f"orders.{entry.index}", problem.code, problem.detail, problem.params)]
    return [replace(error, field=entry.place(error.field)) for error in problem.errors]


def keep_problem(refused: Refused) -> dict[str, Any]:
    """Return why an order was refused as a batch's row keeps it."""
    problem = refused.problem
    return {
        "index": refused.entry.index,
        "code": problem.code,
        "params": problem.params,
        "errors": [
            {**vars(error), "params": dict(error.params)} for error in bounded(problem.errors)
        ],
    }


def bounded(errors: Sequence[FieldError]) -> list[FieldError]:
    """Return the first mistakes, and last how many more there are: a hundred orders are told of in one answer."""
    more = len(errors) - MOST_MISTAKES
    counted = [FieldError("", "more", AND_MORE, {"count": more})] if more > 0 else []
    return [*errors[:MOST_MISTAKES], *counted]


def word_kept(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kept refusal in the reader's language."""
    body = problem_body(problem_of(kept["code"], kept["params"], Problem))
    errors = [error_body(FieldError(**error)) for error in kept["errors"]]
    return {
        "code": kept["code"],
        "title": body["title"],
        "message": body["detail"],
        "errors": errors,
    }
