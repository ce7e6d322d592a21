"""A midjourney-proxy in good health: it knows its tasks, and which of them can be changed, as the real ones do."""

from dataclasses import dataclass
from typing import Any

from tests.providers.vendors.contract import picture
from tests.providers.vendors.server import Asked, Reply

CHANGEABLE = {"IMAGINE", "VARIATION", "REROLL"}


@dataclass
class Job:
    """A task of the proxy's."""

    action: str
    prompt: str
    asked_for: int = 0


def receipt(code: int, description: str = "told so", result: str | None = None) -> Reply:
    return Reply(
        body={"code": code, "description": description, "result": result, "properties": {}}
    )


def task(status: str, **words: Any) -> Reply:
    return Reply(body={"id": "1", "action": "IMAGINE", "status": status, **words})


class Proxy:
    """Takes orders, works on each until it is asked for a second time, and changes grids that it has."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.jobs: dict[str, Job] = {}
        self.changes: dict[str, str] = {}

    def respond(self, asked: Asked) -> Reply:
        """Answer as the proxy does."""
        if asked.path.startswith("/files/"):
            return Reply(body=picture(), headers={"content-type": "image/png"})
        if asked.path.endswith("/submit/imagine"):
            return self.take("IMAGINE", asked.json["prompt"])
        if asked.path.endswith("/submit/change"):
            return self.change(asked.json)
        if asked.path == "/mj/task/list-by-condition":
            return Reply(body=[])
        return self.tell(asked.path.split("/")[3], asked.headers["host"])

    def take(self, action: str, prompt: str) -> Reply:
        """Take an order: at once, or into the queue."""
        name = str(self.first + len(self.jobs))
        self.jobs[name] = Job(action, prompt)
        return receipt(1 if len(self.jobs) % 2 else 22, result=name)

    def change(self, words: Any) -> Reply:
        """Go on with a grid; refuse what is none, and what is not there."""
        said = f"{words['taskId']} {words['action']} {words.get('index')}"
        if words["action"] == "UPSCALE" and said in self.changes:
            return receipt(21, "任务已存在", self.changes[said])
        grid = self.jobs.get(words["taskId"])
        if grid is None:
            return receipt(3, "关联任务不存在或已失效")
        if grid.action not in CHANGEABLE:
            return receipt(4, "关联任务不允许执行变化")
        reply = self.take(words["action"], grid.prompt)
        self.changes[said] = reply.body["result"]
        return reply

    def tell(self, name: str, host: str) -> Reply:
        """Say how far a task is; one that nobody knows is never done."""
        job = self.jobs.get(name)
        if job is None:
            return task("IN_PROGRESS", progress="35%")
        job.asked_for += 1
        if job.asked_for == 1:
            return task("IN_PROGRESS", progress="35%", action=job.action)
        url = f"http://{host}/files/{name}.png"
        words = {"action": job.action, "prompt": job.prompt, "promptEn": job.prompt}
        return task("SUCCESS", progress="100%", imageUrl=url, **words)
