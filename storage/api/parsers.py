"""Pictures as bodies: raw or as a part of a form, bounded before they are read."""

import io
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from drf_spectacular.utils import OpenApiExample
from rest_framework.parsers import BaseParser, DataAndFiles

from genhub.api.parsers import BodyTooLarge
from genhub.lib.errors import Problem, gettext_noop
from storage.uploads import FIELD

FORM = "multipart/form-data"
# As curl names a file that it sends.
FORM_EXAMPLE = OpenApiExample(
    "A file in a form", value={FIELD: "@star.png"}, request_only=True, media_type=FORM
)
# What a form may need around its file.
FORM_BYTES = 65_536


class MalformedForm(Problem):
    """The form cannot be taken apart."""

    code = "malformed_form"
    status = 400
    title = gettext_noop("The form cannot be read")
    detail = gettext_noop("Send the picture as the body, or as the part “file” of a form.")


class InMemory(FileUploadHandler):
    """Keeps files in memory: the body was bounded before, and no file with a name shall hold a picture as it came."""

    def new_file(self, *args: Any, **words: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **words)
        self.chunks: list[bytes] = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a part of the file."""
        self.chunks.append(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        """Return the file."""
        return SimpleUploadedFile(
            str(self.file_name), b"".join(self.chunks), str(self.content_type)
        )


class PictureParser(BaseParser):
    """One picture of at most UPLOAD_MAX_BYTES as `file`: the part of a form, else the body itself whatever its type."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> "DataAndFiles[Any, Any]":
        """Return the fields and the file; raise BodyTooLarge without reading past the limit."""
        most: int = settings.UPLOAD_MAX_BYTES
        kind = (media_type or "").partition(";")[0].strip().lower()
        limit = most + (FORM_BYTES if kind == FORM else 0)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(limit_bytes=most)
        if kind != FORM:
            file = SimpleUploadedFile("body", body, content_type=kind)
            return DataAndFiles(QueryDict(), MultiValueDict({FIELD: [file]}))
        fields, files = parse_form(parser_context["request"], body, str(media_type))
        if any(file.size > most for name in files for file in files.getlist(name)):
            raise BodyTooLarge(limit_bytes=most)
        return DataAndFiles(fields, files)


def parse_form(request: Any, body: bytes, media_type: str) -> tuple[Any, Any]:
    """Return the fields and files of a form; raise MalformedForm when it is none, or has too many parts."""
    meta = {**request.META, "CONTENT_TYPE": media_type, "CONTENT_LENGTH": str(len(body))}
    try:
        return MultiPartParser(meta, io.BytesIO(body), [InMemory(request)], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise MalformedForm from error
