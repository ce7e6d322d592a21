"""A process that has a picture kept, in one way or another: `python -m tests.bench.remote_store VENDOR_URL SIZE RATE`.

For each line, the name of a way, it answers the seconds and by how many bytes the process grew at its largest.
"""

import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import child

# Resets the peak of a process's memory.
RESET_PEAK = "5"


def read_bytes_of(name: str) -> int:
    """Return one of this process's figures of memory."""
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(f"{name}:")
    )
    return int(line.split()[1]) * 1024


def answer_weighed(ways: Mapping[str, Callable[[], None]]) -> None:
    """Be the process: go whichever way is asked for, and tell how long it took and what it weighed."""

    def act(way: str) -> dict[str, float]:
        before = read_bytes_of("VmRSS")
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
        began = time.perf_counter()
        ways[way]()
        return {
            "seconds": time.perf_counter() - began,
            "grown": max(read_bytes_of("VmHWM") - before, 0),
        }

    child.answer(act, {})


def main(base_url: str, link: str) -> None:
    """Be the process."""
    import django  # noqa: PLC0415

    django.setup()
    import httpx2  # noqa: PLC0415 (only once Django is set up)
    from django.core.files.base import ContentFile  # noqa: PLC0415
    from django.core.files.storage import default_storage  # noqa: PLC0415

    from generation.providers.base import AccountSettings, VendorFile, Work  # noqa: PLC0415
    from generation.providers.vendors.openai import OpenAIProvider  # noqa: PLC0415
    from generation.spec import GenerationSpec, ModelCard  # noqa: PLC0415
    from storage import content  # noqa: PLC0415
    from storage.outputs import save_output  # noqa: PLC0415

    def provider(form: str) -> OpenAIProvider:
        options, hosts = {"response_format": form}, frozenset({"127.0.0.1"})
        return OpenAIProvider(
            AccountSettings("bench", base_url, "sk-x", options, private_hosts=hosts)
        )

    providers = {form: provider(form) for form in ("url", "b64_json")}
    spec = GenerationSpec("image", "bench", "a red circle", "", 512, 512)
    work = Work(spec, ModelCard("bench"), lambda *_: None)
    naive = httpx2.Client(timeout=60.0, trust_env=False)

    def read_then_put() -> None:
        default_storage.save(
            f"outputs/bench/{uuid.uuid4()}.png", ContentFile(naive.get(link).content)
        )

    def by_hub(form: str) -> None:
        [made] = providers[form].submit(work).made
        assert isinstance(made.content, VendorFile)
        file = content.VendorFile(made.content.media_type, made.content.open)
        day = datetime.now(UTC).date()
        save_output(file, day=day, owner=uuid.uuid4(), attempt=uuid.uuid4(), position=0)

    ways: dict[str, Callable[[], None]] = {
        "read, then put": read_then_put,
        "hub, link": lambda: by_hub("url"),
        "hub, base64": lambda: by_hub("b64_json"),
    }

    answer_weighed(ways)


if __name__ == "__main__":
    main(*sys.argv[1:])
