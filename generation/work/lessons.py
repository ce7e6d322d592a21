"""What a claimed training learns from, and where its LoRA goes."""

import logging
import re
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from django.conf import settings
from PIL import Image

from generation.life.trainings import TrainingClaim
from generation.providers.errors import ProviderError
from generation.providers.tuning import Taught
from genhub.lib.errors import NotFound
from genhub.platforms.house import find_house
from storage import checkpoints
from storage.services import open_picture

logger = logging.getLogger(__name__)

# Of a file's name: what every system takes.
PLAIN: Final = re.compile(r"[^a-z0-9]+")
LONGEST_NAME: Final = 40


def list_taught(claim: TrainingClaim) -> list[Taught]:
    """Return the pictures of a training, opened when they are looked at."""
    house_id = find_house().pk
    return [Taught(partial(open_taught, one, house_id), one["caption"]) for one in claim.pictures]


def open_taught(one: Mapping[str, str], house_id: uuid.UUID) -> Image.Image:
    """Return a picture's RGB pixels; raise ProviderError when it is there no more."""
    try:
        return open_picture(uuid.UUID(one["artifact"]), platform_id=house_id)
    except NotFound as error:
        raise ProviderError(f"the picture art_{one['artifact']} is gone", code="picture_gone") from error  # fmt: skip


def path_of(claim: TrainingClaim) -> Path:
    """Return where the LoRA of a training is written: no other one has this name."""
    name = PLAIN.sub("-", claim.name.lower()).strip("-")[:LONGEST_NAME] or "lora"
    return Path(settings.LORA_FOLDER) / f"{name}-{claim.job_id.hex[-8:]}.safetensors"


def clear(claim: TrainingClaim) -> None:
    """Delete the checkpoints of a training that is done; where that fails they stay, and nothing needs them."""
    try:
        checkpoints.clear(claim.job_id)
    except Exception:
        logger.exception("checkpoints of training %s not deleted", claim.job_id)
