"""What adapters of clips have in common: an order in the vendor's words, and the file that comes of it.

A clip is always worked on by its vendor, whatever the create answers: adapters submit, and poll.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    Capabilities,
    Finished,
    Made,
    Provider,
    Submitted,
    Usage,
    VendorFile,
    Work,
)
from generation.providers.errors import Unsupported
from generation.providers.files import file_from, open_coming
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.wording import (
    LARGEST_USUAL_SEED,
    options_of,
    ratio_of,
    said_of_pictures,
    translate,
)
from generation.spec import ModelCard

MP4 = "video/mp4"
TYPES = frozenset({MP4})
# For a whole clip, from wherever it lies.
FETCH_SECONDS = 600.0
POLL_SECONDS = 5.0
USUAL_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")


def clip_words(
    work: Work,
    words: Mapping[str, str],
    picture: Callable[[Image.Image], Any],
    largest_seed: int = LARGEST_USUAL_SEED,
) -> dict[str, Any]:
    """Return an order of a clip, but for its prompt, model, length and size, in a vendor's words; raise Unsupported for
    what it has no word for, and for what is no clip."""
    if work.spec.media_type != "video":
        raise Unsupported("type: the vendor makes clips alone")
    said = {**options_of(work.spec, largest_seed), **said_of_pictures(work)}
    pictures = {"image": work.image, "mask": work.mask, "last_image": work.last_image}
    said |= {name: picture(image) for name, image in pictures.items() if image is not None}
    if work.card.takes("audio") and "audio" in words:
        # Silence, too, is said: the usual of some is to sound.
        said["audio"] = work.spec.audio
    return translate(said, words)


def clip_input_of(
    work: Work, usual: Mapping[str, str], picture: Callable[[Image.Image], Any]
) -> dict[str, Any]:
    """Return an order of a clip as the input of a model whose words nobody knows but who offers it.

    Options of the offer: `input` (constants), `words` (ours by the model's; those that are usual need not be said, an
    empty one is not sent: besides the options of orders `prompt`, `seconds`, `resolution`, `ratio`, `fps`, `width` and
    `height`), `ratios`, and `length` (how it writes seconds, `{}s`; as a rule a number).
    """
    spec, options = work.spec, work.card.options
    words = clip_words_of(work.card, usual)
    length = options.get("length")
    shape: dict[str, Any] = {
        "prompt": spec.prompt,
        "seconds": length.replace("{}", str(spec.seconds)) if length else spec.seconds,
        "resolution": spec.resolution,
        "fps": spec.fps,
        "width": spec.width,
        "height": spec.height,
    }
    if "ratio" in words:
        shape["ratio"] = ratio_of(spec, tuple(options.get("ratios", USUAL_RATIOS)))
    said = clip_words(
        work, {name: word for name, word in words.items() if name not in shape}, picture
    )
    plain = {words[name]: value for name, value in shape.items() if value and name in words}
    return {**options.get("input", {}), **plain, **said}


def clip_words_of(card: ModelCard, usual: Mapping[str, str]) -> dict[str, str]:
    """Return what a model calls our words, of those that it has."""
    words = {**usual, **card.options.get("words", {})}
    return {name: word for name, word in words.items() if word}


class ClipsOfAnyModel(Provider):
    """Of a vendor that hosts anybody's models: what one takes is what its offer has words for."""

    capabilities = Capabilities(
        calls_back=True,
        makes=frozenset({"video"}),
        takes=frozenset({"image", "last_image", "seed", "negative_prompt", "audio"}),
        needs_key=True,
        cancels=True,
    )
    # Our words by what most of the vendor's models call them.
    usual_words: ClassVar[Mapping[str, str]]

    @classmethod
    def takes_of(cls, card: ModelCard) -> frozenset[str]:
        """Return what a model has words for."""
        return cls.capabilities.takes & clip_words_of(card, cls.usual_words).keys()


class Created(msgspec.Struct):
    """A task that was taken."""

    id: str | None = None


def taken(remote_id: str | None) -> Submitted:
    """Return an order that its vendor has under this id; without one nobody can ask for it."""
    if not remote_id:
        raise lost("taken without an id")
    return Submitted(quote(remote_id, safe=""), POLL_SECONDS)


def finish(content: VendorFile, seed: int | None = None, usage: Usage | None = None) -> Finished:
    """Return a clip that its vendor has made."""
    return Finished([Made(0, content, seed)], usage=usage or Usage(pictures=1))


def clip_at(url: str, account: AccountSettings) -> VendorFile:
    """Return a clip by its address, fetched once it is opened: without the key, and through the one door for addresses
    that we did not choose. What cannot be fetched now is asked for again, since vendors renew their addresses."""
    if not url.startswith(("https:", "http:")):
        raise unreadable(f"done without an address: {url:.100}")
    opening = partial(
        open_coming, url, account.private_hosts,
        most_bytes=account.most_clip_bytes, types=TYPES, seconds=FETCH_SECONDS,
    )  # fmt: skip
    return VendorFile(MP4, opening)


def clip_from(api: VendorApi, path: str) -> VendorFile:
    """Return a clip that the vendor's API itself hands out, with the key; it takes longer than other answers."""
    account = replace(api.account, answer_seconds=max(api.account.answer_seconds, FETCH_SECONDS))
    patient = VendorApi(
        account, api.base_url, api.headers, api.explain, most_bytes=account.most_clip_bytes
    )
    return file_from(patient, path, MP4)
