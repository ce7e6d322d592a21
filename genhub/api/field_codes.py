"""The codes that the `errors` of a refusal have, each with what it means: apps may decide by them."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# What the same mend helps against stands together; those in camel case are words of JSON Schema, in which templates
# say what they take.
MEANINGS: Final = (
    (gettext_lazy("It must be said."), ("required", "missing", "null", "blank", "empty")),
    (gettext_lazy("There is no field, parameter or thing of this name."), ("unknown", "additionalProperties")),
    (gettext_lazy("It is none of the values that there are."), ("enum", "invalid_choice")),
    (
        gettext_lazy("It has another form or type than it must have."),
        (
            "invalid", "type", "pattern", "date", "make_aware", "not_a_dict", "not_a_list", "not_an_id",
            "not_an_object", "plus_as_space", "text", "null_characters_not_allowed",
            "surrogate_characters_not_allowed",
        ),
    ),
    (gettext_lazy("It is too short or too small."), ("min_length", "minLength", "min_value", "minimum")),
    (
        gettext_lazy("It is too long or too large."),
        (
            "max_length", "maxLength", "max_string_length", "max_value", "maximum", "number", "overflow", "key",
            "too_large", "too_long",
        ),
    ),
    (gettext_lazy("It is not between the limits of the model."), ("out_of_range", "not_a_multiple", "unsupported_size")),
    (gettext_lazy("It holds too much, or goes too deep."), ("depth", "many", "too_deep", "too_many", "too_much", "too_costly")),
    (gettext_lazy("So many more mistakes are not listed."), ("more",)),
    (gettext_lazy("The model or the hub does not do it."), ("unsupported", "not_offered", "no_transparency", "no_format")),
    (gettext_lazy("It cannot stand beside another field."), ("conflict", "together", "contradicts_quality", "filtered", "lossless", "repeated")),
    (gettext_lazy("The template decides it, or there is no template."), ("decided_by_template", "no_template")),
    (gettext_lazy("The plan, the platform or the key does not allow it."), ("above_plan", "not_of_the_brand", "not_yours", "leaves_the_house")),
    (gettext_lazy("It is for clips alone, or not for clips."), ("only_clips", "one_clip", "a_clip")),
    (gettext_lazy("Needs a picture to start from."), ("no_image",)),
    (gettext_lazy("Pictures must have the same shape."), ("shape_differs",)),
    (gettext_lazy("Upload the picture first, and name its id."), ("upload_first",)),
    (gettext_lazy("The file cannot be read, or is of a kind that is not taken."), ("unreadable", "unsupported_type", "type_differs", "bad_data", "too_many_scans")),
    (gettext_lazy("The picture has too many pixels, or is too long for its width."), ("too_many_pixels", "side_too_long", "too_narrow")),
    (gettext_lazy("What came is not what was announced."), ("size_differs", "checksum_differs")),
    (gettext_lazy("The address may not be called, or gives no picture."), ("bad_address", "not_fetched")),
    (gettext_lazy("No endpoint signs for addresses of orders: make one without a url."), ("nobody_signs",)),
    (gettext_lazy("It never changes once it was made."), ("fixed",)),
    (gettext_lazy("The task cannot be ordered again or further so."), ("follows", "is_last", "lora_gone", "no_follow_ups", "not_delivered", "not_kept", "of_a_chain", "one_each", "prompt_deleted")),
    (
        gettext_lazy("The operation does not fit this picture, or no font draws the text."),
        ("does_not_fit", "no_glyph", "outside", "transparent"),
    ),
    (gettext_lazy("What it says is not made here."), ("content_refused",)),
)  # fmt: skip
CODES: Final = {code: meaning for meaning, codes in MEANINGS for code in codes}


def list_field_codes() -> str:
    """Return them as a table in Markdown that opens at a click, in the reader's language."""
    rows = [
        f"| {', '.join(f'`{code}`' for code in codes)} | {meaning} |" for meaning, codes in MEANINGS
    ]
    head = [
        _(
            "What is wrong with single fields stands in `errors`, each with one of these codes; in a batch also the code that an order alone would be refused with."
        ),
        "",
        f"<details><summary>{_('Codes of fields')}</summary>",
        "",
        f"| {_('Code')} | {_('Meaning')} |",
        "| --- | --- |",
    ]
    return "\n".join([*head, *rows, "", "</details>"])
