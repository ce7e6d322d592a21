"""The doors of webhooks, for keys of platforms: read the words, call a service, answer."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from genhub.api.addresses import address_of
from genhub.api.idempotency import read_idempotency_key
from genhub.api.pages import NewestFirst
from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms import idempotency
from genhub.platforms.authentication import caller_of
from genhub.platforms.errors import PlatformKeyNeeded
from genhub.platforms.models import Platform, Scope
from genhub.webhooks import endpoints, replays, selectors
from genhub.webhooks.api import schema
from genhub.webhooks.api.answers import answer_delivery, answer_endpoint
from genhub.webhooks.errors import (
    EndpointOff,
    NothingToTest,
    OrdersEndpointExists,
    SecretsNotKept,
    TooManyEndpoints,
)
from genhub.webhooks.models import ENDPOINT, Delivery, Endpoint

SCOPE = Scope.WEBHOOKS_MANAGE
CONFLICT = {409: schema.PROBLEM}
# What any of these doors refuses.
ONE = (PlatformKeyNeeded,)


class EndpointListView(APIView):
    """A platform's endpoints."""

    scopes = {"GET": SCOPE, "POST": SCOPE}
    problems = {"GET": ONE, "POST": (*ONE, OrdersEndpointExists, SecretsNotKept, TooManyEndpoints)}

    @extend_schema(
        responses={200: schema.EndpointListAnswer, **schema.REFUSALS},
        operation_id="webhooks_list",
        summary=_("List webhook endpoints"),
    )
    def get(self, request: Request) -> Response:
        """Answer all of them, newest first."""
        rows = selectors.list_endpoints(platform_of(request).pk)
        return Response({"items": [answer_endpoint(row) for row in rows]})

    @extend_schema(
        request=schema.CreateWords,
        responses={
            201: schema.EndpointSecretAnswer,
            **schema.REFUSALS,
            **dict.fromkeys((409, 422, 503), schema.PROBLEM),
        },
        parameters=[schema.IDEMPOTENCY_KEY],
        examples=schema.CREATE_EXAMPLES,
        summary=_("Make a webhook endpoint; answers its secret, once"),
    )
    def post(self, request: Request) -> Response:
        """Make it and answer 201 with its secret."""
        platform = platform_of(request)
        words = read(schema.CreateWords(data=request.data))
        use = use_of(platform, read_idempotency_key(request), words)
        endpoint, secret = endpoints.create(platform.pk, use=use, **words)
        answer = {**answer_endpoint(endpoint), "secret": secret or None}
        location = address_of("webhook", answer["id"], request)
        return Response(answer, 201, headers={"Location": location})


