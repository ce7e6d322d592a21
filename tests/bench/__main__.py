"""`python -m tests.bench ID [--quick]`: the last line on stdout is one JSON object.

Exit 1 when a goal is missed, 3 when the benchmark cannot run on this machine: that is never ok.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tests.bench import server
from tests.bench.measure import NotRun, Report

MODULES = {
    "ledger-uniform": "tests.bench.ledger_uniform",
    "ledger-hot": "tests.bench.ledger_hot",
    "grow-ledger": "tests.bench.grow_ledger",
    "grow-queue": "tests.bench.grow_queue",
    "accept": "tests.bench.accept",
    "cache-hit": "tests.bench.cache_hit",
    "grow-cache": "tests.bench.grow_cache",
    "dialect-b64": "tests.bench.dialect_b64",
    "dispatch": "tests.bench.dispatch",
    "webhook-many": "tests.bench.webhook_many",
    "grow-sse": "tests.bench.grow_sse",
    "grow-poll": "tests.bench.grow_poll",
    "grow-tasks": "tests.bench.grow_tasks",
    "grow-admin": "tests.bench.grow_admin",
    "grow-year": "tests.bench.grow_year",
    "fleet": "tests.bench.fleet_check",
    "unit-costs": "tests.bench.unit_costs",
    "encode": "tests.bench.encode",
    "edit": "tests.bench.edit",
    "cpu-dtype": "tests.bench.cpu_dtype",
    "engine-tax": "tests.bench.engine_tax",
    "remote-b64": "tests.bench.remote_b64",
    "remote-many": "tests.bench.remote_many",
    "remote-url": "tests.bench.remote_url",
    "remote-seed": "tests.bench.remote_seed",
    "video-many": "tests.bench.video_many",
    "video-store": "tests.bench.video_store",
    "gpu-floor": "tests.bench.gpu_speed:run_floor",
    "gpu-denoise": "tests.bench.gpu_speed:run_denoise",
    "gpu-batch": "tests.bench.gpu_speed:run_batch",
    "gpu-residency": "tests.bench.gpu_memory:run_residency",
    "gpu-embed-cache": "tests.bench.gpu_memory:run_embed_cache",
    "gpu-swap": "tests.bench.gpu_memory:run_swap",
}
# These run on a database that is started for them; the others need none, or bring a whole hub.
ON_A_DATABASE = {
    "ledger-uniform", "ledger-hot", "grow-ledger", "grow-queue", "accept", "cache-hit", "dispatch", "webhook-many", "grow-sse", "grow-poll",
    "grow-tasks", "grow-admin", "grow-cache", "grow-year", "fleet",
}  # fmt: skip
WITH_A_BROKER = {"accept", "cache-hit", "grow-cache", "grow-year", "dispatch", "grow-sse", "fleet"}
NOT_RUN = 3


def main() -> int:
    """Run one benchmark on a server of its own."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("id", choices=MODULES, metavar="ID", help=", ".join(MODULES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, within a minute")
    words = parser.parse_args()
    began = time.monotonic()
    needs_database = words.id in ON_A_DATABASE
    has_broker = words.id in WITH_A_BROKER
    with server.running(has_broker=has_broker) if needs_database else server.absent():
        logging.disable(logging.WARNING)
        facts = server.describe() if needs_database else server.describe_machine()
        # Models are imported only once Django is set up.
        answer = measure(MODULES[words.id], is_quick=words.quick)
    seconds = round(time.monotonic() - began, 1)
    answer = {
        "id": words.id,
        **answer,
        "quick": words.quick,
        "seconds": seconds,
        "machine": facts,
    }
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)
    return exit_code(answer)


def exit_code(answer: Mapping[str, Any]) -> int:
    """Return what the shell is told of an answer."""
    if "not_run" in answer:
        return NOT_RUN
    return 0 if answer["ok"] else 1


def measure(place: str, *, is_quick: bool) -> dict[str, Any]:
    """Run a benchmark and return its part of the last line; where it cannot run, the reason."""
    module, _, function = place.partition(":")
    try:
        report: Report = getattr(import_module(module), function or "run")(is_quick=is_quick)
    except NotRun as reason:
        return {"not_run": str(reason), "ok": False}
    return report.to_json()


if __name__ == "__main__":
    sys.exit(main())
