"""The doors of orders: read the words, call a service, answer."""

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.selectors import explain_noted
from generation.api import answers, problems, schema, waits
from generation.api.filters import PARAMETERS, read_filters
from generation.api.orders import customer_of_task, read_order
from generation.api.result_schema import Result
from generation.api.serializers import GenerateSerializer
from generation.api.status_schema import Status
from generation.errors import NoResult, NotReady
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.models.batch import PREFIX as BATCH
from generation.orders.customer import Customer
from generation.orders.submit import Taken, take_order
from generation.selectors.filters import fitting, near
from generation.selectors.tasks import count_tasks, find_task, find_tasks
from generation.states import TASK_ENDS, TASK_LIVE
from genhub.api.etags import ConditionalView
from genhub.api.fields import StrictSerializer
from genhub.api.idempotency import read_idempotency_key
from genhub.api.negotiation import WhateverIsAccepted
from genhub.api.pages import FittingNewestFirst, NewestFirst, read_page_words
from genhub.api.parsers import OrderParser
from genhub.lib import remembered
from genhub.lib.errors import FieldError, InvalidRequest, NotFound, gettext_noop
from genhub.lib.etags import is_known
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from storage import thumbnails
from storage.api.artifacts import NAMED, get_artifact, read_disposition
from storage.erasing import PictureTakenDown
from storage.selectors import sign_link


class GenerateView(APIView):
    """Submit an order."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.ORDER}
    needs_body = ("POST",)
    parser_classes = [OrderParser]

    @extend_schema(
        request=GenerateSerializer,
        responses={
            200: OpenApiResponse(schema.Task, description=_("With `Prefer: wait`: it has ended.")),
            **schema.ORDERED,
            413: schema.PROBLEM,
        },
        parameters=[schema.IDEMPOTENCY_KEY, schema.PREFER],
        examples=schema.ORDER_EXAMPLES,
        summary=_("Submit an order"),
    )
    def post(self, request: Request) -> Response:
        """Check, hold the credits, queue, and answer 202 with the task; 200 when it was waited for and has ended."""
        if waited := waits.find_waited(request):
            return answer_new(request, uuid.UUID(waited.key), seconds=waited.seconds)
        seconds = waits.read_wait(request)
        customer, order = read_order(request)
        key = read_idempotency_key(request)
        taken = take_order(customer, order, idempotency_key=key)
        waits.begin(request, taken.task_id, seconds)
        if seconds or not (taken.task and taken.marks):
            # Whoever waits must be told of an end that came before it was listened for.
            return answer_new(request, taken.task_id, seconds=seconds)
        with remembered.looked(taken.marks):
            return answer_new(request, taken.task_id, taken=taken)


class TaskListView(ConditionalView):
    """The caller's tasks."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: schema.TaskPage, **schema.REFUSALS},
        parameters=[
            schema.USER,
            schema.BATCH,
            schema.LIMIT,
            schema.CURSOR,
            schema.PAGE,
            *PARAMETERS,
        ],
        operation_id="tasks_list",
        summary=_("List tasks, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page: by cursor, or by page with the total."""
        page, limit = read_page_words(request)
        filters = read_filters(request)
        tasks = find_tasks(caller_of(request).platform.pk, read_user(request))
        batch = request.query_params.get("batch")
        if batch is not None:
            tasks = tasks.filter(batch=from_wire(BATCH, batch))
        if page is None:
            tasks = near(tasks, filters)
            paginator = NewestFirst() if filters.is_empty else FittingNewestFirst(tasks)
            found = fitting(tasks, filters)
            rows = paginator.paginate_queryset(found, request, view=self) or []
            return paginator.get_paginated_response(answers.answer_tasks(list(rows), request))
        # A batch is small; all else is counted by the database itself.
        total = (
            tasks.count() if batch is not None
            else count_tasks(caller_of(request).platform.pk, read_user(request))
        )  # fmt: skip
        rows = list(tasks.order_by("-id")[(page - 1) * limit : page * limit])
        items = answers.answer_tasks(rows, request)
        return Response({"items": items, "page": page, "limit": limit, "total": total})


class TaskView(ConditionalView):
    """One task in full."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: schema.Task, **schema.REFUSALS},
        parameters=[schema.PREFER],
        summary=_("Read a task"),
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer the task with its result, timings and credits, and the picture under way."""
        seconds = waits.read_wait(request)
        if not waits.find_waited(request):
            waits.begin(request, get_task(request, task_id).pk, seconds)
        task = get_task(request, task_id)
        [answer] = answers.answer_tasks([task], request)
        preview, queue = answers.answer_preview(task), answers.answer_queue(task)
        response = Response({**answer, "preview": preview, "queue": queue})
        if seconds:
            response["Location"] = answer["check_status_url"]
        return waits.settle(request, response, state=task.state, seconds=seconds)


class TaskStatusView(ConditionalView):
    """Where a task stands."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(responses={200: Status, **schema.REFUSALS}, summary=_("Watch a task"))
    def get(self, request: Request, task_id: str) -> Response:
        """Answer state and progress."""
        return Response(answers.answer_status(get_task(request, task_id), request))


class TaskResultView(ConditionalView):
    """What a task delivered."""

    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": problems.RESULT}

    @extend_schema(
        responses={200: Result, **schema.REFUSALS, 409: schema.PROBLEM},
        parameters=[
            OpenApiParameter(
                "format",
                OpenApiTypes.STR,
                enum=["url", "b64"],
                default="url",
                description=_("b64: also with the files' bytes in base64."),
            )
        ],
        summary=_("Fetch a result"),
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer the pictures, as links or with their bytes; 409 while there is none."""
        wanted = request.query_params.get("format", "url")
        if wanted not in {"url", "b64"}:
            message = gettext_noop("It must be one of %(limit)s.")
            raise InvalidRequest(
                errors=[FieldError("format", "enum", message, {"limit": "url, b64"})]
            )
        task = get_task(request, task_id)
        if task.state in TASK_LIVE:
            raise NotReady(state=task.state)
        if not answers.has_result(task):
            raise NoResult(state=task.state)
        return Response(answers.answer_result(task, request, as_base64=wanted == "b64"))


class TaskCancelView(APIView):
    """The end of a task by its owner."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.CANCEL}

    @extend_schema(
        request=None,
        responses={200: schema.Task, **schema.REFUSALS, 409: schema.PROBLEM},
        summary=_("Cancel a task"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Cancel, give back what was held, and answer the task; 409 after its end."""
        cancel_task(get_task(request, task_id).pk)
        [answer] = answers.answer_tasks([get_task(request, task_id)], request)
        return Response(answer)


class ArtifactView(APIView):
    """A stored picture."""

    # An <img> asks for image/*, and is led to one: what this door itself says is JSON all the same.
    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (PictureTakenDown,)}
    is_tagged = True
    thumbnail = False

    @extend_schema(
        responses={302: None, **schema.REFUSALS, 410: schema.PROBLEM},
        parameters=[NAMED],
        summary=_("Fetch a picture"),
    )
    def get(self, request: Request, artifact_id: str) -> HttpResponse:
        """Redirect to a freshly signed link; 304 for whoever has the picture. This address itself never dies."""
        artifact = get_artifact(request, artifact_id)
        tag = f'"{artifact.sha256}{"-thumbnail" if self.thumbnail else ""}"'
        if is_known(request._request, tag):  # noqa: SLF001 (DRF has no other door)
            return HttpResponseNotModified(headers={"ETag": tag, "Cache-Control": "no-store"})
        if self.thumbnail:
            thumbnails.draw_missing(artifact)
        disposition = read_disposition(request, artifact, thumbnail=self.thumbnail)
        link = sign_link(artifact, thumbnail=self.thumbnail, disposition=disposition)
        response = HttpResponseRedirect(link)
        # Not to be kept: the link goes stale, and 304 would lead there again.
        response["Cache-Control"] = "no-store"
        response["ETag"] = tag
        return response


