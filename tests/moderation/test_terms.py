"""Terms in prompts: found however they are disguised, as whole words, and never in what only looks like them."""

import time
import unicodedata

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from generation.models import Term
from generation.moderation.folding import BEGINS, ENDS, fold, list_views
from generation.moderation.loading import load_lines, seed_terms
from generation.moderation.start_terms import TERMS
from generation.moderation.terms import Matcher, find_terms

KINDS = {"word": Term.Kind.WORD, "phrase": Term.Kind.PHRASE, "allow": Term.Kind.ALLOW}
START = Matcher(
    [
        Term(pk=number, language=language, kind=kind, category=category, text=text)
        for number, (language, kind, category, text) in enumerate(
            (language, kind, category, text)
            for (language, kind), by_category in TERMS.items()
            for category, texts in by_category.items()
            for text in texts
        )
    ]
)


def found(text: str) -> list[str]:
    return [known.text for known in START.find(text)]


EVASIONS = {
    "plain": "a naked man",
    "capitals": "a NAKED man",
    "at the ends": "naked",
    "beside signs": "(naked), art",
    "full width": "a ｎａｋｅｄ man",
    "mathematical": "a 𝓷𝓪𝓴𝓮𝓭 man",
    "double struck": "a 𝕟𝕒𝕜𝕖𝕕 man",
    "circled": "a ⓝⓐⓚⓔⓓ man",
    "black circles": "a 🅝🅐🅚🅔🅓 man",
    "flags": "a 🇳🇦🇰🇪🇩 man",
    "superscript": "a ⁿᵃᵏᵉᵈ man",
    "small capitals": "a ɴᴀᴋᴇᴅ man",
    "Cyrillic": "a nаkеd man",
    "Greek": "a Νακεd man",
    "Armenian": "a ոaked man",
    "zero width space": "a na\u200bked man",
    "zero width joiner": "a n\u200da\u200dk\u200de\u200dd man",
    "soft hyphen": "a na\u00adked man",
    "word joiner": "a na\u2060ked man",
    "byte order mark": "a na\ufeffked man",
    "right to left marks": "a \u202enaked\u202c man",
    "tags": "a na\U000e0061ked man",
    "variation selectors": "a n\ufe0fa\ufe0fked man",
    "invisible filler": "a na\u3164ked man",
    "control character": "a na\x02ked man",
    "accents": "a nàkéḋ man",
    "piled marks": "a n̸̢a̵͝k̷̛e̶͠d̷ man",
    "digits": "a n4k3d man",
    "signs": "a n@ked man",
    "spelled": "a man, n.a.k.e.d",
    "spelled with spaces": "the man is n a k e d now",
    "hyphens": "the n-a-k-e-d man",
    "underlines": "naked_man",
    "repeated letters": "a nakeeeed man",
    "within Chinese": "一个naked男人",
    "one as l": "exp1icit scene",
    "one as i": "v1olence",
    "two disguises": "a \u200bｎ4кеd man",
}


@pytest.mark.parametrize("text", EVASIONS.values(), ids=EVASIONS)
def test_term_is_found_however_it_is_disguised(text: str) -> None:
    assert len(found(text)) == 1, list_views(text)


CHINESE = [
    "无码",
    "无 码",
    "无*码",
    "无\u200b码",
    "高清无码大图",
    "無碼",
    "无码无码头",
    "血 腥场面",
    "无.码",
]


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_term_is_found_anywhere(text: str) -> None:
    assert found(text)


HARMLESS = [
    "visible to the naked eye", "naked-eye astronomy", "NAKED   EYE view", "n4ked eye", "a naked mole rat",
    "Essex countryside", "a denuded hill", "nudeln on a plate", "Gorebridge in Scotland", "a gorget", "Al Gore",
    "explicitly labelled", "nude lipstick", "violently blue sea", "shiitake, 8k, 4k, 3d render", "R2D2 and C-3PO",
    "无码头的小岛", "港口无码头", "无，码放整齐的箱子", "天空无云。码头很美", "反暴力海报", "萝卜", "", "   ", "👩‍👩‍👧 family", "İstanbul",
]  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_term_passes(text: str) -> None:
    assert found(text) == []


