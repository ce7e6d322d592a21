"""Wan's clips, and those of others at DashScope: always tasks.

Facts: dashscope 2.0.2 (aigc/video_synthesis.py, v2/resources/videos.py). Models until wan2.6 are told their pictures by
name (`img_url`, or `first_frame_url` and `last_frame_url`), later ones in a list of `media`; the older ones are told
pixels where there is no picture, all others a resolution, and a ratio where no picture has one. A length is always
said: the usual one of some models is the vendor's to choose, and to bill.

Options of an account: `workspace`. Options of an offer: `way` (`media` or `url`; as a rule by the model's name),
`prompt_extend` (the vendor rewrites the prompt), `watermark`, `shot_type`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Finished,
    Found,
    Lost,
    Provider,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.clips import POLL_SECONDS, clip_at, clip_words, finish
from generation.providers.errors import Unsupported
from generation.providers.files import data_uri
from generation.providers.http import unreadable
from generation.providers.vendors.dashscope.answers import (
    Answer,
    Listed,
    Output,
    Ticket,
    read_time,
)
from generation.providers.vendors.dashscope.tasks import (
    BASE_URL,
    ask_task,
    count_tasks,
    list_tasks,
    list_under_way,
    make_api,
    order_task,
    stop,
)
from generation.providers.wording import options_of, ratio_of
from generation.spec import ModelCard

PATH = "services/aigc/video-generation/video-synthesis"
MEDIA, URL = "media", "url"
TOLD_BY_NAME = re.compile(r"wan(x|2\.[0-6]-)")
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")
WORDS = {
    "image": "first_frame",
    "last_image": "last_frame",
    "seed": "seed",
    "audio": "audio",
    "negative_prompt": "negative_prompt",
}
PLAIN_OPTIONS = ("watermark", "shot_type")
FRAMES = ("first_frame", "last_frame")


class DashScopeVideosProvider(Provider):
    """Makes clips."""

    capabilities = Capabilities(
        makes=frozenset({"video"}),
        takes=frozenset(WORDS),
        needs_key=True,
        cancels=True,
        finds_lost=True,
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.api = make_api(account)

    def check(self) -> Mapping[str, Any]:
        """Ask how many tasks there are of the last day."""
        return count_tasks(self.api)

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        body = body_of(work)
        ticket = Ticket(order_task(self.api, PATH, body), 1, body["parameters"].get("seed"))
        return Submitted(ticket.to_id(), POLL_SECONDS)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        ticket = Ticket.from_id(remote_id)
        answer = ask_task(self.api, ticket)
        if answer is None:
            return Waiting(poll_after_seconds=POLL_SECONDS)
        output = answer.output or Output()
        if not output.video_url:
            raise unreadable("done without an address")
        finished = finish(clip_at(output.video_url, self.account), ticket.seed)
        revised = [
            replace(made, revised_prompt=output.actual_prompt or "") for made in finished.made
        ]
        return replace(finished, made=revised)

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """List what is under way."""
        found = list_under_way(self.api, remote_ids)
        return dict.fromkeys(found, Waiting(poll_after_seconds=POLL_SECONDS))

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Stop a clip that has not begun."""
        return stop(self.api, Ticket.from_id(remote_id))

    def find_lost(self, order: Lost) -> list[Found]:
        """List the tasks of the model and the time, and ask each for its prompt."""
        found = [self.look_at(task, order) for task in list_tasks(self.api, order)]
        return sorted(found, key=lambda one: one.rank)

    def look_at(self, task: Listed, order: Lost) -> Found:
        """Return a task as the order that it may be."""
        output = self.api.ask(Ticket(task.task_id).path, Answer).output or Output()
        return Found(
            Ticket(task.task_id, 1, options_of(order.spec).get("seed")).to_id(),
            output.task_status or task.status or task.task_status or "",
            read_time(task.gmt_create, output.submit_time),
            output.orig_prompt == order.spec.prompt if output.orig_prompt else None,
        )


def body_of(work: Work) -> dict[str, Any]:
    """Return the body of a create; raise Unsupported, naming what the vendor does not take."""
    spec, card = work.spec, work.card
    said = clip_words(work, WORDS, data_uri)
    frames = {name: said.pop(name) for name in FRAMES if name in said}
    words = {"prompt": spec.prompt}
    if "negative_prompt" in said:
        words["negative_prompt"] = said.pop("negative_prompt")
    options = {name: card.options[name] for name in PLAIN_OPTIONS if name in card.options}
    return {
        "model": card.vendor_model or card.alias,
        "input": {**words, **frames_of(frames, way_of(card))},
        "parameters": {
            **shape_of(work, is_framed=bool(frames)),
            "duration": spec.seconds,
            "prompt_extend": bool(card.options.get("prompt_extend", False)),
            **options,
            **said,
        },
    }


def way_of(card: ModelCard) -> str:
    """Return how a model is told its pictures."""
    model = card.vendor_model or card.alias
    return str(card.options.get("way", URL if TOLD_BY_NAME.match(model) else MEDIA))


def frames_of(frames: Mapping[str, str], way: str) -> dict[str, Any]:
    """Return the pictures of an order, by their roles, as its model is told them."""
    if not frames:
        return {}
    if way == MEDIA:
        return {"media": [{"type": role, "url": url} for role, url in frames.items()]}
    if "first_frame" not in frames:
        raise Unsupported("last_image: the vendor takes none without a first one")
    if len(frames) == 1:
        return {"img_url": frames["first_frame"]}
    return {f"{role}_url": url for role, url in frames.items()}


def shape_of(work: Work, *, is_framed: bool) -> dict[str, Any]:
    """Return the size of an order as its model is told it; a picture has a ratio of its own."""
    spec = work.spec
    if way_of(work.card) == URL and not is_framed:
        return {"size": f"{spec.width}*{spec.height}"}
    resolution = {"resolution": spec.resolution.upper()}
    return resolution if is_framed else {**resolution, "ratio": ratio_of(spec, RATIOS)}
