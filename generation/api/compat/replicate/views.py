"""The doors of `/replicate/v1`: Replicate's words in, the hub's order, predictions out."""

import uuid

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from generation.accounts import other_names
from generation.accounts.routing import OFFERS
from generation.api import problems, waits
from generation.api.compat.ends import LACKS_MODEL, find_taken
from generation.api.compat.replicate import schema
from generation.api.compat.replicate.answers import STARTING, answer_prediction, answer_version
from generation.api.compat.replicate.refusals import word_refusal
from generation.api.compat.replicate.words import (
    find_model,
    model_of,
    naming_input,
    read_body,
    read_prefer,
    refuse_cancel_after,
    to_order,
)
from generation.api.orders import WORDS, customer_of, usual_model_of
from generation.api.views import get_task, read_user
from generation.life.unpaid_ends import cancel_task
from generation.orders.submit import order_of, take_order
from generation.selectors.tasks import find_tasks
from generation.states import TASK_LIVE
from genhub.api.dialects import DialectSchema
from genhub.api.idempotency import read_idempotency_key
from genhub.api.outside import HasNoAddress
from genhub.api.pages import NewestFirst
from genhub.api.parsers import OrderParser
from genhub.lib import remembered
from genhub.lib.errors import InvalidRequest, Problem, gettext_noop, refuse_field
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope


def lack_model() -> InvalidRequest:
    """Return the refusal of a model that there is not."""
    return refuse_field("model", "unknown", gettext_noop("There is no model of this name."))


class ReplicateView(APIView):
    """A door whose every refusal says in its detail what is wrong."""

    schema = DialectSchema()

    def word_refusal(self, problem: Problem) -> Response:
        """Return a refusal as Replicate's clients read it."""
        return word_refusal(problem, self.request)


class PredictionListView(ReplicateView):
    """The caller's predictions."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.ORDER}
    met = {"POST": {"model_unknown": LACKS_MODEL}}
    parser_classes = [OrderParser]

    @extend_schema(
        responses=schema.PAGE,
        parameters=schema.PAGE_WORDS,
        operation_id="predictions_list",
        summary=_("List predictions"),
        tags=schema.TAGS,
    )
    def get(self, request: Request) -> Response:
        """Answer one page, newest first."""
        paginator = NewestFirst()
        tasks = find_tasks(caller_of(request).platform.pk, read_user(request))
        rows = paginator.paginate_queryset(tasks, request, view=self) or []
        return Response(
            {
                "previous": paginator.get_previous_link(),
                "next": paginator.get_next_link(),
                "results": [answer_prediction(task, request) for task in rows],
            }
        )

    @extend_schema(
        request=schema.PredictionWords,
        responses=schema.ORDERED,
        parameters=[schema.IDEMPOTENCY_KEY, schema.PREFER],
        operation_id="predictions_create",
        summary=_("Order by a version"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Order by a version: the name of a model."""
        return order(request)


class ModelPredictionView(ReplicateView):
    """Predictions of a model."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.ORDER}
    met = {"POST": {"model_unknown": LACKS_MODEL}}
    parser_classes = [OrderParser]

    @extend_schema(
        request=schema.PredictionWords,
        responses=schema.ORDERED,
        parameters=[schema.OWNER, schema.MODEL_NAME, schema.IDEMPOTENCY_KEY, schema.PREFER],
        operation_id="models_predictions_create",
        summary=_("Order from a model"),
        tags=schema.TAGS,
    )
    def post(self, request: Request, owner: str, name: str) -> Response:
        """Order by the model's name."""
        return order(request, model=find_model(owner, name))


class VersionView(ReplicateView):
    """A model's one version, which clients ask for once they have ordered by it."""

    met = {"GET": {"model_unknown": lack_model, "not_found": None}}

    @extend_schema(
        responses={200: schema.Version, **schema.READ},
        parameters=[schema.OWNER, schema.MODEL_NAME, schema.VERSION],
        operation_id="models_versions_get",
        summary=_("Read a model's version"),
        tags=schema.TAGS,
    )
    def get(self, request: Request, owner: str, name: str, **_words: str) -> Response:
        """Answer it; 404 where there is no such model."""
        model = find_model(owner, name)
        with remembered.together():
            is_served = other_names.find_model(model, usual_model_of(request)) in OFFERS.get()
        if not is_served:
            raise lack_model()
        return Response(answer_version(model))


class PredictionView(ReplicateView):
    """One prediction."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: schema.Prediction, **schema.READ},
        operation_id="predictions_get",
        summary=_("Read a prediction"),
        tags=schema.TAGS,
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer it as it stands."""
        return Response(answer_prediction(get_task(request, task_id), request))


class PredictionCancelView(ReplicateView):
    """The end of a prediction by its owner."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.CANCEL}

    @extend_schema(
        request=None,
        responses=schema.ENDED,
        operation_id="predictions_cancel",
        summary=_("Cancel a prediction"),
        tags=schema.TAGS,
    )
    def post(self, request: Request, task_id: str) -> Response:
        """Cancel, and answer the prediction; 409 after its end."""
        cancel_task(get_task(request, task_id).pk)
        return Response(answer_prediction(get_task(request, task_id), request))


@extend_schema(exclude=True)
class NoSuchView(HasNoAddress, ReplicateView):
    """What Replicate has and the hub has not."""


def order(request: Request, *, model: str = "") -> Response:
    """Order, wait as long as the caller would, and answer the prediction."""
    if waited := waits.find_waited(request):
        return answer_new(request, uuid.UUID(waited.key), seconds=waited.seconds)
    refuse_cancel_after(request)
    seconds, key = read_prefer(request), read_idempotency_key(request)
    said = read_body(request.data)
    if not model and not said.get("version"):
        message = gettext_noop("Name a model, or order at models/<owner>/<name>/predictions.")
        raise refuse_field("version", "required", message)
    with naming_input():
        words = to_order(
            said["input"],
            model or model_of(said["version"]),
            pictures_at=reverse("artifact-list", request=request) + "/",
        )
        words = WORDS.read(words)
        user = caller_of(request).user_for_write(words.pop("user", None))
        taken = take_order(customer_of(request, user), order_of(words), idempotency_key=key)
    waits.begin(request, taken.task_id, seconds)
    return answer_new(request, taken.task_id, seconds=seconds)


def answer_new(request: Request, task_id: uuid.UUID, *, seconds: int | None) -> Response:
    """Return the answer to an order: 201 with its prediction."""
    task = find_taken(request, task_id)
    prediction = answer_prediction(task, request)
    if seconds and task.state in TASK_LIVE:
        # Clients that waited take any other status for the end.
        prediction["status"] = STARTING
    response = Response(prediction, 201, headers={"Location": prediction["urls"]["get"]})
    return waits.settle(request, response, state=task.state, seconds=seconds)
