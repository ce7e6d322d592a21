"""Filters of lists of orders."""

from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import F, Func, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.failures import TaskFailure
from generation.models import Attempt, BulkCancel, Offer, Task
from generation.selectors.filters import TaskFilters, near
from generation.states import AttemptState
from genhub.admin.asked_filters import ChosenFilter, TimeFilter
from genhub.lib.errors import Problem
from genhub.lib.ids import NOBODY, oldest_id, read_id
from templates.selectors import list_template_codes

LAST_DAY = timedelta(hours=24)
LAST_DAY_ALONE = "age=24h"
# How the list looks, not what it holds: pictures in large.
GALLERY = "gallery"
# Those that were ticked in a list, in an address.
TICKED = "id__in"
# Those of one bulk cancel, in an address.
BULK_CANCEL = "bulk_cancel"


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


class OrderedFilter(TimeFilter):
    """Tasks that were ordered from one moment until another: a stretch of their ids, which hold the time."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of that time."""
        found = super().queryset(request, queryset)
        return near(
            found if found is not None else queryset,
            TaskFilters(since=self.since, until=self.until),
        )


class TemplateFilter(ChosenFilter):
    """Tasks of one template, whichever version they run."""

    title = _("template")
    parameter_name = "template"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the codes of all templates."""
        return [(code, code) for code in list_template_codes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks of the chosen template."""
        if not self.value():
            return queryset
        return queryset.filter(template_version__template__code=self.value())


class FailureFilter(ChosenFilter):
    """Tasks that failed for one reason; a distinct over all tasks would read them all, so all reasons can be chosen."""

    title = _("why it failed")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the reasons for which a task may fail, in words and by code."""
        kinds = [kind for kind in Problem.kinds.values() if issubclass(kind, TaskFailure)]
        named = [(kind.code, f"{gettext(kind.title)} ({kind.code})") for kind in kinds]
        return sorted(named, key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks that failed for it."""
        return queryset.filter(error_code=self.value()) if self.value() else queryset


class BulkCancelFilter(SimpleListFilter):
    """Tasks of one bulk cancel, as its page links to them."""

    title = _("bulk cancel")
    parameter_name = BULK_CANCEL

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the chosen one alone; also one that there is not, which must not show all tasks."""
        value = self.value()
        row = BulkCancel.objects.filter(pk=read_id(value) or NOBODY).first() if value else None
        return [(value, str(row or value))] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Return the tasks that it was confirmed for; of one that there is not, none."""
        ids = Func(F("tasks"), function="unnest")
        chosen = BulkCancel.objects.filter(pk=read_id(self.value() or "") or NOBODY).order_by()
        return queryset.filter(pk__in=chosen.annotate(one=ids).values("one"))
