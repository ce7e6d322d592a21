"""What a template does with each picture of its orders, once it is made: said in its words, checked against the size of
this order. Writes nothing."""

from dataclasses import replace

import msgspec
from PIL import Image

from generation.spec import GenerationSpec
from genhub.api.edit_words import read_operations
from storage.edits.editing import find_fonts, find_size, word
from storage.edits.finishing import finish_picture
from storage.edits.geometry import EditRefused, Size
from storage.edits.operations import Operations
from templates.rendering import Recipe


def with_operations(spec: GenerationSpec, recipe: Recipe | None) -> GenerationSpec:
    """Return a spec whose pictures are edited as its template says; raise InvalidRequest, at `operations`, for what
    cannot be done at its size."""
    if not (recipe and recipe.operations):
        return spec
    spec = replace(spec, operations=tuple(read_operations(recipe.operations)))
    measure(spec)
    return spec


def measure(spec: GenerationSpec) -> Size:
    """Return the width and height in pixels that a spec's pictures have in the end; raise InvalidRequest for operations
    that do not fit its size, or whose fonts are gone."""
    operations = msgspec.convert(spec.operations, Operations)
    find_fonts(operations)
    return find_size(operations, (spec.width, spec.height))


def rehearse(spec: GenerationSpec) -> Image.Image:
    """Return a grey picture as a spec's will be edited; raise InvalidRequest for what only drawing shows, such as a
    text that does not fit."""
    fonts = find_fonts(msgspec.convert(spec.operations, Operations))
    blank = Image.new("RGB", (spec.width, spec.height), "grey")
    try:
        return finish_picture(blank, spec.operations, fonts)
    except EditRefused as refused:
        raise word(refused) from refused
