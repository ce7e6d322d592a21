"""Pages of rows: a list is called as its rows are, and nothing is saved over what somebody else changed meanwhile."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext

from genhub.admin.changes import WHY, ChangesTold
from genhub.admin.times import tell_times
from genhub.lib.seen import changed_since, mark

# The hidden field that carries the mark of what the page showed.
SEEN_ROW = "_seen"
LONGEST_SHOWN = 300


class SeenForm:
    """Mixed into the form of each row that there is already."""

    @property
    def shown(self) -> dict[str, Any]:
        """Return the row's value for each field of the form, as it is now."""
        form: Any = self
        return {name: plain(form.initial.get(name)) for name in form.fields}

    @property
    def seen(self) -> str:
        """Return the mark that the page sends back."""
        return mark(self.shown)

    def clean(self) -> Any:
        """Say at each field what somebody else made of it since."""
        form: Any = self
        values = super().clean()  # type: ignore[misc]
        seen = form.data.get(SEEN_ROW)
        for name in changed_since(seen, self.shown) if seen else ():
            now = Truncator(str(form[name].initial)).chars(LONGEST_SHOWN)
            text = gettext("Somebody changed this since you opened the page. It is now: %(now)s")
            form.add_error(name, text % {"now": now or "–"})
        return values


def plain(value: Any) -> Any:
    """Return a value whose text is the same whenever the row is read: of chosen rows, their keys in order."""
    if isinstance(value, list | tuple) and any(isinstance(row, Model) for row in value):
        return sorted(str(row.pk) for row in value)
    return value


class SeenRows(ChangesTold):
    """Mixed into the page of each model whose rows people change."""

    # Which column names a row on a phone's card, when it is not the one that links to it; and which others stand there,
    # when they are not the first ones.
    card_lead = ""
    card_facts: tuple[str, ...] = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; times are told in UTC, too."""
        page: Any = self
        return tell_times(page.model, super().get_list_display(request))  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Call the list what the menu and the breadcrumb call it, not "Select … to change"."""
        page: Any = self
        words = {"title": capfirst(page.opts.verbose_name_plural)}
        return super().changelist_view(request, words | (extra_context or {}))  # type: ignore[misc]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Let one writer of a row at a time compare it with what the page showed, and save."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        with transaction.atomic():
            if object_id:
                self.lock_row(request, object_id)
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]

    def lock_row(self, request: HttpRequest, object_id: str) -> None:
        """Hold a row that is about to be changed to the end of the transaction."""
        page: Any = self
        row = page.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if page.has_change_permission(request, row):
            page.model._base_manager.select_for_update(no_key=True).get(pk=row.pk)  # noqa: SLF001 (as Django's admin does)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        """Return the form; that of a row knows what the page showed of it."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        return type(form)(form.__name__, (SeenForm, form), {}) if change and obj else form

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Let the page carry the mark of what it shows."""
        context["seen"] = getattr(context["adminform"].form, "seen", "")
        context["why_said"] = request.POST.get(WHY, "")
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
