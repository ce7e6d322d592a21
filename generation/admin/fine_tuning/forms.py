"""What staff are asked for a training: pictures, captions, how it learns, and what its LoRA is called."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from generation.admin.accounts.lines import LORA_NAME
from generation.admin.tasks.doubt_form import FilesField, FilesInput
from generation.lesson import LONGEST_CAPTION
from generation.models import TrainingJob, TrainingPicture
from genhub.lib.ids import new_id
from genhub.lib.limits import LARGEST_LORA_SCALE


class PicturesForm(forms.Form):
    """Asks for pictures, or ZIPs of them."""

    sent = FilesField(
        label=_("Pictures or ZIP archives"),
        widget=FilesInput(attrs={"multiple": True, "accept": "image/*,.heic,.avif,.zip"}),
        help_text=_(
            "PNG, JPEG, WebP, AVIF or HEIC; several at once. In a ZIP, the text of name.txt is the caption of the picture "
            "name. Metadata go, and large pictures are shrunk."
        ),
    )


class CaptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks what a picture shows, and whether it stays."""

    caption = forms.CharField(
        label=_("Caption"), required=False, max_length=LONGEST_CAPTION, widget=UnfoldAdminTextareaWidget({"rows": 2})
    )  # fmt: skip
    goes = forms.BooleanField(label=_("Remove it"), required=False, widget=UnfoldBooleanWidget)

    class Meta:
        model = TrainingPicture
        fields = ("caption",)


class LessonForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks how to train, and carries a key of this very form, so that a double click trains once."""

    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)

    class Meta:
        model = TrainingJob
        fields = ("steps", "resolution", "rank", "rate", "batch", "seed")
        widgets = {
            **dict.fromkeys(("steps", "resolution", "rank", "batch", "seed"), UnfoldAdminIntegerFieldWidget),
            "rate": UnfoldAdminDecimalFieldWidget({"step": "any"}),
        }  # fmt: skip

    def lesson(self) -> dict[str, Any]:
        """Return what was said of the lesson."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class OfferForm(forms.Form):
    """Asks what orders call a LoRA, and how strong it is where they do not say."""

    name = forms.RegexField(
        rf"^{LORA_NAME}\Z",
        label=_("Name"),
        error_messages={"invalid": _("Letters, digits, “.”, “_” and “-”, 50 at most.")},
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Orders name it so; it stands in the list of the model's LoRAs from then on."),
    )
    scale = forms.FloatField(
        label=_("Scale"),
        initial=1.0,
        min_value=-LARGEST_LORA_SCALE,
        max_value=LARGEST_LORA_SCALE,
        widget=UnfoldAdminDecimalFieldWidget({"step": "any"}),
        help_text=_("How strong it is where an order does not say: 1 as it was trained."),
    )
