"""The door that `accept` is compared with: the same order taken as a good engineer takes it with Django REST framework
and the ORM alone. It writes the same rows in one transaction, so that the same books and the same triggers are paid.
"""

import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.models import Hold, PriceRule, Purse, Transfer
from generation.models import Attempt, Event, Offer, Output, Share, Task
from genhub.lib.ids import new_id
from genhub.platforms.keys import generator
from genhub.platforms.models import ApiKey, IdempotencyKey
from genhub.urls import urlpatterns as of_hub

PATH = "/reference/generate"
LIFETIME = timedelta(days=1)


class OrderSerializer(serializers.Serializer[Any]):
    """The words of an order."""

    user = serializers.CharField(max_length=200)
    prompt = serializers.CharField(max_length=5000)
    negative_prompt = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    model = serializers.CharField(required=False, max_length=100)
    width = serializers.IntegerField(required=False, min_value=16, max_value=4096)
    height = serializers.IntegerField(required=False, min_value=16, max_value=4096)
    steps = serializers.IntegerField(required=False, min_value=1, max_value=100)
    cfg_scale = serializers.FloatField(required=False, min_value=0, max_value=30)
    seed = serializers.IntegerField(required=False, min_value=0)
    num_images = serializers.IntegerField(default=1, min_value=1, max_value=16)
    quality = serializers.ChoiceField(["standard", "high"], default="standard")
    priority = serializers.ChoiceField([1, 5, 9], default=5)
    webhook = serializers.URLField(required=False)
    metadata = serializers.JSONField(default=dict)


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try, as the answer tells of it."""

    provider = serializers.CharField(source="account.alias")

    class Meta:
        model = Attempt
        fields = ("number", "state", "progress", "provider", "created_at", "started_at", "ended_at")


class OutputSerializer(serializers.ModelSerializer[Output]):
    """One picture."""

    class Meta:
        model = Output
        fields = ("position", "seed", "artifact", "error_code")


class TaskSerializer(serializers.ModelSerializer[Task]):
    """A task, as the answer tells of it."""

    status = serializers.CharField(source="state")
    attempts = AttemptSerializer(many=True)
    outputs = OutputSerializer(many=True)
    held = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = (
            "id", "status", "user", "model", "style", "quality", "mode", "priority", "spec", "metadata", "webhook",
            "num_images", "unit_price", "price", "pricing", "cost_usd", "error_code", "created_at", "started_at",
            "completed_at", "failed_at", "canceled_at", "attempts", "outputs", "held",
        )  # fmt: skip

    def get_held(self, task: Task) -> int:
        """Return what is reserved for it."""
        return sum(Hold.objects.filter(reference=task.pk).values_list("amount", flat=True))


class KeyAuthentication(authentication.BaseAuthentication):
    """An API key in `Authorization`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey]:
        """Return who has the key."""
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        row = ApiKey.objects.select_related("platform").filter(prefix=key.partition(".")[0]).first()
        if row is None or row.revoked_at or not generator.verify(key, row.hashed_key):
            raise exceptions.AuthenticationFailed
        return row.platform, row


class OrderView(APIView):
    """Takes an order."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [permissions.AllowAny]

    def post(self, request: Request) -> Response:
        """Take it, or answer what the same key made before."""
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        task = take(
            request.auth, request.headers.get("Idempotency-Key", ""), serializer.validated_data
        )
        whole = Task.objects.prefetch_related("outputs", "attempts__account").get(pk=task)
        return Response(TaskSerializer(whole).data, status=202)


def price_of(model: str) -> int:
    """Return what one picture costs."""
    now = timezone.now()
    rule = (
        PriceRule.objects.filter(Q(valid_from=None) | Q(valid_from__lte=now), is_active=True)
        .filter(Q(model="") | Q(model=model), effect="price", media_type="image")
        .order_by("-rank")
        .first()
    )
    if rule is None:
        raise exceptions.ValidationError({"model": "no price"})
    return int(rule.amount or 0)


@transaction.atomic
def take(key: Any, idempotency_key: str, words: dict[str, Any]) -> uuid.UUID:
    """Write everything in one transaction and return the task's id."""
    user = words["user"]
    named = {"platform": key.platform, "user": user, "scope": "order", "key": idempotency_key}
    if earlier := IdempotencyKey.objects.filter(**named).first():
        return earlier.made_id
    offer = get_object_or_404(
        Offer.objects.select_related("account"),
        alias=words.get("model") or "z-image-small", is_enabled=True, account__is_enabled=True,
    )  # fmt: skip
    number, unit_price = words["num_images"], price_of(offer.alias)
    price, task_id = unit_price * number, new_id()
    IdempotencyKey.objects.create(**named, fingerprint=digest(words), made_id=task_id)
    purse = Purse.objects.select_for_update().get(platform=key.platform, user=user)
    if purse.available < price:
        raise exceptions.ValidationError({"user": "too few credits"})
    purse.available -= price
    purse.held += price
    purse.version += 1
    purse.save(update_fields=["available", "held", "version"])
    hold = Hold.objects.create(purse=purse, reference=task_id, amount=price)
    Transfer.objects.create(
        purse=purse, source="available", target="held", amount=price, kind="hold", key=f"hold:{task_id}", hold=hold,
        actor="system", reason="ai_generation", purse_version=purse.version, available_after=purse.available,
        held_after=purse.held,
    )  # fmt: skip
    task = Task.objects.create(
        id=task_id, platform=key.platform, user=user, model=offer.alias, quality=words["quality"],
        priority=words["priority"],
        spec={
            "media_type": "image", "model": offer.alias, "prompt": words["prompt"], "number": number,
            "negative_prompt": words.get("negative_prompt", ""), "seeds": [words.get("seed", 1)],
            "width": words.get("width", offer.default_width), "height": words.get("height", offer.default_height),
            "steps": words.get("steps", offer.default_steps),
            "cfg_scale": words.get("cfg_scale", offer.default_cfg_scale),
        },
        metadata=words["metadata"], webhook=words.get("webhook", ""), num_images=number, unit_price=unit_price,
        price=price, pricing={"unit_price": unit_price}, deadline_at=Now() + LIFETIME,
    )  # fmt: skip
    share, _ = Share.objects.get_or_create(
        queue=offer.account.queue, priority=words["priority"], platform=key.platform, user=user
    )
    Attempt.objects.create(task=task, number=1, account=offer.account, share=share, cost=number)
    Event.objects.create(task=task, kind=Event.Kind.SUBMITTED, data={"price": price})
    Event.objects.create(task=task, kind=Event.Kind.ROUTED, data={"provider": offer.account.alias})
    transaction.on_commit(lambda: ring(offer.account.queue))
    return task_id


def digest(words: dict[str, Any]) -> str:
    """Return what tells bodies apart."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def ring(queue: str) -> None:
    """Let the workers know."""
    current_app.send_task("generation.work", kwargs={"queue": queue}, queue=queue)


urlpatterns = [path(PATH[1:], OrderView.as_view()), *of_hub]
