"""What the web server itself refuses, before or instead of the application."""

from typing import Any

from genhub.lib.errors import FieldError, Problem, gettext_noop

RETRY_AFTER = {"Retry-After": "5"}


class RequestTooSlow(Problem):
    """The request did not come in time."""

    code = "request_too_slow"
    status = 408
    title = gettext_noop("The request came too slowly")
    detail = gettext_noop("Nothing was created or charged. Send it again, whole and without pause.")


class RequestMalformed(Problem):
    """The bytes are no HTTP request, or two readings of them are possible."""

    code = "request_malformed"
    status = 400
    title = gettext_noop("This is no valid HTTP request")
    detail = gettext_noop(
        "Its first line, its headers or its body's framing break the rules of HTTP/1.1 (RFC 9112). "
        "Nothing was created or charged."
    )


class BodyCutShort(Problem):
    """The connection's other side ended before the request was whole."""

    code = "body_cut_short"
    status = 400
    title = gettext_noop("The request ended before it was whole")
    detail = gettext_noop(
        "Fewer bytes came than its headers announce. Nothing was created or charged."
    )


class HeadersTooLarge(Problem):
    """The first line and the headers are longer than the hub reads."""

    code = "headers_too_large"
    status = 431
    title = gettext_noop("The address or the headers are too long")
    detail = gettext_noop("At most %(limit_bytes)s bytes and %(most)s headers are read.")


class HeaderRefused(Problem):
    """A header says what the hub cannot take as it was meant."""

    code = "header_refused"
    status = 400
    title = gettext_noop("A header is not acceptable")
    detail = gettext_noop("Nothing was created or charged. Mend the header and send it again.")


class CharsetUnsupported(Problem):
    """The body's text is in an encoding that the hub does not read."""

    code = "charset_unsupported"
    status = 415
    title = gettext_noop("The charset is not supported")
    detail = gettext_noop("Send UTF-8, and say “charset=utf-8” or nothing.")


class ContentEncodingUnsupported(Problem):
    """The body is compressed."""

    code = "content_encoding_unsupported"
    status = 415
    title = gettext_noop("The content encoding is not supported")
    detail = gettext_noop(
        "Send the body as it is, without “Content-Encoding”. Nothing was created or charged."
    )


class ExpectationUnknown(Problem):
    """The caller expects what the hub does not know."""

    code = "expectation_unknown"
    status = 417
    title = gettext_noop("The Expect header is not understood")
    detail = gettext_noop("Only “Expect: 100-continue” is.")


class HubBusy(Problem):
    """There is no room for one more request at the moment."""

    code = "hub_busy"
    status = 503
    title = gettext_noop("The hub is busy")
    detail = gettext_noop(
        "Too much is being sent at once. Nothing was created or charged; send it again in a moment."
    )


def refuse_header(name: str, message: str, **params: Any) -> HeaderRefused:
    """Return the refusal of one header by its name."""
    shown = "-".join(word.capitalize() for word in name.split("-"))
    return HeaderRefused(errors=[FieldError(shown, "invalid", message, params)])
