"""The file of an empty database says what the migrations make, and nothing but an empty one takes it.

SCHEMA=record writes the file anew, from the migrations as they are.
"""

import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from genhub.backups import client_programs
from genhub.schema import loading
from tests.databases import empty_database
from tests.faults.ledger.connected import connected

pytestmark = pytest.mark.django_db(transaction=True)
# What pg_dump says of itself, of each thing that follows, and of what it wants while it is read.
UNSAID = re.compile(
    r"^(--\n-- .*\n--\n+|--\n-- .*\n--$|\\(un)?restrict .*\n|-- Dumped .*\n|SET .*;\n|SELECT pg_catalog\.set_config.*\n|COMMENT ON EXTENSION .*\n)",
    re.MULTILINE,
)
# PostgreSQL says these otherwise once it has read what it said itself.
SAID_AGAIN = re.compile(r"::(character varying|text)(\[\])?|[()]")
HEAD = """-- What the migrations make of an empty database, as pg_dump says it. Not written by hand:
-- SCHEMA=record python -m pytest tests/schema
"""


@pytest.fixture
def empty() -> Iterator[None]:
    """This thread speaks to an empty database."""
    with empty_database("schema") as name, connected(NAME=name):
        yield


def dump(into: Path) -> str:
    """Return what pg_dump says of the tables of the database that this thread speaks to."""
    client_programs.run(
        "pg_dump", "--schema-only", "--no-owner", "--no-privileges", f"--file={into}"
    )
    return re.sub(r"\n{3,}", "\n\n", UNSAID.sub("", into.read_text("utf-8"))).strip() + "\n"


def applied() -> list[tuple[str, str]]:
    """Return the migrations that the database notes, in their order."""
    rows = MigrationRecorder.Migration.objects.order_by("pk")
    return list(rows.values_list("app", "name"))


def note(migrations: list[tuple[str, str]]) -> str:
    """Return the statement that notes migrations."""
    lines = ",\n".join(f"    ('{app}', '{name}', now())" for app, name in migrations)
    return f"INSERT INTO public.django_migrations (app, name, applied) VALUES\n{lines};\n"


@pytest.mark.whole
@pytest.mark.usefixtures("empty")
def test_the_file_is_what_the_migrations_make(tmp_path: Path) -> None:
    call_command(migrate.Command(), verbosity=0)
    made, migrations = dump(tmp_path / "migrated.sql"), applied()
    said = f"{HEAD}\n{made}\n{note(migrations)}"
    if os.environ.get("SCHEMA") == "record":
        loading.TABLES.write_text(said, "utf-8")
    assert loading.TABLES.read_text("utf-8") == said
    with empty_database("laid") as name, connected(NAME=name):
        call_command("migrate", verbosity=0)
        laid = dump(tmp_path / "laid.sql")
        assert SAID_AGAIN.sub("", laid).splitlines() == SAID_AGAIN.sub("", made).splitlines()
        assert applied() == migrations


def test_the_file_knows_each_migration() -> None:
    noted = set(loading.NOTED.findall(loading.TABLES.read_text("utf-8")))
    assert noted == set(MigrationLoader(None).disk_migrations), "SCHEMA=record writes it anew"


@pytest.mark.usefixtures("empty")
def test_an_empty_database_is_laid_out_once() -> None:
    told = StringIO()
    call_command("migrate", stdout=told)
    assert "Laid out an empty database." in told.getvalue()
    assert "Applying" not in told.getvalue()
    assert not loading.lay_out()
    call_command("migrate", stdout=told)
    assert told.getvalue().count("Laid out") == 1
    call_command("migrate", "--check")


@pytest.mark.usefixtures("empty")
def test_what_only_a_part_is_asked_of_is_migrated_as_ever() -> None:
    told = StringIO()
    call_command("migrate", "contenttypes", stdout=told)
    assert applied() == [("contenttypes", "0001_initial"), ("contenttypes", "0002_remove_content_type_name")]  # fmt: skip


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("statement", [
    "CREATE TABLE own (id int)",
    "CREATE SCHEMA hub; ALTER ROLE CURRENT_USER IN DATABASE {name} SET search_path = hub",
])  # fmt: skip
def test_a_database_that_is_not_empty_is_left_alone(statement: str) -> None:
    name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute(statement.format(name=name))
    connection.close()
    assert not loading.lay_out()


@pytest.mark.usefixtures("empty")
def test_a_file_of_a_newer_release_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "tables.sql"
    newer.write_text(loading.TABLES.read_text("utf-8") + note([("credits", "9999_later")]), "utf-8")
    monkeypatch.setattr(loading, "TABLES", newer)
    assert not loading.lay_out()


@pytest.mark.usefixtures("empty")
def test_a_file_that_cannot_be_read_whole_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = tmp_path / "tables.sql"
    torn.write_text("CREATE TABLE public.first (id int); CREATE TABLE public.", "utf-8")
    monkeypatch.setattr(loading, "TABLES", torn)
    with pytest.raises(Exception, match="syntax error"):
        loading.lay_out()
    assert "first" not in connection.introspection.table_names()
