"""Content credentials made of a picture's digest: whoever writes the picture leaves room for them, and puts them there.

The library then neither reads the picture nor writes it anew, which took it three times as long as to sign: its streams
come back to Python for each 8 kB. What it does so is part of its interface in C (c2pa.h), and not yet of its Python.
"""

import ctypes
import json
import logging
import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from storage.credentials import History, Signing, add_actions, add_ingredients, describe, signing_of
from storage.signing_keys import find_pair

if TYPE_CHECKING:
    import c2pa

logger = logging.getLogger(__name__)

HASHED_BY: Final = "sha256"
# Of what a call returns: its bytes, which the library has to free.
Given = ctypes.POINTER(ctypes.c_ubyte)


class DigestSigner:
    """Signs one picture: `size_bytes` are left free in it, and not counted in its digest."""

    def __init__(
        self, builder: "c2pa.Builder", signing: Signing, content_type: str, name: str
    ) -> None:
        self._builder, self._signing, self._name = builder, signing, name
        self._content_type = content_type.encode()
        reserve = signing.signer.reserve_size()
        self.size_bytes = len(self._take(bind()[0], reserve, self._content_type))

    def sign(self, start: int, digest: bytes) -> bytes | None:
        """Return what fills the room that begins there, for a picture of this digest (SHA-256); None where it cannot be
        signed, which is logged."""
        room = {"start": start, "length": self.size_bytes}
        told = {
            "exclusions": [room], "name": "jumbf manifest", "alg": HASHED_BY, "hash": list(digest), "pad": [],
        }  # fmt: skip
        try:
            with self._signing.signer._native_call():  # noqa: SLF001 (said above)
                signer: Any = self._signing.signer
                said = json.dumps(told).encode()
                found = self._take(
                    bind()[1], signer._handle, said, self._content_type, None  # noqa: SLF001 (said above)
                )  # fmt: skip
        except failures() as error:
            self._tell(error)
            return None
        if len(found) != self.size_bytes:
            self._tell(ValueError(f"{len(found)} bytes for {self.size_bytes}"))
            return None
        return found

    def close(self) -> None:
        """Let go of what the library keeps."""
        self._builder.close()

    def _take(self, function: Any, *words: Any) -> bytes:
        """Call a function of the library with the builder, and return the bytes that it gives."""
        from c2pa import c2pa as package  # noqa: PLC0415 (only who signs loads it)

        own: Any = package
        given = Given()
        with self._builder._exclusive_native_call():  # noqa: SLF001 (said above)
            count = function(self._builder._handle, *words, ctypes.byref(given))  # noqa: SLF001
            own._check_ffi_operation_result(count, "not signed: {}", check=lambda n: n <= 0)  # noqa: SLF001
        try:
            return ctypes.string_at(given, count)
        finally:
            own._lib.c2pa_free(given)  # noqa: SLF001 (said above)

    def _tell(self, error: Exception) -> None:
        logger.error("%s is stored without content credentials", self._name, exc_info=error)


def open_signer(content_type: str, history: History) -> DigestSigner | None:
    """Return what signs a picture of this history; None where it cannot be signed, which is logged."""
    if not settings.CONTENT_CREDENTIALS:
        return None
    import c2pa  # noqa: PLC0415 (only who signs loads it)

    name = f"art_{history.artifact_id.hex}"
    try:
        signing = signing_of(find_pair(), os.getpid())
        builder = c2pa.Builder(describe(content_type, history), signing.context)
        add_actions(builder, history, add_ingredients(builder, history.ingredients))
        return DigestSigner(builder, signing, content_type, name)
    except failures():
        logger.exception("%s is stored without content credentials", name)
        return None


def failures() -> tuple[type[Exception], ...]:
    """Return what signing raises."""
    import c2pa  # noqa: PLC0415 (only who signs loads it)

    return c2pa.C2paError, ImproperlyConfigured, OSError


@cache
def bind() -> tuple[Callable[..., int], Callable[..., int]]:
    """Return the library's functions that leave room for a manifest, and that sign one."""
    from c2pa import c2pa as package  # noqa: PLC0415 (only who signs loads it)

    own: Any = package
    reserve = own._lib.c2pa_builder_data_hashed_placeholder  # noqa: SLF001 (said above)
    reserve.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.POINTER(Given)]
    sign = own._lib.c2pa_builder_sign_data_hashed_embeddable  # noqa: SLF001 (said above)
    sign.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(Given),
    ]  # fmt: skip
    reserve.restype = sign.restype = ctypes.c_int64
    return reserve, sign
