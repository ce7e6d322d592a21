"""The words of WebUI's clients: what they become, what is passed over and told, and what is refused by name."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account, OtherName, Task
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey, Platform
from genhub.urls import SDAPI
from storage import infotext
from tests.api.album import MASK, PNG, SQUARE, encode, picture, uri
from tests.api.refusals import LANGUAGES, books, nothing_moves
from tests.offers import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]
TEXT, IMAGE = "/sdapi/v1/txt2img", "/sdapi/v1/img2img"
BARE = base64.b64encode(PNG).decode()
STAR = {"prompt": "a star"}
WORKS = {"width": 64, "height": 64}


@pytest.fixture
def model(stub: Account) -> Account:
    """A model with LoRAs and samplers, and one that takes few words."""
    place(
        stub.offers.get(),
        loras=[{"name": "ink", "file": "/x/ink.safetensors", "scale": 0.8, "is_usual": False}],
    )
    stub.offers.update(options={"samplers": ["Euler"]})
    stub.offers.create(alias="plain", default_width=64, default_height=64, smallest_side=16, largest_side=1024,
                       unsupported=["steps", "cfg_scale", "seed", "strength"])  # fmt: skip
    return stub


def send(client: APIClient, path: str, body: Any, **words: Any) -> Any:
    return client.post(path, body, format="json", **words)


# What is said -> what of the task it becomes.
@pytest.mark.parametrize(
    ("path", "body", "wanted"),
    [
        (TEXT, {**STAR, "batch_size": 2, "n_iter": 3}, {"number": 6}),
        (TEXT, {**STAR, "seed": -1, "negative_prompt": ""}, {"said": [], "negative_prompt": "blurry"}),
        (TEXT, {**STAR, "seed": 7, "steps": 9, "cfg_scale": 3, "width": 96, "height": 48, "negative_prompt": "dark"},
         {"seeds": [7], "steps": 9, "cfg_scale": 3.0, "width": 96, "height": 48, "negative_prompt": "dark"}),
        (TEXT, {"prompt": "a <lora:ink:0.5> star"}, {"prompt": "a star", "loras": [["ink", 0.5]]}),
        (TEXT, {"prompt": "<lora:ink>a star"}, {"prompt": "a star", "loras": [["ink", 0.8]]}),
        (TEXT, {"prompt": "a star <lora:ink:1:1.0>"}, {"prompt": "a star", "loras": [["ink", 1.0]]}),
        (TEXT, {"prompt": "(a star:1.2) <3"}, {"prompt": "(a star:1.2) <3", "loras": []}),
        (TEXT, {**STAR, "sampler_index": "Euler"}, {"sampler": "Euler"}),
        (TEXT, {**STAR, "sampler_name": "Euler", "sampler_index": "DDIM"}, {"sampler": "Euler"}),
        (TEXT, {**STAR, "override_settings": {"sd_model_checkpoint": "plain"}, "steps": 9, "cfg_scale": 7, "seed": 3},
         {"model": "plain", "steps": None, "cfg_scale": None, "seeds": []}),
        (IMAGE, {**STAR, "init_images": [BARE]}, {"strength": 0.7, "width": 96, "height": 48}),
        (IMAGE, {**STAR, "init_images": [uri()], "denoising_strength": 0.4, **WORKS}, {"strength": 0.4, "width": 64}),
        (IMAGE, {**STAR, "init_images": ["\n".join([BARE[:40], BARE[40:]])], "mask": base64.b64encode(MASK).decode()},
         {"width": 96}),
        (IMAGE, {**STAR, "init_images": [BARE], "denoising_strength": 0.4,
                 "override_settings": {"sd_model_checkpoint": "plain"}}, {"strength": None}),
    ],
)  # fmt: skip
def test_words_become_the_hubs(
    alice: APIClient, model: Account, path: str, body: dict[str, Any], wanted: dict[str, Any]
) -> None:
    answer = send(alice, path, body)
    # Nobody draws: the order was taken, and its client told where it is.
    assert (answer.status_code, answer.json()["error"]) == (504, "task_under_way"), answer.json()
    task = Task.objects.get()
    assert answer["x-genhub-task"] == to_wire("task", task.pk)
    assert {name: task.spec[name] for name in wanted} == wanted
    assert task.metadata == {"sdapi": {}}


def test_another_name_is_asked_what_its_model_takes(alice: APIClient, model: Account) -> None:
    OtherName.objects.create(name="old", model="plain")
    body = {**STAR, "steps": 9, "seed": 3, "override_settings": {"sd_model_checkpoint": "old"}}
    assert send(alice, TEXT, body).json()["error"] == "task_under_way"
    spec = Task.objects.get().spec
    assert (spec["model"], spec["steps"], spec["seeds"]) == ("plain", None, [])
    OtherName.objects.update(model="")
    sampled = {**STAR, "sampler_name": "Euler", "override_settings": {"sd_model_checkpoint": "old"}}
    assert send(alice, TEXT, sampled).json()["error"] == "task_under_way"
    assert Task.objects.latest("pk").spec["sampler"] == "Euler"


def test_the_answer_says_what_was_passed_over(alice: APIClient, model: Account) -> None:
    body = {
        **STAR, **WORKS, "styles": ["anime"], "sampler_name": "DDIM", "scheduler": "Karras", "hr_scale": 2, "s_noise": 1,
        "denoising_strength": 0.7, "override_settings": {"sd_model_checkpoint": "plain", "sd_vae": "x", "eta": None},
        "steps": 20, "cfg_scale": 7, "save_images": None, "send_images": False, "force_task_id": "mine",
    }  # fmt: skip
    ignored = {
        "sampler_name", "scheduler", "hr_scale", "s_noise", "denoising_strength", "override_settings.sd_vae", "steps",
        "cfg_scale",
    }  # fmt: skip
    again = {"HTTP_IDEMPOTENCY_KEY": "once"}
    assert send(alice, TEXT, body, **again).status_code == 504
    assert alice.get("/sdapi/v1/progress").json()["current_task"] == "mine"
    run_queue("local")
    answer = send(alice, TEXT, body, **again)
    assert answer.status_code == 200, answer.json()
    said, info = answer.json(), json.loads(answer.json()["info"])
    assert said["images"] == []
    assert {*said["parameters"]["ignored"]} == {*info["ignored"]} == ignored
    assert said["parameters"]["override_settings"] == {"sd_model_checkpoint": "plain"}
    assert (info["sd_model_name"], info["styles"], len(info["infotexts"])) == (
        "plain",
        ["anime"],
        1,
    )
    assert Task.objects.count() == 1
    # “Automatic” is what happens anyway.
    send(alice, TEXT, {**body, "scheduler": "Automatic"}, HTTP_IDEMPOTENCY_KEY="other")
    run_queue("local")
    answer = send(alice, TEXT, {**body, "scheduler": "Automatic"}, HTTP_IDEMPOTENCY_KEY="other")
    assert "scheduler" not in answer.json()["parameters"]["ignored"]


REFUSED: list[tuple[str, Any, str]] = [
    (TEXT, {}, "prompt"),
    (TEXT, {"prompt": "<lora:ink:1>"}, "prompt"),
    (TEXT, {"prompt": "a <lora:none:1>"}, "prompt"),
    (TEXT, {"prompt": "a <lora:ink:nan>"}, "prompt"),
    (TEXT, {"prompt": "a <lora:ink:0.5:0.7>"}, "prompt"),
    (TEXT, {"prompt": "a <lora:ink:9>"}, "prompt"),
    (TEXT, {"prompt": "a <hypernet:ink:1>"}, "prompt"),
    (TEXT, {"prompt": "a <lora:ink:1> <lora:ink:1>"}, "prompt"),
    *[
        (TEXT, {**STAR, name: value}, name)
        for name, value in {
            "enable_hr": True, "restore_faces": True, "tiling": True, "script_name": "x/y/z plot", "script_args": [1],
            "alwayson_scripts": {"ControlNet": {}}, "subseed_strength": 0.5, "seed_resize_from_h": 64,
            "seed_resize_from_w": 64, "firstphase_width": 64, "firstphase_height": 64, "refiner_checkpoint": "x",
            "infotext": "x", "seed": -2, "steps": 999, "cfg_scale": 99.5, "width": 63, "height": "64", "batch_size": 0,
            "n_iter": 10, "styles": ["anime", "default"], "negative_prompt": 7, "send_images": "yes",
            "init_images": [BARE], "nonsense": 1, "override_settings": [],
        }.items()
    ],
    (TEXT, {**STAR, "styles": ["none"]}, "styles"),
    (TEXT, {**STAR, "styles": [1] * 50_000}, "styles"),
    (TEXT, {**STAR, "batch_size": 5, "n_iter": 2}, "batch_size"),
    (TEXT, {**STAR, "override_settings": {"sd_model_checkpoint": "none"}}, "override_settings.sd_model_checkpoint"),
    (TEXT, {**STAR, "override_settings": {"sd_model_checkpoint": ["plain"]}}, "override_settings.sd_model_checkpoint"),
    (IMAGE, STAR, "init_images"),
    (IMAGE, {**STAR, "init_images": []}, "init_images"),
    (IMAGE, {**STAR, "init_images": [BARE, BARE]}, "init_images"),
    (IMAGE, {**STAR, "init_images": ["nothing"]}, "init_images"),
    (IMAGE, {**STAR, "init_images": [f"art_{'a' * 32}"]}, "init_images"),
    (IMAGE, {**STAR, "init_images": [BARE], "mask": base64.b64encode(SQUARE).decode()}, "mask"),
    (IMAGE, {**STAR, "init_images": [BARE], "denoising_strength": 0}, "denoising_strength"),
    (IMAGE, {**STAR, "init_images": [BARE], "inpainting_mask_invert": 1}, "inpainting_mask_invert"),
    (IMAGE, {**STAR, "init_images": [BARE], "include_init_images": True}, "include_init_images"),
    (IMAGE, {**STAR, "init_images": [BARE], "resize_mode": 2}, "resize_mode"),
    ("/sdapi/v1/options", {"sd_model_checkpoint": "plain"}, "sd_model_checkpoint"),
    ("/sdapi/v1/options", {"samples_format": "jpg"}, "samples_format"),
    ("/sdapi/v1/png-info", {}, "image"),
    ("/sdapi/v1/png-info", {"image": "nothing"}, "image"),
    ("/sdapi/v1/png-info", {"image": "https://hub.example.com/a.png"}, "image"),
    ("/sdapi/v1/png-info", {"image": base64.b64encode(PNG[:40] + b"x" + PNG[41:]).decode()}, "image"),
]  # fmt: skip


def test_what_cannot_be_honoured_is_refused_by_its_name(alice: APIClient, model: Account) -> None:
    """In both languages, with nothing written and nothing charged."""
    before = books()
    for path, body, field in REFUSED:
        texts = []
        for language in LANGUAGES:
            answer = send(alice, path, body, HTTP_ACCEPT_LANGUAGE=language)
            said = answer.json()
            assert answer.status_code == 400, (body, said)
            assert set(said) == {"error", "detail", "body", "errors"}
            assert said["error"] == "invalid_request"
            texts.append(said["errors"])
        assert texts[0].startswith(f"{field}:"), (body, texts)
        assert texts[0] != texts[1], (body, texts)
    assert books() == before


def test_body_that_is_no_object_cannot_be_read(alice: APIClient, model: Account) -> None:
    answer = send(alice, TEXT, [])
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed_body")


def test_settings_that_are_so_anyway_may_be_said(alice: APIClient, model: Account) -> None:
    shown = alice.get("/sdapi/v1/options").json()
    assert shown["sd_model_checkpoint"] == "z-image-small"
    assert send(alice, "/sdapi/v1/options", shown).json() == {}


def test_a_body_is_bounded_but_for_its_picture(alice: APIClient, model: Account) -> None:
    large = base64.b64encode(bytes(settings.API_MAX_BODY_BYTES)).decode()
    body = {**STAR, "init_images": [large]}
    with nothing_moves():
        answer = send(alice, IMAGE, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        for path, sent in (
            (TEXT, body), (IMAGE, {**body, "script_args": [[]] * 600_000}), (IMAGE, {"prompt": "a " * 600_000}),
            (IMAGE, {"init_images": [base64.b64encode(bytes(settings.UPLOAD_MAX_BYTES + 2**21)).decode()]}),
        ):  # fmt: skip
            answer = send(alice, path, sent)
            assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


# Route -> methods that may be used, and the scope that each needs; None: any key will do.
OPEN: dict[str, dict[str, str | None]] = {
    "sdapi-txt2img": {"POST": "tasks:write"}, "sdapi-img2img": {"POST": "tasks:write"},
    "sdapi-interrupt": {"POST": "tasks:write"}, "sdapi-skip": {"POST": "tasks:write"},
    "sdapi-progress": {"GET": "tasks:read"}, "sdapi-png-info": {"POST": "tasks:read"},
    "sdapi-options": {"GET": None, "POST": "tasks:read"}, "sdapi-unknown": {},
}  # fmt: skip


def test_every_route_wants_a_key_and_its_scope(
    client: Any, client_of: Callable[..., APIClient], model: Account
) -> None:
    limited, before = client_of("alice", scopes=[]), books()
    for route in SDAPI:
        path = f"/sdapi/v1/{route.pattern}".replace("<path:rest>", "interrogate")
        is_refresh = "refresh" in path
        methods = OPEN.get(str(route.name), {"POST": "tasks:read"} if is_refresh else {"GET": None})
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.generic(method, path)
            assert (answer.status_code, answer.json()["error"]) == (401, "key_missing")
            assert answer["WWW-Authenticate"].startswith("Basic ")
            expected = (
                404 if route.name == "sdapi-unknown" else 405 if method not in methods
                else 403 if methods[method] else 200
            )  # fmt: skip
            answer = limited.generic(method, path)
            assert answer.status_code == expected, (path, method)
            assert expected == 200 or answer.json()["errors"]
    assert books() == before


def basic(text: str | bytes) -> dict[str, str]:
    data = text if isinstance(text, bytes) else text.encode()
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(data).decode()}"}


def test_the_key_is_the_password(
    client: Any,
    shop: Platform,
    rich: Callable[..., Purse],
    model: Account,
    client_of: Callable[..., APIClient],
) -> None:
    rich("李雷", 50)
    _, of_all = ApiKey.objects.issue(shop, name="all")
    _, own = ApiKey.objects.issue(shop, name="own", user="alice")
    progress = "/sdapi/v1/progress"
    for header, status, code in (
        (basic(f"anybody:{own}"), 200, None),
        (basic(f":{own}"), 200, None),
        ({"HTTP_AUTHORIZATION": f"Bearer {own}"}, 200, None),
        (basic(f"bea:{of_all}"), 200, None),
        (basic(f"zoë:{of_all}".encode("latin-1")), 200, None),
        (basic(f":{of_all}"), 400, "invalid_request"),
        (basic(f"{'x' * 201}:{of_all}"), 400, "invalid_request"),
        ({"HTTP_AUTHORIZATION": f"Bearer {of_all}"}, 400, "invalid_request"),
        (basic(f"{own}:"), 401, "key_missing"),
        (basic(own), 401, "key_missing"),
        ({"HTTP_AUTHORIZATION": "Basic ä"}, 401, "key_missing"),
        (basic("alice:wrong"), 401, "key_invalid"),
        (basic(f"alice:{own}x"), 401, "key_invalid"),
        ({}, 401, "key_missing"),
    ):  # fmt: skip
        answer = client.get(progress, **header)
        assert (answer.status_code, answer.json().get("error")) == (status, code), header
    # The hub's own API keeps to its word.
    assert client.get("/api/v1/models", **basic(f"anybody:{own}")).status_code == 401
    sent = {"data": {**STAR, **WORKS}, "content_type": "application/json"}
    assert client.post(TEXT, **sent, **basic(f"李雷:{of_all}")).status_code == 504
    assert Task.objects.get().user == "李雷"
    jobs = [
        client.get(progress, **basic(f"{name}:{of_all}")).json()["state"]["job_count"]
        for name in ("李雷", "alice")
    ]
    assert jobs == [1, 0]


def test_a_remembered_password_is_not_for_other_pages(
    client: Any, shop: Platform, alice: APIClient, model: Account
) -> None:
    """A browser would send it along with a form of anybody's."""
    _, own = ApiKey.objects.issue(shop, name="own", user="alice")
    send(alice, TEXT, {**STAR, **WORKS})
    for origin, status in (
        ("https://evil.example", 403), ("http://testserver.evil.example", 403), ("null", 403), ("HTTPS://EVIL", 403),
        ("tauri://localhost", 200), ("http://testserver", 200),
    ):  # fmt: skip
        for key, expected in (
            (basic(f"alice:{own}"), status),
            ({"HTTP_AUTHORIZATION": f"Bearer {own}"}, 200),
        ):
            answer = client.post(
                "/sdapi/v1/png-info", {"image": BARE}, "application/json", **key, HTTP_ORIGIN=origin
            )
            assert answer.status_code == expected, (origin, key)
    answer = client.post(
        "/sdapi/v1/interrupt", **basic(f"alice:{own}"), HTTP_ORIGIN="https://evil.example"
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_page")
    assert Task.objects.get().state == "pending"


def test_orders_of_other_doors_are_left_alone(
    alice: APIClient, mallory: APIClient, model: Account
) -> None:
    """Interrupt ends all of one's own of this dialect, skip the newest; nobody else's, and none of /api/v1."""
    native = alice.post("/api/v1/generate", STAR, format="json").json()["id"]
    for client, number in ((alice, 3), (mallory, 1)):
        for _ in range(number):
            send(client, TEXT, {**STAR, **WORKS})
    of_alice = Task.objects.filter(user="alice", metadata__has_key="sdapi").order_by("-pk")
    with CaptureQueriesContext(connection) as asked:
        assert alice.post("/sdapi/v1/skip").json() == {}
    assert not [one["sql"] for one in asked if "elapsed" in one["sql"]], "the id alone is read"
    assert [task.state for task in of_alice] == ["canceled", "pending", "pending"]
    assert alice.post("/sdapi/v1/interrupt").json() == {}
    assert {task.state for task in of_alice.all()} == {"canceled"}
    assert Task.objects.get(user="mallory").state == "pending"
    assert alice.get(f"/api/v1/tasks/{native}").json()["status"] == "pending"
    assert (
        Purse.objects.get(user="alice").held
        == Task.objects.get(pk=native.removeprefix("task_")).price
    )


def test_metadata_of_the_customers_own_is_no_harm(alice: APIClient, model: Account) -> None:
    for said in ("mine", {"force_task_id": ["mine"]}, None):
        alice.post("/api/v1/generate", {**STAR, "metadata": {"sdapi": said}}, format="json")
        assert alice.get("/sdapi/v1/progress").json()["state"]["job_count"] == 1


def test_lists_tell_what_the_hub_has(alice: APIClient, model: Account) -> None:
    def read(name: str) -> Any:
        return alice.get(f"/sdapi/v1/{name}").json()

    assert [one["title"] for one in read("sd-models")] == ["plain", "z-image-small"]
    assert [one["name"] for one in read("samplers")] == ["Euler"]
    assert [one["name"] for one in read("loras")] == ["ink"]
    assert "anime" in [one["name"] for one in read("prompt-styles")]
    assert "/x/ink" not in json.dumps([read("loras"), read("sd-models")])


def test_a_picture_without_texts_says_nothing(alice: APIClient) -> None:
    for data in (PNG, encode(picture(), "JPEG"), encode(picture(), "WEBP")):
        answer = send(alice, "/sdapi/v1/png-info", {"image": base64.b64encode(data).decode()})
        assert answer.json() == {"info": "", "items": {}, "parameters": {}}


@pytest.mark.parametrize(
    ("prompt", "negative", "facts"),
    [
        ("a star", "", {"Seed": 7, "Model": "small, and fast"}),
        ("a star", "", {"Steps": 20, "Seed": 7}),
        ("a star,\nNegative: no", "dark, \nblurry", {"Steps": 20, "Size": "64x48", "Model": 'a "b", c: d\\e'}),
        ("", "dark", {"Steps": 1, "CFG scale": 7.5, "Sampler": None}),
    ],
)  # fmt: skip
def test_a_written_text_is_read_again(prompt: str, negative: str, facts: dict[str, Any]) -> None:
    read = infotext.read(infotext.write(prompt, negative, facts))
    assert (read["Prompt"], read["Negative prompt"]) == (prompt, negative)
    wanted = {name: str(value) for name, value in facts.items() if value is not None}
    assert {name: read[name] for name in wanted} == wanted
    assert {read.get("Size-1"), read.get("Size-2")} == ({"64", "48"} if "Size" in facts else {None})
