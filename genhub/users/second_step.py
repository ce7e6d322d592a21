"""The second step of signing in: a code of one's phone (TOTP, RFC 6238), or one of the recovery codes.

django-otp does the arithmetic. Its own tables would hold keys and recovery codes as plain text, so these rows are ours:
the key is sealed, of a recovery code the hub knows its hash alone. How many codes may be tried is bounded as passwords
are, but from everywhere together: who comes here knows the password.
"""

import base64
import logging
import secrets
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest
from django_otp.oath import TOTP
from limits import RateLimitItem

from genhub.lib import throttle
from genhub.lib.sealing import NotSealable, seal, unseal
from genhub.users.models import RecoveryCode, SecondStep, User
from genhub.users.signing_in import address_of, name_account, unlocks

logger = logging.getLogger(__name__)

KEY_BYTES: Final = 20
CODE_DIGITS: Final = 6
# Codes of the 30 seconds before and after count too: clocks differ, and people type slowly.
TOLERANCE: Final = 1
RECOVERY_CODES: Final = 10
# 80 bits: nobody finds the code of a hash by trying.
RECOVERY_BYTES: Final = 10
# In the session: whose key it took the step by.
TAKEN: Final = "second_step"


class TooManyCodes(Exception):
    """Too many wrong codes were tried: none is looked at for so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class KeyNotKept(Exception):
    """The hub has no key of its own to seal with."""


def step_of(user: Any) -> SecondStep | None:
    """Return the second step of a member of staff, None without one."""
    step: SecondStep | None = getattr(user, "second_step", None)
    return step


def is_taken(session: SessionBase, step: SecondStep) -> bool:
    """Return whether a session took the step of this very phone."""
    return bool(session.get(TAKEN) == step.pk)


def take(request: HttpRequest, step: SecondStep) -> None:
    """Let this session, under a new name, have taken the step."""
    request.session.cycle_key()
    request.session[TAKEN] = step.pk


def new_key() -> str:
    """Return a new key, sealed; raise KeyNotKept where none could be kept."""
    try:
        return seal(secrets.token_hex(KEY_BYTES))
    except (NotSealable, ImproperlyConfigured) as error:
        raise KeyNotKept from error


def open_key(sealed: str) -> bytes:
    """Return a key; raise NotSealable when none of the hub's own opens it."""
    return bytes.fromhex(unseal(sealed))


def spell_key(sealed: str) -> str:
    """Return a key as people type it: letters and digits in groups of four."""
    text = base64.b32encode(open_key(sealed)).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_key(user: User, sealed: str) -> str:
    """Return the address by which a phone takes a key: github.com/google/google-authenticator/wiki/Key-Uri-Format."""
    words = {"secret": base64.b32encode(open_key(sealed)).decode(), "issuer": "GenHub"}
    return f"otpauth://totp/GenHub:{quote(user.get_username(), safe='')}?{urlencode(words)}"


def set_up(request: HttpRequest, user: User, sealed: str, code: str) -> list[str]:
    """Let a phone that knows a key be the second step, if it tells a right code of it; return the recovery codes, none
    where the code is wrong or there is a step. Raises TooManyCodes."""
    count(request, user)
    taken = judge(open_key(sealed), code, after=-1)
    if taken is None:
        note_wrong(request, user)
        return []
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if SecondStep.objects.filter(user=user).exists():
            return []
        step = SecondStep.objects.create(user=user, sealed=sealed, last_taken=taken)
        codes = renew_recovery_codes(step)
    throttle.forget(*limit(user))
    take(request, step)
    return codes


def check(request: HttpRequest, user: User, code: str) -> bool:
    """Return whether a code is right: of the phone once, or one of the recovery codes, which is used up. Raises
    TooManyCodes; NotSealable for a code of the phone when nothing opens its key."""
    count(request, user)
    with transaction.atomic():
        step = SecondStep.objects.select_for_update(no_key=True).filter(user=user).first()
        is_right = step is not None and (take_code(step, code) or take_recovery_code(step, code))
    if is_right:
        throttle.forget(*limit(user))
    else:
        note_wrong(request, user)
    return is_right


def take_code(step: SecondStep, code: str) -> bool:
    """Return whether a code is one of the phone after the last that was taken; it is taken now."""
    if not is_phones(code):
        return False
    taken = judge(open_key(step.sealed), code, after=step.last_taken)
    if taken is None:
        return False
    step.last_taken = taken
    step.save(update_fields=["last_taken"])
    return True


def judge(key: bytes, code: str, *, after: int) -> int | None:
    """Return which 30 seconds since 1970 a code is of, None for a wrong one or one that is not after a number."""
    if not is_phones(code):
        return None
    clock = TOTP(key, digits=CODE_DIGITS)
    if not clock.verify(int(fold(code)), tolerance=TOLERANCE, min_t=after + 1):
        return None
    return int(clock.t())


def is_phones(code: str) -> bool:
    """Return whether a text looks like a code of a phone."""
    text = fold(code)
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit()


def take_recovery_code(step: SecondStep, code: str) -> bool:
    """Return whether a code is one of those left; it is used up then."""
    gone, _rows = step.recovery_codes.filter(digest=digest(code)).delete()
    return gone > 0


def renew_recovery_codes(step: SecondStep) -> list[str]:
    """Return new recovery codes; those before count no more."""
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        step.recovery_codes.all().delete()
        rows = [RecoveryCode(step=step, digest=digest(code)) for code in codes]
        RecoveryCode.objects.bulk_create(rows)
    return codes


def new_recovery_code() -> str:
    """Return a recovery code: 16 letters and digits in groups of four."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def digest(code: str) -> str:
    """Return what the hub keeps of a recovery code."""
    return sha256(fold(code).encode(errors="replace")).hexdigest()


def fold(code: str) -> str:
    """Return a code as it is compared, however people part and write it."""
    return "".join(code.split()).replace("-", "").lower()


def remove(user: User) -> bool:
    """Let a password be enough again; return whether it was not."""
    gone, _rows = SecondStep.objects.filter(user=user).delete()
    return gone > 0


def limit(user: User) -> tuple[RateLimitItem, str, str]:
    """Return by what tries are counted: the account, anew after each unlocking."""
    unlocked = throttle.read(unlocks(), name_account(user.get_username()))
    bound = throttle.per(settings.LOGIN_WINDOW_SECONDS, settings.LOGIN_TRIES, "second-step")
    return bound, str(user.pk), str(unlocked)


def count(request: HttpRequest, user: User) -> None:
    """Count a try; log and raise TooManyCodes for one that is not looked at."""
    if seconds := throttle.count(*limit(user)):
        name, where = user.get_username(), address_of(request)
        logger.warning("second step as %r from %s refused for %s s", name, where, seconds)
        raise TooManyCodes(seconds)


def note_wrong(request: HttpRequest, user: User) -> None:
    """Log a wrong code, never what was typed."""
    logger.warning("wrong second step as %r from %s", user.get_username(), address_of(request))
