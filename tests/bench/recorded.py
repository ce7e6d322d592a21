"""The statements that the hub sends, recorded from the hub itself and written as a script of pgbench."""

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from psycopg import sql

# How many new ids one run of the script may need.
IDS = 16
CLIENTS = 1000
WHOLE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HEAD = r"""\set purse random(1, {purses})
\set turn :turn + 1
"""
NEW_ID = r"\set id{n} :base + (:turn * {clients} + :client_id) * {ids} + {n}"


class Recorder:
    """Notes each statement with its values, and where a transaction begins and ends."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Any]] = []

    def record(self, act: Callable[[], Any]) -> Any:
        """Run an act and note what it sends; return what the act returned."""
        own: Any = connections["default"]
        commit = own._commit

        def note_and_commit() -> None:
            self.steps.append(("COMMIT", None))
            commit()

        # What commits is not a statement of a cursor, so the wrapper does not see it.
        own._commit = note_and_commit
        try:
            with connection.execute_wrapper(self._note):
                return act()
        finally:
            del own._commit

    def _note(self, execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        if connection.in_atomic_block and (not self.steps or self._is_outside()):
            self.steps.append(("BEGIN", None))
        self.steps.append((statement, values))
        return execute(statement, values, many, context)

    def _is_outside(self) -> bool:
        ends = [text for text, _ in self.steps if text in {"BEGIN", "COMMIT"}]
        return not ends or ends[-1] == "COMMIT"


def write_script(
    steps: Sequence[tuple[str, Any]],
    *,
    purse: uuid.UUID,
    purses: int,
    kept: Collection[uuid.UUID] = (),
    user: str = "",
) -> str:
    """Return the recorded statements, word for word, as a script: with a random purse, its user's name in place of
    `user`, new ids, and every other value as it was, the ids that are `kept` among them."""
    words = Words(purse, frozenset(kept), user)
    body = [f"{words.fill(statement, values)};" for statement, values in steps]
    ids = [NEW_ID.format(n=n, clients=CLIENTS, ids=IDS) for n in range(len(words.ids))]
    return HEAD.format(purses=purses) + "\n".join([*ids, *body]) + "\n"


class Words:
    """What stands in a statement for each recorded value."""

    def __init__(self, purse: uuid.UUID, kept: frozenset[uuid.UUID], user: str) -> None:
        self.ids: dict[uuid.UUID, int] = {}
        self._purse, self._kept, self._user = purse, kept, user

    def fill(self, statement: str, values: Any) -> str:
        """Return a statement with its values in place."""
        text = statement.strip()
        # pgbench would take a colon before a letter for a variable's, even inside a string.
        text = re.sub(r"'([^':\n]*):(\w[^'\n]*)'", r"U&'\1\\003A\2'", text)
        if isinstance(values, Mapping):
            text = text % {name: self.word(value) for name, value in values.items()}
        elif values:
            text = text % tuple(self.word(value) for value in values)
        return text

    def word(self, value: Any) -> str:
        """Return the SQL of one value."""
        if isinstance(value, uuid.UUID) and value not in self._kept:
            return f"lpad(:{self._variable(value)}::text, 32, '0')::uuid"
        if isinstance(value, list | tuple):
            return f"ARRAY[{', '.join(self.word(one) for one in value)}]"
        if isinstance(value, str) and (text := self._text(value)):
            return text
        if isinstance(value, timedelta):
            # Without a colon, which pgbench would take for a variable's.
            return f"'{value.total_seconds()} seconds'::interval"
        return sql.Literal(value).as_string()

    def _text(self, value: str) -> str:
        """Return the SQL of a text in which something changes from run to run; empty: nothing does."""
        if value == self._user:
            return "('user' || :purse)"
        if WHOLE_ID.fullmatch(value):
            return f"({self.word(uuid.UUID(value))})::text"
        if inside := self._find_id(value):
            before, after = value.split(str(inside))
            return f"({sql.Literal(before).as_string()} || {self.word(inside)} || {sql.Literal(after).as_string()})"
        return ""

    def _variable(self, value: uuid.UUID) -> str:
        if value == self._purse:
            return "purse"
        number = self.ids.setdefault(value, len(self.ids))
        if number >= IDS:
            raise AssertionError(f"the script needs more than {IDS} new ids")
        return f"id{number}"

    def _find_id(self, text: str) -> uuid.UUID | None:
        known = [self._purse, *self.ids]
        return next((value for value in known if text.count(str(value)) == 1), None)
