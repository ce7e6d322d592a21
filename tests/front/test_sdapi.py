"""A stock client of Stable Diffusion WebUI's with the hub as its server, and what known front ends send."""

import base64
import io
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image
from rest_framework.test import APIClient
from webuiapi import WebUIApi

from credits.models import Hold, Purse
from generation.life.attempt_ends import complete
from generation.life.claims import heartbeat
from generation.models import Task
from generation.providers.base import AccountSettings, Finished, Work
from generation.providers.registry import find_class
from generation.spec import GenerationSpec, ModelCard
from genhub.lib.ids import to_wire
from tests.api.album import encode
from tests.api.refusals import books, header_of
from tests.books import find_mistakes
from tests.faults.processes import wait_until
from tests.front.stock import await_order, draw, threads
from tests.front.web import Web
from tests.patience import patience
from tests.steps import claim, collect

__all__ = ["threads"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("front")]
JPEG = encode(Image.new("RGB", (16, 16), "red"), "JPEG")
Make = Callable[..., WebUIApi]
# As each builds it from the settings that it comes with.
OPEN_WEBUI = {"prompt": "a star", "batch_size": 1, "width": 512, "height": 512, "steps": 20}
SILLY_TAVERN = {
    "url": "https://hub.example.com", "auth": "alice:secret",
    "prompt": "a star", "negative_prompt": "blurry", "sampler_name": "DPM++ 2M Karras", "scheduler": "Karras",
    "steps": 20, "cfg_scale": 7, "width": 512, "height": 512, "restore_faces": False, "enable_hr": False,
    "hr_upscaler": "Latent", "hr_scale": 2, "hr_additional_modules": [], "denoising_strength": 0.7,
    "hr_second_pass_steps": 0, "override_settings": {"CLIP_stop_at_last_layers": 1},
    "override_settings_restore_afterwards": True, "clip_skip": 1, "save_images": True, "send_images": True,
    "do_not_save_grid": False, "do_not_save_samples": False,
}  # fmt: skip
KOBOLD_LITE = {
    "prompt": "a star", "seed": 12345678, "sampler_name": "Euler a", "batch_size": 1, "n_iter": 1, "steps": 20,
    "cfg_scale": 7, "width": 512, "height": 512, "negative_prompt": "blurry", "do_not_save_samples": True,
    "do_not_save_grid": True, "enable_hr": False, "eta": 0, "s_churn": 0, "s_tmax": 0, "s_tmin": 0, "s_noise": 1,
    "override_settings": {
        "sd_model_checkpoint": "z-image-small", "eta_noise_seed_delta": 0.0, "CLIP_stop_at_last_layers": 1.0,
        "ddim_discretize": "uniform", "img2img_fix_steps": False, "sd_hypernetwork": "None",
        "inpainting_mask_weight": 1.0, "initial_noise_multiplier": 1.0, "comma_padding_backtrack": 20.0,
    },
}  # fmt: skip


@pytest.fixture
def stock(web: Web, bearer: dict[str, Any], client_of: Callable[..., APIClient]) -> Make:
    """Make a client of somebody's, whose key is its password."""

    def make(key: str = "", name: str = "anybody") -> WebUIApi:
        key = key or bearer["Authorization"].removeprefix("Bearer ")
        base = f"http://127.0.0.1:{web.port}/sdapi/v1"
        return WebUIApi(baseurl=base, username=name, password=key)

    return make


def key_of(client: APIClient) -> str:
    return header_of(client)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")


