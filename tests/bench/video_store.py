"""A clip of 100 MB from its vendor into the store: checked, its head in front, labelled and with its stills, against a
copy that streams from one to the other and looks at nothing."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import av
import numpy as np
from PIL import Image

from tests import servers
from tests.bench import child, remote_hub
from tests.bench.clip_store import COPY, HUB
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Goal,
    Report,
    interleave,
    spread,
)

CLIP_BYTES = 100 * 2**20
SIDES, FPS, FRAMES, GRAIN = (1280, 720), 24, 48, 4.0
MOST_SECONDS, MOST_GROWN_MIB = 1.3, 64.0
WARM = 1


def make_long(most_bytes: int) -> bytes:
    """Return an MP4 of about so many bytes with its head behind: the same two seconds again and again."""
    random = np.random.default_rng(1)
    first = io.BytesIO()
    with av.open(first, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"preset": "ultrafast", "crf": "20"}
        )
        stream.width, stream.height = SIDES
        stream.pix_fmt = "yuv420p"
        scene = random.integers(0, 256, (SIDES[1] // 4, SIDES[0] // 2, 3), dtype=np.uint8)
        wide = np.asarray(Image.fromarray(scene).resize((2 * SIDES[0], SIDES[1])))
        for number in range(FRAMES):
            # It moves sideways, with the grain of a camera: about 15 Mbit a second, as vendors send.
            seen = wide[:, 8 * number : 8 * number + SIDES[0]].astype(np.float32)
            grain = random.normal(0, GRAIN, seen.shape)
            frame = av.VideoFrame.from_ndarray(np.clip(seen + grain, 0, 255).astype(np.uint8))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    turns, whole = max(round(most_bytes / len(first.getvalue())), 1), io.BytesIO()
    with av.open(whole, "w", format="mp4") as container:
        tracks: list[av.VideoStream] = []
        for turn in range(turns):
            first.seek(0)
            with av.open(first, "r") as source:
                template = source.streams.video[0]
                if not tracks:
                    tracks.append(container.add_stream_from_template(template))
                for packet in source.demux(video=0):
                    if packet.dts is None or packet.pts is None:
                        continue
                    late = turn * (template.duration or 0)
                    packet.pts, packet.dts = packet.pts + late, packet.dts + late
                    packet.stream = tracks[0]
                    container.mux(packet)
    return whole.getvalue()


@contextmanager
def hosted(data: bytes) -> Iterator[str]:
    """Serve a clip, and give its address."""
    folder = servers.HOME / "films"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(data)
    with remote_hub.serving("http", folder) as url:
        yield f"{url}/film.mp4"


def run(*, is_quick: bool) -> Report:
    """Time both ways in turn, and weigh them."""
    data = make_long(CLIP_BYTES)
    grown: dict[str, list[float]] = {COPY: [], HUB: []}
    with (
        remote_hub.bucket() as settings,
        hosted(data) as link,
        patch.dict(os.environ, settings),
        child.running("tests.bench.clip_store", link) as keeper,
    ):
        for _ in range(WARM):
            keeper.ask(COPY)
            keeper.ask(HUB)

        def keep(way: str) -> float:
            told = keeper.ask(way)
            grown[way].append(told["grown"] / 2**20)
            return float(told["seconds"])

        found = interleave(
            {COPY: lambda: keep(COPY), HUB: lambda: keep(HUB)},
            rounds=2 if is_quick else 7,
            unit="s",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
    return Report(
        arms=found.summary("s"),
        goals=[
            Goal("seconds, hub / copy", found.ratios(HUB, COPY), most=MOST_SECONDS),
            Goal("hub: MiB above idle", grown[HUB], most=MOST_GROWN_MIB),
        ],
        control=found.control,
        facts={
            "clip_bytes": len(data),
            "mib_above_idle": {way: spread(values) for way, values in grown.items()},
        },
    )
