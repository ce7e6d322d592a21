"""Bodies are bounded before they are read."""

import codecs
import io
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from genhub.lib.errors import Problem, gettext_noop


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
        limit = settings.API_MAX_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge(limit_bytes=limit)
        # Some editors and libraries begin UTF-8 with a mark; RFC 8259 lets readers skip it.
        body = body.removeprefix(codecs.BOM_UTF8)
        try:
            return JSONParser().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("nested too deep") from error
