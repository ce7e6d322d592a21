"""The form of a row, which saves nothing over what somebody else changed since the page was opened."""

from typing import Any

from django.db.models import Model
from django.utils.text import Truncator
from django.utils.translation import gettext

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
