"""What people wrote in orders: gone in time, or on their owner's wish; what was made, when and for how much stays."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import F, JSONField, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from generation.models import Appeal, Attempt, Finding, Output, Task, TaskText
from generation.states import TASK_ENDS
from genhub.retention.rules import Gone

# Of a spec: the words of the order, and what only one vendor understands.
WORDS: Final[dict[str, Any]] = {"prompt": "", "negative_prompt": "", "options": {}}


def find_texts() -> QuerySet[Task]:
    """Return the tasks that have ended and still hold what was written in them."""
    return Task.objects.filter(state__in=sorted(TASK_ENDS), texts_gone_at=None)


def forget_texts(tasks: Sequence[Task]) -> Gone:
    """Take from ended tasks, locked by the caller's transaction, what people wrote in them and vendors answered."""
    ids = [task.pk for task in tasks]
    spec = CombinedExpression(F("spec"), "||", Value(WORDS, JSONField()), output_field=JSONField())
    Task.objects.filter(pk__in=ids).update(
        spec=spec, metadata={}, webhook="", subject="", texts_gone_at=Now()
    )
    for task in tasks:
        if task.chain:
            chain = [{**step, "spec": step["spec"] | WORDS} for step in task.chain]
            Task.objects.filter(pk=task.pk).update(chain=chain)
    TaskText.objects.filter(pk__in=ids).delete()
    Output.objects.filter(task__in=ids).exclude(revised_prompt="").update(revised_prompt="")
    Attempt.objects.filter(task__in=ids).update(evidence={}, error_detail="", suggested=[])
    Finding.objects.filter(task__in=ids).update(text="")
    Appeal.objects.filter(task__in=ids).update(text="")
    return Gone(rows=len(ids))
