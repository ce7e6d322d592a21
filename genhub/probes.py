"""What an orchestrator asks of one web process; whether orders are drawn is the whole hub's health.

- live: it answers. No: end it and start another.
- ready: it can take orders. No: send it none for now; to start it anew would not bring the database back.
- startup: the tables are as this release needs them. Until then, ask nothing else.
"""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from genhub.health import check_database


class Behind(Exception):
    """The tables are not yet as this release needs them."""


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200, always."""
    return answer("ok")


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the database answers, else 503."""
    said = check_database()
    return answer("ok" if said == "ok" else f"database {said}")


@require_safe
def startup(request: HttpRequest) -> JsonResponse:
    """Answer 200 once the tables are as this release needs them, else 503."""
    try:
        find_tables()
    except Behind as error:
        return answer(str(error))
    except DatabaseError:
        return answer("database unreachable")
    return answer("ok")


@cache
def find_tables() -> None:
    """Return once no migration is missing, and never look again; raise Behind or DatabaseError."""
    if missing := list_missing(MigrationExecutor(connection)):
        raise Behind(f"{len(missing)} migrations are missing, such as {missing[0]}")


def list_missing(executor: MigrationExecutor) -> list[str]:
    """Return the migrations of this release that the tables have not seen, in their order."""
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def answer(said: str) -> JsonResponse:
    """Return what probes read: the status alone; the word is for people."""
    status = 200 if said == "ok" else 503
    return JsonResponse({"status": said}, status=status, headers={"Cache-Control": "no-store"})
