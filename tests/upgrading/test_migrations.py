"""No migration breaks the release before it, which serves while it runs, or keeps all from a large table.

A removal takes two releases: the first stops to read (`SeparateDatabaseAndState`, state alone), the second drops, and
stands in ACCEPTED with the reason why nobody reads it any more.
"""

import pytest
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tests.upgrading.before import BASELINE
from tests.upgrading.linting import Linter, after, state_before

pytestmark = pytest.mark.django_db(transaction=True)

# What only staff write to, a few rows at a time: an index of it is built before anybody notices.
SMALL = frozenset({
    "credits_budget", "credits_defaultbudget", "credits_grantrule", "credits_pricerule", "credits_stop",
    "generation_accountkey", "generation_describer", "generation_localweights", "generation_loopbeat",
    "generation_moderator", "generation_othername", "generation_provider", "generation_providermodel",
    "generation_queue", "generation_queuechange", "generation_term", "generation_termschange",
    "platforms_plan", "platforms_platform", "platforms_tokenorigin", "retention_keeping", "retention_legalhold",
    "templates_phrase", "templates_style", "templates_template", "templates_templateversion", "users_user",
    "webhooks_endpoint",
})  # fmt: skip
# app.name -> the codes that are right there, each with the reason.
ACCEPTED: dict[str, dict[str, str]] = {}


def test_the_baseline_names_each_app_with_migrations() -> None:
    disk = MigrationLoader(None).disk_migrations
    ours = {app for app, _ in disk if disk[app, _].__module__.partition(".")[0] != "django"}
    assert ours == set(BASELINE)
    assert set(BASELINE.items()) <= set(disk)


def test_small_tables_exist() -> None:
    assert set(connection.introspection.table_names()) >= SMALL


def test_new_migrations_let_the_release_before_go_on() -> None:
    loader, linter = MigrationLoader(None), Linter(SMALL)
    found = {
        f"{migration.app_label}.{migration.name}": codes
        for migration in after(loader, BASELINE)
        if (codes := linter.lint(migration, state_before(loader, migration)))
    }
    wrong = {
        name: left for name, codes in found.items() if (left := codes - set(ACCEPTED.get(name, {})))
    }
    assert not wrong, f"{wrong}: each breaks the release before, or locks a large table"
    assert {name: set(codes) for name, codes in ACCEPTED.items()} == {
        name: codes for name, codes in found.items() if name in ACCEPTED
    }, "what is accepted must be there"


def test_what_comes_after_a_baseline_is_read() -> None:
    loader = MigrationLoader(None)
    names = [(m.app_label, m.name) for m in after(loader, {"storage": "0014_favourites"})]
    assert names == [("storage", "0015_alt"), ("storage", "0016_taken_down")]


def lint(*operations: Operation, small: frozenset[str] = frozenset()) -> set[str]:
    words = {
        "operations": list(operations),
        "dependencies": [("generation", BASELINE["generation"])],
    }
    migration = type("Tried", (migrations.Migration,), words)("9999_tried", "generation")
    loader = MigrationLoader(None)
    return Linter(small).lint(migration, state_before(loader, migration))


ROWS = models.Index(fields=["subject"], name="tried")
RULE = models.CheckConstraint(condition=models.Q(num_images__gte=0), name="tried")


@pytest.mark.parametrize(("operation", "code"), [
    (migrations.AddField("task", "tried", models.TextField(default="")), "NOT_NULL"),
    (migrations.AlterField("task", "expires_at", models.DateTimeField()), "NOT_NULL"),
    (migrations.RemoveField("task", "subject"), "DROP_COLUMN"),
    (migrations.RenameField("task", "subject", "tried"), "RENAME_COLUMN"),
    (migrations.AlterField("task", "subject", models.TextField()), "ALTER_COLUMN"),
    (migrations.RenameModel("Task", "Tried"), "RENAME_TABLE"),
    (migrations.DeleteModel("Undescribed"), "DROP_TABLE"),
    (migrations.AddIndex("task", ROWS), "CREATE_INDEX"),
    (migrations.AddConstraint("task", RULE), "VALIDATES"),
    (migrations.AddConstraint("task", models.UniqueConstraint(fields=["subject"], name="tried")), "ADD_UNIQUE"),
    (migrations.RunSQL("CREATE INDEX tried ON generation_task (subject)"), "CREATE_INDEX"),
    (migrations.RunSQL("-- why\nALTER TABLE generation_task\n    DROP COLUMN subject;"), "DROP_COLUMN"),
])  # fmt: skip
def test_what_breaks_the_release_before_is_found(operation: Operation, code: str) -> None:
    assert code in lint(operation)


def test_one_columns_default_excuses_no_other() -> None:
    assert lint(
        migrations.AddField("task", "bare", models.TextField(default="")),
        migrations.AddField("task", "filled", models.TextField(db_default="")),
    ) == {"NOT_NULL"}


@pytest.mark.parametrize("operation", [
    migrations.AddField("task", "tried", models.TextField(db_default="")),
    migrations.AddField("task", "tried", models.TextField(null=True)),
    migrations.AddField("task", "tried", models.ForeignKey("storage.Artifact", models.PROTECT, null=True)),
    AddIndexConcurrently("task", ROWS),
    AddConstraintNotValid("task", RULE),
    migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("task", "subject")]),
])  # fmt: skip
def test_what_the_release_before_does_not_notice_passes(operation: Operation) -> None:
    if isinstance(getattr(operation, "field", None), models.ForeignKey):
        # Django indexes a key at once; on a table that grows the index is built beside the work.
        operation.field.db_index = False  # type: ignore[attr-defined]
    assert lint(operation) == set()


def test_a_table_that_is_new_or_small_may_be_indexed() -> None:
    new = migrations.CreateModel(
        "Tried",
        [("id", models.BigAutoField(primary_key=True)), ("task", models.ForeignKey("generation.Task", models.CASCADE))],
    )  # fmt: skip
    index = migrations.AddIndex("tried", models.Index(fields=["task"], name="tried"))
    assert lint(new, index) == set()
    assert lint(migrations.AddIndex("task", ROWS), small=frozenset({"generation_task"})) == set()


def test_a_constraint_is_validated_beside_the_work() -> None:
    assert lint(AddConstraintNotValid("task", RULE), ValidateConstraint("task", "tried")) == set()
