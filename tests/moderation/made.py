"""Something that was withheld, and an appeal against it, without a service that objects."""

from generation.api.appeals import EXAMPLE
from generation.models import Describer, Finding, Moderator, Task, Term
from generation.moderation import appeals
from genhub.lib.ids import from_wire


def make_appeal(wire_id: str) -> None:
    """Let a picture of a task be withheld, and its owner appeal in the words of the document."""
    appeals.appeal(withhold_first(wire_id), EXAMPLE.value["text"])


def withhold_first(wire_id: str) -> Task:
    """Let a service object to the first picture of a task, which is returned."""
    task = Task.objects.get(pk=from_wire("task", wire_id))
    Finding.objects.create(
        platform_id=task.platform_id, user=task.user, task=task, position=0,
        artifact=task.outputs.get(position=0).artifact, source="service", service="openai", labels=["sexual"],
        outcome="blocked",
    )  # fmt: skip
    return task


def make_findings(task: Task) -> None:
    """Make a row of everything that moderation keeps: a term, a service, what it flagged, and a refused prompt."""
    term = Term.objects.create(text="a made term", category="other")
    Moderator.objects.create(alias="judge", adapter="openai")
    Describer.objects.create(alias="eyes", model="sees-1")
    words = {
        "platform_id": task.platform_id,
        "user": task.user,
        "source": "term",
        "term": term,
        "labels": ["other"],
    }
    Finding.objects.create(task=task, outcome="flagged", **words)
    Finding.objects.create(field="prompt", text="a made term", outcome="refused", **words)
