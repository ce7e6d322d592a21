"""What an attempt has made, as the outputs of its task: rows in the transaction that ends it, or a step of it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from generation.accounts.costs import UNKNOWN, Bill
from generation.failures import TaskFailure
from generation.life import withheld
from generation.life.withheld import Withheld
from generation.models import Event, Output, Task
from generation.moderation.found import Found
from generation.providers.base import Made, NotMade
from genhub.lib.errors import Problem, problem_of
from genhub.lib.inserts import insert_together
from storage.content import StoredFile
from storage.services import artifact_of, tell_operations

PLACE = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True)
class StoredOutput:
    """An output whose file lies in the store."""

    made: Made
    file: StoredFile
    # What moderation objects to in it, though it is delivered.
    flagged: Found | None = None


@dataclass(frozen=True)
class Stored:
    """What an attempt made: stored outputs, what was not made or not stored or not to be seen, and the facts for its
    row."""

    outputs: Sequence[StoredOutput]
    not_made: Sequence[NotMade] = ()
    withheld: Sequence[Withheld] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    bill: Bill = UNKNOWN

    def list_files(self) -> list[StoredFile]:
        """Return all files that will have a row."""
        return [*(one.file for one in self.outputs), *(one.file for one in self.withheld)]


def deliver(task: Task, stored: Stored, *told: Event) -> None:
    """Write what was stored, or is missing, as the outputs of a task, in the transaction that ends its attempt, with
    what is told of that."""
    # A statement a picture: of one with more than fifty values the driver remembers nothing.
    rows: list[Model] = list(told)
    for output in stored.outputs:
        made = output.made
        artifact = artifact_of(
            output.file,
            platform_id=task.platform_id,
            user=task.user,
            asks_approval=task.platform.asks_approval,
        )
        row = Output(
            task=task,
            step=task.step,
            position=made.position,
            seed=made.seed,
            revised_prompt=storable(made.revised_prompt),
            artifact=artifact,
        )
        insert_together(
            [*rows, artifact, *tell_operations([artifact], output.file.operations), row]
        )
        rows = []
        if output.flagged:
            withheld.flag(row, output.flagged)
    withheld.keep(task, stored.withheld, are_outputs=True)
    for missing in stored.not_made:
        problem = failure_of(missing.code, missing.params)
        rows.append(
            Output(
                task=task,
                step=task.step,
                position=missing.position,
                seed=missing.seed,
                error_code=problem.code,
                error_params=problem.params,
            )
        )
    if rows:
        insert_together(rows)


def storable(value: Any) -> Any:
    """Return a provider's words without what no column takes: NUL, half letters, and numbers that are none."""
    if isinstance(value, Mapping):
        return {storable(name): storable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        # Half of a surrogate pair is JSON, but no text.
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    return value


def failure_of(code: str, params: Mapping[str, Any]) -> Problem:
    """Return the failure that a provider's code means to the customer: the general one when the code is unknown, or
    came without a value that its words need."""
    problem = problem_of(code, storable(params), TaskFailure)
    needed = set(PLACE.findall(problem.detail))
    if not isinstance(problem, TaskFailure) or not needed <= problem.params.keys():
        return TaskFailure()
    # Only what the words need is the customer's to read.
    problem.params = {name: problem.params[name] for name in needed}
    return problem