def test_what_is_allowed_excuses_no_other_place() -> None:
    assert found("a naked man sees it by naked eye") == ["naked"]
    assert found("naked eyelashes") == ["naked"]
    assert found("码头无码") == ["无码"]


def test_longer_term_beats_what_is_allowed_in_it() -> None:
    matcher = Matcher(
        Term(pk=number, kind=KINDS[kind], text=text, category="other")
        for number, (kind, text) in enumerate(
            [
                ("phrase", "无码"),
                ("allow", "无码头"),
                ("phrase", "无码头像"),
                ("phrase", "bc"),
                ("allow", "ab"),
            ]
        )
    )
    assert [known.text for known in matcher.find("无码头像")] == ["无码头像"]
    assert matcher.find("无码头") == []
    # What is allowed reaches only so far.
    assert [known.text for known in matcher.find("abc")] == ["bc"]


def test_terms_of_several_words_and_of_other_scripts() -> None:
    matcher = Matcher(
        Term(pk=number, kind=Term.Kind.WORD, text=text, category="other")
        for number, text in enumerate(["Blood  Bath", "голый", "γυμνός", "nackt", "裸"])
    )
    for text, term in {
        "a blood-bath": "Blood  Bath",
        "ГОЛЫЙ король": "голый",
        "γυμνος": "γυμνός",
        "Nackt!": "nackt",
        "全裸": "裸",
    }.items():
        assert [known.text for known in matcher.find(text)] == [term], text
    assert matcher.find("bloodbaths, голыйх, nackten") == []


def test_time_grows_with_the_length_of_the_text_alone() -> None:
    listed = [Term(pk=number, kind=Term.Kind.PHRASE, text=f"词{number:x}语", category="other") for number in range(5_000)]  # fmt: skip
    matcher = Matcher(listed)
    assert matcher.find("一个词1f语") != []
    hard = [
        "a " * 800,
        "无" * 800,
        "n.a" * 800,
        "naked eye " * 160,
        "词1词" * 400,
        "\u0301" * 1600,
        "(" * 1600,
    ]

    def seconds(times: int) -> float:
        began = time.process_time()
        for text in hard:
            matcher.find(text * times)
            START.find(text * times)
        return time.process_time() - began

    seconds(1)
    once = seconds(1)
    assert seconds(4) < 12 * once + 0.5
    assert once < 2


@given(st.text(max_size=40))
def test_folding_ends_and_is_its_own_fold(text: str) -> None:
    folded = fold(text)
    assert BEGINS not in folded
    assert ENDS not in folded
    assert fold(folded) == folded or unicodedata.normalize("NFKC", fold(folded)) == fold(folded)


@pytest.mark.django_db
def test_list_is_seeded_once_and_read_anew_when_it_changes() -> None:
    assert seed_terms() == Term.objects.count() > 30
    assert seed_terms() == 0
    assert [known.text for known in find_terms("a naked man")] == ["naked"]
    Term.objects.filter(text="naked").update(is_active=False)
    assert find_terms("a naked man") == []
    Term.objects.create(text="a man", kind=Term.Kind.WORD)
    assert [known.text for known in find_terms("a naked man, a man")] == ["a man"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(number) FROM generation_termschange")
        assert cursor.fetchone() == (1, 3)


@pytest.mark.django_db
def test_file_adds_what_is_new() -> None:
    lines = [
        "\ufeff# a list", "", "敏感词", "敏感词", " 敏感詞 ", "Bad Word", "bad-word", "!敏感词典", "!!!", "x" * 300, "裸", "Ｂａｄ word",
    ]  # fmt: skip
    loaded = load_lines(lines, language="zh", category="politics")  # type: ignore[arg-type]  # as the command has them
    assert (loaded.new, loaded.known, loaded.refused) == (5, 3, (9, 10))
    kinds = dict(Term.objects.values_list("text", "kind"))
    assert kinds == {
        "敏感词": "phrase", "敏感詞": "phrase", "Bad Word": "word", "敏感词典": "allow", "裸": "phrase",
    }  # fmt: skip
    again = load_lines(lines, language="zh", category="politics")  # type: ignore[arg-type]
    assert (again.new, again.known) == (0, 8)
    assert find_terms("查敏感词典") == []
    assert [known.category for known in find_terms("这是敏感词")] == ["politics"]
