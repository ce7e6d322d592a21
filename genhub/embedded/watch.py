"""What health complains of, said once when it begins and once when it is over."""

import re
import threading
from collections.abc import Callable
from typing import Any

LOOK_SECONDS = 10.0
NUMBER = re.compile(r"\d+")


class HealthWatch:
    """Asks for health from a thread of its own: a web server that hangs must not keep the launcher from the others."""

    def __init__(self, read: Callable[[], Any | None]) -> None:
        self._read = read
        self._over = threading.Event()
        self._lines: list[str] = []
        # What is wrong, and how, but for the numbers: those grow while it lasts.
        self._said: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    def begin(self) -> None:
        """Look once and note whatever is wrong; then look again and again beside the caller's other work."""
        self.look(is_patient=False)
        threading.Thread(target=self._keep_looking, name="health", daemon=True).start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()

    def news(self) -> list[str]:
        """Return what has not been said yet."""
        lines, self._lines = self._lines, []
        return lines

    def look(self, *, is_patient: bool = True) -> None:
        """Look once; patiently, only what was wrong at the last look, too, is noted: a restart takes a moment."""
        found = dict(list_complaints(self._read()))
        seen = {what: NUMBER.sub("", words) for what, words in found.items()}
        for what, words in found.items():
            is_new = self._said.get(what) != seen[what]
            if is_new and (not is_patient or self._seen.get(what) == seen[what]):
                self._said[what] = seen[what]
                self._lines.append(f"! {what}: {words}")
        for what in sorted(self._said.keys() - found.keys()):
            del self._said[what]
            self._lines.append(f"· {what}: well again")
        self._seen = seen

    def _keep_looking(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.look()


def list_complaints(health: Any | None) -> list[tuple[str, str]]:
    """Return what is not well by the word of /api/v1/health, such as a worker whose model cannot be loaded."""
    if health is None:
        return [("web server", "it does not answer")]
    return [(what, said) for what, said in health["checks"].items() if said != "ok"]
