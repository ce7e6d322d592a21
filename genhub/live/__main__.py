"""`python -m genhub.live`: serve event streams at EVENTS_ADDRESS until SIGTERM."""

import asyncio
import os
from types import FrameType

import uvicorn
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "genhub.settings.embedded")

import django

django.setup()

# Below are installed apps.
from django.conf import settings  # noqa: E402

from generation.api.live.application import Events  # noqa: E402
from genhub.front.server import raise_file_limit  # noqa: E402
from genhub.live.address import read_address  # noqa: E402

GRACE_SECONDS = 5


async def serve() -> None:
    """Serve until a signal says stop."""
    events = Events()
    raise_file_limit(settings.EVENTS["streams"])
    host, port, path = read_address(settings.EVENTS["address"])
    server = uvicorn.Server(
        uvicorn.Config(
            events,
            host=host,
            port=port,
            uds=path,
            http="httptools",
            ws="none",
            lifespan="off",
            # Who asks is said by the front and by nginx, and read by the application.
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    take_signal = server.handle_exit

    def stop(number: int, frame: FrameType | None) -> None:
        # By themselves streams end only with their clients.
        events.end()
        take_signal(number, frame)

    server.handle_exit = stop  # type: ignore[method-assign,assignment]  # what its signals call
    await events.begin()
    try:
        await server.serve()
    finally:
        await events.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
