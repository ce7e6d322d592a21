"""Filters of lists of orders."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generation.models import ProviderModel, Task


class ModelFilter(SimpleListFilter):
    """Tasks of one model; the choices come from the models, since a distinct over all tasks would read them all."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the aliases that any provider offers."""
        aliases = ProviderModel.objects.order_by("alias").values_list("alias", flat=True).distinct()
        return [(alias, alias) for alias in aliases]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of the chosen model."""
        return queryset.filter(model=self.value()) if self.value() else queryset
