"""The doors of `/sdapi/v1`: WebUI's words in, the hub's order, WebUI's answer out."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.accounts.other_names import find_model
from generation.accounts.routing import list_cards
from generation.api import waits
from generation.api.compat.ends import DRAWN, TASK, find_end
from generation.api.compat.sdapi import schema
from generation.api.compat.sdapi.answers import PNG, answer_drawn
from generation.api.compat.sdapi.lists import list_prompt_styles
from generation.api.compat.sdapi.orders import DIALECT, to_order
from generation.api.compat.sdapi.progress import answer_progress
from generation.api.compat.sdapi.refusals import RENAMED, word_refusal
from generation.api.compat.sdapi.schema import FoundSchema
from generation.api.compat.sdapi.words import (
    CHECKPOINT,
    PICTURES,
    PictureSerializer,
    Said,
    TextSerializer,
    read_words,
)
from generation.api.orders import WORDS, customer_of, usual_model_of
from generation.errors import AlreadyEnded
from generation.life.unpaid_ends import cancel_task
from generation.orders.customer import Customer
from generation.orders.submit import Taken, order_of, take_order
from generation.selectors.tasks import find_live_tasks
from genhub.api.dialects import DialectSchema
from genhub.api.idempotency import read_idempotency_key
from genhub.api.outside import HasNoAddress
from genhub.api.parsers import BarePictureParser
from genhub.lib import remembered
from genhub.lib.errors import InvalidRequest, Problem, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.logins import BasicKeyAuthentication, LoginMissing, read_login
from genhub.platforms.models import Scope

# Clients of WebUI wait for as long as it takes; a connection that says nothing for longer is cut by somebody.
WAIT_SECONDS = 600
# Kept with a request whose answer waits: its body is not read twice.
SAID = "genhub.sdapi.said"
TRUE = frozenset({"true", "1", "yes", "on"})
NO_USER = gettext_noop(
    "With a platform's key the user name of HTTP Basic says for which user it acts; send both."
)

SHARED = gettext_noop(
    "The hub is shared, so no client changes its settings. Say the model in each order: “override_settings”: "
    "{“sd_model_checkpoint”: …}."
)


class SdapiView(APIView):
    """A door whose every answer is in WebUI's form, and whose key may come by HTTP Basic."""

    schema = DialectSchema()
    authentication_classes = [BasicKeyAuthentication]
    met: ClassVar[Mapping[str, Any]] = {
        method: {LoginMissing.code: LoginMissing} for method in ("GET", "POST")
    }
    # The order's words -> those of WebUI's that they were made of.
    renamed: ClassVar[Mapping[str, str]] = RENAMED

    def word_refusal(self, problem: Problem) -> Response:
        """Return a refusal in WebUI's form."""
        return word_refusal(problem, self.request, self.renamed)


class TextToImageView(SdapiView):
    """Draw pictures, and answer with them."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": DRAWN}
    words: ClassVar[type[TextSerializer]] = TextSerializer

    @extend_schema(
        request=TextSerializer,
        responses=schema.DRAWN,
        parameters=[schema.IDEMPOTENCY_KEY],
        summary=_("Draw pictures"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Order, wait for the end, and answer the pictures; 504 where that takes too long."""
        if waited := waits.find_waited(request):
            return answer_task(request, uuid.UUID(waited.key), request.META[SAID])
        said = read_words(self.words, request.data)
        taken, said = take(request, customer_of(request, read_user(request)), said)
        request.META[SAID] = said
        waits.begin(request, taken.task_id, WAIT_SECONDS)
        return answer_task(request, taken.task_id, said)


