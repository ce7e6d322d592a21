"""What orders and recipes alike may ask for: apps that may not know each other hold to the same limits."""

LARGEST_NUMBER = 9
# What “4k” means: so many pixels or more.
FOUR_K_PIXELS = 3840 * 2160
# Longer and faster than any model's clips.
MOST_SECONDS = 600
MOST_FRAMES_PER_SECOND = 240
SIDE_MULTIPLE_PIXELS = 16
# Larger than any model's sides: keeps a product of two from being absurd before the model is known.
LARGEST_SIDE_PIXELS = 16_384
MOST_STEPS = 1000
LARGEST_GUIDANCE = 100
LONGEST_TEXT = 20_000
# Of what stands in for a picture: screen readers stop there.
LONGEST_ALT = 125
MOST_LORAS = 4
LARGEST_LORA_SCALE = 2
# More than any vendor takes.
MOST_REFERENCES = 16


def with_picture(body_bytes: int, picture_bytes: int) -> int:
    """Return how large a body may be that brings along a picture, as base64."""
    return body_bytes + (picture_bytes + 2) // 3 * 4
