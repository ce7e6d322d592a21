"""HTTP Basic, for clients that know no other way: its password is the key."""

import base64
import binascii
from typing import NamedTuple

from rest_framework.request import Request

from genhub.lib.errors import gettext_noop
from genhub.platforms.authentication import BearerKeyAuthentication, KeyMissing
from genhub.platforms.pages import check_page


class LoginMissing(KeyMissing):
    """No key came with the request, neither as a password nor by itself."""

    detail = gettext_noop(
        "Send it as the password of HTTP Basic, or as “Authorization: Bearer <key>”."
    )


class Login(NamedTuple):
    """What came by HTTP Basic."""

    name: str
    password: str


class BasicKeyAuthentication(BearerKeyAuthentication):
    """Authenticate by HTTP Basic, whose password is the key or token, or by `Authorization: Bearer <key>`."""

    def read_secret(self, request: Request) -> str:
        """Return the key or token that came along, or raise LoginMissing or ForeignPage."""
        if (login := read_login(request)) and login.password:
            check_page(request)
            return login.password
        try:
            return super().read_secret(request)
        except KeyMissing as error:
            raise LoginMissing(headers=error.headers) from None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Basic realm="genhub", charset="UTF-8"'


def read_login(request: Request) -> Login | None:
    """Return what came by HTTP Basic, None where nothing readable did; names of other bytes than UTF-8 are latin-1, as
    some clients send them."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        said = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        text = said.decode()
    except UnicodeError:
        text = said.decode("latin-1")
    name, _, password = text.partition(":")
    return Login(name, password.strip())