def test_pictures_come_with_the_answer(stock: Make, threads: ThreadPoolExecutor) -> None:
    client = stock()
    waiting: Future[Any] = threads.submit(
        client.txt2img, prompt="a star, 一颗星", n_iter=2, width=64, height=64, steps=12, seed=7,
        negative_prompt="blurry, dark",
    )  # fmt: skip
    draw()
    answer, task = waiting.result(patience()), Task.objects.get()
    assert (task.num_images, task.spec["seeds"], task.metadata) == (2, [7, 8], {"sdapi": {}})
    assert [picture.size for picture in answer.images] == [(64, 64)] * 2
    info = answer.info
    assert (info["all_seeds"], info["width"], info["steps"]) == ([7, 8], 64, 12)
    assert info["task"] == to_wire("task", task.pk)
    assert info["credits"] == {"price": task.price, "captured": task.price, "released": 0}
    assert {"eta", "do_not_save_grid", "sampler_name"} <= {*info["ignored"]}
    assert info["ignored"] == answer.parameters["ignored"]
    for picture, text in zip(answer.images, info["infotexts"], strict=True):
        assert picture.format == "PNG"
        assert picture.info["parameters"] == text
        assert "trainedAlgorithmicMedia" in picture.info["XML:com.adobe.xmp"], "its label"
    read = client.png_info(answer.images[1])
    assert read.info == info["infotexts"][1]
    assert read.parameters["Prompt"] == "a star, 一颗星"
    assert read.parameters["Negative prompt"] == "blurry, dark"
    assert (read.parameters["Seed"], read.parameters["Size"]) == ("8", "64x64")


def test_a_picture_can_be_started_from(stock: Make, threads: ThreadPoolExecutor) -> None:
    """With more of it than a body of words may have, so that the server must know that it comes."""
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    mask = Image.new("L", (900, 900), 255)
    waiting = threads.submit(
        stock().img2img, images=[noise], mask_image=mask, prompt="a star", width=64, height=64,
        denoising_strength=0.5,
    )  # fmt: skip
    draw()
    answer, task = waiting.result(patience()), Task.objects.get()
    assert task.spec["strength"] == 0.5
    assert task.spec["image"].startswith("art_")
    assert task.spec["mask"].startswith("art_")
    assert answer.parameters["denoising_strength"] == 0.5
    assert "init_images" not in answer.parameters
    assert answer.images[0].size == (64, 64)


def test_only_ones_own_orders_are_seen_and_stopped(
    stock: Make, threads: ThreadPoolExecutor, client_of: Callable[..., APIClient]
) -> None:
    client, other = stock(), stock(key_of(client_of("mallory")))
    waiting = threads.submit(client.txt2img, prompt="a star", width=64, height=64, steps=10)
    await_order()
    assert client.get_progress()["state"]["job_count"] == 1
    heartbeat(claim(), progress=0.4, preview=JPEG)
    seen = client.get_progress()
    assert (seen["progress"], seen["state"]["sampling_step"]) == (0.4, 4)
    assert base64.b64decode(seen["current_image"]) == JPEG
    assert seen["eta_relative"] > 0
    assert client.custom_get("sdapi/v1/progress?skip_current_image=true")["current_image"] is None
    idle = other.get_progress()
    assert (idle["progress"], idle["state"]["job_count"], idle["current_image"]) == (0, 0, None)
    assert (other.interrupt(), other.skip()) == ({}, {})
    assert Task.objects.get().state == "processing"
    assert client.interrupt() == {}
    with pytest.raises(RuntimeError) as refusal:
        waiting.result(patience())
    status, text = refusal.value.args
    assert (status, json.loads(text)["error"]) == (409, "no_result")
    assert Task.objects.get().state == "canceled"
    assert (Purse.objects.get(user="alice").available, Hold.objects.count()) == (100, 1)
    assert client.get_progress()["state"]["job_count"] == 0
    assert find_mistakes() == []


