"""What is refused of webhooks."""

from genhub.lib.errors import Problem, gettext_noop


class TooManyEndpoints(Problem):
    """The platform has as many endpoints as it may."""

    code = "too_many_endpoints"
    status = 409
    title = gettext_noop("There are too many webhook endpoints")
    detail = gettext_noop("A platform may have %(most)s. Delete one first.")


class OrdersEndpointExists(Problem):
    """The platform has its endpoint of orders' addresses already."""

    code = "orders_endpoint_exists"
    status = 409
    title = gettext_noop("This endpoint exists already")
    detail = gettext_noop(
        "A platform has one endpoint without “url”: it signs the calls to addresses that orders name. Use %(id)s."
    )


class EndpointOff(Problem):
    """Nothing is sent to an endpoint that is off."""

    code = "endpoint_off"
    status = 409
    title = gettext_noop("The webhook endpoint is off")
    detail = gettext_noop("Enable it first; what happened meanwhile was held and can be replayed.")


class NothingToTest(Problem):
    """The endpoint has no address of its own."""

    code = "endpoint_without_address"
    status = 409
    title = gettext_noop("The webhook endpoint has no address of its own")
    detail = gettext_noop(
        "It signs the calls to addresses that orders name: send an order with “webhook”."
    )


class SecretsNotKept(Problem):
    """The hub cannot seal what it must read again."""

    code = "secrets_not_kept"
    status = 503
    title = gettext_noop("The hub cannot keep a secret now")
    detail = gettext_noop(
        "Nothing was changed. Ask the hub's staff: its ENCRYPTION_KEYS are missing or wrong."
    )
