"""The door to a refined picture: an earlier one again in the fine mode; and to its price."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api import problems, schema
from generation.api.quote import QuoteSerializer, answer_quote
from generation.api.serializers import QUALITIES, TermsSerializer, standard_quality
from generation.api.views import answer_new, read_further
from generation.models import Task
from generation.orders.customer import Customer
from generation.orders.refine import (
    Refinement,
    as_worn,
    named_at_the_picture,
    order_again,
    refine_task,
)
from generation.orders.submit import resolve_for
from genhub.api.fields import StrictFloatField, StrictIntegerField
from genhub.api.idempotency import read_idempotency_key
from genhub.api.order_words import FormSerializer
from genhub.lib.limits import LARGEST_GUIDANCE, LARGEST_NUMBER, LARGEST_SIDE_PIXELS, MOST_STEPS
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate

AS_BEFORE = _("Default: as before.")


class RefineSerializer(FormSerializer, TermsSerializer):
    """Which picture to refine, and what shall differ from before."""

    picture = StrictIntegerField(
        required=False, min_value=0, max_value=LARGEST_NUMBER - 1,
        help_text=_("Its position in the task; the first one is 0. Default: 0."),
    )  # fmt: skip
    width = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_SIDE_PIXELS,
        help_text=_("Default: as before. Another size of the same seed is another composition; "
                    "to keep it, order with the picture as “image”."),
    )  # fmt: skip
    height = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_SIDE_PIXELS, help_text=AS_BEFORE
    )
    steps = StrictIntegerField(
        required=False, min_value=1, max_value=MOST_STEPS,
        help_text=_("Default: those of the fine mode, and no fewer than before."),
    )  # fmt: skip
    cfg_scale = StrictFloatField(
        required=False, min_value=0, max_value=LARGEST_GUIDANCE,
        help_text=_("Default: that of the fine mode where it has its own, else as before."),
    )  # fmt: skip
    quality = serializers.ChoiceField(QUALITIES, required=False, help_text=AS_BEFORE)

    def validate_quality(self, value: str) -> str:
        """Return `high` for its alias `hd`."""
        return standard_quality(value)


EXAMPLE = OpenApiExample(
    "The first picture",
    value={"picture": 0},
    request_only=True,
)


class RefineView(APIView):
    """An earlier picture again."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (*problems.ORDER, *problems.RESULT)}

    @extend_schema(
        request=RefineSerializer,
        responses=schema.ORDERED,
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=[EXAMPLE],
        summary=_("Order a picture again, same seed, in the fine mode"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Order it as a new task of the same user, whose metadata says what it refines; answer 202 with it."""
        customer, task, wanted = read_refinement(request, task_id)
        key = read_idempotency_key(request)
        new_id = refine_task(customer, task, wanted, idempotency_key=key)
        return answer_new(request, new_id)


class RefineQuoteView(APIView):
    """The price of an earlier picture again."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": (*problems.PRICE, *problems.RESULT)}

    @extend_schema(
        request=RefineSerializer,
        responses={
            200: QuoteSerializer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 422), schema.PROBLEM),
        },
        examples=[EXAMPLE],
        summary=_("Ask what refining a picture would cost; nothing is created"),
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Answer price and reasons; refuse what refining it would refuse."""
        customer, task, wanted = read_refinement(request, task_id)
        order = order_again(task, wanted)
        with named_at_the_picture():
            resolved = resolve_for(as_worn(customer), order, keeps=False)
        return Response(answer_quote(request, customer, resolved))


def read_refinement(request: Request, task_id: str) -> tuple[Customer, Task, Refinement]:
    """Return who pays, the task, and what shall differ."""
    customer, task, said = read_further(request, task_id, RefineSerializer)
    return customer, task, Refinement(**said)