def answer_new(
    request: Request,
    task_id: uuid.UUID,
    *,
    taken: Taken | None = None,
    seconds: int | None = None,
) -> Response:
    """Return the answer to an order that was taken, or had been before: 202 with its task; 200 when it was waited for
    and has ended. A task that was written just now need not be read again, nor what became of its credits."""
    task = (taken and taken.task) or get_task(request, to_wire("task", task_id))
    note = taken and taken.note
    explained = explain_noted(note) if note else None
    [answer] = answers.answer_tasks([task], request, {task.pk: explained} if explained else None)
    status = 200 if seconds and task.state in TASK_ENDS else 202
    response = Response(answer, status, headers={"Location": answer["check_status_url"]})
    return waits.settle(request, response, state=task.state, seconds=seconds)


def read_further(
    request: Request, task_id: str, words: type[StrictSerializer]
) -> tuple[Customer, Task, dict[str, Any]]:
    """Return of an order that goes on from a task who pays, which is the user whose task it was, the task, and what
    was said; raise naming each word that is wrong."""
    task = get_task(request, task_id)
    serializer = words(data=request.data)
    serializer.is_valid(raise_exception=True)
    return customer_of_task(request, task), task, serializer.validated_data


def get_task(request: Request, wire_id: str) -> Task:
    """Return one of the caller's tasks, or raise NotFound."""
    task = find_task(
        caller_of(request).platform.pk, caller_of(request).user_for_read(None), wire_id
    )
    if task is None:
        raise NotFound(thing=gettext_noop("task"))
    return task


def read_user(request: Request) -> str | None:
    """Return whose rows the caller wants to see."""
    return caller_of(request).user_for_read(request.query_params.get("user"))
