"""What belongs to somebody else does not exist in any dialect: every route with an id of an order or a file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from genhub.platforms.models import Platform, Scope
from genhub.urls import DIALECTS
from storage.models import Artifact
from tests.api.album import PNG
from tests.api.refusals import nothing_moves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
# Ids that stand for somebody's; other words in an address are anybody's.
OWNED = {"task_id", "file_id"}
METHODS = ("get", "post", "delete")
# They open in a process of their own: tests/live tries them.
STREAMS = {"openai-stream"}
ROUTES = [
    (dialect, route, method)
    for dialect in DIALECTS
    for route in dialect.routes
    if OWNED & set(route.pattern.converters) and route.name not in STREAMS
    for method in METHODS
    if hasattr(route.callback.view_class, method)  # type: ignore[attr-defined]
]


@pytest.fixture
def ids(alice: APIClient, stub: Account) -> dict[str, str]:
    """Alice's finished picture and clip, and a file that she sent."""
    stub.offers.create(
        alias="clips", media_types=["video"], default_width=64, default_height=64, smallest_side=16
    )
    words = {"prompt": "a star"}
    picture = alice.post("/api/v1/generate", words, format="json").json()
    body = {**words, "model": "clips", "type": "video", "duration": 5}
    clip = alice.post("/api/v1/generate", body, format="json").json()
    run_queue("local")
    Artifact.objects.update(poster_key=F("key"))
    file = alice.post("/api/v1/artifacts", PNG, content_type="image/png").json()
    return {"picture": picture["id"], "clip": clip["id"], "file_id": file["id"]}


def address(dialect: Any, route: Any, ids: dict[str, str]) -> str:
    is_of_clips = "video" in str(route.name)
    path = str(route.pattern).replace("<str:task_id>", ids["clip" if is_of_clips else "picture"])
    path = path.replace("<str:file_id>", ids["file_id"])
    assert "<" not in path, "a route with an id that these tests do not know"
    return f"/{dialect.base}{path}"


def test_routes_with_ids_are_found() -> None:
    names = {str(route.name) for _, route, _ in ROUTES}
    assert {"openai-task", "openai-video", "replicate-prediction", "replicate-file"} <= names


def test_foreign_id_is_not_found_and_answers_like_one_that_never_was(
    ids: dict[str, str], client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    press = Platform.objects.create(code="press", name="Press")
    rich("mallory", 100)
    strangers = {
        "another user": client_of("mallory", scopes=Scope.values),
        "alice of another platform": client_of("alice", platform=press, scopes=Scope.values),
        "another platform": client_of("", platform=press, scopes=Scope.values),
    }
    nobody = {
        "picture": "task_" + "1" * 32,
        "clip": "task_" + "1" * 32,
        "file_id": "art_" + "1" * 32,
    }
    with nothing_moves():
        for dialect, route, method in ROUTES:
            for name, stranger in strangers.items():
                foreign, unknown = (
                    stranger.generic(method.upper(), address(dialect, route, some))
                    for some in (ids, nobody)
                )
                assert foreign.status_code == 404, (method, route, name, foreign.content)
                body = foreign.content.decode()
                for mine, theirs in zip(ids.values(), nobody.values(), strict=True):
                    body = body.replace(mine, theirs)
                assert body == unknown.content.decode(), (method, route, name)


def test_owner_finds_what_is_theirs(
    ids: dict[str, str], client_of: Callable[..., APIClient]
) -> None:
    """Else nothing there would be found by anybody."""
    for reader in (client_of("alice", scopes=Scope.values), client_of("", scopes=Scope.values)):
        for dialect, route, method in ROUTES:
            if method == "get":
                answer = reader.get(address(dialect, route, ids))
                assert answer.status_code in {200, 302}, (route, answer.content)
