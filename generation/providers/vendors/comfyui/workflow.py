"""A workflow as the editor exports it for the API, and where in it the words of an order go."""

import copy
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.providers.base import Work
from generation.providers.errors import BadOptions, ProviderError, Unsupported
from generation.providers.wording import options_of, said_of_pictures, translate
from generation.spec import LARGEST_EXACT, OPTIONS, PICTURES, GenerationSpec, ModelCard

LARGEST_SEED = 2**64 - 1
SHAPE = ("width", "height", "seconds", "fps", "frames")
WORDS = ("prompt", *OPTIONS, "sampler", *SHAPE)

Nodes = dict[str, Any]
# A node's id, and the name of one of its inputs.
Place = tuple[str, str]


@dataclass(frozen=True)
class Workflow:
    """Nodes by id, the places of each of our words, and the node whose file is meant (empty: whichever saves one)."""

    nodes: Nodes
    places: Mapping[str, tuple[Place, ...]]
    output: str = ""

    @classmethod
    def of(cls, card: ModelCard) -> "Workflow":
        """Return the workflow of a model; raise BadOptions, saying what is wrong with it."""
        nodes, inputs = card.options.get("workflow"), card.options.get("inputs")
        if not isinstance(nodes, dict) or not nodes:
            raise BadOptions("workflow_missing")
        check_nodes(nodes)
        if not isinstance(inputs, dict):
            raise BadOptions("prompt_not_placed")
        places = {name: read_places(name, said, nodes) for name, said in inputs.items()}
        if not places.get("prompt"):
            raise BadOptions("prompt_not_placed")
        output = card.options.get("output", "")
        if output and output not in nodes:
            raise BadOptions("node_missing", name="output", node=str(output))
        return cls(nodes, places, str(output))

    def check_shape(self, card: ModelCard) -> None:
        """Raise BadOptions where orders of a model may say a size or a length that would be dropped."""
        is_placed = self.places.keys() >= {"width", "height"} or "image" in self.places
        if not is_placed and len(card.sizes) != 1:
            raise BadOptions("size_not_placed")
        if not {"seconds", "frames"} & self.places.keys() and len(card.durations) > 1:
            raise BadOptions("length_not_placed")
        if "fps" not in self.places and len(card.frame_rates) > 1:
            raise BadOptions("rate_not_placed")

    def fill(self, words: Mapping[str, Any]) -> Nodes:
        """Return the nodes with these values in their places."""
        nodes = copy.deepcopy(self.nodes)
        for name, value in words.items():
            for node, field in self.places[name]:
                nodes[node]["inputs"][field] = value
        return nodes

    def words_of(self, work: Work) -> dict[str, Any]:
        """Return what an order says, but for its pictures; raise Unsupported, naming what has no place."""
        spec = work.spec
        said = {**options_of(spec, LARGEST_SEED), **said_of_pictures(work)}
        said.pop("last_image", None)
        said |= {name: value for name, value in shape_of(spec).items() if name in self.places}
        if "audio" in self.places:
            said["audio"] = spec.audio
        if "seed" in self.places:
            # The workflow's own would make the same picture each time.
            said.setdefault("seed", secrets.randbelow(LARGEST_EXACT))
        return {
            "prompt": spec.prompt,
            **translate(said, dict(zip(self.places, self.places, strict=True))),
        }

    def check_pictures(self, work: Work) -> None:
        """Raise ProviderError for a picture that has no place, and for a place that gets none."""
        for name in PICTURES:
            is_there = getattr(work, name) is not None
            if is_there and name not in self.places:
                raise Unsupported(f"{name}: the workflow has no place for it")
            if name in self.places and not is_there:
                raise ProviderError(f"{name}: the workflow needs one", code="provider_refused")


def check_nodes(nodes: Nodes) -> None:
    """Raise BadOptions for what is no workflow of the API's form."""
    if isinstance(nodes.get("nodes"), list):
        raise BadOptions("workflow_of_editor")
    for key, node in nodes.items():
        is_node = isinstance(node, dict) and isinstance(node.get("class_type"), str)
        if not is_node or not isinstance(node.get("inputs"), dict):
            raise BadOptions("node_unreadable", node=key)


def read_places(name: str, said: Any, nodes: Nodes) -> tuple[Place, ...]:
    """Return where a word goes; raise BadOptions."""
    if name not in WORDS:
        raise BadOptions("word_unknown", name=name, words=", ".join(WORDS))
    texts = said if isinstance(said, list) else [said]
    return tuple(read_place(name, text, nodes) for text in texts)


def read_place(name: str, text: Any, nodes: Nodes) -> Place:
    """Return a place that is written `node.input`; raise BadOptions where the workflow has none such."""
    node, _, field = text.partition(".") if isinstance(text, str) else ("", "", "")
    if not node or not field:
        raise BadOptions("place_unreadable", name=name, place=str(text))
    if node not in nodes:
        raise BadOptions("node_missing", name=name, node=node)
    inputs = nodes[node]["inputs"]
    words = {"name": name, "node": node, "kind": nodes[node]["class_type"], "field": field}
    if field not in inputs:
        raise BadOptions("field_missing", **words, fields=", ".join(inputs))
    if isinstance(inputs[field], list):
        raise BadOptions("field_linked", **words)
    return node, field


def shape_of(spec: GenerationSpec) -> dict[str, Any]:
    """Return the size of an order and, of a clip, its length; models count the frame at its end, too."""
    shape = {"width": spec.width, "height": spec.height, "seconds": spec.seconds, "fps": spec.fps}
    if spec.seconds and spec.fps:
        shape["frames"] = spec.seconds * spec.fps + 1
    return {name: value for name, value in shape.items() if value is not None}
