"""Bodies are bounded before they are read."""

import codecs
import io
import re
from typing import IO, Any, Final

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from genhub.lib.errors import Problem, gettext_noop
from genhub.lib.limits import with_picture

# A JSON string that holds a data URI. Its letters cost a parser nothing, unlike those of braces.
BROUGHT: Final = re.compile(rb'"data:[^"]*"', re.IGNORECASE)
BEGUN: Final = re.compile(rb'"data:', re.IGNORECASE)
# The same, or nothing but base64, slashes and ends of lines escaped as JSON may have them.
BROUGHT_BARE: Final = re.compile(rb'"(?:data:[^"]*|[a-z0-9+/=\\]{1024,})"', re.IGNORECASE)
BEGUN_BARE: Final = re.compile(rb'"(?:data:|[a-z0-9+/=\\]{1024})', re.IGNORECASE)


class BodyTooLarge(Problem):
    """The body is larger than the hub reads."""

    code = "body_too_large"
    status = 413
    title = gettext_noop("The body is too large")
    detail = gettext_noop("At most %(limit_bytes)s bytes are read.")


class BoundedJSONParser(BaseParser):
    """JSON up to API_MAX_BODY_BYTES; NaN and Infinity are malformed, as RFC 8259 has it.

    It uses DRF's JSONParser and is none, since DRF reads a body whole before it asks a JSONParser.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        """Return the parsed body, or raise BodyTooLarge without reading past the limit."""
        body = self.read(stream)
        # Some editors and libraries begin UTF-8 with a mark; RFC 8259 lets readers skip it.
        body = body.removeprefix(codecs.BOM_UTF8)
        try:
            said = JSONParser().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("nested too deep") from error
        if not isinstance(said, dict):
            raise ParseError("no object")
        return said

    def read(self, stream: IO[Any]) -> bytes:
        """Return the body; raise BodyTooLarge without reading past the limit."""
        return read_within(stream, settings.API_MAX_BODY_BYTES)


class OrderParser(BoundedJSONParser):
    """JSON that may bring along a picture of UPLOAD_MAX_BYTES as a data URI; all else has API_MAX_BODY_BYTES, as
    everywhere: a few of them, of empty lists, already take twenty times the memory."""

    begun, brought = BEGUN, BROUGHT

    def read(self, stream: IO[Any]) -> bytes:
        """Return the body; raise BodyTooLarge without reading past what it can be."""
        limit: int = settings.API_MAX_BODY_BYTES
        body: bytes = stream.read(limit + 1)
        if len(body) <= limit:
            return body
        if not self.begun.search(body):
            raise BodyTooLarge(limit_bytes=limit)
        most = with_picture(limit, settings.UPLOAD_MAX_BYTES)
        body += read_within(stream, most - len(body), told=most)
        if len(body) - sum(len(found) for found in self.brought.findall(body)) > limit:
            raise BodyTooLarge(limit_bytes=limit)
        return body


class BarePictureParser(OrderParser):
    """JSON that may bring along a picture also as bare base64, as clients of other APIs send it."""

    begun, brought = BEGUN_BARE, BROUGHT_BARE


def read_within(stream: IO[Any], limit: int, *, told: int | None = None) -> bytes:
    """Return the rest of a body, at most so much of it."""
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit_bytes=told or limit)
    return body