class ImageToImageView(TextToImageView):
    """Draw pictures that start from one, and answer with them."""

    parser_classes = [BarePictureParser]
    words = PictureSerializer

    @extend_schema(
        request=PictureSerializer,
        responses=schema.DRAWN,
        parameters=[schema.IDEMPOTENCY_KEY],
        summary=_("Draw pictures from another one"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Order and answer as for pictures of a prompt alone."""
        return super().post(request)


class ProgressView(SdapiView):
    """How far the user's newest order is."""

    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (InvalidRequest,)}

    @extend_schema(
        responses={200: schema.Progress, **schema.READ},
        parameters=[schema.SKIPS_PICTURE],
        summary=_("Read how far the newest order is"),
        tags=schema.TAGS,
    )
    def get(self, request: Request) -> Response:
        """Answer its progress and preview; progress 0 of 0 jobs where there is none."""
        skips = request.query_params.get("skip_current_image", "").lower() in TRUE
        task = list_live(request).first()
        return Response(answer_progress(task, shows_picture=not skips))


class InterruptView(SdapiView):
    """The end of the user's orders of this dialect, by the user."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (InvalidRequest,)}
    ends_all = True

    @extend_schema(
        request=None,
        responses=schema.DONE,
        summary=_("Cancel what has not ended"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Cancel all that have not ended, or the newest alone, and give back what was held; no one else's."""
        ids = list_live(request).values_list("pk", flat=True)
        for task_id in ids if self.ends_all else ids[:1]:
            with suppress(AlreadyEnded):
                cancel_task(task_id)
        return Response({})


class OptionsView(SdapiView):
    """The settings of the hub, as far as WebUI has the like."""

    scopes = {"POST": Scope.TASKS_READ}

    @extend_schema(
        responses={200: schema.Options, **schema.READ},
        summary=_("Read the settings"),
        tags=schema.TAGS,
    )
    def get(self, request: Request) -> Response:
        """Answer them."""
        return Response(list_options(request))

    @extend_schema(
        request=schema.Options,
        responses=schema.DONE,
        summary=_("Change no setting"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Refuse any change by its name; what is said to be as it is stays so."""
        options = list_options(request)
        said = request.data if isinstance(request.data, dict) else {"": request.data}
        for name, value in said.items():
            if name not in options or value != options[name]:
                raise refuse_field(name, "unsupported", SHARED)
        return Response({})


class LookUpView(SdapiView):
    """Something that clients look up."""

    schema = FoundSchema()
    read: Any = None

    @extend_schema(summary=_("Look up what the hub has"))
    def get(self, request: Request) -> Response:
        """Answer it."""
        return Response(self.read())


class StylesView(LookUpView):
    """The styles that the caller's platform may order."""

    @extend_schema(summary=_("Look up what the hub has"))
    def get(self, request: Request) -> Response:
        """Answer their names."""
        return Response(list_prompt_styles(caller_of(request).platform))


class RefreshView(SdapiView):
    """What WebUI reads anew when it is told to; the hub always knows."""

    scopes = {"POST": Scope.TASKS_READ}

    @extend_schema(
        request=None,
        responses=schema.DONE,
        summary=_("Read anew what is always new"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Answer that it is done."""
        return Response({})


@extend_schema(exclude=True)
class UnknownView(HasNoAddress, SdapiView):
    """What WebUI has and the hub has not."""


def read_user(request: Request) -> str:
    """Return whose orders they are: the key's own user, or with a platform's key the user name of HTTP Basic."""
    caller = caller_of(request)
    if caller.user is not None:
        return caller.user
    login = read_login(request)
    if login is None or not login.name:
        raise refuse_field("user", "required", NO_USER)
    return caller.user_for_write(login.name)


def list_options(request: Request) -> dict[str, str]:
    """Return the settings: the model of orders that name none, and the form of pictures."""
    return {CHECKPOINT: usual_model_of(request), "samples_format": PNG}


def list_live(request: Request) -> Any:
    """Return the user's orders of this dialect that have not ended, newest first."""
    return find_live_tasks(caller_of(request).platform.pk, read_user(request), DIALECT)


def take(request: Request, customer: Customer, said: Said) -> tuple[Taken, Said]:
    """Take the order, and return besides what was said without its pictures, and with all that was passed over."""
    usual = usual_model_of(request)
    with remembered.together():
        cards = list_cards(find_model(str(said.words.get(CHECKPOINT) or usual), usual))
    words, dropped = to_order(said, cards)
    order = order_of(WORDS.read(words))
    taken = take_order(customer, order, idempotency_key=read_idempotency_key(request))
    kept = {name: value for name, value in said.words.items() if name not in PICTURES}
    return taken, replace(said, words=kept, ignored=[*said.ignored, *dropped])


def answer_task(request: Request, task_id: uuid.UUID, said: Said) -> Response:
    """Return the pictures of a task that has ended well; raise why there are none."""
    task = find_end(request, task_id)
    return Response(answer_drawn(task, said), headers={TASK: to_wire("task", task_id)})
