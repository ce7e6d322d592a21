"""Filters of lists of orders."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from generation.models import Provider, Task


class ModelFilter(SimpleListFilter):
    """Tasks of one model; the choices come from the providers, since a distinct over all tasks would read them all."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the aliases that any provider offers."""
        aliases = {
            alias for cards in Provider.objects.values_list("cards", flat=True) for alias in cards
        }
        return [(alias, alias) for alias in sorted(aliases)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of the chosen model."""
        return queryset.filter(model=self.value()) if self.value() else queryset
