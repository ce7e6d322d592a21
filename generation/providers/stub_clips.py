"""Clips of the stub: one colour, as long as was ordered, silent or with a tone that nobody hears."""

import io

import av
from PIL import Image

SOUND_RATE = 44_100
SAMPLES_OF_ONE = 1024


def make_clip(colour: Image.Image, seconds: int, fps: int, *, sounds: bool) -> io.BytesIO:
    """Return an MP4 (H.264) that shows a picture, of even sides, for so many seconds."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        pictures = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        pictures.width, pictures.height = colour.size
        pictures.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=SOUND_RATE) if sounds else None
        frame = av.VideoFrame.from_image(colour)  # type: ignore[no-untyped-call]
        for number in range(seconds * fps):
            frame.pts = number
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        if sound:
            for number in range(seconds * SOUND_RATE // SAMPLES_OF_ONE):
                container.mux(sound.encode(make_silence(number)))
            container.mux(sound.encode())
    file.seek(0)
    return file


def make_silence(number: int) -> av.AudioFrame:
    """Return a part of a silence."""
    part = av.AudioFrame(format="fltp", layout="mono", samples=SAMPLES_OF_ONE)
    for plane in part.planes:
        plane.update(bytes(plane.buffer_size))
    part.sample_rate = SOUND_RATE
    part.pts = number * SAMPLES_OF_ONE
    return part
