"""ComfyUI."""

import base64
import datetime
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import CancelOutcome, Lost, Provider, Waiting
from generation.providers.errors import BadOptions, Forgotten, ProviderError, Sent
from generation.providers.registry import find_class
from generation.spec import ModelCard
from tests.providers.vendors.clips import WIDE, ClipContract
from tests.providers.vendors.comfy import INPUTS, OWN, WORKFLOW, Comfy, ended, history
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Asked, Reply, Server, path_of

NOW = datetime.datetime(2026, 11, 28, 10, tzinfo=datetime.UTC)
ERROR = {"node_type": "KSampler", "exception_type": "torch.OutOfMemoryError", "exception_message": "no memory"}  # fmt: skip
CLIP = {**WORKFLOW, "12": {"class_type": "LoadImage", "inputs": {"image": "x.png"}}}
CLIP["13"] = {"class_type": "LoadImage", "inputs": {"image": "x.png"}}
CLIP["14"] = {"class_type": "CreateVideo", "inputs": {"length": 81, "fps": 16, "sounds": True}}


def told(status: int, kind: str) -> Reply:
    return Reply(status, {"error": {"type": kind, "message": "told so", "details": "", "extra_info": {}}, "node_errors": {}})  # fmt: skip


def card_of(**options: Any) -> ModelCard:
    return ModelCard("any", options={"workflow": WORKFLOW, "inputs": INPUTS, **options})


class Contract(PolledContract):
    """What pictures and clips of the server have in common."""

    adapter = "comfyui"
    kind = "image"
    refusal = history("error", ["execution_error", {**ERROR, "exception_message": "NSFW content"}])
    unknown = history("pondering")
    failed = history("error", ["execution_start", {}], ["execution_error", ERROR])
    # What the server never says itself, a proxy before it may.
    bad_key = Reply(401, {"error": "who are you?"})
    no_quota = Reply(402, {"error": "nothing left"})
    busy = Reply(429, {"error": "slow down"})
    broken = told(500, "crashed")

    comfy: Comfy

    @pytest.fixture(autouse=True)
    def _serves(self) -> None:
        self.comfy = Comfy(self.kind)

    def respond(self, asked: Asked) -> Reply:
        return self.comfy.respond(asked)

    def is_create(self, asked: Asked) -> bool:
        return path_of(asked) == "/prompt"


