"""The words of each operation of an edit: lengths in pixels, changes in percent, colours as #RRGGBB."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from genhub.api.fields import (
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
)

LARGEST_SIDE_PIXELS: Final = 8192
LONGEST_WRITING: Final = 500
PLACES: Final = (
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right",
)  # fmt: skip
COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?")
PLAIN_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
RATIO: Final = re.compile(r"[1-9][0-9]{0,3}:[1-9][0-9]{0,3}")
# Marks that no font draws: a line break alone has a meaning.
CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class FittingField(StrictCharField):
    """A text of one form."""

    def __init__(self, form: re.Pattern[str], message: Any, **words: Any) -> None:
        super().__init__(**words)
        self.form, self.message = form, message

    def to_internal_value(self, data: Any) -> str:
        """Return the text, or fail with how to write it."""
        text = super().to_internal_value(data)
        if not self.form.fullmatch(text):
            raise ValidationError(self.message, "invalid")
        return text


def action_field(name: str) -> serializers.ChoiceField:
    """Return the field that tells an operation from the others."""
    return serializers.ChoiceField(
        [name], help_text=_("Which operation it is; the other words are those of this one.")
    )


def color_field(
    default: str | None, *, form: re.Pattern[str] = COLOR, help_text: Any = ""
) -> FittingField:
    """Return the field of a colour."""
    message = (
        _("Write a colour as #RRGGBB or #RRGGBBAA.")
        if form is COLOR
        else _("Write a colour as #RRGGBB.")
    )
    words = {"required": False, "help_text": help_text}
    return FittingField(form, message, **words, **({"default": default} if default else {}))


def pixels(least: int = 1, *, help_text: Any = "", **words: Any) -> StrictIntegerField:
    """Return the field of a length in pixels."""
    return StrictIntegerField(
        min_value=least, max_value=LARGEST_SIDE_PIXELS, help_text=help_text or _("Pixels."),
        **({"required": False} | words),
    )  # fmt: skip


def amount_field() -> StrictFloatField:
    """Return the field of how much an operation changes."""
    return StrictFloatField(
        min_value=-100, max_value=100, help_text=_("Percent; 0 changes nothing.")
    )


def place_field(default: str) -> serializers.ChoiceField:
    """Return the field of where something lies, unless x and y say it."""
    return serializers.ChoiceField(
        PLACES, default=default, help_text=_("Where “x” and “y” do not say it.")
    )


class OperationWords(StrictSerializer):
    """One operation. Lengths are of the picture as it stands before it."""

    default_error_messages = {
        "missing": _("Say one of these: %(words)s."),
        "conflict": _("It goes without “%(other)s”: say one of the two."),
        "together": _("“%(fit)s” needs width and height."),
    }

    def refuse(self, field: str, code: str, **params: Any) -> ValidationError:
        """Return the refusal of one word."""
        message = str(self.error_messages[code]) % params
        return ValidationError({field: [ErrorDetail(message, code)]})


class CropOperation(OperationWords):
    """Keeps a part of the picture: of a width, a height or both, or the largest of a ratio."""

    action = action_field("crop")
    width, height = pixels(), pixels()
    ratio = FittingField(
        RATIO, _("Write a ratio as 16:9."), required=False, help_text=_("Such as 16:9, in place of width and height."),
    )  # fmt: skip
    x, y = (
        pixels(0, help_text=_("Pixels from the left.")),
        pixels(0, help_text=_("Pixels from the top.")),
    )
    position = place_field("center")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a part of no size, and one of two."""
        sides = {"width", "height"} & attrs.keys()
        if "ratio" in attrs and sides:
            raise self.refuse("ratio", "conflict", other=min(sides))
        if "ratio" not in attrs and not sides:
            raise self.refuse("width", "missing", words="width, height, ratio")
        return attrs


