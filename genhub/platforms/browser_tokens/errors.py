"""What is refused of browser tokens."""

from genhub.lib.errors import Problem, gettext_noop


class TokenInvalid(Problem):
    """The token is unknown or over."""

    code = "token_invalid"
    status = 401
    title = gettext_noop("The browser token is not valid")
    detail = gettext_noop(
        "It is unknown, expired or revoked, or its API key is. Ask your app's server for a new one."
    )


class OriginNotAllowed(Problem):
    """The browser shows a page of an origin that the token was not minted for."""

    code = "origin_not_allowed"
    status = 403
    title = gettext_noop("The browser token is not for this site")
    detail = gettext_noop(
        "It works for pages of the origins that it was minted for, and no others."
    )


class TokenNotEnough(Problem):
    """A token was sent where a key is needed."""

    code = "token_not_enough"
    status = 403
    title = gettext_noop("A browser token may not do this")
    detail = gettext_noop("Call this address from your app's server, with its API key.")
