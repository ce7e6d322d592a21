"""Hangs a worker, once, in the stage that FAULT_STAGE names; the file FAULT_MARK says that it has happened."""

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import signals
from diffusers import ZImageTransformer2DModel

from generation.engine.decoding import Decoder
from storage import services

MARK = Path(os.environ["FAULT_MARK"])
# To warm up is not yet to work.
working = threading.Event()


@signals.task_prerun.connect
def begin_to_work(**_: Any) -> None:
    working.set()


def hang_holding_the_lock() -> None:
    """Hang as a stuck driver call does: no other thread of Python runs any more."""
    while True:
        ctypes.PyDLL(None).pause()


def hang_beside_the_others() -> None:
    """Hang as a dead network does: the other threads go on, and the heart beats."""
    threading.Event().wait()


def once(act: Callable[..., Any], hang: Callable[[], None]) -> Callable[..., Any]:
    """Return the act, but that hangs instead when it is first called at work."""

    def hang_once(*values: Any, **words: Any) -> Any:
        if working.is_set() and not MARK.exists():
            MARK.touch()
            hang()
        return act(*values, **words)

    return hang_once


PLACES: dict[str, tuple[Any, str, Callable[[], None]]] = {
    "step": (ZImageTransformer2DModel, "forward", hang_holding_the_lock),
    "decode": (Decoder, "_pixels", hang_beside_the_others),
    "store": (services, "put", hang_beside_the_others),
}
owner, name, way = PLACES[os.environ["FAULT_STAGE"]]
setattr(owner, name, once(getattr(owner, name), way))