@pytest.mark.parametrize(
    "body", [OPEN_WEBUI, SILLY_TAVERN, KOBOLD_LITE], ids=["open-webui", "silly-tavern", "kobold"]
)
def test_known_front_ends_get_their_picture(
    web: Web, bearer: dict[str, Any], threads: ThreadPoolExecutor, body: dict[str, Any]
) -> None:
    login = ("alice", bearer["Authorization"].removeprefix("Bearer "))
    url = f"http://127.0.0.1:{web.port}/sdapi/v1/txt2img"
    waiting = threads.submit(httpx.post, url, json=body, auth=login, timeout=patience())
    draw()
    answer = waiting.result(patience())
    assert answer.status_code == 200, answer.text
    said = answer.json()
    with Image.open(io.BytesIO(base64.b64decode(said["images"][0]))) as picture:
        assert picture.size == (512, 512)
    info = json.loads(said["info"])
    assert info["prompt"] == "a star"
    assert "secret" not in answer.text
    assert {name for name in ("auth", "eta", "scheduler") if name in body} <= {*info["ignored"]}
    assert Task.objects.get().spec["steps"] == 20


def test_a_hub_is_a_provider_of_another(
    web: Web, bearer: dict[str, Any], threads: ThreadPoolExecutor
) -> None:
    """By the adapter that speaks to WebUIs: it gets pictures, and is told of its own order how far it is."""
    key = bearer["Authorization"].removeprefix("Bearer ")
    account = AccountSettings(
        alias="hub", base_url=f"http://127.0.0.1:{web.port}", key=f"any:{key}", answer_seconds=patience(),
        private_hosts=frozenset({"127.0.0.1"}),
    )  # fmt: skip
    provider = find_class("sdwebui")(account)
    assert provider.check()["models"] == ["z-image-small"]
    spec = GenerationSpec(
        "image", "far", "a star", "blurry", 64, 64, seeds=(7, 8), number=2, said=("seed",)
    )
    told: list[tuple[float, bytes]] = []

    def report(done: float, preview: Callable[[], bytes] | None = None) -> None:
        if preview:
            told.append((done, preview()))

    card = ModelCard("far", vendor_model="z-image-small")
    waiting: Future[Any] = threads.submit(
        provider.submit, Work(spec, card, report, reference="att_1")
    )
    await_order()
    found = claim()
    heartbeat(found, progress=0.4, preview=JPEG)
    wait_until(lambda: bool(told), 30, "the preview")
    complete(found, collect(found))
    made = waiting.result(patience())
    assert isinstance(made, Finished)
    assert [(one.position, one.seed) for one in made.made] == [(0, 7), (1, 8)]
    assert told[0][0] == 0.4
    assert Task.objects.get().metadata == {"sdapi": {"force_task_id": "att_1"}}


def test_a_platforms_key_says_who_pays(
    stock: Make,
    threads: ThreadPoolExecutor,
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
) -> None:
    rich("bea", 50)
    client = stock(key_of(client_of("")), "bea")
    waiting = threads.submit(client.txt2img, prompt="a star", width=64, height=64)
    draw()
    waiting.result(patience())
    task = Task.objects.get()
    assert task.user == "bea"
    assert Purse.objects.get(user="bea").available == 50 - task.price


def test_what_clients_look_up_is_there(stock: Make) -> None:
    client, before = stock(), books()
    assert client.util_get_model_names() == ["z-image-small"] == [client.util_get_current_model()]
    [scheduler] = client.custom_get("sdapi/v1/schedulers")
    assert scheduler["name"] == "automatic"
    for look_up in (
        client.get_samplers, client.get_sd_vae, client.get_upscalers, client.get_latent_upscale_modes,
        client.get_loras, client.get_hypernetworks, client.get_face_restorers, client.get_realesrgan_models,
        client.get_prompt_styles,
    ):  # fmt: skip
        assert look_up() == [], look_up
    assert client.get_scripts() == {"txt2img": [], "img2img": []}
    assert client.get_embeddings() == {"loaded": {}, "skipped": {}}
    assert client.get_cmd_flags() == {"api": True}
    assert client.get_memory()["cuda"] == {"error": "unavailable"}
    assert client.refresh_checkpoints() == {}
    client.util_wait_for_ready()
    assert books() == before
