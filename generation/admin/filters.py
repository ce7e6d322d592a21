"""Filters of lists of orders."""

from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generation.models import Attempt, Offer, Task
from generation.states import AttemptState
from genhub.lib.ids import oldest_id

LAST_DAY = timedelta(hours=24)
LAST_DAY_ALONE = "age=24h"


class ModelFilter(SimpleListFilter):
    """Tasks of one model; the choices come from the models, since a distinct over all tasks would read them all."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the aliases that any provider offers."""
        aliases = Offer.objects.order_by("alias").values_list("alias", flat=True).distinct()
        return [(alias, alias) for alias in aliases]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of the chosen model."""
        return queryset.filter(model=self.value()) if self.value() else queryset


class AgeFilter(SimpleListFilter):
    """Tasks of the last 24 hours: those that the first page counts, by the same reading of their ids."""

    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the ages."""
        return [("24h", _("last 24 hours"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks that are young enough."""
        return queryset.filter(pk__gte=oldest_id(LAST_DAY)) if self.value() == "24h" else queryset


class DoubtFilter(SimpleListFilter):
    """Tasks that a person has to look after: nobody knows whether their vendor has them."""

    title = _("provider")
    parameter_name = "doubt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("1", _("may be at the provider"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks in doubt."""
        if self.value() != "1":
            return queryset
        return queryset.filter(
            pk__in=Attempt.objects.filter(state=AttemptState.UNKNOWN).values("task_id")
        )
