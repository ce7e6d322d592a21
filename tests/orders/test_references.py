"""Reference pictures of an order: whose they are, how many a model takes, and that its maker is sent them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.accounts import routing
from generation.models import Account, Task
from generation.order import Order
from generation.orders.customer import Customer
from generation.orders.submit import resolve_for
from generation.providers.base import Finished, Submitted, Work
from generation.providers.stub import StubProvider
from generation.retention.pictures import find_awaited
from generation.spec import GenerationSpec, ModelCard
from generation.work.batch import open_inputs
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, to_wire
from genhub.lib.limits import MOST_REFERENCES
from genhub.platforms.models import Platform
from storage.models import Artifact
from storage.services import use_pictures
from tests.api.album import INVALID, QUOTE, check_mistake, give, uri
from tests.api.refusals import GENERATE, refused
from tests.steps import submit

__all__ = ["give"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
Give = Callable[..., str]


@pytest.fixture(autouse=True)
def _stub_takes_three(stub: Account) -> None:
    stub.offers.update(most_references=3)


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """What the stub is asked to make."""
    found: list[Work] = []
    draw = StubProvider.submit

    def submit_seen(self: StubProvider, work: Work) -> Submitted | Finished:
        found.append(work)
        return draw(self, work)

    monkeypatch.setattr(StubProvider, "submit", submit_seen)
    return found


def named(place: int) -> str:
    return f"references.{place}"


def test_maker_is_sent_them_in_their_order_and_whatever_their_shape(
    alice: APIClient, give: Give, works: list[Work]
) -> None:
    sizes = [(96, 48), (48, 96), (64, 64)]
    said = [give(*size) for size in sizes]
    body = {"prompt": "a star", "references": said, "width": 128}
    answer = alice.post(GENERATE, body, format="json").json()
    assert (answer["references"], answer["image"], answer["width"]) == (said, None, 128)
    run_queue("local")
    [work] = works
    assert [(one.mode, one.size) for one in work.references] == [("RGB", size) for size in sizes]
    assert (work.image, work.spec.references) == (None, tuple(said))
    assert Artifact.objects.exclude(used_at=None).filter(key__startswith="uploads/").count() == 3
    task = Task.objects.get()
    assert (task.state, task.spec["said"]) == ("completed", ["references"])
    assert GenerationSpec.from_json(task.spec).to_json() == task.spec


def test_large_ones_are_sent_smaller_and_in_their_shape(alice: APIClient, give: Give) -> None:
    """Sixteen of five thousand pixels a side were two gigabytes of a worker's memory, for one order."""
    sizes = [(4096, 2048), (2048, 2048), (2304, 2304), (8192, 1024)]
    said = [give(*size) for size in sizes]
    spec = GenerationSpec("image", "m", "a star", "", 64, 64, image=said[0], references=tuple(said))
    opened = open_inputs(spec, Platform.objects.get(code="shop").pk)
    assert opened["image"].size == sizes[0], "what it starts from is as it came"
    seen = [one.size for one in opened["references"]]
    assert seen == [(2896, 1448), (2048, 2048), (2048, 2048), (5792, 724)]


def test_order_without_them_names_none(alice: APIClient, works: list[Work]) -> None:
    answer = alice.post(GENERATE, {"prompt": "a star", "references": None}, format="json").json()
    assert answer["references"] == []
    # As one of an earlier release.
    task = Task.objects.get()
    del task.spec["references"], task.spec["style_references"]
    task.save(update_fields=["spec"])
    assert alice.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()["references"] == []
    run_queue("local")
    assert works[0].references == ()


def test_what_comes_along_becomes_its_owners(alice: APIClient, give: Give) -> None:
    task = submit(alice, image=give(), references=[uri(), give()], strength=0.5)
    brought = Artifact.objects.get(pk=from_wire("art", task.spec["references"][0]))
    assert (brought.user, brought.width, task.spec["strength"]) == ("alice", 96, 0.5)


def test_other_peoples_pictures_are_unknown_as_any_picture_is(alice: APIClient, give: Give) -> None:
    press = Platform.objects.create(code="press", name="Press")
    own = give()
    for strange in (give(user="bob"), give(platform=press), f"art_{'1' * 32}"):
        check_mistake(alice, {"references": [own, strange]}, named(1), "unknown")
        check_mistake(alice, {"references": [strange, own]}, named(0), "unknown")
    as_image = refused(alice, GENERATE, body={"prompt": "a", "image": strange}, expect=INVALID)
    as_reference = refused(alice, GENERATE, body={"prompt": "a", "references": [strange]}, expect=INVALID)  # fmt: skip
    assert as_image["errors"][0]["message"] == as_reference["errors"][0]["message"]
    check_mistake(alice, {"references": ["a.png"]}, named(0), "not_an_id")
    Artifact.objects.update(content_type="video/mp4")
    check_mistake(alice, {"references": [own]}, named(0), "a_clip")
    Artifact.objects.update(gone_at="2026-01-01T00:00:00Z")
    check_mistake(alice, {"references": [own]}, named(0), "unknown")


@pytest.mark.parametrize(
    ("value", "code"),
    [("art_x", "not_a_list"), ([], "empty"), ([""], "blank"), ([7], "invalid"),
     (["art_x"] * (MOST_REFERENCES + 1), "max_length")],
)  # fmt: skip
def test_what_is_no_short_list_of_names_is_refused(alice: APIClient, value: Any, code: str) -> None:
    body = {"prompt": "a star", "references": value}
    for door in (GENERATE, QUOTE):
        [error] = refused(alice, door, body=body, expect=INVALID)["errors"]
        assert (error["field"].partition(".")[0], error["code"]) == ("references", code)


