"""Clips of servers in the plain dialect: `POST /generate` answers a `task_id`, `GET /task/{id}` says `completed` with a
`result_url`, or `failed`. Where one's paths and words differ, its account says them.

Options of an account: `paths` (`{"create": "generate", "poll": "task/{id}"}`; where a server lists several orders also
`list`, `tasks?ids={ids}`: the ids with commas between them), `words` (ours by the server's; an empty one is not sent:
`prompt`, `model`, `duration`, `fps`, `resolution`, `width`, `height`, and the options of orders), `names` (where in
answers stand `id`, `status`, `url`, `progress`, `error`, `seed` and, of a list, `tasks`; `data.task_id` lies within
`data`), `states` (`{"completed": ["completed"], "failed": ["failed"]}`; any other word means that it works on),
`refusals` (words of an error that mean that it does not make such a clip), `percent` (true: progress is 0 to 100).
Options of an offer: `input` (constants of the body). The key goes as `Authorization: Bearer`, where there is one.

Pictures go as data URIs. Nothing is cancelled: what the server takes it makes.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Provider,
    Submitted,
    Waiting,
    Work,
)
from generation.providers.clips import POLL_SECONDS, clip_at, clip_words, finish, taken
from generation.providers.envelope import explain as explain_envelope
from generation.providers.errors import ProviderError
from generation.providers.files import data_uri
from generation.providers.http import VendorApi, unreadable
from generation.providers.listing import parts_of
from generation.providers.sorting import Meaning, Said, ended, says_any
from generation.spec import GenerationSpec

PATHS = {"create": "generate", "poll": "task/{id}"}
WORDS = {
    "prompt": "prompt", "model": "model", "duration": "duration", "fps": "fps", "resolution": "resolution",
    "image": "image", "last_image": "last_image", "seed": "seed", "negative_prompt": "negative_prompt",
    "audio": "audio",
}  # fmt: skip
NAMES = {
    "id": "task_id", "status": "status", "url": "result_url", "progress": "progress", "error": "error", "seed": "seed",
    "tasks": "tasks",
}  # fmt: skip
STATES = {"completed": ["completed"], "failed": ["failed"]}
REFUSALS = ("nsfw", "content policy", "moderation", "sensitive")
# In every order; what is an option is sent where it was said.
PLAIN = ("prompt", "model", "duration", "fps", "resolution", "width", "height")
NO_SUCH_ADDRESS = 404


class GenericVideoProvider(Provider):
    """Makes clips at a server whose paths and words its account says."""

    capabilities = Capabilities(
        makes=frozenset({"video"}),
        takes=frozenset({"image", "last_image", "seed", "negative_prompt", "audio"}),
    )

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        headers = {"authorization": f"Bearer {account.key}"} if account.key else {}
        self.api = VendorApi(account, account.base_url, headers, explain)
        said = account.options
        self.paths = {**PATHS, **said.get("paths", {})}
        self.words = {**WORDS, **said.get("words", {})}
        self.names = {**NAMES, **said.get("names", {})}
        self.states = {**STATES, **said.get("states", {})}

    def check(self) -> Mapping[str, Any]:
        """Ask for an order that nobody gave: a server that knows the key says that there is none."""
        try:
            self.api.get(self.paths["poll"].replace("{id}", "none"))
        except ProviderError as error:
            if error.status != NO_SUCH_ADDRESS:
                raise
        return {"answers": True}

    def submit(self, work: Work) -> Submitted:
        """Order a clip."""
        words = {name: word for name, word in self.words.items() if word}
        said = clip_words(work, {n: w for n, w in words.items() if n not in PLAIN}, data_uri)
        plain = plain_words(work.spec, work.card.vendor_model)
        body = {words[name]: value for name, value in plain.items() if name in words}
        body = {**work.card.options.get("input", {}), **body, **said}
        remote_id = self.read(self.api.order(self.paths["create"], dict[str, Any], json=body), "id")
        return taken(str(remote_id) if isinstance(remote_id, str | int) else None)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for a clip."""
        told = self.api.ask(self.paths["poll"].replace("{id}", remote_id), dict[str, Any])
        status = self.state_of(told)
        if status in self.states["failed"]:
            raise self.meaning_of(str(self.read(told, "error")))
        if status not in self.states["completed"]:
            return Waiting(self.progress_of(told), POLL_SECONDS)
        seed = self.read(told, "seed")
        url = self.read(told, "url")
        if not isinstance(url, str):
            raise unreadable("done without an address")
        return finish(clip_at(url, self.account), seed if isinstance(seed, int) else None)

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """List these orders, where the server has a path for that."""
        found: dict[str, Waiting] = {}
        for part in parts_of(remote_ids) if "list" in self.paths else ():
            path = self.paths["list"].replace("{ids}", ",".join(part))
            tasks = self.read(self.api.get(path).parse(dict[str, Any]), "tasks")
            for told in tasks if isinstance(tasks, list) else ():
                status = self.state_of(told)
                if status and status not in (*self.states["completed"], *self.states["failed"]):
                    name = quote(str(self.read(told, "id")), safe="")
                    found[name] = Waiting(self.progress_of(told), POLL_SECONDS)
        return found

    def state_of(self, told: Any) -> str:
        """Return the server's word for where an order stands; empty where it says none."""
        return str(self.read(told, "status") or "").casefold()

    def read(self, told: Any, name: str) -> Any:
        """Return what stands in an answer under one of our names; None where nothing does."""
        found: Any = told
        for part in self.names[name].split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def progress_of(self, told: Any) -> float | None:
        """Return how far a clip is, 0 to 1, where the server says it."""
        said = self.read(told, "progress")
        if isinstance(said, bool) or not isinstance(said, int | float):
            return None
        return said / 100 if self.account.options.get("percent") else float(said)

    def meaning_of(self, error: str) -> ProviderError:
        """Return what it means that a clip came to nothing."""
        refusals = (*REFUSALS, *self.account.options.get("refusals", ()))
        meaning = Meaning.REFUSED if says_any(error, refusals) else None
        return ended(Said("failed", error, meaning))


def plain_words(spec: GenerationSpec, vendor_model: str) -> dict[str, Any]:
    """Return what every order says, by our words; without a model of its own the server has one alone."""
    return {
        "prompt": spec.prompt,
        **({"model": vendor_model} if vendor_model else {}),
        "duration": spec.seconds,
        **({"fps": spec.fps} if spec.fps else {}),
        "resolution": spec.resolution,
        "width": spec.width,
        "height": spec.height,
    }


def explain(status: int, body: Any) -> Said | None:
    """Read an error in OpenAI's words, or `{"message": …}` or `{"detail": …}`."""
    if said := explain_envelope(status, body):
        return said
    words = body.get("message") or body.get("detail") if isinstance(body, dict) else None
    return Said(message=str(words)) if words else None
