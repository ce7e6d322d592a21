"""What tasks are searched by, beside the tasks: a trigger writes it once with each; no later step pays for it."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from generation.models.task import Task
from genhub.lib import requestid


class TaskText(models.Model):
    """A task's user, id, prompts and metadata as one text in small letters, spaces around; its request's id as it is.

    Letters outside of ASCII stand as numbers (generation_searchable): trigrams then find one Chinese character as well
    as a word, whatever the database's locale.
    """

    task = models.OneToOneField(
        Task, models.CASCADE, primary_key=True, related_name="search_text", editable=False
    )
    text = models.TextField(editable=False)
    # Here, where nothing is written again: an index beside a task's state would be with each of its changes.
    request_id = models.CharField(
        max_length=requestid.LONGEST, editable=False, default="", db_default=""
    )

    class Meta:
        indexes = [
            GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="task_text"),
            models.Index(fields=["request_id"], name="task_by_request"),
        ]

    def __str__(self) -> str:
        return self.text
