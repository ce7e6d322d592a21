"""The judge of the small model is right about pictures whose truth is known, and can say that it sees nothing."""

import random
from itertools import product

import pytest
from PIL import Image

from generation.engine.small import SIZES
from generation.training import phrases, vocabulary
from generation.training.evaluate import Sample, is_reached, measure
from generation.training.judge import NONE, Verdict, judge_picture
from generation.training.patterns import HELD_OUT_PAIRED, PAIRED
from generation.training.scenes import Place, draw_scene, random_places
from generation.training.vocabulary import Scene, Thing


def draw_somewhere(scene: Scene, size: tuple[int, int], rng: random.Random) -> Image.Image:
    return draw_scene(scene, size, random_places(scene, size, rng))


def make_sample(kind: str, scene: Scene, picture: Image.Image) -> Sample:
    return Sample(kind, "", "en", scene, picture, judge_picture(picture))


def list_wrong(
    scenes: list[Scene], size: tuple[int, int], kind: str
) -> list[tuple[Scene, Verdict]]:
    rng = random.Random(1)
    samples = [make_sample(kind, scene, draw_somewhere(scene, size, rng)) for scene in scenes]
    return [
        (sample.scene, sample.verdict) for sample in samples if not all(sample.rights().values())
    ]


@pytest.mark.parametrize("size", [(128, 128)])
def test_judge_is_right_about_every_plain_scene_that_was_drawn(size: tuple[int, int]) -> None:
    assert list_wrong(list(vocabulary.SCENES), size, "plain") == []


@pytest.mark.parametrize("size", SIZES)
def test_judge_is_right_about_every_shape_at_every_place_and_extent(size: tuple[int, int]) -> None:
    rng = random.Random(2)
    scenes = []
    for shape, place, extent in product(vocabulary.SHAPES, vocabulary.PLACES, vocabulary.RADII):
        colour, background = rng.sample(list(vocabulary.COLOURS), 2)
        scenes.append(Scene((Thing(shape, colour, place, extent),), background))
    assert list_wrong(scenes, size, "placed") == []


@pytest.mark.parametrize("size", SIZES)
def test_judge_is_right_about_two_things(size: tuple[int, int]) -> None:
    rng = random.Random(3)
    scenes = [vocabulary.random_pair(rng, held_out=bool(number % 2)) for number in range(60)]
    assert {tuple(thing.place for thing in scene.things) for scene in scenes} >= {
        ("left", "right"),
        ("top", "bottom"),
    }
    assert list_wrong(scenes, size, "pair") == []


def test_judge_sees_no_shape_in_a_flat_picture_or_in_noise() -> None:
    flat = judge_picture(Image.new("RGB", (256, 256), vocabulary.COLOURS["red"]))
    assert (flat.things, flat.shape, flat.background) == ((), NONE, "red")
    noise = Image.frombytes("RGB", (64, 64), random.Random(2).randbytes(64 * 64 * 3))
    assert judge_picture(noise.resize((256, 256))).shape == NONE


def test_judge_knows_a_blob_of_two_shapes_run_together_for_neither() -> None:
    scene = Scene((Thing("star", "red", "left"), Thing("square", "red", "right")), "white")
    places = [Place(-0.1, 0.0, 0.19), Place(0.1, 0.0, 0.19)]
    verdict = judge_picture(draw_scene(scene, (256, 256), places))
    assert [thing.shape for thing in verdict.things] == [NONE]


PAIR = Scene((Thing("circle", "red", "left"), Thing("square", "blue", "right")), "white")


@pytest.mark.parametrize(
    "drawn",
    [
        Scene((Thing("square", "red", "left"), Thing("circle", "blue", "right")), "white"),
        Scene((Thing("circle", "blue", "left"), Thing("square", "red", "right")), "white"),
        Scene((Thing("square", "blue", "left"), Thing("circle", "red", "right")), "white"),
        Scene((Thing("circle", "red", "top"), Thing("square", "blue", "bottom")), "white"),
        Scene((Thing("circle", "red", "left"),), "white"),
        Scene((Thing("circle", "red", "left"), Thing("square", "blue", "right")), "yellow"),
    ],
    ids=[
        "shapes swapped",
        "colours swapped",
        "places swapped",
        "elsewhere",
        "one missing",
        "background",
    ],
)
def test_a_pair_drawn_otherwise_than_asked_is_wrong(drawn: Scene) -> None:
    picture = draw_somewhere(drawn, (256, 256), random.Random(4))
    assert make_sample("pair", drawn, picture).rights().get("pair", True)
    assert not make_sample("pair", PAIR, picture).rights()["pair"]


