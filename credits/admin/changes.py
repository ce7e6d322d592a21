"""What staff changed of a limit, with its values: the history of a page must tell what the limit was before."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext

from genhub.admin.base import HubAdmin


class ValuesLogged(HubAdmin):
    """A page whose history names the old and the new value of each changed field."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002
    ) -> str:
        """Return each field with its values."""
        if add:
            return gettext("Added: %(values)s") % {"values": word_values(form)}
        changes = [
            gettext("%(field)s: %(before)s → %(after)s")
            % {
                "field": form.fields[name].label,
                "before": form[name].initial,
                "after": form.cleaned_data[name],
            }
            for name in form.changed_data
        ]
        return "; ".join(changes) or gettext("Nothing changed.")


def word_values(form: Any) -> str:
    """Return the values of a new row."""
    return "; ".join(
        f"{form.fields[name].label}: {word(form.instance, name)}" for name in form.cleaned_data
    )


def word(row: Model, name: str) -> str:
    """Return a value as people read it."""
    shown = getattr(row, f"get_{name}_display", None)
    value = shown() if shown else getattr(row, name)
    return "–" if value is None else str(value)
