"""Where a task stands, as the API's document says it; the answers themselves are built in `answers`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.states import TaskState
from genhub.api import field_words


class TaskError(serializers.Serializer[Any]):
    """Why a task failed."""

    code = serializers.CharField(help_text=field_words.CODE)
    message = serializers.CharField(help_text=field_words.MESSAGE)
    title = serializers.CharField(help_text=field_words.TITLE)


class Pause(serializers.Serializer[Any]):
    """What keeps a task waiting that is not its turn."""

    code = serializers.ChoiceField(
        [
            "provider_switched_off",
            "model_switched_off",
            "model_broken",
            "queue_paused",
            "provider_paused",
            "provider_rests",
            "provider_in_doubt",
        ],
        help_text=field_words.CODE,
    )
    message = serializers.CharField(help_text=field_words.MESSAGE)
    title = serializers.CharField(help_text=field_words.TITLE)


class QueuePlace(serializers.Serializer[Any]):
    """Where a task stands in the line. Later orders of a higher priority, or of users who were served less, may come
    before it."""

    position = serializers.IntegerField(min_value=1, help_text=_("1 is next."))
    starts_in_seconds = serializers.FloatField(
        allow_null=True,
        help_text=_("As long as pictures took of late. Null: not known."),
    )
    is_least = serializers.BooleanField(
        help_text=_("It is surely no sooner, but how much later is not known.")
    )


class Status(serializers.Serializer[Any]):
    """Where a task stands."""

    id = serializers.CharField(help_text=_("“task_” and 32 hexadecimal digits."))
    task_id = serializers.CharField(help_text=_("The same as id."))
    status = serializers.ChoiceField(
        [state.value for state in TaskState],
        help_text=_(
            "pending: waits. processing: is worked on. completed, failed and canceled are ends: nothing follows."
        ),
    )
    message = serializers.CharField(
        help_text=_("How it stands, for people, in the reader's language.")
    )
    paused = Pause(
        allow_null=True,
        help_text=_("Why nobody may work on it now; it waits, at most until its deadline."),
    )
    queue = QueuePlace(
        required=False,
        allow_null=True,
        help_text=_("Null: it does not wait for its turn. Only where one task is read."),
    )
    progress = serializers.FloatField(
        min_value=0, max_value=1, help_text=_("0 to 1; 1 once it is completed.")
    )
    check_status_url = serializers.URLField(help_text=_("Where its state is asked."))
    result_url = serializers.URLField(help_text=field_words.RESULT_URL)
    cancel_url = serializers.URLField(help_text=_("POST ends it, while it has not ended."))
    created_at = serializers.DateTimeField(help_text=field_words.ORDERED)
    started_at = serializers.DateTimeField(allow_null=True, help_text=field_words.STARTED)
    completed_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Its end, where it is completed.")
    )
    failed_at = serializers.DateTimeField(allow_null=True, help_text=_("Its end, where it failed."))
    canceled_at = serializers.DateTimeField(allow_null=True, help_text=field_words.CANCELED)
    error = TaskError(allow_null=True, help_text=field_words.FAILURE)
