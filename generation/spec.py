"""The frozen, vendor-neutral description of what to make, and what a model is able to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

LARGEST_SEED = 2**63 - 1
# Up to here JavaScript's numbers, and every other float of 64 bits, are exact: seeds are drawn below.
LARGEST_EXACT = 2**53 - 1

# Request words that not every model takes; an offer names those that its vendor cannot honour.
PICTURE_OPTIONS = ("negative_prompt", "steps", "cfg_scale", "seed", "image", "mask", "strength")
OPTIONS = (*PICTURE_OPTIONS, "last_image", "audio")
PICTURES = ("image", "mask", "last_image")
# How much of an input picture is drawn anew where an order does not say it.
USUAL_STRENGTH = 0.7
# Pictures that a model looks at besides the one that it starts from: how many it takes its card says, and no list of
# words that it does not take.
REFERENCES = "references"
# Of those that the hub fills in where nobody says them: a spec's field, and what it holds when it is not filled.
UNSAID: Mapping[str, tuple[str, Any]] = {
    "negative_prompt": ("negative_prompt", ""), "steps": ("steps", None), "cfg_scale": ("cfg_scale", None),
    "seed": ("seeds", ()), "strength": ("strength", None),
}  # fmt: skip
# What vendors call our words for how well, where a model's `qualities` say nothing else.
USUAL_QUALITIES = {"fast": "low", "standard": "medium", "high": "high", "fine": "high"}


@dataclass(frozen=True)
class GenerationSpec:
    """What to make: so many pictures, or a clip; sizes in pixels. Of seeds, steps and guidance that are not there the
    vendor decides."""

    media_type: str
    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int | None = None
    cfg_scale: float | None = None
    # One for each picture, or none at all.
    seeds: tuple[int, ...] = ()
    number: int = 1
    # (name, scale) of each LoRA of the model's card that is worn, in this order.
    loras: tuple[tuple[str, float], ...] = ()
    # Artifact ids: the picture to start from, and where to draw anew (white); empty: from noise, everywhere.
    image: str = ""
    mask: str = ""
    # Artifact ids of what it shall look like, in their order: those that the order names, and those of its style, which
    # are the house's and of which a model that takes fewer gets fewer.
    references: tuple[str, ...] = ()
    style_references: tuple[str, ...] = ()
    # How much of the input picture is drawn anew, above 0 to 1; None: the vendor decides, or there is none.
    strength: float | None = None
    # How well, for vendors that have words for it: `standard` or `high`; and empty, `fast` or `fine`.
    quality: str = "standard"
    mode: str = ""
    # Of those that the model's card lists; empty: the model's usual one.
    style: str = ""
    sampler: str = ""
    # How each picture becomes a file: its format, how good (0 to 100) where that loses something, who made it, where
    # and in which language people see that, and whether it tells what it was made of. Empty, None: as is usual here.
    output_format: str = ""
    output_compression: int | None = None
    producer: str = ""
    corner: str = ""
    language: str = ""
    embeds_parameters: bool = False
    # What its template does with each picture, once it is made and before it is labelled: operations of an edit.
    operations: Sequence[Mapping[str, Any]] = ()
    # Words that only this or that vendor has; an adapter refuses those that it does not know.
    options: Mapping[str, Any] = field(default_factory=dict)
    # Of OPTIONS, those that the order itself names; the rest is what is usual, and the hub's to take back.
    said: tuple[str, ...] = ()
    # Only pictures that were drawn before will do: nobody draws it.
    only_found: bool = False
    # Of a clip alone: length, frames a second, size by name, the artifact that it ends with, and whether it sounds.
    seconds: int | None = None
    fps: int | None = None
    resolution: str = ""
    last_image: str = ""
    audio: bool = False

    def __post_init__(self) -> None:
        """Refuse a number that is not that of the seeds: both count the pictures, and one of them the price."""
        if self.seeds and len(self.seeds) != self.number:
            raise ValueError(f"{len(self.seeds)} seeds for {self.number} pictures")

    def fitted(self, card: "ModelCard") -> Self:
        """Return the spec without what nobody asked for and a model does not take: what was asked for stays, to be made
        or refused by name."""
        unsaid = (name for name in UNSAID if name not in self.said and not card.takes(name))
        room = max(card.most_references - len(self.references), 0)
        fitting = self.style_references[:room]
        return replace(self, style_references=fitting, **dict(UNSAID[name] for name in unsaid))

    @property
    def is_edit(self) -> bool:
        """Return whether its vendor is sent a picture with it."""
        return bool(self.image or self.references or self.style_references)

    def pictures(self) -> dict[str, str]:
        """Return the artifact ids of the pictures that it names, by word; its style's are not its own."""
        named = {name: wire_id for name in PICTURES if (wire_id := getattr(self, name))}
        return named | name_references(self.references)

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values."""
        return {
            # Not asdict, which copies each value: whoever takes these writes them.
            **vars(self),
            "said": list(self.said),
            "seeds": list(self.seeds),
            "references": list(self.references),
            "style_references": list(self.style_references),
            "loras": [list(lora) for lora in self.loras],
            "operations": list(self.operations),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the spec that `to_json` wrote; words of a newer release are ignored, and one that counted pictures by
        their seeds alone is read as it was meant."""
        known = {f.name for f in fields(cls)}
        found = {name: value for name, value in values.items() if name in known}
        found["seeds"] = tuple(values["seeds"])
        found["said"] = tuple(values["said"] if "said" in values else list_held(values))
        found.setdefault("number", len(found["seeds"]))
        for name in ("operations", "references", "style_references"):
            found[name] = tuple(values.get(name, ()))
        found["loras"] = tuple((name, float(scale)) for name, scale in values.get("loras", ()))
        return cls(**found)


