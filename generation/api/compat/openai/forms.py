"""Edits as forms: texts, and pictures as files. They become what the same edit is in JSON, and are checked as that."""

import base64
import re
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from genhub.api.parsers import read_within
from genhub.lib.errors import gettext_noop
from genhub.lib.limits import with_picture
from storage.api.parsers import FORM, MalformedForm, parse_form

MASK = "mask"
PICTURE = re.compile(r"image(\[[0-9]*\])?")
WHOLE_NUMBERS = frozenset({"n", "output_compression", "partial_images", "seed"})
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}")
FRACTION = re.compile(r"[0-9]{0,9}\.?[0-9]{1,9}")
FLAGS = {"true": True, "false": False}


class MalformedEdit(MalformedForm):
    """The form cannot be taken apart."""

    code = "malformed_edit"
    detail = gettext_noop(
        "Send texts and pictures as parts of one multipart/form-data body: “prompt”, “image”, “mask”."
    )


class EditParser(BaseParser):
    """A form with texts and pictures, no larger in all than an order in JSON with a picture."""

    media_type = FORM
    malformed: type[MalformedForm] = MalformedEdit

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """Return what the form says; raise BodyTooLarge without reading past the limit, or MalformedForm."""
        limit = with_picture(settings.API_MAX_BODY_BYTES, settings.UPLOAD_MAX_BYTES)
        body = read_within(stream, limit)
        try:
            fields, files = parse_form(parser_context["request"], body, str(media_type))
        except MalformedForm as error:
            raise self.malformed from error
        return self.read(fields, files)

    def read(self, fields: Any, files: Any) -> dict[str, Any]:
        """Return the words of a form as JSON has them."""
        return read_form(fields, files)


def read_form(fields: Any, files: Any) -> dict[str, Any]:
    """Return the words of a form as JSON has them. A word that comes twice stays a list, which its field refuses."""
    said: dict[str, Any] = {}
    for name, texts in fields.lists():
        add(said, name, [read_text(name, text) for text in texts])
    for name, sent in files.lists():
        add(said, name, [{"image_url": data_uri(file)} for file in sent])
    return said


def add(said: dict[str, Any], name: str, values: list[Any]) -> None:
    """Add what came under a name; pictures are gathered whichever way they are numbered."""
    if PICTURE.fullmatch(name):
        said["image"] = [*said.get("image", ()), *values]
    else:
        said[name] = values if len(values) > 1 or name in said else values[0]


def read_text(name: str, text: str) -> Any:
    """Return the value that a text stands for; what is none stays text, which its field refuses."""
    if PICTURE.fullmatch(name) or name == MASK:
        return {"image_url": text}
    if name in WHOLE_NUMBERS and WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if name == "strength" and FRACTION.fullmatch(text):
        return float(text)
    if name == "stream":
        return FLAGS.get(text.lower(), text)
    return text


def data_uri(file: Any) -> str:
    """Return a file as an order brings a picture along; its type is judged there."""
    kind = str(file.content_type or "").partition(";")[0].strip()
    return f"data:{kind};base64,{base64.b64encode(file.read()).decode()}"
