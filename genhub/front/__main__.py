"""`python -m genhub.front --host 127.0.0.1 --port 8000`: serve API and admin until SIGTERM."""

import argparse
import asyncio
import gc
import logging
import os
import sys

import uvloop

from genhub.wsgi import application

# Below are settings and installed apps, which the application has set up.
from generation.api.waits import EndNews  # isort: skip
from genhub.front.limits import Limits  # isort: skip
from genhub.front.server import HEALTH_THREADS, Server, listen  # isort: skip
from django.conf import settings  # isort: skip
from django.urls import get_resolver  # isort: skip


def read_limits() -> Limits:
    """Return the settings; no more threads than there are connections to the database, health's left aside."""
    limits = dict(settings.WEB)
    pool = settings.DATABASES["default"].get("OPTIONS", {}).get("pool")
    if pool:
        limits["threads"] = max(1, min(limits["threads"], pool["max_size"] - HEALTH_THREADS))
    return Limits(**limits)


def main() -> None:
    """Serve; what threads have not answered in time at the end is given up."""
    parser = argparse.ArgumentParser(prog="python -m genhub.front", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--grace-seconds", type=float, default=25.0)
    given = parser.parse_args()
    # The loop and health wait no longer than this for each thread that computes.
    sys.setswitchinterval(0.001)
    # What was loaded stays, all views with it: to look for garbage among it would hold up all threads for some 0.2 s.
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()
    sock = listen(given.host, given.port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        server = Server(application, read_limits(), EndNews())
        is_done = runner.run(server.serve(sock, grace_seconds=given.grace_seconds))
        if not is_done:
            logging.shutdown()
            sys.stderr.flush()
            # Python would wait for the threads.
            os._exit(0)


if __name__ == "__main__":
    main()
