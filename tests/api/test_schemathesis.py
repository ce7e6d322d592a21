"""The published document, held against the hub by schemathesis: requests made from it, good and bad, and their answers.

The examples are the same on each run: hypothesis derives them from the test, and prints how to run one alone.
"""

import warnings
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.test import APIClient

from credits.models import GrantRule
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform, Scope
from genhub.retention import erasing
from genhub.wsgi import application
from storage.models import Artifact
from templates.pictures import set_picture
from templates.selectors import find_recipe
from tests.api.documented import list_codes
from tests.api.refusals import header_of
from tests.api.sent_files import send_file
from tests.moderation.made import make_appeal
from tests.one_transaction import one_transaction
from tests.webhooks.made import make_ids

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks as every
    from schemathesis.generation.modes import GenerationMode
    from schemathesis.specs.openapi import checks as openapi

pytestmark = [
    pytest.mark.whole,
    pytest.mark.django_db,
    pytest.mark.usefixtures("stub", "recipes"),
    pytest.mark.filterwarnings("ignore"),
]
CHECKS = [
    every.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
FEW = settings(
    max_examples=4, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
OPERATIONS = {
    "generate", "quote", "tasks", "tasks/{task_id}", "tasks/{task_id}/status", "tasks/{task_id}/result",
    "tasks/{task_id}/cancel", "tasks/{task_id}/refine", "tasks/{task_id}/refine/quote", "tasks/{task_id}/appeal",
    "tasks/{task_id}/follow", "tasks/{task_id}/follow/quote", "artifacts",
    "batches", "batches/quote", "batches/{batch_id}", "batches/{batch_id}/cancel",
    "uploads", "uploads/{upload_id}", "uploads/{upload_id}/confirm",
    "me/preferences", "me/suggestions", "me/subjects", "me/subjects/{name}",
    "me/erasures", "me/erasures/{erasure_id}", "receipts/verify", "storage",
    "artifacts/{artifact_id}", "artifacts/{artifact_id}/thumbnail", "artifacts/{artifact_id}/edits", "artifacts/{artifact_id}/edits/quote",
    "artifacts/{artifact_id}/follow", "artifacts/{artifact_id}/follow/quote",
    "artifacts/{artifact_id}/preview", "artifacts/{artifact_id}/poster", "artifacts/{artifact_id}/links", "artifacts/{artifact_id}/links/{link_id}",
    "artifacts/{artifact_id}/review", "artifacts/{artifact_id}/favourite", "me/favourites", "templates/example",
    "verify", "templates", "models", "styles", "phrases", "credits",
    "credits/entries", "credits/entries.csv", "credits/grants", "health", "keys/me", "keys/me/rotate",
    "tokens", "tokens/{token_id}",
    "webhooks", "webhooks/{endpoint_id}", "webhooks/{endpoint_id}/rotate", "webhooks/{endpoint_id}/test",
    "webhooks/{endpoint_id}/replay", "webhooks/{endpoint_id}/deliveries",
    "webhooks/{endpoint_id}/deliveries/{delivery_id}", "webhooks/{endpoint_id}/deliveries/{delivery_id}/replay",
}  # fmt: skip


@cache
def load() -> Any:
    with one_transaction():
        return schemathesis.openapi.from_wsgi("/api/schema", application)


@pytest.fixture
def document(db: None) -> Any:
    return load()


# They end in a process of their own, and never by themselves: tests/live tries them.
STREAMS = {"events", "tasks/{task_id}/events"}


def test_every_operation_is_tried(document: Any) -> None:
    paths = {found.ok().path for found in document.get_all_operations()}
    assert paths == {f"/api/v1/{name}" for name in {*OPERATIONS, *STREAMS}}


# It takes no words that could be wrong, and answers 503 when something is ill: here no worker lives.
HEALTH = "health"
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_answers_are_as_the_document_says(
    document: Any, client_of: Callable[..., APIClient], alice: APIClient, name: str
) -> None:
    body = {"prompt": "a star", "subject": "hero"}
    batch = alice.post("/api/v1/batches", {"orders": [body]}, format="json").json()
    [made] = batch["tasks"]
    run_queue("local")
    done = alice.get(f"/api/v1/tasks/{made['id']}").json()
    ids = {
        "task_id": done["id"], "artifact_id": done["result"]["images"][0]["id"], "name": "hero",
        "batch_id": batch["id"], "code": "shape",
    }  # fmt: skip
    recipe = find_recipe("shape", new_id())
    assert recipe
    set_picture(recipe.version_id, b"\xff\xd8")
    share = f"/api/v1/artifacts/{ids['artifact_id']}/links"
    ids["link_id"] = alice.post(share, {}, format="json").json()["id"]
    ids["upload_id"] = send_file(alice)
    ids |= make_ids(Platform.objects.get())
    make_appeal(done["id"])
    ids["erasure_id"] = str(erasing.ask(Platform.objects.get().pk, "bob", by="tests"))
    Artifact.objects.update(poster_key=F("key"))
    words = {"origins": ["https://app.example.com"], "max_credits": 1}
    ids["token_id"] = alice.post("/api/v1/tokens", words, format="json").json()["id"]
    key = {"Authorization": header_of(caller_for(name, client_of))["HTTP_AUTHORIZATION"]}
    checks = CHECKS[1:] if name == HEALTH else CHECKS
    path, statuses = f"/api/v1/{name}", {}
    operations = [found.ok() for found in document.get_all_operations()]
    operations = [operation for operation in operations if operation.path == path]

    def call(case: Any) -> int:
        response = case.call(headers=key)
        case.validate_response(response, checks=checks)
        check_code(path, response)
        return int(response.status_code)

    for operation, mode in product(operations, MODES[:1] if name == HEALTH else MODES):
        said = try_both(operation, mode, ids, call)
        if mode == GenerationMode.POSITIVE:
            statuses[operation.method] = said
    unread = [method for method, some in statuses.items() if not some - {401, 403, 404, 405}]
    assert unread == [], "nobody looked at what was sent"


def try_both(
    operation: Any, mode: Any, ids: dict[str, str], call: Callable[[Any], int]
) -> set[int]:
    """Try an operation with ids that are made up, and with those that there are; return the statuses."""
    said: set[int] = set()

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        said.add(call(case))
        case.path_parameters = {word: ids[word] for word in case.path_parameters or {}}
        case.query = {word: ids.get(word, value) for word, value in (case.query or {}).items()}
        said.add(call(case))

    with one_transaction():
        run()
    return said


def caller_for(name: str, client_of: Callable[..., APIClient]) -> APIClient:
    """Return a client that gets as far as what it sends."""
    if name == "credits/grants":
        GrantRule.objects.create(
            platform=Platform.objects.get(), kind="welcome", daily_most_per_user=50, daily_most=80
        )
    is_platforms = name.startswith(("webhooks", "storage", "me/erasures/"))
    return client_of("" if is_platforms else "alice", scopes=Scope.values)


def check_code(path: str, response: Any) -> None:
    """Fail where a refusal has a code that the document does not list there."""
    if response.status_code >= 400 and "problem" in response.headers["content-type"][0]:
        code, method = response.json()["code"], response.request.method
        listed = list_codes(method, path, response.status_code)
        assert listed is None or code in listed, f"{method} {path}: {response.status_code} {code}"
