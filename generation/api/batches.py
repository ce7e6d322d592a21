"""The doors of batches: many orders as one; each is a task of its own."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.affordability import Offer, find_offer
from generation.api import batch_answers, batch_schema, problems, schema
from generation.api.batch_words import BatchWords, fingerprint_of, read_asked
from generation.api.orders import customer_of
from generation.api.views import read_user
from generation.errors import BatchEnded
from generation.life.batch_cancels import cancel_batch
from generation.models import Batch
from generation.orders.backlog import find_refusal
from generation.orders.batch import Asked, Whole, make_entries_whole, whole_refusal
from generation.orders.customer import Customer
from generation.orders.submit import terms_of, use_of
from generation.orders.submit_batch import submit_batch, sum_of
from generation.orders.webhook import check_webhook
from generation.selectors.batches import find_batch, find_batches
from generation.states import BatchState
from genhub.api.etags import ConditionalView
from genhub.api.idempotency import read_idempotency_key
from genhub.api.pages import NewestFirst, read_page_words
from genhub.lib import remembered
from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate

STATUS = OpenApiParameter(
    "status", OpenApiTypes.STR, description=_("Only those that stand so; several with commas between them."),
)  # fmt: skip


class BatchListView(ConditionalView):
    """Batches."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.ORDER}
    needs_body = ("POST",)

    @extend_schema(
        responses={200: batch_schema.BatchPage, **schema.REFUSALS},
        parameters=[schema.USER, STATUS, schema.LIMIT, schema.CURSOR],
        operation_id="batches_list",
        summary=_("List batches, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        read_page_words(request)
        batches = find_batches(caller_of(request).platform.pk, read_user(request))
        if states := read_states(request):
            batches = batches.filter(state__in=states)
        paginator = NewestFirst()
        rows = list(paginator.paginate_queryset(batches, request, view=self) or [])
        return paginator.get_paginated_response(batch_answers.answer_batches(rows, request))

    @extend_schema(
        request=BatchWords,
        responses={202: batch_schema.Batch, **schema.ORDERED_REFUSALS, 413: schema.PROBLEM},
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=batch_schema.EXAMPLES,
        summary=_("Submit up to 100 orders as one; answers at once"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Check, hold the credits of each order, queue, and answer 202 with the batch."""
        customer, asked, fingerprint = read_batch(request)
        use = use_of(customer, read_idempotency_key(request), fingerprint)
        batch_id = submit_batch(customer, asked, use)
        answer = answer_one(request, to_wire("batch", batch_id))
        return Response(answer, 202, headers={"Location": answer["url"]})


class BatchQuoteView(APIView):
    """The price of a batch."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": problems.PRICE}
    needs_body = ("POST",)

    @extend_schema(
        request=BatchWords,
        responses={200: batch_schema.BatchQuote, **schema.REFUSALS, **dict.fromkeys((409, 413, 422, 503), schema.PROBLEM)},
        examples=batch_schema.EXAMPLES,
        summary=_("Ask what a batch would cost; nothing is created"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Answer the price of all and of each; refuse what submitting it would refuse, but for want of credits."""
        customer, asked, _fingerprint = read_batch(request)
        check_webhook(asked.webhook, customer.platform_id)
        with remembered.together():
            taken, refused = make_entries_whole(customer, asked.entries, keeps=False)
        if refused and (not asked.takes_some or not taken):
            raise whole_refusal(refused)
        shown = Scope.CREDITS_READ in caller_of(request).scopes
        offer = offer_for(customer, taken)
        return Response(
            {
                **batch_answers.answer_quote(taken, refused),
                "available": offer.available if shown else None,
                **batch_answers.answer_refusal(offer.refusal),
            }
        )


class BatchView(ConditionalView):
    """One batch in full."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: batch_schema.Batch, **schema.REFUSALS}, summary=_("Read a batch")
    )
    def get(self, request: Request, batch_id: str) -> Response:
        """Answer the batch with each order's task, and the first tasks in full."""
        return Response(answer_one(request, batch_id))


class BatchCancelView(APIView):
    """The end of a batch by its owner."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (BatchEnded,)}

    @extend_schema(
        request=None,
        responses={200: batch_schema.Batch, **schema.REFUSALS, 409: schema.PROBLEM},
        summary=_("Cancel a batch"),
    )
    def post(self, request: Request, batch_id: str) -> Response:
        """Cancel all tasks that have not ended, give back what was held for them, and answer the batch; 409 after its
        end."""
        cancel_batch(get_batch(request, batch_id).pk)
        return Response(answer_one(request, batch_id))


def read_batch(request: Request) -> tuple[Customer, Asked, str]:
    """Return who orders, what, and what tells the body apart; raise naming each word that is wrong of the whole."""
    serializer = BatchWords(data=request.data)
    serializer.is_valid(raise_exception=True)
    said = dict(serializer.validated_data)
    user = caller_of(request).user_for_write(said.pop("user", None))
    return customer_of(request, user), read_asked(said), fingerprint_of(said)


def offer_for(customer: Customer, taken: Sequence[Whole]) -> Offer:
    """Return whether a customer could pay for these orders, and the queue take them, at this moment."""
    sums, account_id = sum_of(taken), taken[0].resolved.route.account.pk
    offer = find_offer(
        customer.platform_id, customer.user, terms_of(customer), sums["price"], tasks=sums["orders"]
    )
    full = find_refusal(
        customer.platform_id, customer.user, sums["pictures"], account_id=account_id
    )
    return replace(offer, refusal=full or offer.refusal)


def read_states(request: Request) -> list[str]:
    """Return in which states the caller wants to see batches; none named: in any."""
    text = request.query_params.get("status", "")
    states = text.split(",") if text else []
    if not set(states) <= {state.value for state in BatchState}:
        limit = ", ".join(BatchState)
        message = gettext_noop("It must be one of %(limit)s.")
        raise refuse_field("status", "enum", message, limit=limit)
    return states


def answer_one(request: Request, wire_id: str) -> dict[str, Any]:
    """Return one of the caller's batches in full."""
    return batch_answers.answer_batch(get_batch(request, wire_id), request)


def get_batch(request: Request, wire_id: str) -> Batch:
    """Return one of the caller's batches, or raise NotFound."""
    caller = caller_of(request)
    batch = find_batch(caller.platform.pk, caller.user_for_read(None), wire_id)
    if batch is None:
        raise NotFound(thing=gettext_noop("batch"))
    return batch
