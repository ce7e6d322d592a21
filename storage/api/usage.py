"""The door of what is stored for a platform."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.platforms.authentication import caller_of
from genhub.platforms.errors import PlatformKeyNeeded
from genhub.platforms.models import Scope
from storage.api.schema import PROBLEM
from storage.usage import KINDS, MIB, read_use


class UseOfKind(serializers.Serializer[Any]):
    """What is stored of one kind."""

    kind = serializers.CharField(help_text=_("outputs, edits or uploads."))
    files = serializers.IntegerField(
        help_text=_("How many files; one that several orders share counts for each.")
    )
    bytes = serializers.IntegerField(help_text=_("Their size in bytes."))


class StorageAnswer(serializers.Serializer[Any]):
    """What is stored for a platform."""

    used_bytes = serializers.IntegerField(help_text=_("Pictures and clips; a file that several orders share counts for each."))  # fmt: skip
    quota_bytes = serializers.IntegerField(
        allow_null=True,
        help_text=_("Once that much is used, orders and uploads are refused. Null: no quota."),
    )
    kinds = UseOfKind(many=True, help_text=_("Each kind, also where nothing of it is stored."))


class StorageView(APIView):
    """What is stored for the caller's platform."""

    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (PlatformKeyNeeded,)}

    @extend_schema(
        responses={200: StorageAnswer, 401: PROBLEM, 403: PROBLEM},
        operation_id="storage",
        summary=_("How much is stored for this platform?"),
    )
    def get(self, request: Request) -> Response:
        """Answer what is used, by kind, at this moment."""
        caller = caller_of(request)
        if caller.user is not None:
            raise PlatformKeyNeeded
        found = {use.kind: use for use in read_use(caller.platform.pk)}
        kinds = [
            {"kind": kind, "files": use.files if use else 0, "bytes": use.size_bytes if use else 0}
            for kind in KINDS
            for use in [found.get(kind)]
        ]
        quota = caller.platform.storage_quota_mib
        return Response(
            {
                "used_bytes": sum(use.size_bytes for use in found.values()),
                "quota_bytes": None if quota is None else quota * MIB,
                "kinds": kinds,
            }
        )
