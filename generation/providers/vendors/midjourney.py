"""Midjourney, by way of a proxy: midjourney-proxy, its descendants, and new-api before them. Unofficial: Midjourney has
no API, and its terms forbid automation.

Facts: novicezk/midjourney-proxy (ReturnCode, SubmitController, TaskController), trueai-org/midjourney-proxy (cancel,
speeds). An order is a grid of four pictures, and one file. What is done with one of them is an order of its own, whose
options say `of` (the task's id, which the grid's facts tell), `action` (`upscale`, `variation`, `reroll`) and `index`
(1 to 4). A create is answered with HTTP 200 and a code; the same action ordered again is answered with the task that
exists. Size, seed and negative prompt are flags in the prompt.

Options of an offer: `speed` (`relax`, `fast`, `turbo`), `flags` (put behind each prompt, as `--v 7`).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Finished,
    Hint,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.callbacks import read_hint
from generation.providers.errors import ProviderError, Unsupported
from generation.providers.files import data_uri, file_of_url
from generation.providers.further import TASKS, FollowUp
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import SEPARATOR, OneByOne, Picture
from generation.providers.sorting import Meaning, Said, ended, error_of
from generation.providers.wording import options_of, refuse_words

# Of a create: taken, the same action exists, queued.
TAKEN = {1, 21, 22}
MEANINGS = {
    3: Meaning.BROKEN,  # none of the proxy's Discord accounts is free or alive
    4: Meaning.WRONG,
    9: Meaning.BROKEN,
    23: Meaning.BUSY,
    24: Meaning.REFUSED,
}
# A task fails with a text alone, in the proxy's language.
REFUSALS = re.compile(r"banned|moderat|sensitive|敏感|违规", re.IGNORECASE)
NO_QUOTA = re.compile(r"quota|额度|余额", re.IGNORECASE)
# A change of a grid that the proxy has no more; it has no code of its own.
GONE = re.compile(r"关联任务|task_(origin_)?not_(exist|found)", re.IGNORECASE)
NOT_BEGUN = {"NOT_START", "SUBMITTED"}
ENDED = {"FAILURE", "CANCEL"}
PICTURES_OF_A_GRID = 4
# What comes of an upscale is one picture and no grid: the proxy changes it no more.
FOLLOW_UPS = {
    "upscale": FollowUp("upscale", PICTURES_OF_A_GRID, is_last=True),
    "variation": FollowUp("variation", PICTURES_OF_A_GRID),
    "reroll": FollowUp("reroll"),
}
SPEEDS = {"", "relax", "fast", "turbo"}
LARGEST_SEED = 2**32 - 1
SEED = re.compile(r".* --seed (\d{1,10})\b", re.DOTALL)
POLL_SECONDS = 3.0


class Receipt(msgspec.Struct):
    """An answer to a create."""

    code: int | None = None
    description: str | None = None
    result: str | int | None = None


class Task(msgspec.Struct):
    """An order as the proxy knows it."""

    id: str | int | None = None
    action: str | None = None
    status: str | None = None
    progress: str | None = None
    image_url: str | None = msgspec.field(name="imageUrl", default=None)
    fail_reason: str | None = msgspec.field(name="failReason", default=None)
    prompt: str | None = None
    translated: str | None = msgspec.field(name="promptEn", default=None)


class MidjourneyProvider(OneByOne):
    """Imagines grids, and goes on with one of their pictures."""

    capabilities = Capabilities(
        takes=frozenset({"negative_prompt", "seed", "image"}),
        calls_back=True,
        cancels=True,
        follow_ups=tuple(FOLLOW_UPS.values()),
    )

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        # The proxy reads the one, new-api the other.
        headers = {"mj-api-secret": account.key, "authorization": f"Bearer {account.key}"}
        self.api = VendorApi(account, account.base_url, headers if account.key else {}, explain)

    def check(self) -> Mapping[str, Any]:
        """Ask for no tasks at all: the cheapest question that needs the key."""
        found = self.api.post("mj/task/list-by-condition", json={"ids": []}).parse(list[Any])
        return {"tasks": len(found), "unofficial": True}

    def submit(self, work: Work) -> Submitted | Finished:
        """Order grids, each by a call of its own."""
        if work.spec.options and work.spec.number != 1:
            raise Unsupported("number: one picture of a grid at a time")
        return super().submit(work)

    def submit_one(self, work: Work) -> Submitted:
        """Order a grid, or what is to be done with one."""
        speed = str(work.card.options.get("speed", ""))
        if speed not in SPEEDS:
            raise Unsupported(f"speed: {speed}")
        words = self.follow_up(work) if "action" in work.spec.options else self.imagine(work)
        words |= {"state": work.reference}
        if work.callback_url:
            words["notifyHook"] = work.callback_url
        path = "mj/submit/change" if "action" in words else "mj/submit/imagine"
        path = f"mj-{speed}/{path}" if speed else path
        receipt = self.api.order(path, Receipt, json=words)
        if receipt.code in TAKEN and receipt.result:
            return Submitted(quote(str(receipt.result), safe=""), POLL_SECONDS)
        said = said_of(receipt.code, receipt.description or "")
        if said.meaning is None:
            raise lost(f"a receipt without a task: {said.code} {said.message}")
        raise error_of(said.meaning, f"{said.code} {said.message}")

    def imagine(self, work: Work) -> dict[str, Any]:
        """Return the body of an order; raise Unsupported, naming what Midjourney does not take."""
        refuse_words(work, self.capabilities.takes)
        words: dict[str, Any] = {"prompt": prompt_of(work)}
        if work.image:
            words["base64Array"] = [data_uri(work.image)]
        return words

    def follow_up(self, work: Work) -> dict[str, Any]:
        """Return the body of an order that goes on with a grid; raise Unsupported, naming what it cannot say."""
        said = work.spec.options
        refuse_words(work, frozenset({"of", "action", "index"}))
        action, index, task = said["action"], said.get("index"), said.get("of")
        if action not in FOLLOW_UPS:
            raise Unsupported(f"action: one of {', '.join(FOLLOW_UPS)}")
        if not isinstance(task, str) or not task:
            raise Unsupported("of: the id of the grid's task")
        words = {"taskId": task, "action": action.upper()}
        if not FOLLOW_UPS[action].parts:
            return words
        if index not in range(1, PICTURES_OF_A_GRID + 1):
            raise Unsupported(f"index: 1 to {PICTURES_OF_A_GRID}")
        return {**words, "index": index}

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for each task; their ids are what another order goes on with."""
        outcome = super().poll(remote_id)
        if isinstance(outcome, Finished):
            return replace(outcome, facts={TASKS: list(map(unquote, remote_id.split(SEPARATOR)))})
        return outcome

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one task."""
        task = self.api.ask(f"mj/task/{remote_id}/fetch", Task)
        if not task.status:
            raise lost("no such task")
        if task.status in ENDED:
            reason = task.fail_reason or task.status
            meaning = Meaning.REFUSED if REFUSALS.search(reason) else None
            raise ended(Said(message=reason, meaning=meaning))
        if task.status != "SUCCESS":
            return Waiting(read_progress(task.progress), POLL_SECONDS)
        if not task.image_url:
            raise unreadable("done without a picture")
        # What follows a grid has the grid's prompt, and is not made again by its seed.
        is_grid = task.action in {None, "IMAGINE"}
        seed = SEED.search(task.prompt or "") if is_grid else None
        revised = "" if task.translated == task.prompt else task.translated or ""
        return Picture(
            file_of_url(task.image_url, self.account), int(seed[1]) if seed else None, revised
        )

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop a task, where the proxy is able to; what a begun one costs each reseller says otherwise."""
        before = self.api.ask(f"mj/task/{remote_id}/fetch", Task).status
        try:
            receipt = self.api.post(f"mj/task/{remote_id}/cancel").parse(Receipt)
        except ProviderError as error:
            if error.code == "provider_refused":
                return CancelOutcome.BILLED
            raise
        if receipt.code not in TAKEN:
            return CancelOutcome.BILLED
        return CancelOutcome.FREE if before in NOT_BEGUN else CancelOutcome.UNKNOWN

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a task as the proxy sends it, unsigned."""
        return read_hint(body, "id")


def prompt_of(work: Work) -> str:
    """Return the prompt with the other words as flags behind it."""
    spec = work.spec
    shared = math.gcd(spec.width, spec.height)
    flags = [f"--ar {spec.width // shared}:{spec.height // shared}"]
    if spec.seeds:
        flags.append(f"--seed {options_of(spec, LARGEST_SEED)['seed']}")
    if said := work.card.options.get("flags"):
        flags.append(str(said))
    if spec.negative_prompt:
        # The last one: it goes on to the end of the line.
        flags.append(f"--no {' '.join(spec.negative_prompt.split())}")
    return " ".join([spec.prompt, *flags])


def explain(status: int, body: Any) -> Said | None:
    """Read `{code, description}`, or new-api's `{"error": {code, message}}`."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return said_of(error.get("code"), str(error.get("message") or ""))
    return said_of(body.get("code"), str(body.get("description") or "")) if "code" in body else None


def said_of(code: Any, message: str) -> Said:
    """Return what a code means; money, and a grid that is gone, are named by words alone."""
    if NO_QUOTA.search(message):
        return Said(str(code), message, Meaning.QUOTA)
    if GONE.search(message):
        return Said(str(code), message, Meaning.WRONG)
    return Said(str(code), message, MEANINGS.get(code) if isinstance(code, int) else None)


def read_progress(text: str | None) -> float | None:
    """Return a progress (`35%`) as 0 to 1."""
    number = (text or "").removesuffix("%")
    return min(int(number), 100) / 100 if number.isdecimal() else None
