"""Whether a task could run now, and on what."""

from typing import Any

from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.accounts.routing import list_models
from generation.life import doorbell
from generation.loops import Condition, examine
from generation.orders.maker import default_model
from generation.selectors.queue import (
    count_active,
    list_broken,
    list_held_up,
    list_live_workers,
    list_needed_queues,
    list_paused_accounts,
)
from generation.work.presence import GONE_AFTER
from genhub.lib import throttle

CARD_WORDS = ("gpu_utilization", "memory_used", "memory_total", "temperature")
ENGINE_WORDS = ("device", "dtype", "model", "offload")
DEFAULT = "default model"
RATES = "rate limits"
QUEUES = "queues"
# What leaves the hub able to run a task, or is as staff want it.
LESSER = {DEFAULT, RATES, QUEUES}
HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"


class Health(serializers.Serializer[Any]):
    """The hub's health; without a card its words are null, which is no illness."""

    status = serializers.ChoiceField(
        [HEALTHY, DEGRADED, UNHEALTHY],
        help_text=_(
            "healthy: all is well. degraded: tasks run, but not all is as it should be. unhealthy: a task could not run."
        ),
    )
    gpu_utilization = serializers.IntegerField(allow_null=True, help_text=_("Percent."))
    memory_used = serializers.IntegerField(allow_null=True, help_text=_("Bytes on the card."))
    memory_total = serializers.IntegerField(allow_null=True, help_text=_("Bytes on the card."))
    temperature = serializers.IntegerField(allow_null=True, help_text=_("°C."))
    device = serializers.CharField(allow_null=True, help_text=_("cuda or cpu."))
    dtype = serializers.CharField(
        allow_null=True, help_text=_("What it computes in: bfloat16 or float32.")
    )
    model = serializers.CharField(allow_null=True, help_text=_("What the local engine has loaded."))
    offload = serializers.CharField(allow_null=True, help_text=_("Where its weights live."))
    active_tasks = serializers.IntegerField(
        help_text=_(
            "Tasks that workers are busy with; what only waits for a vendor does not count."
        )
    )
    waiting_tasks = serializers.IntegerField(help_text=_("Tasks that wait for their turn."))
    loops = serializers.DictField(
        child=serializers.ChoiceField(["ok", "late", "failing", "unknown"]),
        help_text=_(
            "Each loop by name. late: no turn has ended for three of its periods, at least 15 s; failing: its last turn "
            "was not done; unknown: it has never run."
        ),
    )
    checks = serializers.DictField(
        child=serializers.CharField(), help_text=_("What was looked at: ok, or what is wrong.")
    )


class HealthView(APIView):
    """Health, for load balancers and people; no key needed."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(
        responses={200: Health, 503: Health}, auth=[], summary=_("Could a task run now?")
    )
    def get(self, request: Request) -> Response:
        """Answer 200 when database, broker, a model and a worker for each needed queue are there, else 503 and what is
        not; `degraded` when only orders that name no model are refused, nobody counts how often keys ask, or staff hold
        up a queue or a provider."""
        report = look()
        status = 503 if report["status"] == UNHEALTHY else 200
        return Response(report, status, headers={"Cache-Control": "no-store"})


def look() -> dict[str, Any]:
    """Return the hub's health as it is now, in the words of `Health`; without a database, what is known without it."""
    checks = {"database": check_database()}
    facts: dict[str, Any] = {}
    loops: dict[str, Condition] = {}
    counts = {"active_tasks": 0, "waiting_tasks": 0}
    if checks["database"] == "ok":
        counts = count_active()
        checks |= check_models()
        workers = list_live_workers(GONE_AFTER)
        for queue in list_needed_queues():
            alive = [worker for worker in workers if queue in worker.queues]
            ready = [worker for worker in alive if "unready" not in worker.facts]
            said = alive[0].facts.get("unready", "ok") if alive else "no live worker"
            checks[f"worker {queue}"] = "ok" if ready else said
            facts |= (ready or alive)[0].facts if alive else {}
        checks[QUEUES] = check_queues()
        loops = examine()
        bad = [f"{name} {loop.said}" for name, loop in loops.items() if loop.state != "ok"]
        checks["loops"] = "; ".join(bad) or "ok"
    checks["broker"] = check_broker()
    checks[RATES] = check_rates()
    ill = {name for name, said in checks.items() if said != "ok"}
    return {
        "status": UNHEALTHY if ill - LESSER else DEGRADED if ill else HEALTHY,
        **{word: facts.get(word) for word in (*CARD_WORDS, *ENGINE_WORDS)},
        **counts,
        "loops": {name: loop.state for name, loop in loops.items()},
        "checks": checks,
    }


def check_models() -> dict[str, str]:
    """Return what is wrong with the models that orders may name; nothing when an order that names none is taken."""
    offered = list_models()
    if default_model() in offered:
        return {}
    if offered:
        return {
            DEFAULT: f"{default_model()!r} is not offered; orders that name no model are refused"
        }
    return {"models": "no enabled provider offers a model; no order is taken"}


def check_queues() -> str:
    """Return `ok`, or which queues and providers staff hold up, and which models the breaker switched off."""
    held_up = {f"queue {queue.name}": queue.state for queue in list_held_up()}
    held_up |= {f"provider {alias}": "paused" for alias in list_paused_accounts()}
    said = [f"{name} is {state} by staff" for name, state in held_up.items()]
    said += [f"model {alias} ended workers and was switched off" for alias in list_broken()]
    return "; ".join(said) or "ok"


def check_database() -> str:
    """Return `ok`, or that the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def check_broker() -> str:
    """Return `ok`, or that the broker is away; tasks are taken all the same, and start when it is back."""
    return "ok" if doorbell.reaches_broker() else "unreachable"


def check_rates() -> str:
    """Return `ok`, or that the counters are away: then no request is refused for being one too many."""
    return (
        "unreachable, so keys may ask as often as they like"
        if throttle.counters().find_fault()
        else "ok"
    )
