"""What a migration would do to the release before it, which goes on serving while it runs, read from its SQL.

django-migration-linter knows the statements; it is given one operation at a time, since within a whole migration one
column's default would excuse another's NOT NULL. Constraints that are held against each row under a lock are ours.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlparse
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

Name = tuple[str, str]

TABLE = re.compile(
    r'(?:^(?:ALTER|CREATE|DROP) TABLE (?:IF (?:NOT )?EXISTS )?(?:ONLY )?| ON (?:ONLY )?)"?(\w+)"?'
)
CREATED = re.compile(r'^CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?')
HELD_AGAINST_EACH_ROW = re.compile(r"^ALTER TABLE .* ADD CONSTRAINT .* (CHECK|FOREIGN KEY|EXCLUDE)")
# What costs time and a lock, by the size of the table alone; all else breaks the release before on any table.
SLOW = {"CREATE_INDEX", "CREATE_INDEX_EXCLUSIVE", "DROP_INDEX", "REINDEX", "VALIDATES"}


class Analyser(PostgresqlAnalyser):
    """The linter's own checks, and one for constraints that PostgreSQL holds against all rows before it goes on."""

    migration_checks = [
        *PostgresqlAnalyser.migration_checks,
        Check(
            code="VALIDATES",
            fn=lambda sql, **words: HELD_AGAINST_EACH_ROW.search(sql) and "NOT VALID" not in sql,
            message="ADD CONSTRAINT reads each row under a lock",
            mode=CheckMode.ONE_LINER,
            type=CheckType.WARNING,
        ),
    ]


@dataclass
class Linter:
    """Reads migrations; tables of `small` may be read whole under a lock."""

    small: frozenset[str] = frozenset()
    _created: set[str] = field(default_factory=set)

    def lint(self, migration: Migration, state: ProjectState) -> set[str]:
        """Return the codes of what a migration does that it must not; the state is moved on."""
        self._created = set()
        found: set[str] = set()
        for operation in migration.operations:
            found.update(self._judge(write(operation, migration.app_label, state)))
        return found

    def _judge(self, statements: Iterable[str]) -> Iterator[str]:
        others = []
        for statement in statements:
            if made := CREATED.search(statement):
                self._created.add(made[1])
            # Nobody waits for a table that nobody knows yet.
            if set(TABLE.findall(statement)).isdisjoint(self._created):
                others.append(statement)
        analyser = Analyser(None)
        analyser.analyse(others)
        tables = {table for statement in others for table in TABLE.findall(statement)}
        for issue in [*analyser.errors, *analyser.warnings]:
            if issue.code not in SLOW or not tables <= self.small:
                yield issue.code


def write(operation: Operation, app: str, state: ProjectState) -> list[str]:
    """Return the statements that an operation would send, one each, and move the state on."""
    before = state.clone()
    operation.state_forwards(app, state)
    if not operation.reduces_to_sql:
        return []
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        operation.database_forwards(app, editor, before, state)
        sent = list(editor.collected_sql)
        sent += [str(statement) + ";" for statement in editor.deferred_sql]
        editor.deferred_sql = []
    return [
        " ".join(sqlparse.format(part, strip_comments=True).split())
        for text in sent
        for part in sqlparse.split(text)
    ]


def after(loader: MigrationLoader, baseline: dict[str, str]) -> list[Migration]:
    """Return the migrations of the apps in a baseline that come after it, in the order in which they run."""
    nodes: Iterable[Name] = dict.fromkeys(
        node
        for app in baseline
        for leaf in loader.graph.leaf_nodes(app)
        for node in loader.graph.forwards_plan(leaf)
    )
    return [
        loader.disk_migrations[app, name] for app, name in nodes if name > baseline.get(app, "~")
    ]


def state_before(loader: MigrationLoader, migration: Migration) -> ProjectState:
    """Return the models as they are when a migration begins."""
    # A loader may be given what is on no disk: then only what it depends on is known.
    node = (migration.app_label, migration.name)
    if node in loader.graph.nodes:
        return loader.project_state(node, at_end=False)
    return loader.project_state([*migration.dependencies])