def name_references(said: Sequence[str]) -> dict[str, str]:
    """Return reference pictures by what a refusal of one calls it."""
    return {f"{REFERENCES}.{place}": text for place, text in enumerate(said)}


def list_held(values: Mapping[str, Any]) -> list[str]:
    """Return what of OPTIONS a spec holds that does not tell what was said, as before it did: all of it may have been,
    but the strength, which was dropped where none was taken."""
    held = {name: values.get("seeds" if name == "seed" else name) for name in PICTURE_OPTIONS}
    del held["strength"]
    return [name for name, value in held.items() if value not in (None, "", [])]


@dataclass(frozen=True)
class Lora:
    """A LoRA that a model can wear: its file, its usual scale, and whether it is worn when the order names none."""

    name: str
    file: str
    scale: float = 1.0
    is_usual: bool = False


@dataclass(frozen=True)
class ModeSettings:
    """What a mode (fast, fine) changes of a model's defaults; None: as usual. Sizes in pixels."""

    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class LocalModel:
    """Where the weights of a model of the local engine lie on its workers."""

    # A folder in the published diffusers layout, or a hub id with its pinned revision (40 hex digits).
    folder: str = ""
    revision: str = ""
    # Safetensors files whose weights replace those of the folder's transformer, in this order.
    weights: tuple[str, ...] = ()
    loras: tuple[Lora, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `asdict` made of one; unknown names are ignored."""
        return cls(
            folder=values["folder"],
            revision=values["revision"],
            weights=tuple(values["weights"]),
            loras=tuple(Lora(**lora) for lora in values["loras"]),
        )


@dataclass(frozen=True)
class ModelCard:
    """What a model is able to, and what it does when the order does not say. Sizes in pixels, lengths in characters."""

    alias: str
    # Its name at the vendor; empty: the alias.
    vendor_model: str = ""
    media_types: tuple[str, ...] = ("image",)
    # Of OPTIONS, those that it does not take.
    unsupported: tuple[str, ...] = ()
    # How many reference pictures it takes beside the picture that an order starts from: of vendors that count all of
    # them together, one less than they say.
    most_references: int = 0
    # None: its weights are the vendor's own.
    local: LocalModel | None = None
    default_width: int = 512
    default_height: int = 512
    smallest_side: int = 128
    largest_side: int = 2048
    # Allowed (width, height) pairs; empty: any within the sides, in multiples of 16.
    sizes: tuple[tuple[int, int], ...] = ()
    default_steps: int = 12
    # Without steps of its own, the fast mode takes half the default, the fine mode and high quality twice.
    fast: ModeSettings = ModeSettings()
    fine: ModeSettings = ModeSettings()
    largest_steps: int = 50
    default_cfg_scale: float = 2.0
    largest_cfg_scale: float = 20.0
    default_negative_prompt: str = ""
    longest_prompt: int = 2000
    # Of clips: the lengths that it makes (none: the usual one alone), and the frames a second, the usual ones first.
    durations: tuple[int, ...] = ()
    default_seconds: int = 5
    frame_rates: tuple[int, ...] = (24,)
    # What a picture costs the operator in US dollars; None: not known, which is not 0.
    usd_per_picture: float | None = None
    # Prices that depend on size, quality or tokens, as generation.prices reads them; they come first.
    prices: tuple[Mapping[str, Any], ...] = ()
    # Words for its adapter alone, which says what they are.
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def styles(self) -> tuple[str, ...]:
        """The styles (vivid, natural) that orders may name."""
        return tuple(self.options.get("styles", ()))

    @property
    def samplers(self) -> tuple[str, ...]:
        """The samplers that orders may name."""
        return tuple(self.options.get("samplers", ()))

    @property
    def loras(self) -> tuple[Lora, ...]:
        """The LoRAs that orders may name."""
        return self.local.loras if self.local else ()

    def takes(self, option: str) -> bool:
        """Return whether the model honours one of OPTIONS."""
        return option not in self.unsupported

    def quality_of(self, spec: GenerationSpec) -> str:
        """Return the vendor's word for how well an order is made."""
        words = {**USUAL_QUALITIES, **self.options.get("qualities", {})}
        return str(words[spec.mode or spec.quality])

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values, without its alias."""
        return {name: value for name, value in asdict(self).items() if name != "alias"}

    @classmethod
    def from_json(cls, alias: str, values: Mapping[str, Any]) -> Self:
        """Return a card from JSON values; unknown names are ignored, so that older rows stay readable."""
        known = {f.name for f in fields(cls)} - {"alias"}
        found = {name: value for name, value in values.items() if name in known}
        if "sizes" in found:
            found["sizes"] = tuple((int(w), int(h)) for w, h in found["sizes"])
        for name in ("media_types", "unsupported", "prices", "durations", "frame_rates"):
            if name in found:
                found[name] = tuple(found[name])
        if found.get("local") is not None:
            found["local"] = LocalModel.from_json(found["local"])
        for name in ("fast", "fine"):
            if name in found:
                found[name] = ModeSettings(**found[name])
        return cls(alias=alias, **found)