@pytest.mark.parametrize(
    ("drawn", "wrong"),
    [
        (Thing("circle", "red", "top left", "small"), set()),
        (Thing("circle", "red", "top", "small"), {"place"}),
        (Thing("circle", "red", "top left", "medium"), {"extent"}),
        (Thing("star", "red", "top left", "small"), {"shape"}),
        (Thing("circle", "green", "bottom right", "large"), {"colour", "place", "extent"}),
    ],
)
def test_a_sample_is_wrong_in_just_the_parts_drawn_otherwise(drawn: Thing, wrong: set[str]) -> None:
    asked = Scene((Thing("circle", "red", "top left", "small"),), "white")
    picture = draw_somewhere(Scene((drawn,), "white"), (256, 256), random.Random(5))
    rights = make_sample("placed", asked, picture).rights()
    assert {part for part, right in rights.items() if not right} == wrong
    assert len(rights) == 5


def test_goals_are_missed_when_one_part_falls_short() -> None:
    rng = random.Random(6)
    scenes = {
        "plain": vocabulary.SCENES[0],
        "placed": vocabulary.placed(vocabulary.SCENES[0], rng),
        "pair": PAIR,
    }
    right = [
        make_sample(kind, scene, draw_somewhere(scene, (256, 256), rng))
        for kind, scene in scenes.items()
    ]
    assert is_reached(measure(right))
    other = Scene(PAIR.things, "black")
    assert not is_reached(measure([*right[:2], make_sample("pair", other, right[2].picture)]))
    assert not is_reached(measure(right[:2]))


def test_held_out_prompts_were_never_trained_on() -> None:
    prompts = phrases.held_out_prompts(120)
    assert sum(language == "zh" for _, language, _ in prompts) == 60
    rng = random.Random(7)
    trained = [vocabulary.random_scene(rng) for _ in range(3000)]
    singles = {
        (s.things[0].shape, s.things[0].colour, s.background) for s in trained if len(s.things) == 1
    }
    pairs = {
        frozenset((t.shape, t.colour) for t in s.things) for s in trained if len(s.things) == 2
    }
    assert len(singles) > 150
    assert len(pairs) > 300
    for _, _, scene in prompts:
        look = scene.things[0]
        assert (look.shape, look.colour, scene.background) not in singles or len(scene.things) == 2
        assert frozenset((t.shape, t.colour) for t in scene.things) not in pairs


def test_a_sentence_is_varied_but_never_into_one_held_out() -> None:
    rng = random.Random(9)
    pattern = "a {n} {p} and a {m} {q}, on a {b} background"
    assert pattern in PAIRED["en"]
    varied = {phrases.vary(pattern, "en", rng) for _ in range(3000)}
    assert f"please draw {pattern}" in varied
    assert pattern.replace("background", "backdrop") in varied
    held_out = f"please draw {pattern}".replace("background", "backdrop")
    assert held_out in HELD_OUT_PAIRED["en"]
    assert held_out not in varied


def test_every_training_prompt_names_what_its_scene_shows() -> None:
    rng = random.Random(8)
    for _ in range(300):
        scene = vocabulary.random_scene(rng)
        text = phrases.training_prompt(scene, rng).casefold()
        language: vocabulary.Language = "en" if text.isascii() else "zh"
        for thing in scene.things:
            for word_list, name in (
                (vocabulary.SHAPE_WORDS, thing.shape),
                (vocabulary.COLOUR_WORDS, thing.colour),
            ):
                assert any(word in text for word in word_list[language][name]), (text, thing)
        if scene.things[0].extent != "medium":
            extents = vocabulary.EXTENT_WORDS[language][scene.things[0].extent]
            assert any(word in text for word in extents), (text, scene)
