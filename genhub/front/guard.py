"""What stands around Django's own WSGI application: no request ends in an error that nobody worded."""

import codecs
import logging
from typing import Any

from django.http import UnreadablePostError
from django.utils.http import parse_header_parameters

from genhub.front.refusals import (
    BodyCutShort,
    CharsetUnsupported,
    ContentEncodingUnsupported,
    refuse_header,
)
from genhub.front.wording import word_problem
from genhub.lib.errors import Problem, gettext_noop

logger = logging.getLogger(__name__)

READ_CHARSETS = {"utf-8", "ascii"}
TEXT_TYPES = ("text/", "application/json", "application/x-www-form-urlencoded", "multipart/")
# Parameters that are read; all others mean nothing to the hub.
KEPT_PARAMETERS = ("boundary",)


class Guard:
    """A WSGI application that answers in problem JSON what another one lets escape."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer by the application, or say why not."""
        try:
            check_content_encoding(environ)
            settle_content_type(environ)
            return self.application(environ, start_response)
        except Problem as problem:
            return refuse(problem, environ, start_response)
        except UnreadablePostError:
            return refuse(BodyCutShort(), environ, start_response)
        except Exception:
            logger.exception("unhandled error outside of any view at %s", environ.get("PATH_INFO"))
            return refuse(Problem(), environ, start_response)


def refuse(problem: Problem, environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with a problem."""
    status, headers, body = word_problem(problem, environ)
    start_response(status, headers)
    return [body]


def check_content_encoding(environ: dict[str, Any]) -> None:
    """Raise when the body is compressed: read as it is it would be called malformed, which does not say why."""
    coding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in {"", "identity"}:
        # Where callers can read which one is taken (RFC 7694).
        raise ContentEncodingUnsupported(headers={"Accept-Encoding": "identity"})


def settle_content_type(environ: dict[str, Any]) -> None:
    """Leave of the Content-Type what every reader behind understands; raise a Problem when it cannot be read.

    Django reads it before any handler of errors stands, and takes any codec of Python for a charset.
    """
    given = environ.get("CONTENT_TYPE", "")
    if ";" not in given:
        return
    try:
        kind, words = parse_header_parameters(given)
    except (LookupError, ValueError):
        raise refuse_header(
            "content-type", gettext_noop("Its parameters cannot be read.")
        ) from None
    charset = words.get("charset")
    if charset and kind.startswith(TEXT_TYPES) and not is_read(charset):
        raise CharsetUnsupported
    if "charset" in words or any("*" in part for part in given.split(";")[1:]):
        kept = [f'{name}="{words[name]}"' for name in KEPT_PARAMETERS if name in words]
        environ["CONTENT_TYPE"] = "; ".join([kind, *kept])


def is_read(charset: str) -> bool:
    """Return whether text in this charset is UTF-8 as it stands."""
    try:
        return codecs.lookup(charset).name in READ_CHARSETS
    except (LookupError, ValueError):
        return False