def test_more_than_the_model_takes_are_refused_with_how_to_mend_it(
    alice: APIClient, stub: Account, give: Give
) -> None:
    said = [give() for _ in range(4)]
    check_mistake(alice, {"references": said}, "references", "too_many")
    body = {"prompt": "a star", "references": said}
    assert (
        "at most 3" in refused(alice, GENERATE, body=body, expect=INVALID)["errors"][0]["message"]
    )
    stub.offers.update(most_references=0)
    check_mistake(alice, {"references": said[:1]}, "references", "too_many")
    told = refused(alice, GENERATE, body=body, expect=INVALID)["errors"][0]["message"]
    assert "takes no reference pictures" in told
    assert "GET models" in told


def test_models_say_how_many_they_take(alice: APIClient) -> None:
    [model] = alice.get("/api/v1/models").json()["items"]
    assert model["most_references"] == 3


def test_account_that_takes_as_many_makes_it_and_none_that_takes_fewer_takes_over(
    alice: APIClient, stub: Account, give: Give
) -> None:
    able = Account.objects.create(alias="able", adapter="stub", queue="local", standby_rank=1)
    able.offers.create(
        alias="z-image-small",
        default_width=64,
        default_height=64,
        smallest_side=16,
        most_references=9,
    )
    few, many = ([give() for _ in range(number)] for number in (3, 4))
    assert submit(alice, references=few).attempts.get().account == stub
    task = submit(alice, references=many)
    assert task.attempts.get().account == able
    spec = GenerationSpec.from_json(task.spec)
    assert routing.choose_other(spec, able.pk, local_only=False) is None
    other = routing.choose_other(replace(spec, references=spec.references[:3]), able.pk, local_only=False)  # fmt: skip
    assert other
    assert other.account == stub


def test_they_stay_as_long_as_an_order_under_way_looks_at_them(
    alice: APIClient, give: Give
) -> None:
    first, second, other = give(), give(), give()
    task = submit(alice, references=[first, second])
    rows = list(Artifact.objects.all())
    looked_at = {from_wire("art", first), from_wire("art", second)}
    assert find_awaited(rows) == looked_at
    other_row = Artifact.objects.get(pk=from_wire("art", other))
    assert find_awaited([other_row]) == set()
    Task.objects.filter(pk=task.pk).update(spec={k: v for k, v in task.spec.items() if "references" not in k})  # fmt: skip
    assert find_awaited(rows) == set()


def test_picture_that_goes_before_the_order_is_written_refuses_it(
    alice: APIClient, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = from_wire("art", last := give())

    def use_some(ids: set[Any]) -> set[Any]:
        return use_pictures(ids - {gone})

    monkeypatch.setattr("generation.orders.inputs.use_pictures", use_some)
    body = {"prompt": "a star", "references": [give(), last]}
    [error] = refused(alice, GENERATE, body=body, expect=INVALID)["errors"]
    assert (error["field"], error["code"]) == (named(1), "unknown")


def test_found_again_by_what_is_in_them_and_in_their_order(alice: APIClient, give: Give) -> None:
    wide, same, tall = give(), give(), give(48, 96)
    customer = Customer.of(Platform.objects.get(code="shop"), "alice")

    def key(**words: Any) -> str:
        return resolve_for(customer, Order(prompt="a star", seed=7, **words)).cache_key

    assert key(references=(wide,)) == key(references=(same,)) != key()
    assert key(references=(wide, tall)) != key(references=(tall, wide))
    assert key(references=(wide,)) != key(image=wide)


def test_key_of_an_order_covers_them(alice: APIClient, give: Give) -> None:
    body: dict[str, Any] = {"prompt": "a star", "references": [give(), give()]}

    def send(references: list[str]) -> Any:
        return alice.post(GENERATE, body | {"references": references}, format="json", HTTP_IDEMPOTENCY_KEY="once")  # fmt: skip

    first = send(body["references"])
    assert send(body["references"]).json()["id"] == first.json()["id"]
    assert send(body["references"][::-1]).status_code == 422


def test_picture_is_refined_with_what_it_was_made_of(
    alice: APIClient, give: Give, works: list[Work]
) -> None:
    said = [give(), give()]
    task = submit(alice, references=said)
    run_queue("local")
    address = f"/api/v1/tasks/{to_wire('task', task.pk)}/refine"
    again = alice.post(address, {}, format="json").json()
    assert again["references"] == said
    run_queue("local")
    assert [len(work.references) for work in works] == [2, 2]


def test_batch_names_those_of_one_of_its_orders(alice: APIClient, give: Give) -> None:
    own, orders = give(), "/api/v1/batches"
    said = [{"prompt": "a", "references": [own]}, {"prompt": "b", "references": [uri()]}]
    refusal = alice.post(orders, {"orders": said}, format="json").json()
    assert [(error["field"], error["code"]) for error in refusal["errors"]] == [
        ("orders.1.references.0", "upload_first")
    ]
    answer = alice.post(orders, {"orders": said[:1]}, format="json")
    assert answer.status_code == 202, answer.json()
    assert Task.objects.get().spec["references"] == [own]
    assert Artifact.objects.get().used_at is not None


def test_spec_that_moves_to_a_smaller_model_keeps_its_own(give: Give) -> None:
    spec = GenerationSpec(
        "image",
        "m",
        "a star",
        "",
        64,
        64,
        references=("art_1",),
        style_references=("art_2", "art_3"),
    )
    kept = [len(spec.fitted(ModelCard("m", most_references=n)).style_references) for n in range(5)]
    assert kept == [0, 0, 1, 2, 2]
    assert spec.fitted(ModelCard("m")).references == ("art_1",)
    assert spec.pictures() == {"references.0": "art_1"}
