"""What staff changed of a row, from what to what, and why: its history tells it, in the words of who changed it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext

from genhub.lib.hiding import hide_secrets
from genhub.lib.reasons import LONGEST_REASON

# The field beside the button that saves; not every change needs a reason.
WHY: Final = "_why"
LONGEST_VALUE: Final = 200
# Parts of names of fields that hold what nobody may read again.
SECRET: Final = frozenset(
    {"password", "password1", "password2", "secret", "key", "token", "sealed"}
)


class ChangesTold:
    """Mixed into the page of each model whose rows people change: its history has the values."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """Return each field with its values, of the rows on the same page, too, and the reason that was given."""
        told = [*tell_row(form, is_new=add), *tell_rows(formsets or ())]
        said = "; ".join(told)
        if add:
            said = gettext("Added: %(values)s") % {"values": said}
        why = " ".join(request.POST.get(WHY, "").replace("\0", "").split())[:LONGEST_REASON]
        reason = gettext("Reason: %(reason)s") % {"reason": why} if why else ""
        return hide_secrets(" – ".join(filter(None, [said or gettext("Nothing changed."), reason])))


def tell_row(form: Any, *, is_new: bool) -> Iterator[str]:
    """Yield what became of each field that was changed; of a new row's, what it holds."""
    for name in form.fields if is_new else form.changed_data:
        field, after = form.fields[name], form.cleaned_data.get(name)
        if is_new and after in (None, "", [], {}):
            continue
        if is_secret(name, field):
            yield gettext("%(field)s: written anew") % {"field": field.label}
        elif is_new:
            yield f"{field.label}: {say(field, after)}"
        else:
            values = {"before": say(field, form[name].initial), "after": say(field, after)}
            yield gettext("%(field)s: %(before)s → %(after)s") % {"field": field.label, **values}


def tell_rows(formsets: Iterable[Any]) -> Iterator[str]:
    """Yield what became of the rows that stand on another's page."""
    for formset in formsets:
        names = {"name": formset.model._meta.verbose_name}  # noqa: SLF001 (Django's own door to names)
        changed = {row.pk for row, _fields in formset.changed_objects}
        for row in formset.new_objects:
            yield gettext("Added %(name)s “%(row)s”") % {**names, "row": row}
        for form in formset.initial_forms:
            if form.instance.pk in changed:
                told = "; ".join(tell_row(form, is_new=False))
                yield gettext("%(name)s “%(row)s”: %(changes)s") % {**names, "row": form.instance, "changes": told}  # fmt: skip
        for row in formset.deleted_objects:
            yield gettext("Removed %(name)s “%(row)s”") % {**names, "row": row}


def is_secret(name: str, field: forms.Field) -> bool:
    """Return whether a field holds what the hub shows nobody again."""
    return isinstance(field.widget, forms.PasswordInput) or bool(SECRET & {*name.split("_")})


def say(field: forms.Field, value: Any) -> str:
    """Return a value as people read it, not longer than a line or two."""
    return Truncator(" ".join(word(field, value).split())).chars(LONGEST_VALUE) or "–"


def word(field: forms.Field, value: Any) -> str:
    """Return a value as the form shows it."""
    if isinstance(field, forms.ModelChoiceField):
        values = value if isinstance(field, forms.ModelMultipleChoiceField) else [value]
        return ", ".join(sorted(str(row) for row in find_rows(field, values or [])))
    if isinstance(field, forms.ChoiceField):
        names = {str(key): str(name) for key, name in flatten(field.choices)}
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(names.get(str(one), str(one)) for one in values if one is not None)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)


def find_rows(field: Any, values: Any) -> list[Any]:
    """Return the rows that a choice of rows holds, as rows or as their keys."""
    if isinstance(values, QuerySet):
        return list(values)
    keys = [one for one in values if not isinstance(one, Model) and one not in (None, "")]
    rows = [one for one in values if isinstance(one, Model)]
    return [*rows, *(field.queryset.model._base_manager.filter(pk__in=keys) if keys else [])]  # noqa: SLF001 (Django's name)


def flatten(choices: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each choice, out of its group where there are groups."""
    for key, name in choices:
        if isinstance(name, list | tuple):
            yield from name
        else:
            yield key, name
