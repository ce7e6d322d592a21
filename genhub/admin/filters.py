"""Filters that lists of several apps have."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

ALL = "all"


class StandingFilter(SimpleListFilter):
    """Rows that stand in one way: those that wait, unless another is chosen. A subclass says which ways there are."""

    title = _("state")
    parameter_name = "state"
    states: ClassVar[type[TextChoices]]
    # Shown when nothing is chosen.
    first: ClassVar[TextChoices]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states besides the one that is shown first."""
        return [*(pair for pair in self.states.choices if pair[0] != self.first), (ALL, _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the choices, the first of which needs no parameter."""
        for choice in super().choices(changelist):
            first = changelist.get_query_string(remove=[self.parameter_name])
            is_first = choice["query_string"] == first
            yield {**choice, "display": self.first.label} if is_first else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen state, which stands in the column of the parameter's name."""
        state = self.value() or self.first
        return queryset if state == ALL else queryset.filter(**{self.parameter_name: state})
