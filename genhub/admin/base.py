"""How pages of the admin behave unless they say otherwise: nothing is deleted, only what a form changed is saved."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet, UUIDField
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from genhub.admin.seen_rows import SeenRows
from genhub.lib.ids import read_id


class FoundRows(ModelAdmin):
    """A page with addresses of its own below a row's."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row of an address; one that is only looked at is read once, whoever asks for it."""
        if request.method != "GET":
            return super().get_object(request, object_id, from_field)
        found: dict[Any, Any] = vars(request).setdefault("_found_rows", {})
        key = (self.model, object_id, from_field)
        if key not in found:
            found[key] = super().get_object(request, object_id, from_field)
        return found[key]

    def find_object(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row of an address, or raise 404; for the pages that are not Django's own."""
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404
        return found


class HubAdmin(SeenRows, FoundRows):
    """A page for rows that staff may change."""

    # No bulk actions: "delete selected" would be the only one.
    actions = None
    # Whether staff's own deeds on a row are worth a page.
    has_history = True
    # Columns of ids, besides its own, by which a pasted id finds a row.
    search_ids: tuple[str, ...] = ()
    # Counting behind each filter would read whole tables.
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    change_form_outer_after_template = "admin/hub/sections.html"
    # The theme's templates ask each row of a form, and each line of a list, for these; for one that is not there Django
    # lists all names of the page first, which was a fifth of what a form took.
    conditional_fields: Mapping[str, str] = {}
    list_sections: Sequence[Any] = ()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Refuse an address with a NUL as one that names no filter: PostgreSQL text holds none."""
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by words; a pasted id finds what it names, and users whom a platform names by such an id."""
        row_id = read_id(search_term)
        if row_id is None:
            found: tuple[QuerySet[Any], bool] = super().get_search_results(
                request, queryset, search_term
            )
            return found
        keys = self.find_named(queryset.order_by(), row_id, search_term.strip())
        return queryset.filter(pk__in=keys), False

    def find_named(self, rows: QuerySet[Any], row_id: uuid.UUID, text: str) -> Any:
        """Return the keys of the rows that an id names, in any column; each is read by its own index."""
        own = ("pk",) if isinstance(self.opts.pk, UUIDField) else ()
        ways = [Q(**{name: row_id}) for name in (*own, *self.search_ids)]
        ways += [Q(**{name: text}) for name in self.search_fields]
        keys = [rows.filter(way).values("pk") for way in ways]
        return rows.none().values("pk").union(*keys)

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any
    ) -> Any:
        """Count a row's history as it is: only lists of endless rows do without a count."""
        kind = self.paginator if queryset.model is self.model else Paginator
        return kind(queryset, per_page, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows are referred to for ever; staff switch them off instead."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save only what the form changed: the rest of the row may have moved on since it was read."""
        if not change:
            obj.save(force_insert=True)
            return
        columns = {field.name for field in self.opts.concrete_fields}
        if changed := columns.intersection(form.changed_data):
            obj.save(update_fields=changed)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Explain codes, and show a choice of rows without buttons that open windows to edit them."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "code":
            field.help_text = _("Apps use it, so it never changes. Letters, digits, “-” and “_”.")
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Leave out the button that saves and adds another: nobody adds these rows by the dozen."""
        context["show_save_and_add_another"] = False
        context["show_history"] = self.has_history
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(HubAdmin):
    """A page for rows that only services write."""

    has_history = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse, superusers too."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse, superusers too."""
        return False
