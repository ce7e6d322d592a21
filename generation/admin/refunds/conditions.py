"""The filter of a list of tasks in words: what staff confirm must not be a line of an address."""

from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DateTimeField, Field, Q
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from generation.admin.filters import (
    GALLERY,
    TICKED,
    AgeFilter,
    DoubtFilter,
    FailureFilter,
    ModelFilter,
    TemplateFilter,
)
from generation.admin.words import word_failure
from generation.models import Task
from genhub.admin.show import moment
from genhub.lib.ids import read_id

# Where the list is and how it looks, not what it holds.
NO_CONDITIONS = frozenset(
    {"p", "o", "all", "e", "_changelist_filters", "_facets", "_popup", GALLERY}
)
COMPARED = {
    "exact": _("is %(value)s"),
    "in": _("is one of %(value)s"),
    "gte": _("from %(value)s on"),
    "gt": _("after %(value)s"),
    "lt": _("before %(value)s"),
    "lte": _("up to %(value)s"),
}


def match_exactly(term: str) -> Q:
    """Return the test for the tasks of a search where money moves: of the user of this very name, or of this id."""
    match = Q(user=term) | Q(user=term.strip())
    task_id = read_id(term)
    return match | Q(pk=task_id) if task_id else match


def word_conditions(query: str) -> SafeString | str:
    """Return a list's query string as sentences, one a line."""
    sentences = [
        (word_condition(name, ", ".join(values)),)
        for name, values in QueryDict(query).lists()
        if name not in NO_CONDITIONS and any(values)
    ]
    return format_html_join("", "<div>{}</div>", sentences) if sentences else "–"


def word_condition(name: str, value: str) -> str:
    """Return one condition of a query string in words."""
    if name == SEARCH_VAR:
        return gettext("User or id of the task is exactly “%(text)s”") % {"text": value}
    if filtered := word_filter(name, value):
        return filtered
    column, _sep, rest = name.partition("__")
    try:
        field = Task._meta.get_field(column)  # noqa: SLF001 (Django's own door to columns)
    except FieldDoesNotExist:
        return f"{name}: {value}"
    lookup = rest.rpartition("__")[2] or "exact"
    words = COMPARED.get("exact" if lookup in {"id", "pk"} else lookup)
    label = capfirst(getattr(field, "verbose_name", column))
    if words is None:
        return f"{label} ({rest.replace('__', ' ')}): {value}"
    return f"{label} {words % {'value': word_value(field, value)}}"


def word_filter(name: str, value: str) -> str:
    """Return a condition of a filter that is no column, in words; empty for others."""
    match name:
        case ModelFilter.parameter_name | TemplateFilter.parameter_name:
            title = (ModelFilter if name == ModelFilter.parameter_name else TemplateFilter).title
            said = f"{capfirst(title)} {COMPARED['exact'] % {'value': value}}"
        case FailureFilter.parameter_name:
            said = f"{capfirst(FailureFilter.title)}: {word_failure(value, {})}"
        case AgeFilter.parameter_name:
            said = f"{capfirst(AgeFilter.title)}: {gettext('last 24 hours')}"
        case DoubtFilter.parameter_name:
            said = f"{capfirst(DoubtFilter.title)}: {gettext('may be at the provider')}"
        case _ if name == TICKED:
            number = len(value.split(","))
            text = ngettext("%(count)s ticked task", "%(count)s ticked tasks", number)
            said = text % {"count": number}
        case _:
            said = ""
    return said


def word_value(field: Any, value: str) -> str:
    """Return a value as a page shows it: a choice and a row by name, a time in the site's zone."""
    if isinstance(field, DateTimeField):
        return word_time(value)
    if isinstance(field, Field) and field.flatchoices:
        words = {str(choice): str(word) for choice, word in field.flatchoices}
        return ", ".join(words.get(one, one) for one in value.split(", "))
    if field.is_relation and field.related_model:
        try:
            found = field.related_model.objects.filter(pk__in=value.split(", "))
            return ", ".join(str(row) for row in found) or value
        except (ValidationError, ValueError):
            return value
    return value


def word_time(value: str) -> str:
    """Return a time of an address to the second; what is none, as it stands."""
    try:
        # A plus sign that was not escaped arrives as a space.
        at = parse_datetime(value.replace(" ", "+") if value.count(" ") == 1 else value)
    except ValueError:
        at = None
    return moment(at) if at and at.tzinfo else value
