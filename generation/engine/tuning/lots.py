"""What of a training is drawn by lot: which pictures a step sees, at which noise.

The seed and the step decide it alone, so that a training that was interrupted goes on as if it had not been.
"""

from collections.abc import Sequence

import torch

from generation.lesson import Lesson

# Far apart, so that the lots of steps and those of rounds never meet.
STEPS_APART, ROUNDS_APART = 1_000_003, 7_919
LARGEST = 2**63


def choose_pictures(lesson: Lesson, step: int, count: int) -> list[int]:
    """Return the places of the pictures that a step sees: each is seen once before any is seen again."""
    places = range(step * lesson.batch, (step + 1) * lesson.batch)
    return [shuffle(lesson.seed, place // count, count)[place % count] for place in places]


def shuffle(seed: int, round_number: int, count: int) -> list[int]:
    """Return the order in which a round sees so many pictures."""
    generator = torch.Generator("cpu").manual_seed((seed * ROUNDS_APART + round_number) % LARGEST)
    return [int(place) for place in torch.randperm(count, generator=generator)]


def draw_noise(
    lesson: Lesson, step: int, clean: Sequence[torch.Tensor], sigmas: torch.Tensor
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Return noise in the shape of each picture's latents, and how much of it each gets: sigmas [B], 0 to 1.

    Logit-normal over the scheduler's own steps, as Z-Image is trained (diffusers, train_dreambooth_lora_z_image.py).
    """
    generator = torch.Generator("cpu").manual_seed((lesson.seed * STEPS_APART + step) % LARGEST)
    middle = torch.sigmoid(torch.randn(len(clean), generator=generator))
    chosen = sigmas[(middle * len(sigmas)).long().clamp(max=len(sigmas) - 1)]
    return [torch.randn(one.shape, generator=generator) for one in clean], chosen
