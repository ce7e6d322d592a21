"""The doors to what is done further with a finished picture, by its maker or by anybody; and to its price."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api import problems, schema
from generation.api.orders import customer_of
from generation.api.quote import QuoteSerializer, answer_quote
from generation.api.serializers import TermsSerializer
from generation.api.views import answer_new, read_further
from generation.models import Task
from generation.orders.customer import Customer
from generation.orders.follow import follow_task, resolve_following
from generation.orders.following import Following
from generation.orders.treat import resolve_picture, treat_picture
from genhub.api.fields import StrictCharField, StrictIntegerField
from genhub.api.idempotency import read_idempotency_key
from genhub.api.order_words import FormSerializer
from genhub.lib.limits import LARGEST_NUMBER
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate
from storage.api.artifacts import get_artifact
from storage.erasing import PictureTakenDown

if TYPE_CHECKING:
    from storage.models import Artifact

LONGEST_ACTION = 50


class TreatSerializer(FormSerializer, TermsSerializer):
    """What to do with a picture."""

    action = StrictCharField(
        max_length=LONGEST_ACTION, help_text=_("“upscale” or “remove_background”.")
    )


class FollowSerializer(TreatSerializer):
    """What to do with which picture."""

    action = StrictCharField(
        max_length=LONGEST_ACTION, help_text=_("One of those that the task's “follow_ups” name.")
    )
    picture = StrictIntegerField(
        required=False, min_value=0, max_value=LARGEST_NUMBER - 1,
        help_text=_("Its position in the task; the first one is 0. Default: 0."),
    )  # fmt: skip
    part = StrictIntegerField(
        required=False, min_value=1,
        help_text=_("Which part of the picture, from 1, where the action takes one."),
    )  # fmt: skip


EXAMPLE = OpenApiExample(
    "The second part of the first picture, large",
    value={"action": "upscale", "picture": 0, "part": 2},
    request_only=True,
)


TREATED_EXAMPLE = OpenApiExample(
    "The picture, large", value={"action": "upscale"}, request_only=True
)


class FollowView(APIView):
    """A picture that goes on from an earlier one."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (*problems.ORDER, *problems.FOLLOW)}

    @extend_schema(
        request=FollowSerializer,
        responses=schema.ORDERED,
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=[EXAMPLE],
        summary=_("Order what is done further with a finished picture"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Order it as a new task of the same user, whose metadata says what it follows; answer 202 with it."""
        customer, task, wanted = read_following(request, task_id)
        key = read_idempotency_key(request)
        new_id = follow_task(customer, task, wanted, idempotency_key=key)
        return answer_new(request, new_id)


class FollowQuoteView(APIView):
    """The price of a picture that goes on from an earlier one."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": (*problems.PRICE, *problems.FOLLOW)}

    @extend_schema(
        request=FollowSerializer,
        responses={
            200: QuoteSerializer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 422), schema.PROBLEM),
        },
        examples=[EXAMPLE],
        summary=_("Ask what going on with a picture would cost; nothing is created"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Answer price and reasons; refuse what ordering it would refuse."""
        customer, task, wanted = read_following(request, task_id)
        resolved = resolve_following(customer, task, wanted)
        return Response(answer_quote(request, customer, resolved))


def read_following(request: Request, task_id: str) -> tuple[Customer, Task, Following]:
    """Return who pays, the task, and what to do."""
    customer, task, said = read_further(request, task_id, FollowSerializer)
    return customer, task, Following(**said)


class TreatView(APIView):
    """A picture that goes on from any other: drawn, edited or uploaded."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (*problems.ORDER, PictureTakenDown)}

    @extend_schema(
        request=TreatSerializer,
        responses=schema.ORDERED,
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=[TREATED_EXAMPLE],
        summary=_("Order a picture larger, or without its background"),
    )
    def post(self, request: Request, artifact_id: str) -> Response:
        """Order it as a new task of the same user, whose metadata says what it follows; answer 202 with it."""
        customer, artifact, wanted = read_treating(request, artifact_id)
        key = read_idempotency_key(request)
        return answer_new(request, treat_picture(customer, artifact, wanted, idempotency_key=key))


class TreatQuoteView(APIView):
    """The price of a picture that goes on from any other."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": (*problems.PRICE, PictureTakenDown)}

    @extend_schema(
        request=TreatSerializer,
        responses={
            200: QuoteSerializer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 422), schema.PROBLEM),
        },
        examples=[TREATED_EXAMPLE],
        summary=_(
            "Ask what a picture larger, or without its background, would cost; nothing is created"
        ),
    )
    def post(self, request: Request, artifact_id: str) -> Response:
        """Answer price and reasons; refuse what ordering it would refuse."""
        customer, artifact, wanted = read_treating(request, artifact_id)
        resolved = resolve_picture(customer, artifact, wanted)
        return Response(answer_quote(request, customer, resolved))


def read_treating(request: Request, artifact_id: str) -> tuple[Customer, "Artifact", Following]:
    """Return who pays, which is the owner of the picture, the picture, and what to do."""
    artifact = get_artifact(request, artifact_id)
    words = TreatSerializer(data=request.data)
    words.is_valid(raise_exception=True)
    return customer_of(request, artifact.user), artifact, Following(**words.validated_data)
