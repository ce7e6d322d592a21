"""The doors of `/v1`: OpenAI's words in, the hub's order, OpenAI's answer out."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.accounts.other_names import list_names
from generation.accounts.routing import list_models
from generation.api import waits
from generation.api.compat.ends import DRAWN, ENDED, LACKS_MODEL, SHOULD_RETRY, TASK, find_taken
from generation.api.compat.openai import schema
from generation.api.compat.openai.forms import EditParser, MalformedEdit
from generation.api.compat.openai.orders import take
from generation.api.compat.openai.pictures import kind_of
from generation.api.compat.openai.refusals import WORDS, word_refusal
from generation.api.compat.openai.streams import (
    Telling,
    check_streams,
    hand_over,
    read_partials,
)
from generation.api.compat.openai.tasks import (
    answer_later,
    answer_task,
    find_pictures,
    read_kind,
    wants_later,
)
from generation.api.compat.openai.words import (
    EditsSerializer,
    GenerationsSerializer,
    to_order,
    user_of,
)
from generation.api.live.refusals import RETRY_AFTER, EventsAway
from generation.api.live.views import STREAMS, make_watch, refuse_elsewhere
from generation.api.live.watch import Opening
from generation.api.orders import usual_model_of
from genhub.api.dialects import DialectSchema
from genhub.api.negotiation import WhateverIsAccepted
from genhub.api.outside import HasNoAddress
from genhub.api.parsers import OrderParser
from genhub.lib.errors import InvalidRequest, Problem, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.models import Scope

# As long as OpenAI's own clients wait.
WAIT_SECONDS = 600
# Kept with a request whose answer waits or flows: its body is not read twice.
KIND = "genhub.openai.kind"


def lack_model() -> InvalidRequest:
    """Return the refusal of a model that there is not."""
    return refuse_field("model", "unknown", gettext_noop("There is no model of this name."))


class OpenAIView(APIView):
    """A door whose every answer is in OpenAI's form."""

    schema = DialectSchema()
    # The hub's words for an order -> its caller's.
    names: Mapping[str, str] = WORDS

    def word_refusal(self, problem: Problem) -> Response:
        """Return a refusal in OpenAI's form."""
        return word_refusal(problem, self.request, self.names)


class GenerationsView(OpenAIView):
    """Draw pictures, and answer with them."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (*DRAWN, EventsAway)}
    met = {"POST": {"model_not_found": LACKS_MODEL}}
    words: type[GenerationsSerializer] = GenerationsSerializer

    @extend_schema(
        request=GenerationsSerializer,
        responses=schema.DRAWN,
        parameters=[schema.IDEMPOTENCY_KEY, schema.LATER_PLEASE],
        operation_id="images_generate",
        tags=schema.TAGS,
        summary=_("Draw pictures"),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Order, wait for the end, and answer the pictures; 504 where that takes too long. As a stream
        they are answered by the events process; 503 where that is away."""
        if waited := waits.find_waited(request):
            return self.answer_waited(request, uuid.UUID(waited.key))
        serializer = self.words(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        streams = said.get("stream", False)
        if streams:
            check_streams(request)
        task_id = take(request, to_order(said), user_of(said)).task_id
        kind = request.META[KIND] = None if streams else kind_of(said)
        if kind is None:
            hand_over(request, task_id, said.get("partial_images", 0))
            return Response()
        if wants_later(request):
            return answer_later(request, find_taken(request, task_id), kind)
        waits.begin(request, task_id, WAIT_SECONDS)
        return answer_task(request, task_id, kind)

    def answer_waited(self, request: Request, task_id: uuid.UUID) -> HttpResponseBase:
        """Answer how things stand after the wait; an order that nobody can stream goes on."""
        kind: str | None = request.META[KIND]
        if kind is None:
            request.META[TASK] = to_wire("task", task_id)
            raise EventsAway(headers=RETRY_AFTER)
        return answer_task(request, task_id, kind)


class EditsView(GenerationsView):
    """Draw pictures from another one."""

    parser_classes = [EditParser, OrderParser]
    problems = {"POST": (*DRAWN, EventsAway, MalformedEdit)}
    words = EditsSerializer

    @extend_schema(
        request=schema.EDITS,
        responses=schema.DRAWN,
        parameters=[schema.IDEMPOTENCY_KEY, schema.LATER_PLEASE],
        operation_id="images_edit",
        tags=schema.TAGS,
        summary=_("Draw pictures from another one"),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Order and answer as for pictures of a prompt alone."""
        return super().post(request)


class PictureTaskView(OpenAIView):
    """An order that its caller did not wait for."""

    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": ENDED}

    @extend_schema(
        responses={200: schema.PicturesSerializer, **schema.LATER, **schema.READ},
        parameters=schema.FORM_WORDS,
        operation_id="images_task",
        tags=schema.TAGS,
        summary=_("Fetch the pictures of an order"),
    )
    def get(self, request: Request, task_id: str) -> HttpResponseBase:
        """Answer its pictures, or 202 as long as there are none; as OpenAI's errors why there will be none."""
        kind = read_kind(request)
        return answer_later(request, find_pictures(request, task_id), kind)


class PictureStreamView(OpenAIView):
    """An order's pictures as events."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": STREAMS}

    @extend_schema(
        responses={schema.EVENTS: schema.DRAWN[schema.EVENTS], **schema.READ},
        parameters=[*schema.FORM_WORDS, schema.PARTIALS],
        operation_id="images_stream",
        tags=schema.TAGS,
        summary=_("Read an order's pictures as events"),
    )
    def get(self, request: Request, task_id: str) -> HttpResponseBase:
        """Open a stream that tells how far they are, and ends with them."""
        refuse_elsewhere(request)
        read_kind(request)
        partial_images = read_partials(request)
        task = find_pictures(request, task_id)
        watch = make_watch(request, user=task.user, after=None, task_id=task.pk)
        telling = Telling(task, partial_images, watch.reader)
        opening = Opening(replace(watch, dialect=telling))
        opening[SHOULD_RETRY], opening[TASK] = "false", to_wire("task", task.pk)
        return opening


class OpenAIModelListView(OpenAIView):
    """The models."""

    @extend_schema(
        responses={200: schema.OpenAIModelsSerializer, **schema.READ},
        operation_id="models_list",
        tags=schema.TAGS,
        summary=_("List models"),
    )
    def get(self, request: Request) -> Response:
        """Answer every model that can be ordered."""
        names = sorted(list_names_for(request))
        return Response({"object": "list", "data": [answer_model(name) for name in names]})


class OpenAIModelView(OpenAIView):
    """One model."""

    met = {"GET": {"model_not_found": lack_model, "not_found": None}}

    @extend_schema(
        responses={200: schema.OpenAIModelSerializer, **schema.READ},
        parameters=[schema.MODEL_NAME],
        operation_id="models_retrieve",
        tags=schema.TAGS,
        summary=_("Read a model"),
    )
    def get(self, request: Request, name: str) -> Response:
        """Answer that it can be ordered; 404 where it cannot."""
        if name not in list_names_for(request):
            raise lack_model()
        return Response(answer_model(name))


@extend_schema(exclude=True)
class UnknownView(HasNoAddress, OpenAIView):
    """What OpenAI has and the hub has not."""


def list_names_for(request: Request) -> set[str]:
    """Return every name of a model that the caller's orders may say."""
    return {*list_models(), *list_names(usual_model_of(request))}


def answer_model(name: str) -> dict[str, Any]:
    """Return a model as OpenAI lists it; since when there is one nobody noted, and clients want a number."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "genhub"}