class EndpointView(APIView):
    """One endpoint."""

    scopes = {"GET": SCOPE, "PATCH": SCOPE, "DELETE": SCOPE}
    problems = {"GET": ONE, "PATCH": ONE, "DELETE": ONE}

    @extend_schema(
        responses={200: schema.EndpointAnswer, **schema.REFUSALS},
        summary=_("Read a webhook endpoint"),
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Answer it, without its secret."""
        return Response(answer_endpoint(get_endpoint(request, endpoint_id)))

    @extend_schema(
        request=schema.ChangeWords,
        responses={200: schema.EndpointAnswer, **schema.REFUSALS},
        examples=schema.CHANGE_EXAMPLES,
        summary=_("Change a webhook endpoint"),
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Change what is said, and answer it."""
        endpoint = get_endpoint(request, endpoint_id)
        words = read(schema.ChangeWords(data=request.data))
        if "enabled" in words:
            words["is_enabled"] = words.pop("enabled")
        endpoints.change(endpoint.pk, **words)
        return Response(answer_endpoint(get_endpoint(request, endpoint_id)))

    @extend_schema(responses={204: None, **schema.REFUSALS}, summary=_("Delete a webhook endpoint"))
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Delete it: nothing more is sent there."""
        endpoints.remove(get_endpoint(request, endpoint_id).pk)
        return Response(status=204)


class EndpointRotateView(APIView):
    """The secret of an endpoint."""

    scopes = {"POST": SCOPE}
    problems = {"POST": (*ONE, SecretsNotKept)}

    @extend_schema(
        request=None,
        responses={200: schema.EndpointSecretAnswer, **schema.REFUSALS, 503: schema.PROBLEM},
        summary=_("Give a webhook endpoint a new secret; the one before signs for 24 more hours"),
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Rotate, and answer the new secret."""
        secret = endpoints.rotate(get_endpoint(request, endpoint_id).pk)
        endpoint = get_endpoint(request, endpoint_id)
        return Response({**answer_endpoint(endpoint), "secret": secret})


class EndpointTestView(APIView):
    """A message that tells of nothing."""

    is_placeless = True
    scopes = {"POST": SCOPE}
    problems = {"POST": (*ONE, EndpointOff, NothingToTest)}

    @extend_schema(
        request=None,
        responses={202: schema.DeliveryAnswer, **schema.REFUSALS, **CONFLICT},
        summary=_("Send a webhook endpoint a test event"),
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Send it soon, once, and answer the delivery to watch."""
        endpoint = get_endpoint(request, endpoint_id)
        delivery = replays.send_test(endpoint)
        return answer_sent(request, get_delivery(endpoint, str(delivery)))


class EndpointReplayView(APIView):
    """Deliveries of a time, again."""

    is_placeless = True
    scopes = {"POST": SCOPE}
    problems = {"POST": (*ONE, EndpointOff)}

    @extend_schema(
        request=schema.ReplayWords,
        responses={202: schema.Replayed, **schema.REFUSALS, **CONFLICT},
        examples=schema.REPLAY_EXAMPLES,
        summary=_("Send the webhooks of a time again"),
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Send them soon, and answer how many."""
        endpoint = get_endpoint(request, endpoint_id)
        words = read(schema.ReplayWords(data=request.data))
        count = replays.replay_range(
            endpoint,
            since=words["since"],
            until=words.get("until"),
            states=words.get("states", replays.LOST),
        )
        return Response({"count": count, "has_more": count == replays.MOST_REPLAYED}, 202)


class DeliveryListView(APIView):
    """What was sent to an endpoint."""

    scopes = {"GET": SCOPE}
    problems = {"GET": ONE}

    @extend_schema(
        responses={200: schema.DeliveryPage, **schema.REFUSALS},
        parameters=[schema.STATE, schema.LIMIT, schema.CURSOR],
        operation_id="webhooks_deliveries_list",
        summary=_("List what was sent to a webhook endpoint, newest first"),
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Answer one page, with each request and its answers."""
        rows = selectors.list_deliveries(get_endpoint(request, endpoint_id))
        if state := read_state(request):
            rows = rows.filter(state=state)
        paginator = NewestFirst()
        page = paginator.paginate_queryset(rows, request, view=self) or []
        return paginator.get_paginated_response([answer_delivery(row) for row in page])


class DeliveryView(APIView):
    """One delivery."""

    scopes = {"GET": SCOPE}
    problems = {"GET": ONE}

    @extend_schema(
        responses={200: schema.DeliveryAnswer, **schema.REFUSALS}, summary=_("Read a delivery")
    )
    def get(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Answer it with its request and answers."""
        endpoint = get_endpoint(request, endpoint_id)
        return Response(answer_delivery(get_delivery(endpoint, delivery_id)))


class DeliveryReplayView(APIView):
    """One delivery, again."""

    is_placeless = True
    scopes = {"POST": SCOPE}
    problems = {"POST": (*ONE, EndpointOff)}

    @extend_schema(
        request=None,
        responses={202: schema.DeliveryAnswer, **schema.REFUSALS, **CONFLICT},
        summary=_("Send a webhook again"),
    )
    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Send it soon, under the same webhook-id, and answer it."""
        endpoint = get_endpoint(request, endpoint_id)
        replays.replay(endpoint, [get_delivery(endpoint, delivery_id).pk])
        return answer_sent(request, get_delivery(endpoint, delivery_id))


def answer_sent(request: Request, delivery: Delivery) -> Response:
    """Return the answer to a delivery that is to be sent soon: 202, and where to watch it."""
    answer = answer_delivery(delivery)
    ids = [to_wire(ENDPOINT, delivery.endpoint_id), answer["id"]]
    location = reverse("delivery", args=ids, request=request)
    return Response(answer, 202, headers={"Location": location})


def platform_of(request: Request) -> Platform:
    """Return the platform that calls with a key of its own; refuse keys of single users."""
    caller = caller_of(request)
    if caller.user is not None:
        raise PlatformKeyNeeded
    return caller.platform


def get_endpoint(request: Request, wire_id: str) -> Endpoint:
    """Return one of the caller's endpoints, or raise NotFound."""
    endpoint = selectors.find_endpoint(platform_of(request).pk, wire_id)
    if endpoint is None:
        raise NotFound(thing=gettext_noop("webhook endpoint"))
    return endpoint


def get_delivery(endpoint: Endpoint, wire_id: str) -> Delivery:
    """Return one of an endpoint's deliveries, or raise NotFound."""
    delivery = selectors.find_delivery(endpoint, wire_id)
    if delivery is None:
        raise NotFound(thing=gettext_noop("webhook delivery"))
    return delivery


def read(serializer: Any) -> dict[str, Any]:
    """Return a body's words; raise naming each that is wrong."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def read_state(request: Request) -> str:
    """Return the state that a list is asked for, empty for all; refuse one that there is not."""
    state = request.query_params.get("state", "")
    if state and state not in Delivery.State.values:
        message = gettext_noop("It must be one of %(limit)s.")
        limit = ", ".join(Delivery.State.values)
        raise refuse_field("state", "enum", message, limit=limit)
    return state


def use_of(platform: Platform, key: str, words: dict[str, Any]) -> idempotency.Use | None:
    """Return the use of an Idempotency-Key, or None where none was sent."""
    if not key:
        return None
    fingerprint = idempotency.digest(words)
    return idempotency.Use(platform.pk, "", idempotency.Scope.ENDPOINT, key, fingerprint)