class TestPictures(Contract):
    """Pictures, one a prompt."""

    card = card_of()

    def test_words_go_where_the_model_says(self, server: Server, provider: Provider) -> None:
        work = self.work(
            seeds=(7,), steps=9, cfg_scale=3.5, negative_prompt="rain", width=768, height=512
        )
        finished = self.finish(provider, work)
        body = server.asked[0].json
        assert (body["prompt_id"], body["client_id"]) == (OWN, "genhub")
        said = body["prompt"]
        assert said["3"]["inputs"] == {"seed": 7, "steps": 9, "cfg": 3.5, "model": ["4", 0]}
        assert said["5"]["inputs"] == {"width": 768, "height": 512, "batch_size": 1}
        assert (said["6"]["inputs"]["text"], said["7"]["inputs"]["text"]) == ("a star", "rain")
        assert (said["4"], said["9"]) == (WORKFLOW["4"], WORKFLOW["9"])
        assert finished.made[0].seed == 7
        # The model's own workflow stays as it is.
        assert self.card.options["workflow"]["6"]["inputs"]["text"] == ""

    def test_order_without_a_seed_gets_one(self, server: Server, provider: Provider) -> None:
        seeds = set()
        for _ in range(2):
            made = self.finish(provider, self.work()).made[0]
            seeds |= {made.seed, server.asked[-2].json["prompt"]["3"]["inputs"]["seed"]}
        assert len(seeds) == 2
        assert 5 not in seeds

    def test_file_comes_from_the_server_itself(self, server: Server, provider: Provider) -> None:
        content = self.finish(provider, self.work()).made[0].content
        with content.open() as file:  # type: ignore[union-attr]
            assert file.read(4) == b"\x89PNG"
        asked = server.asked[-1]
        assert asked.path == "/view?filename=it_00001_.png&subfolder=a+b&type=output"
        assert asked.headers["authorization"] == "Bearer secret-key-of-the-test"

    def test_key_may_be_user_and_password_or_none(self, server: Server) -> None:
        self.make(server.url, key="me:secret").submit(self.work())
        self.make(server.url, key="").submit(self.work())
        assert server.asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()  # fmt: skip
        assert "authorization" not in server.asked[1].headers

    def test_node_is_the_model_s_to_choose(self, server: Server, provider: Provider) -> None:
        remote_id = provider.submit(replace(self.work(), card=card_of(output="7"))).remote_id  # type: ignore[union-attr]
        entry = self.comfy.ended[OWN]
        entry["outputs"]["7"] = {"images": [{"filename": "other.png", "type": "output"}]}
        with self.finish_of(provider, remote_id).made[0].content.open() as file:  # type: ignore[union-attr]
            file.read(1)
        assert "filename=other.png" in server.asked[-1].path

    @pytest.mark.parametrize(
        "outputs",
        [{}, {"9": {"images": [{"filename": "x.png", "type": "temp"}]}}, {"9": {"text": ["x"]}},
         {"9": {"images": [{"filename": "x.gif", "type": "output"}, {}, 7]}}],
    )  # fmt: skip
    def test_end_without_a_file_is_named(self, provider: Provider, outputs: Any) -> None:
        remote_id = self.ordered(provider)
        self.comfy.ended[OWN]["outputs"] = outputs
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        assert caught.value.code == "provider_answer_unreadable"

    def test_waiting_and_running_prompts_are_waited_for(self, provider: Provider) -> None:
        self.comfy.is_quick = False
        remote_id = self.ordered(provider, 2)
        assert isinstance(provider.poll(remote_id), Waiting)
        self.comfy.run()
        assert len(self.finish_of(provider, remote_id).made) == 2

    def test_prompt_that_ends_between_two_questions_is_done(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [Reply(body={})]
        assert self.finish_of(provider, remote_id).made

    def test_server_that_was_started_anew_has_forgotten(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        self.comfy.start_anew()
        with pytest.raises(Forgotten) as caught:
            provider.poll(remote_id)
        assert (caught.value.code, caught.value.retryable) == ("provider_forgot", True)
        # What does not say so in full is asked for again.
        for faults in ([Reply(body={}), Reply(502, b"")], [Reply(body={}), Reply(body={})]):
            server.faults = list(faults)
            with pytest.raises(ProviderError) as doubted:
                provider.poll(remote_id)
            assert (doubted.value.code, doubted.value.sent) == ("provider_unavailable", Sent.MAYBE)

    @pytest.mark.parametrize(
        ("message", "code"),
        [(["execution_interrupted", {}], "generation_failed"), (["strange"], "generation_failed"), (7, "generation_failed")],
        ids=str,
    )  # fmt: skip
    def test_what_somebody_stopped_there_is_over(
        self, server: Server, provider: Provider, message: Any, code: str
    ) -> None:
        error = self.poll_badly(server, provider, history("error", message))
        assert (error.code, error.retryable) == (code, False)

    def test_older_server_tells_no_status(self, provider: Provider) -> None:
        remote_id = self.ordered(provider)
        del self.comfy.ended[OWN]["status"], self.comfy.ended[OWN]["prompt"]
        assert self.finish_of(provider, remote_id).made

    def test_workflow_that_the_server_refuses_is_the_order_s(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [told(400, "prompt_outputs_failed_validation")]
        error = self.fail(provider)
        assert (error.code, error.sent) == ("provider_refused", Sent.YES)
        assert "prompt_outputs_failed_validation" in str(error)

    @pytest.mark.parametrize(
        ("place", "outcome", "deleted", "interrupted"),
        [
            ("pending", CancelOutcome.FREE, 1, 0),
            ("running", CancelOutcome.BILLED, 0, 1),
            ("ended", CancelOutcome.BILLED, 0, 0),
            ("gone", CancelOutcome.FREE, 0, 0),
        ],
    )
    def test_cancel_stops_our_own_alone(
        self, server: Server, provider: Provider, place: str, outcome: CancelOutcome, deleted: int, interrupted: int
    ) -> None:  # fmt: skip
        self.comfy.is_quick = place == "ended"
        other = [0, "another", WORKFLOW, {}, []]
        self.comfy.queue = [] if place == "running" else [other]
        remote_id = self.ordered(provider)
        if place == "gone":
            self.comfy.queue = [other]
        assert provider.cancel(remote_id) is outcome
        assert server.count("POST", "/queue") == deleted
        assert self.comfy.interrupted == [OWN] * interrupted
        assert [one[1] for one in self.comfy.queue if one[1] != OWN] == (["another"] if place in {"pending", "gone"} else [])  # fmt: skip

    def test_lost_order_is_found_by_its_id(self, server: Server, provider: Provider) -> None:
        self.comfy.is_quick = False
        work = self.work(2, seeds=(7, 8))
        server.faults = [Reply(504, b"")]
        with pytest.raises(ProviderError):
            provider.submit(work)
        asked = server.asked[0].json
        self.comfy.queue = [
            [1, "another", asked["prompt"], {}, []],
            [2, asked["prompt_id"], asked["prompt"], {}, []],
        ]
        lost = Lost(work.spec, work.card, NOW, NOW, "att_1")
        [found] = provider.find_lost(lost)
        assert (found.state, found.is_same_prompt, found.created_at) == ("queued", True, NOW)
        assert found.remote_id == f"{asked['prompt_id']}:7:,!answer_lost"
        self.comfy.run()
        finished = self.finish_of(provider, found.remote_id)
        assert [made.seed for made in finished.made] == [7]
        assert [missing.code for missing in finished.not_made] == ["answer_lost"]

    def test_lost_order_of_a_server_that_gives_ids_is_found_by_its_words(
        self, provider: Provider
    ) -> None:
        def prompt(name: str, words: str, created_at: int | None = None) -> list[Any]:
            nodes = {**WORKFLOW, "6": {"class_type": "CLIPTextEncode", "inputs": {"text": words}}}
            extra = {} if created_at is None else {"create_time": (NOW.timestamp() + created_at) * 1000}  # fmt: skip
            return [1, name, nodes, extra, []]

        self.comfy.queue = [prompt("it", "a star", 5), prompt("older", "a star", -500)]
        self.comfy.queue += [prompt("other", "a moon", 5), [4, "strange", {}, {}, []]]
        self.comfy.ended = {"untimed": ended(prompt("untimed", "a star"))}
        work = self.work()
        found = provider.find_lost(Lost(work.spec, work.card, NOW, NOW))
        assert [(one.remote_id, one.state) for one in found] == [
            ("it:5:", "running"), ("untimed:5:", "success"),
        ]  # fmt: skip

    def test_place_without_a_picture_and_picture_without_a_place_are_named(
        self, server: Server, provider: Provider
    ) -> None:
        picture = Image.new("RGB", (64, 64))
        error = self.fail(provider, replace(self.work(), image=picture))
        assert (error.code, "image" in str(error)) == ("provider_unsupported", True)
        card = card_of(workflow=CLIP, inputs={**INPUTS, "image": "12.image"})
        error = self.fail(provider, replace(self.work(), card=card))
        assert (error.code, error.sent, "image" in str(error)) == ("provider_refused", Sent.NO, True)  # fmt: skip
        assert server.asked == []

    @pytest.mark.parametrize("fault", [Reply(502, b"<html>"), Reply(200, b"<html>")], ids=str)
    def test_picture_that_cannot_be_handed_over_orders_nothing(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        card = card_of(workflow=CLIP, inputs={**INPUTS, "image": "12.image"})
        server.faults = [fault]
        work = replace(self.work(), card=card, image=Image.new("RGB", (64, 64)))
        error = self.fail(provider, work)
        assert (error.sent, error.retryable, error.is_billed) == (Sent.NO, True, False)
        assert self.creates(server) == 0

    def test_check_says_what_the_server_is(self, server: Server, provider: Provider) -> None:
        stats = {"system": {"comfyui_version": "0.3.75"}, "devices": [{"name": "cuda:0 H200"}]}
        server.faults = [Reply(body=stats)]
        assert provider.check() == {"version": "0.3.75", "devices": ["cuda:0 H200"]}
        assert server.asked[0].path == "/system_stats"


class TestClips(Contract, ClipContract):
    """Clips, from pictures."""

    kind = "video"
    card = ModelCard(
        "any",
        media_types=("video",),
        options={
            "workflow": CLIP,
            "inputs": {**INPUTS, "frames": "14.length", "fps": "14.fps", "audio": "14.sounds"},
        },
    )

    def test_two_pictures_are_two(self, server: Server, provider: Provider) -> None:
        """What comes of a workflow is the workflow's to say."""
        work = self.work(media_type="image")
        two = replace(work, spec=replace(work.spec, number=2))
        assert len(self.finish(provider, two).made) == 2

    def test_file_is_fetched_without_the_key_or_at_the_vendor_s_own(
        self, server: Server, provider: Provider
    ) -> None:
        with self.finish(provider, self.work()).made[0].content.open() as file:  # type: ignore[union-attr]
            file.read(1)
        assert path_of(server.asked[-1]) == "/view"

    def test_pictures_come_along(self, server: Server, provider: Provider) -> None:
        inputs = {**INPUTS, "image": "12.image", "last_image": "13.image"}
        card = ModelCard("any", options={"workflow": CLIP, "inputs": inputs})
        picture = Image.new("RGB", (64, 36), "red")
        work = self.work(image="art_1", last_image="art_2")
        provider.submit(replace(work, card=card, image=picture, last_image=picture))
        first, last, created = server.asked
        assert [path_of(one) for one in (first, last)] == ["/upload/image"] * 2
        assert b"\x89PNG" in first.body
        said = created.json["prompt"]
        assert said["12"]["inputs"]["image"] == said["13"]["inputs"]["image"] == "genhub/given.png"

    def test_length_is_told_in_frames_and_sound_by_name(
        self, server: Server, provider: Provider
    ) -> None:
        provider.submit(self.work(**{**WIDE, "fps": 16}))
        assert server.asked[0].json["prompt"]["14"]["inputs"] == {
            "length": 81, "fps": 16, "sounds": False,
        }  # fmt: skip


LINK = {"prompt": "3.model"}
MISTAKES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "workflow_missing": ({"workflow": None}, {}),
    "workflow_of_editor": ({"workflow": {"nodes": [], "links": []}}, {}),
    "node_unreadable": ({"workflow": {"6": {"inputs": {"text": ""}}}}, {}),
    "prompt_not_placed": ({"inputs": {"seed": "3.seed"}}, {}),
    "word_unknown": ({"inputs": {"prompt": "6.text", "colour": "6.text"}}, {}),
    "place_unreadable": ({"inputs": {"prompt": ["6.text", "6"]}}, {}),
    "node_missing": ({"inputs": {"prompt": "60.text"}}, {}),
    "field_missing": ({"inputs": {"prompt": "6.words"}}, {}),
    "field_linked": ({"inputs": LINK}, {}),
    "size_not_placed": ({"inputs": {"prompt": "6.text"}}, {}),
    "length_not_placed": ({}, {"durations": (5, 10)}),
    "rate_not_placed": ({}, {"frame_rates": (16, 24)}),
}


@pytest.mark.parametrize("code", MISTAKES)
def test_mistake_of_a_model_is_named(code: str) -> None:
    options, words = MISTAKES[code]
    card = replace(card_of(**options), **words)
    with pytest.raises(BadOptions) as caught:
        find_class("comfyui").takes_of(card)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("inputs", "words", "takes"),
    [
        (INPUTS, {}, {"negative_prompt", "steps", "cfg_scale", "seed"}),
        ({"prompt": ["6.text", "7.text"]}, {"sizes": ((64, 64),)}, set()),
        ({"prompt": "6.text", "image": "12.image"}, {}, {"image"}),
    ],
)
def test_model_takes_what_its_workflow_has_places_for(
    inputs: dict[str, Any], words: dict[str, Any], takes: set[str]
) -> None:
    card = replace(card_of(workflow=CLIP, inputs=inputs), **words)
    assert find_class("comfyui").takes_of(card) == takes
