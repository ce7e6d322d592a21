"""A process that keeps a clip, in one way or another: `python -m tests.bench.clip_store LINK`.

For each line, the name of a way, it answers the seconds and by how many bytes the process grew at its largest.
"""

import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from tests.bench.remote_store import answer_weighed

COPY, HUB = "streamed copy", "hub"


def main(link: str) -> None:
    """Be the process."""
    import django  # noqa: PLC0415

    django.setup()
    import httpx2  # noqa: PLC0415 (only once Django is set up)
    from django.core.files.storage import default_storage  # noqa: PLC0415

    from generation.providers.base import AccountSettings  # noqa: PLC0415
    from generation.providers.clips import clip_at  # noqa: PLC0415
    from generation.providers.files import Parts  # noqa: PLC0415
    from storage import content  # noqa: PLC0415
    from storage.content import Finish  # noqa: PLC0415
    from storage.outputs import save_output  # noqa: PLC0415

    account = AccountSettings("bench", link, "", {}, private_hosts=frozenset({"127.0.0.1"}))
    naive = httpx2.Client(timeout=60.0, trust_env=False)

    def copy() -> None:
        store = default_storage
        client = store.connection.meta.client  # type: ignore[attr-defined]
        with naive.stream("GET", link) as answer:
            parts = Parts(answer.iter_bytes(2**20))
            client.upload_fileobj(parts, store.bucket_name, f"bench/{uuid.uuid4()}.mp4")  # type: ignore[attr-defined]

    def keep() -> None:
        made = clip_at(link, account)
        file = content.VendorFile(made.media_type, made.open)
        day, finish = datetime.now(UTC).date(), Finish(media_type="video")
        save_output(
            file, day=day, owner=uuid.uuid4(), attempt=uuid.uuid4(), position=0, finish=finish
        )

    ways: dict[str, Callable[[], None]] = {COPY: copy, HUB: keep}

    answer_weighed(ways)


if __name__ == "__main__":
    main(*sys.argv[1:])
