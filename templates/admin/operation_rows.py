"""The edits of each picture as rows of a form, one an edit, without JSON."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from genhub.api.edit_words import MOST_OPERATIONS, find_operation_mistakes
from genhub.api.operation_words import KINDS
from genhub.lib.errors import FieldError
from templates.admin.offered import Offered
from templates.admin.twins import BLANK, Twin
from templates.admin.word_form import WordsForm
from templates.admin.word_names import ACTIONS
from templates.mistakes import OWNED

# The word that says which edit it is.
ACTION: Final = "action"
PREFIX: Final = "operation"


class OperationForm(WordsForm):
    """One edit; of one that there is not, all words are kept."""

    action = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, prefix: str, said: Any = None, offered: Offered
    ) -> None:
        named = data.get(f"{prefix}-{ACTION}") if data is not None else said.get(ACTION)
        self.kind = named if isinstance(named, str) and named in KINDS else ""
        own = KINDS[self.kind]().fields if self.kind else {}
        words = {name: field for name, field in own.items() if name != ACTION}
        rest = {name: v for name, v in (said or {}).items() if not self.kind or name != ACTION}
        super().__init__(data, prefix=prefix, words=words, said=rest, offered=offered)
        self.initial[ACTION] = self.kind

    @property
    def title(self) -> str:
        """What it does."""
        return capfirst(str(ACTIONS.get(self.kind, self.kind or gettext("Described in JSON"))))

    def judge(self, said: Mapping[str, Any]) -> Iterable[FieldError]:
        """Return what an edit's own fields say of the words."""
        return find_operation_mistakes({ACTION: self.kind, **said}) if self.kind else []

    def said(self) -> dict[str, Any]:
        """Return the edit."""
        return {ACTION: self.kind, **super().said()} if self.kind else super().said()


class OperationTwin(Twin):
    """All edits, in their order."""

    name: ClassVar[str] = "operation_rows"
    fields: ClassVar[tuple[str, ...]] = ("operations",)
    typed: ClassVar[str] = "operations_typed"
    order: ClassVar[str] = "operations_order"
    most: ClassVar[int] = MOST_OPERATIONS
    many: ClassVar[Any] = _("At most %(most)s edits.")
    row: ClassVar[str] = "admin/templates/operation.html"
    add: ClassVar[Any] = _("Add an edit")

    def show(self) -> list[OperationForm]:
        """Return a row for each edit."""
        edits = self.values["operations"]
        edits = edits if isinstance(edits, list) else []
        return [
            OperationForm(prefix=f"{PREFIX}{n}", said=one, offered=self.offered)
            for n, one in enumerate(edits)
            if isinstance(one, Mapping)
        ]

    def read(self, data: Any) -> list[OperationForm]:
        """Return the rows that a page sends."""
        return [
            OperationForm(data, prefix=f"{PREFIX}{number}", offered=self.offered)
            for number in self.list_numbers(data)
        ]

    def said(self) -> dict[str, Any]:
        """Return the edits."""
        return {"operations": [form.said() for form in self.forms]}

    def blanks(self) -> dict[str, tuple[Any, OperationForm]]:
        """Return a row of each edit that a template may do."""
        return {
            kind: (
                capfirst(str(ACTIONS[kind])),
                OperationForm(prefix=f"{PREFIX}{BLANK}", said={ACTION: kind}, offered=self.offered),
            )
            for kind in KINDS
            if kind not in OWNED
        }