class ResizeOperation(OperationWords):
    """Makes the picture larger or smaller."""

    action = action_field("resize")
    width, height = pixels(), pixels()
    fit = serializers.ChoiceField(
        ["contain", "cover", "stretch"], default="contain",
        help_text=_("contain: all of it within the sides, its shape kept. cover: fills them, the middle stays. stretch: as they say."),
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a size that nobody said."""
        sides = {"width", "height"} & attrs.keys()
        if not sides:
            raise self.refuse("width", "missing", words="width, height")
        if attrs["fit"] != "contain" and len(sides) == 1:
            raise self.refuse("fit", "together", fit=attrs["fit"])
        return attrs


class RotateOperation(OperationWords):
    """Turns the picture; it grows to hold all of it."""

    action = action_field("rotate")
    degrees = StrictFloatField(min_value=-360, max_value=360, help_text=_("Clockwise."))
    color = color_field("#ffffff", help_text=_("Of the new corners; #00000000 is transparent."))


class FlipOperation(OperationWords):
    """Mirrors the picture."""

    action = action_field("flip")
    direction = serializers.ChoiceField(
        ["horizontal", "vertical"],
        help_text=_("horizontal: left becomes right. vertical: the top becomes the bottom."),
    )


class BrightnessOperation(OperationWords):
    """Makes the picture lighter or darker: −100 is black, 100 twice as light."""

    action, amount = action_field("brightness"), amount_field()


class ContrastOperation(OperationWords):
    """Sets light and dark further apart: −100 is one grey, 100 twice as far."""

    action, amount = action_field("contrast"), amount_field()


class SaturationOperation(OperationWords):
    """Makes colours stronger: −100 is without, 100 twice as strong."""

    action, amount = action_field("saturation"), amount_field()


class TemperatureOperation(OperationWords):
    """Makes the picture warmer (yellow), or colder (blue) below 0."""

    action, amount = action_field("temperature"), amount_field()


class SharpenOperation(OperationWords):
    """Sharpens by an unsharp mask."""

    action = action_field("sharpen")
    amount = StrictFloatField(min_value=1, max_value=500, default=100, help_text=_("Percent."))
    radius = StrictFloatField(min_value=0.1, max_value=20, default=2, help_text=_("Pixels."))
    threshold = StrictIntegerField(
        min_value=0, max_value=255, default=3, help_text=_("Smaller differences stay as they are.")
    )


class TextOperation(OperationWords):
    """Writes on the picture; lines are broken between words, and between any two Chinese signs."""

    action = action_field("text")
    text = StrictCharField(max_length=LONGEST_WRITING, help_text=_("“\\n” begins a new line."))
    font = StrictCharField(max_length=50, default="sans", help_text=_("One of the hub's fonts."))
    size = StrictIntegerField(min_value=4, max_value=2000, help_text=_("Pixels."))
    color = color_field("#ffffff", help_text=_("Of the letters, as #RRGGBB or #RRGGBBAA."))
    outline_width = StrictIntegerField(
        min_value=0, max_value=100, default=0, help_text=_("Pixels.")
    )
    outline_color = color_field("#000000", help_text=_("Of the outline, as #RRGGBB or #RRGGBBAA."))
    background = color_field(None, help_text=_("Behind the text. Default: none."))
    padding = pixels(0, default=0, help_text=_("Pixels between the text and the edge of its box."))
    position = place_field("bottom")
    margin = pixels(0, default=16, help_text=_("Pixels to the picture's edge."))
    x, y = (
        pixels(0, help_text=_("Pixels from the left.")),
        pixels(0, help_text=_("Pixels from the top.")),
    )
    width = pixels(
        help_text=_("Pixels of its box. Default: as wide as the text, within the margins.")
    )
    align = serializers.ChoiceField(
        ["left", "center", "right"],
        default="center",
        help_text=_("How its lines stand in their box."),
    )
    line_spacing = StrictFloatField(
        min_value=0.8,
        max_value=3,
        default=1.3,
        help_text=_("From line to line, in sizes of the text."),
    )

    default_error_messages = {
        "control": _("It holds a control character; only line breaks are taken.")
    }

    def validate_text(self, value: str) -> str:
        """Refuse what no font draws."""
        if CONTROL.search(value):
            raise ValidationError(self.error_messages["control"], "invalid")
        return value


class OverlayOperation(OperationWords):
    """Lays another picture over it, such as a logo; its transparent parts stay so."""

    action = action_field("overlay")
    image = StrictCharField(help_text=_("The id of a picture of the same owner."))
    width = pixels(help_text=_("Pixels, in place of “percent”."))
    percent = StrictFloatField(
        required=False,
        min_value=0.1,
        max_value=100,
        help_text=_("Of the picture's width. Default: 20."),
    )
    opacity = StrictFloatField(
        min_value=0, max_value=1, default=1, help_text=_("0: not to be seen; 1: as it is.")
    )
    position = place_field("bottom_right")
    margin = pixels(0, default=16, help_text=_("Pixels to the picture's edge."))
    x, y = (
        pixels(0, help_text=_("Pixels from the left.")),
        pixels(0, help_text=_("Pixels from the top.")),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two widths."""
        if "width" in attrs and "percent" in attrs:
            raise self.refuse("width", "conflict", other="percent")
        return attrs


class FlattenOperation(OperationWords):
    """Puts a colour behind what is transparent."""

    action = action_field("flatten")
    color = color_field("#ffffff", form=PLAIN_COLOR, help_text=_("The colour, as #RRGGBB."))


KINDS: Final[Mapping[str, type[OperationWords]]] = {
    "crop": CropOperation, "resize": ResizeOperation, "rotate": RotateOperation, "flip": FlipOperation,
    "brightness": BrightnessOperation, "contrast": ContrastOperation, "saturation": SaturationOperation,
    "temperature": TemperatureOperation, "sharpen": SharpenOperation, "text": TextOperation, "overlay": OverlayOperation,
    "flatten": FlattenOperation,
}  # fmt: skip
