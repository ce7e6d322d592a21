"""Whether a task could run now, and on what."""

from typing import Any

from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from kombu.exceptions import OperationalError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.selectors import count_active, list_live_workers, list_needed_queues
from generation.services.presence import GONE_AFTER
from genhub.celery import app

CARD_WORDS = ("gpu_utilization", "memory_used", "memory_total", "temperature")
ENGINE_WORDS = ("device", "dtype", "model", "offload")


class Health(serializers.Serializer[Any]):
    """The hub's health; without a card its words are null, which is no illness."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
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
    active_tasks = serializers.IntegerField()
    waiting_tasks = serializers.IntegerField()
    checks = serializers.DictField(child=serializers.CharField())


class HealthView(APIView):
    """Health, for load balancers and people; no key needed."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []

    @extend_schema(
        responses={200: Health, 503: Health}, auth=[], summary=_("Could a task run now?")
    )
    def get(self, request: Request) -> Response:
        """Answer 200 when database, broker and a worker for each needed queue are there, else 503 and what is not."""
        checks = {"database": check_database()}
        facts: dict[str, Any] = {}
        counts = {"active_tasks": 0, "waiting_tasks": 0}
        if checks["database"] == "ok":
            counts = count_active()
            workers = list_live_workers(GONE_AFTER)
            for queue in list_needed_queues():
                alive = [worker for worker in workers if queue in worker.queues]
                ready = [worker for worker in alive if "unready" not in worker.facts]
                said = alive[0].facts.get("unready", "ok") if alive else "no live worker"
                checks[f"worker {queue}"] = "ok" if ready else said
                facts |= (ready or alive)[0].facts if alive else {}
        checks["broker"] = check_broker()
        is_healthy = set(checks.values()) == {"ok"}
        body = {
            "status": "healthy" if is_healthy else "unhealthy",
            **{word: facts.get(word) for word in (*CARD_WORDS, *ENGINE_WORDS)},
            **counts,
            "checks": checks,
        }
        return Response(body, 200 if is_healthy else 503, headers={"Cache-Control": "no-store"})


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
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
    except (OperationalError, OSError):
        return "unreachable"
    return "ok"
