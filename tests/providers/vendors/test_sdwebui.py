"""Stable Diffusion WebUI."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import Provider, VendorFile, Work
from generation.providers.errors import Fault, ProviderError, Sent, Stopped
from generation.providers.vendors.sdwebui import provider as sdwebui
from generation.providers.vendors.sdwebui.watch import read_preview
from generation.spec import ModelCard
from tests.patience import patience
from tests.providers.vendors.contract import ProviderContract, b64
from tests.providers.vendors.server import Asked, Reply, Server, path_of

ORDER, PROGRESS, INTERRUPT = "/internal/progress", "/sdapi/v1/progress", "/sdapi/v1/interrupt"
NO_API = Reply(404, {"detail": "Not Found"})


def problem(status: int, kind: str) -> Reply:
    return Reply(status, {"error": kind, "detail": "", "body": "", "errors": "told so"})


def answer(number: int, first_seed: int = 7, **info: Any) -> Reply:
    said = {
        "all_seeds": [first_seed + i for i in range(number)], "index_of_first_image": 0,
        "sd_model_name": "sd_xl", "sampler_name": "DPM++ 2M Karras", "new": {},
    }  # fmt: skip
    body = {"images": [b64()] * number, "parameters": {}, "info": json.dumps({**said, **info})}
    return Reply(body=body)


class TestSDWebUI(ProviderContract):
    """A server of one's own; what it never says itself, a proxy before it may."""

    adapter = "sdwebui"
    card = ModelCard("any", vendor_model="sd_xl.safetensors")
    refusal = Reply(451, {"detail": "not here"})
    bad_key = Reply(401, {"detail": "Incorrect username or password"})
    no_quota = Reply(402, {"detail": "nothing left"})
    busy = Reply(429, {"detail": "slow down"})
    broken = problem(500, "OutOfMemoryError")

    @pytest.fixture(autouse=True)
    def _looks_at_no_progress(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sdwebui, "LOOK_EVERY_SECONDS", patience(600))

    def respond(self, asked: Asked) -> Reply:
        number = asked.json["n_iter"] * asked.json["batch_size"]
        return answer(number, max(asked.json["seed"], 0))

    def is_create(self, asked: Asked) -> bool:
        return asked.path.endswith("2img")

    def test_body_says_what_was_ordered(self, server: Server, provider: Provider) -> None:
        work = self.work(
            2, seeds=(7, 8), steps=20, cfg_scale=6.5, negative_prompt="rain", width=768
        )
        finished = self.finish(provider, work)
        asked = server.asked[0]
        assert asked.path == "/sdapi/v1/txt2img"
        assert asked.json == {
            "prompt": "a star", "negative_prompt": "rain", "width": 768, "height": 1024,
            "seed": 7, "steps": 20, "cfg_scale": 6.5, "sampler_name": "DPM++ 2M Karras",
            "batch_size": 1, "n_iter": 2, "send_images": True, "save_images": False,
            "override_settings": {"sd_model_checkpoint": "sd_xl.safetensors"},
            "override_settings_restore_afterwards": False, "force_task_id": "att_1",
        }  # fmt: skip
        assert [made.seed for made in finished.made] == [7, 8]
        assert finished.facts == {"checkpoint": "sd_xl", "sampler": "DPM++ 2M Karras"}

    def test_one_call_makes_all(self, server: Server, provider: Provider) -> None:
        assert len(self.finish(provider, self.work(3)).made) == 3
        assert self.creates(server) == 1

    @pytest.mark.parametrize(("number", "together"), [(4, 4), (9, 3), (5, 1)])
    def test_as_many_are_drawn_together_as_divide_the_order(
        self, server: Server, number: int, together: int
    ) -> None:
        provider = self.make(server.url, options={"batch_size": 4})
        assert len(self.finish(provider, self.work(number)).made) == number
        body = server.asked[0].json
        assert (body["batch_size"], body["n_iter"]) == (together, number // together)

    def test_offer_says_more_than_its_account(self, server: Server) -> None:
        provider = self.make(server.url, options={"sampler": "Euler", "scheduler": "Simple"})
        provider.submit(self.work())
        card = ModelCard("any", options={"sampler": "Heun"})
        provider.submit(replace(self.work(), card=card))
        provider.submit(replace(self.work(sampler="DDIM", style="Anime"), card=card))
        assert (server.asked[2].json["sampler_name"], server.asked[2].json["styles"]) == (
            "DDIM", ["Anime"],
        )  # fmt: skip
        said = [(one.json["sampler_name"], one.json["scheduler"]) for one in server.asked[:2]]
        assert said == [("Euler", "Simple"), ("Heun", "Simple")]
        assert "override_settings" not in server.asked[1].json

    def test_picture_and_mask_are_sent_along(self, server: Server, provider: Provider) -> None:
        image, mask = Image.new("RGB", (64, 64)), Image.new("L", (64, 64), 255)
        provider.submit(replace(self.work(strength=0.4), image=image, mask=mask))
        asked = server.asked[0]
        assert asked.path == "/sdapi/v1/img2img"
        assert asked.json["denoising_strength"] == pytest.approx(0.4)
        for text in (asked.json["init_images"][0], asked.json["mask"]):
            assert Image.open(io.BytesIO(base64.b64decode(text))).size == (64, 64)
        assert (asked.json["inpainting_fill"], asked.json["inpainting_mask_invert"]) == (1, 0)

    def test_key_is_user_and_password(self, server: Server) -> None:
        self.make(server.url, key="me:secret").submit(self.work())
        self.make(server.url, key="").submit(self.work())
        told = "Basic " + base64.b64encode(b"me:secret").decode()
        assert server.asked[0].headers["authorization"] == told
        assert "authorization" not in server.asked[1].headers

    def test_overview_is_no_picture_of_the_order(self, server: Server, provider: Provider) -> None:
        told = answer(3, index_of_first_image=1, all_seeds=[40, 41])
        server.faults = [told]
        finished = self.finish(provider, self.work(2))
        assert [(made.position, made.seed) for made in finished.made] == [(0, 40), (1, 41)]

    @pytest.mark.parametrize("info", [None, "", "no JSON", "[]", '{"all_seeds": "x"}', 7])
    def test_pictures_are_kept_whatever_the_info_is(
        self, server: Server, provider: Provider, info: Any
    ) -> None:
        server.faults = [Reply(body={"images": [b64()], "info": info})]
        if info == 7:
            assert self.fail(provider).code == "provider_answer_unreadable"
        else:
            assert self.finish(provider, self.work(seeds=(9,))).made[0].seed == 9

    @pytest.mark.parametrize(
        ("images", "code"),
        [([b64()], "generation_failed"), ([b64(), "%%%"], "provider_answer_unreadable")],
        ids=["missing", "broken"],
    )
    def test_picture_of_two_that_is_not_there_is_named(
        self, server: Server, provider: Provider, images: list[str], code: str
    ) -> None:
        server.faults = [Reply(body={"images": images, "info": "{}"})]
        finished = self.finish(provider, self.work(2))
        assert [(one.position, one.code) for one in finished.not_made] == [(1, code)]
        assert [made.position for made in finished.made] == [0]

    @pytest.mark.parametrize("images", [None, [], ["%%%"]])
    def test_answer_without_a_picture_is_not_made_again(
        self, server: Server, provider: Provider, images: Any
    ) -> None:
        server.faults = [Reply(body={"images": images, "info": "{}"})]
        error = self.fail(provider)
        assert (error.code, error.retryable) == ("provider_answer_unreadable", False)

    def test_server_without_an_api_is_the_account_s_failure(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [NO_API]
        error = self.fail(provider)
        assert (error.retryable, error.sent, error.fault) == (True, Sent.NO, Fault.ACCOUNT)
        assert "--api" in str(error)
        server.faults = [Reply(404, {"error": "HTTPException", "detail": "Sampler not found"})]
        assert self.fail(provider).code == "provider_refused"

    def test_check_lists_the_models(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(body=[{"title": "sd_xl [31e3]", "model_name": "x", "hash": None}])]
        assert provider.check() == {"models": ["sd_xl [31e3]"]}
        assert server.asked[0].path == "/sdapi/v1/sd-models"


class Slow:
    """A server that makes an order for as long as a test wants, and says how far it is."""

    def __init__(self, progress: Callable[[Asked], Reply]) -> None:
        self.progress = progress
        self.done = threading.Event()

    def respond(self, asked: Asked) -> Reply:
        path = path_of(asked)
        if path.endswith("2img"):
            assert self.done.wait(patience(60))
            return answer(1)
        if path == INTERRUPT:
            self.done.set()
            return Reply()
        return self.progress(asked)


class TestWatching:
    """What is seen of an order while it is made."""

    @pytest.fixture(autouse=True)
    def _looks_often(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sdwebui, "LOOK_EVERY_SECONDS", 0.01)

    @pytest.fixture
    def slow(self) -> Iterator[Slow]:
        slow = Slow(lambda asked: NO_API)
        yield slow
        slow.done.set()

    def submit(self, slow: Slow, report: Any, **options: Any) -> Server:
        contract = TestSDWebUI()
        with Server(slow.respond).running() as server:
            work: Work = replace(contract.work(), report=report)
            contract.make(server.url, options=options).submit(work)
        return server

    def stop(self, slow: Slow, **options: Any) -> Server:
        """Return what a server was asked about an order that nobody wants any more."""

        def report(done: float, preview: Any = None) -> None:
            raise Stopped

        contract = TestSDWebUI()
        with Server(slow.respond).running() as server:
            provider = contract.make(server.url, options=options)
            with pytest.raises(Stopped):
                provider.submit(replace(contract.work(), report=report))
            slow.done.set()
        return server

    def test_progress_of_the_own_order_is_told(self, slow: Slow) -> None:
        picture = f"data:image/png;base64,{b64()}"
        told: list[tuple[float, bytes | None]] = []

        def progress(asked: Asked) -> Reply:
            assert asked.json["id_task"] == "att_1"
            words = {"progress": 0.5, "live_preview": picture, "id_live_preview": 3, "eta": None}
            if asked.json["id_live_preview"] == 3:
                words = {"progress": 0.75, "live_preview": None, "id_live_preview": 3}
            return Reply(body={"active": True, "queued": False, "completed": False, **words})

        def report(done: float, preview: Any = None) -> None:
            told.append((done, preview and preview()))
            if done > 0.5:
                slow.done.set()

        slow.progress = progress
        self.submit(slow, report)
        assert [done for done, _ in told[:2]] == [0.5, 0.75]
        assert told[0][1] is not None
        assert Image.open(io.BytesIO(told[0][1])).format == "JPEG"
        assert told[1][1] is None

    def test_progress_of_others_is_none_of_ours(self, slow: Slow) -> None:
        told: list[float] = []

        def report(done: float, preview: Any = None) -> None:
            told.append(done)
            slow.done.set()

        slow.progress = lambda asked: Reply(body={"active": False, "queued": True})
        self.submit(slow, report)
        assert set(told) == {0.0}

    @pytest.mark.parametrize(
        ("words", "options", "seen"),
        [
            ({"current_task": "att_1"}, {}, 0.25),
            ({"current_task": "another"}, {}, 0.0),
            ({"current_task": None}, {}, 0.0),
            ({"current_task": None}, {"exclusive": True}, 0.25),
            ({"current_task": "another"}, {"exclusive": True}, 0.0),
        ],
    )
    def test_server_without_its_page_tells_what_is_under_way(
        self, slow: Slow, words: dict[str, Any], options: dict[str, Any], seen: float
    ) -> None:
        told: list[float] = []

        def progress(asked: Asked) -> Reply:
            if path_of(asked) == ORDER:
                return NO_API
            state = {"job_count": 1, "sampling_step": 5}
            return Reply(body={"progress": 0.25, "state": state, "current_image": None, **words})

        def report(done: float, preview: Any = None) -> None:
            told.append(done)
            slow.done.set()

        slow.progress = progress
        server = self.submit(slow, report, **options)
        assert set(told) == {seen}
        assert server.count("POST", ORDER) == 1

    @pytest.mark.parametrize("fault", [Reply(500, {}), Reply(200, b"<html>")], ids=str)
    def test_order_is_made_though_nobody_sees_it(self, slow: Slow, fault: Reply) -> None:
        slow.progress = lambda asked: fault
        self.submit(slow, lambda done, preview=None: slow.done.set())

    def test_unwanted_order_is_interrupted_while_it_is_under_way(self, slow: Slow) -> None:
        slow.progress = lambda asked: Reply(body={"active": True, "progress": 0.1})
        assert self.stop(slow).count("POST", INTERRUPT) == 1

    def test_orders_of_others_are_never_interrupted(self, slow: Slow) -> None:
        slow.progress = lambda asked: Reply(body={"active": False, "queued": True})
        assert self.stop(slow).count("POST", INTERRUPT) == 0

    def test_interrupt_that_fails_changes_nothing(self, slow: Slow) -> None:
        slow.progress = lambda asked: Reply(body={"active": True, "progress": 0.1})
        respond = slow.respond
        slow.respond = lambda asked: (  # type: ignore[method-assign]
            Reply(500, {}) if path_of(asked) == INTERRUPT else respond(asked)
        )
        assert self.stop(slow).count("POST", INTERRUPT) == 1

    def test_failure_of_the_order_is_its_own_though_it_is_watched(self) -> None:
        seen = threading.Event()

        def respond(asked: Asked) -> Reply:
            if path_of(asked).endswith("2img"):
                assert seen.wait(patience(60))
                return problem(500, "OutOfMemoryError")
            return Reply(body={"active": True, "progress": 0.1})

        contract = TestSDWebUI()
        with Server(respond).running() as server:
            work = replace(contract.work(), report=lambda done, preview=None: seen.set())
            with pytest.raises(ProviderError, match="OutOfMemoryError"):
                contract.make(server.url).submit(work)


def test_preview_is_small() -> None:
    file = io.BytesIO()
    Image.new("RGB", (1024, 512)).save(file, "webp")
    made = read_preview(base64.b64encode(file.getvalue()).decode())
    assert Image.open(io.BytesIO(made)).size == (256, 128)


def test_preview_that_is_no_picture_is_none() -> None:
    with pytest.raises(OSError, match="identify"):
        read_preview(base64.b64encode(b"<svg/>").decode())


def test_type_of_a_picture_is_that_of_its_bytes() -> None:
    content = sdwebui.read(sdwebui.Images([b64("jpeg")]), TestSDWebUI().work()).made[0].content
    assert isinstance(content, VendorFile)
    assert content.media_type == "image/jpeg"
