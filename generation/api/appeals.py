"""The door to appeals: what a task's owner says against what was withheld of it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from generation.api import problems, schema
from generation.api.views import get_task
from generation.models import Finding, Task
from generation.models.finding import LONGEST_APPEAL
from generation.moderation import appeals
from generation.moderation.appeals import Standing
from genhub.api import field_words
from genhub.api.fields import StrictCharField, StrictSerializer
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import to_wire
from genhub.platforms.models import Scope
from storage.selectors import PREFIX as ARTIFACT

# What owners read of where staff stand with a picture.
STATES = {
    Finding.State.OPEN: "waiting",
    Finding.State.RELEASED: "released",
    Finding.State.KEPT: "withheld",
}


EXAMPLE = OpenApiExample(
    "A statue", value={"text": "It is a statue in a museum."}, request_only=True
)


class AppealRequest(StrictSerializer):
    """Why what was withheld should be released."""

    text = StrictCharField(max_length=LONGEST_APPEAL, help_text=_("Read by the hub's staff."))


class AppealedPicture(serializers.Serializer[Any]):
    """A picture that was withheld."""

    position = serializers.IntegerField(
        allow_null=True, help_text=_("In the task. Null: the appeal is about its prompt.")
    )
    state = serializers.ChoiceField(
        list(STATES.values()),
        help_text=_(
            "waiting: staff have not decided. released: its owner has it. withheld: it stays so."
        ),
    )
    url = serializers.URLField(allow_null=True, help_text=_("Null until it is released."))
    reason = serializers.CharField(allow_null=True, help_text=_("What staff say, once they decided."))  # fmt: skip


class AppealAnswer(serializers.Serializer[Any]):
    """An appeal and what became of it."""

    task_id = serializers.CharField(help_text=field_words.TASK)
    state = serializers.ChoiceField(
        ["waiting", "granted", "partly_granted", "refused"],
        help_text=_(
            "waiting: staff have not decided about all of it. granted: all was released. partly_granted: some was. refused: nothing was."
        ),
    )
    text = serializers.CharField(
        help_text=_("What the owner said; empty once the hub has deleted the order's texts.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    decided_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When staff decided last. Null: not about all of it yet.")
    )
    pictures = AppealedPicture(many=True, help_text=_("All that it is about."))


class AppealView(APIView):
    """The appeal of a task's owner."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.APPEAL}

    @extend_schema(
        request=AppealRequest,
        responses={200: AppealAnswer, **schema.REFUSALS, 409: schema.PROBLEM},
        examples=[EXAMPLE],
        summary=_("Appeal against withheld pictures"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Put it before staff, once; the same words again answer the same."""
        task = get_task(request, task_id)
        serializer = AppealRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        standing = appeals.appeal(task, serializer.validated_data["text"])
        return Response(answer(task, standing, request))

    @extend_schema(
        responses={200: AppealAnswer, **schema.REFUSALS}, summary=_("Read what became of an appeal")
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer where it stands, and what was released."""
        task = get_task(request, task_id)
        standing = appeals.find(task)
        if standing is None:
            raise NotFound(thing=gettext_noop("appeal"))
        return Response(answer(task, standing, request))


def answer(task: Task, standing: Standing, request: Request) -> dict[str, Any]:
    """Return an appeal as its owner reads it."""
    return {
        "task_id": to_wire("task", task.pk),
        "state": standing.state,
        "text": standing.appeal.text,
        "created_at": standing.appeal.created_at,
        "decided_at": standing.decided_at,
        "pictures": [answer_picture(row, request) for row in standing.findings],
    }


def answer_picture(row: Finding, request: Request) -> dict[str, Any]:
    """Return where staff stand with a picture, and where it is to be had."""
    is_there = row.artifact is not None and row.artifact.is_shown
    is_released = is_there and row.state == Finding.State.RELEASED
    url = reverse("artifact", [to_wire(ARTIFACT, row.artifact_id)], request=request) if is_released and row.artifact_id else None  # fmt: skip
    return {
        "position": row.position,
        "state": STATES[Finding.State(row.state)],
        "url": url,
        "reason": row.reason or None,
    }
