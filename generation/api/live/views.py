"""The doors of streams: who may follow what. They open in the events process alone."""

import uuid
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from generation.api import schema
from generation.api.live.refusals import (
    RETRY_AFTER,
    EventsAway,
    EventsGone,
    TooManyStreams,
    TooManyStreamsOfKey,
)
from generation.api.live.watch import Opening, Reader, Watch
from generation.api.views import get_task, read_user
from generation.selectors import events
from generation.states import TASK_ENDS
from genhub.api.negotiation import WhateverIsAccepted
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope

# As PostgreSQL counts.
LARGEST_POSITION = 2**63 - 1
STREAM: dict[Any, Any] = {
    (200, "text/event-stream"): OpenApiResponse(
        OpenApiTypes.STR,
        description=_(
            "Frames of `id`, `event` and `data` (JSON). task.submitted, task.processing, task.retried, task.step_done, task.completed, task.failed, task.canceled, task.refunded have an id, and `event`, `task_id`, `user`, `at`, `task` (as it stands now). Without an id: task.queue (`event`, `task_id`, `user`, `queue`: where a task stands that waits) and task.progress (`event`, `task_id`, `user`, `progress`; `preview`, a data URI or null, of one task's stream). The stream opens with `retry: 2000`, and that of all tasks with a frame of a bare `id`: from where it goes on. A comment at least every 15 s."
        ),
    ),
    **schema.REFUSALS,
    **dict.fromkeys((410, 429, 503), schema.PROBLEM),
}
STREAMS = (EventsAway, TooManyStreams, TooManyStreamsOfKey)
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description=_("The id of the last event that was read: the stream goes on after it."),
)


class EventsView(APIView):
    """All of the caller's events."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (EventsGone, *STREAMS)}

    @extend_schema(
        responses=STREAM,
        parameters=[schema.USER, LAST_EVENT_ID],
        operation_id="events",
        summary=_("Follow all your tasks (SSE)"),
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Open a stream of all tasks, from now on or after the last event read."""
        refuse_elsewhere(request)
        user, after = read_user(request), read_last_event(request)
        if after is not None and not events.keeps_all_after(after):
            raise EventsGone
        return Opening(make_watch(request, user=user, after=after))


class TaskEventsView(APIView):
    """One task's events."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": STREAMS}

    @extend_schema(
        responses={**STREAM, 204: None},
        parameters=[LAST_EVENT_ID],
        operation_id="task_events",
        summary=_("Follow a task until it ends (SSE)"),
    )
    def get(self, request: Request, task_id: str) -> HttpResponseBase:
        """Open a stream of one task from its start; 204, which ends an EventSource, once its end was read."""
        task = get_task(request, task_id)
        refuse_elsewhere(request)
        after = read_last_event(request)
        is_past = task.state in TASK_ENDS and not events.tells_end_after(task.pk, after or 0)
        if is_past and after is not None:
            return HttpResponse(status=204)
        return Opening(
            make_watch(request, user=task.user, task_id=task.pk, after=after, is_past=is_past)
        )


def refuse_elsewhere(request: Request) -> None:
    """Raise in a process that would hold a thread for each stream."""
    if not isinstance(request._request, ASGIRequest):  # noqa: SLF001 (DRF has no other door)
        raise EventsAway(headers=RETRY_AFTER)


def make_watch(
    request: Request,
    *,
    user: str | None,
    after: int | None,
    task_id: uuid.UUID | None = None,
    **facts: Any,
) -> Watch:
    """Return what the caller follows."""
    caller = caller_of(request)
    base = request.build_absolute_uri("/").removesuffix("/")
    reader = Reader(translation.get_language() or "en", base)
    if token := caller.token:
        facts["is_token"] = True
    bearer = token.prefix if token else caller.key.used_prefix or caller.key.prefix
    return Watch(bearer, caller.platform.pk, user, task_id, reader, after, **facts)


def read_last_event(request: Request) -> int | None:
    """Return the place of the last event that the client read, or None when it read none."""
    text = request.headers.get("Last-Event-ID", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:20]) <= LARGEST_POSITION):
        message = gettext_noop("It must be the id of an event.")
        raise refuse_field("Last-Event-ID", "invalid", message)
    return int(text[:20])
