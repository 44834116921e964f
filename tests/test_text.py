from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from etikanlp import text

WORDS = st.sampled_from(
    [
        "Bu",
        "tidak",
        "BISA",
        "Rp50.000",
        "yg",
        "bangeeet",
        "👍🏽",
        "?!",
        "…",
        "ki'",
        "e-KTP",
        "\u200b",
        "ñandú",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join))


@settings(deadline=None, max_examples=300)
@given(st.lists(TEXTS, max_size=8))
def test_a_column_is_read_as_its_texts_one_by_one(texts):
    tokens = text.tokenize(texts)
    read = [
        [tokens.forms[i] for i in tokens.ids[a:b]] for a, b in zip(tokens.offsets, tokens.offsets[1:], strict=False)
    ]
    assert read == [text.forms(string) for string in texts]


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_every_piece_lies_where_it_says(string):
    end = 0
    for piece in text.pieces(string):
        assert 0 <= piece.start < piece.end <= len(string)
        assert piece.start >= end or piece.end == end, "pieces overlap"
        end = piece.end


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        ("Selamat pagi, Bu!", ["selamat", "pagi", "bu", "!"]),
        ("tungguuuu yaaa", ["tunggu", "ya"]),
        ("Rp50.000 jam 16.00", ["rupiah", "00.000", "jam", "00.00"]),
        ("NIK 3174051203900004", ["nik", text.CAPITALS, "0000000000"]),
        ("makasih 🙏🏽", ["terima", "kasih", "🙏"]),
        (
            "lihat https://contoh.id/a?b dan tulis ke cs@contoh.id",
            ["lihat", "<url>", "dan", "tulis", "ke", "<email>"],
        ),
        ("APA???", ["apa", text.CAPITALS, "?"]),
        ("apa?!?!", ["apa", "!?"]),
        ("sebentar... ya", ["sebentar", "…", "ya"]),
        ("𝗯𝗼𝗹𝗱", ["bold"]),
        ("a ´ b", ["a", "\u0301", "b"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_forms(string, expected):
    assert text.forms(string) == expected


def test_stems_are_sastrawis():
    sastrawi = StemmerFactory().create_stemmer()
    words = ["memperbaiki", "pelayanannya", "dibantu", "bapak-bapak", "terlambatnya", "permohonan"]
    assert text.stem(words) == [sastrawi.stem(word) for word in words]


def test_known_stems_are_taken_and_marks_stay():
    assert text.stem(["dibantu", "👍", "00.00"], {"dibantu": "X"}) == ["X", "👍", "00.00"]


def test_char_ngrams_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    cut = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).build_analyzer()
    for word in ["a", "bu", "pak", "terlambat"]:
        assert sorted(text.char_ngrams(word, (2, 5))) == sorted(cut(word))


@pytest.mark.parametrize(
    "column",
    [
        ["a", None],
        pd.Series(["a", None]),
        np.array(["a", None], dtype=object),
        pa.chunked_array([["a"], [None]]),
        pa.array(["a", None]).dictionary_encode(),
        pa.array(["a", None], pa.string_view()),
        (text for text in ["a", None]),
    ],
)
def test_any_column_of_strings_is_taken(column):
    assert text.as_arrow(column).to_pylist() == ["a", ""]


@pytest.mark.parametrize("column", ["a single string", [1, 2], [b"bytes"], ["\ud83d", 1]])
def test_what_is_no_column_of_strings_is_refused(column):
    with pytest.raises(TypeError):
        text.as_arrow(column)


@pytest.mark.parametrize("column", [["a", "\ud83d"], (t for t in ["a", "\ud83d"]), np.array(["a", "\ud83d"])])
def test_half_a_character_costs_no_other_text(column):
    assert text.as_arrow(column).to_pylist() == ["a", "\ufffd"]
