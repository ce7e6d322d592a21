"""The form about an order in doubt: what became of it, where it is or what it made, and why one believes so."""

from enum import StrEnum
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
)

from generation.models import Attempt
from generation.models.attempt import LONGEST_REMOTE_ID
from generation.work.by_hand import Brought, can_store
from genhub.admin.forms import ReasonForm


class Decision(StrEnum):
    """What a person found out, or decided without."""

    TAKEN = "taken"
    BROUGHT = "brought"
    NOT_TAKEN = "not_taken"
    LOST = "lost"


class FilesInput(UnfoldAdminFileFieldWidget):
    """Lets several files be chosen at once. The admin's own: its script writes their names into the next text field."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; none is an empty list where none is allowed."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list["UploadedFile[Any]"]:
        """Return each file that Django takes for one; raise ValidationError for none where one must be."""
        if self.required and not data:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(file, initial) for file in data or []]


class DoubtForm(ReasonForm):
    """Asks what became of an order, and why one believes so."""

    field_order = ("decision", "remote_id", "pictures", "reason")
    decision = forms.ChoiceField(
        label=_("What became of it"),
        widget=UnfoldAdminRadioSelectWidget,
        choices=[
            (Decision.TAKEN, _("The provider has it: ask for it")),
            (Decision.BROUGHT, _("The provider made it: here are its pictures")),
            (Decision.NOT_TAKEN, _("It never came there: make it anew")),
            (Decision.LOST, _("Nobody can tell: end the task and give the credits back")),
        ],
    )
    remote_id = forms.CharField(
        label=_("Id at the provider"),
        required=False,
        max_length=LONGEST_REMOTE_ID,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Only when the provider has it."),
    )
    pictures = FilesField(
        label=_("Pictures"),
        required=False,
        widget=FilesInput({"accept": "image/png,image/jpeg,image/webp,video/mp4"}),
        help_text=_(
            "Only when you bring them: PNG, JPEG or WebP, or MP4 of a clip, as the provider's own pages give them. Each is labelled, "
            "delivered and charged as if it had come by itself."
        ),
    )

    def __init__(self, *args: Any, attempt: Attempt | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.task = attempt.task if attempt else None

    def clean(self) -> dict[str, Any]:
        """Ask for the id where the vendor has the order, for pictures where somebody brings them, and only there."""
        words: dict[str, Any] = super().clean() or self.cleaned_data
        is_taken = words.get("decision") == Decision.TAKEN
        if is_taken and not words.get("remote_id"):
            self.add_error("remote_id", _("Without its id it cannot be asked for."))
        if not is_taken and words.get("remote_id"):
            self.add_error("remote_id", _("Leave it empty, or say that the provider has it."))
        self.check_files(words.get("pictures") or [], words.get("decision") == Decision.BROUGHT)
        return words

    def check_files(self, files: list["UploadedFile[Any]"], is_brought: bool) -> None:  # noqa: FBT001
        """Ask for as many pictures as were ordered, or fewer; each that is missing is not charged."""
        if is_brought and not files:
            self.add_error("pictures", _("Choose the pictures that the provider made."))
        if files and not is_brought:
            self.add_error("pictures", _("Leave it empty, or say that you bring the pictures."))
        most = self.task.num_images if self.task else 0
        if len(files) > most:
            text = _("The order is for %(most)s pictures, and these are %(count)s.")
            error = forms.ValidationError(text, params={"most": most, "count": len(files)})
            self.add_error("pictures", error)
        if files and self.task and not can_store(self.task):
            self.add_error(
                "pictures",
                _(
                    "This server cannot look at clips. Have the provider asked for it by its id, or bring it where workers run: manage.py task bring."
                ),
            )


def name_files(files: list["UploadedFile[Any]"]) -> list[Brought]:
    """Return uploaded files as they are brought."""
    return [
        Brought(file.name or "–", file.content_type or "", file.open())  # type: ignore[arg-type]
        for file in files
    ]
