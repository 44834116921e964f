"""Text to tokens and stems: columns of strings in, distinct forms and integer sequences out.

A log repeats itself: millions of words, some tens of thousands of distinct ones. So Arrow splits a whole
column at white space and dictionary-encodes the chunks, and everything slower than that (regular
expressions, normalisation, stemming) happens once per *distinct* chunk or form, never per occurrence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etikanlp import stems

Texts = Any
"""A column of strings: sequence of str, NumPy array, pandas Series, Arrow (chunked) array."""

CAPITALS = "<caps>"
"""Form that follows a word written in capitals (shouting, in chat)."""

GROUP = "<group>"
"""Form of every one-word name of a group of people (``groups.tsv``): who is named must not tell the label."""

_PIECE = re.compile(
    r"""
    (?P<url>(?:https?://|www\.)\S+)
  | (?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)
  | (?P<number>\d+(?:[.,:/-]\d+)*)
  | (?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)
  | (?P<mark>[!?]+|\.{2,}|…)
  | (?P<symbol>[^\w\s.,;:'"’“”()\[\]{}…*_/\\|+=<>~^`\u200b-\u200f\u2060\ufe0e\ufe0f\U0001F3FB-\U0001F3FF-])
    """,
    re.VERBOSE,
)
_ELONGATED = re.compile(r"([^\W\d_])\1{2,}")
_DIGIT = re.compile(r"\d")
_LONGEST_NUMBER = 10  # digits; a longer one is an identity or account number whatever its length
_LONGEST_FORM = 40  # characters; longer "words" are glued or pasted text, and would bloat the n-grams


class Tokens(NamedTuple):
    """A column of texts as integer sequences over its distinct forms."""

    forms: list[str]
    """The distinct forms, in order of first appearance."""
    ids: npt.NDArray[np.int64]
    """Shape (n_tokens,): position in ``forms`` of every token of every text, one after the other."""
    offsets: npt.NDArray[np.int64]
    """Shape (n_texts + 1,): text ``i`` owns ``ids[offsets[i]:offsets[i + 1]]``."""


class Piece(NamedTuple):
    """A stretch of a text and the form it was read as."""

    start: int
    end: int
    form: str


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Chat spelling to standard spelling, from the table ``spellings.tsv`` beside this module."""
    return {form: standard for form, standard in table("spellings.tsv")}


@lru_cache(maxsize=1)
def _group_name() -> re.Pattern[str]:
    """Matches a whole word that names a group of people."""
    return re.compile("|".join(f"(?:{pattern})" for _, _, pattern in groups()))


def groups() -> list[tuple[str, str, str]]:
    """Groups of people: ground, name, and a regular expression over lower-case text; from ``groups.tsv``."""
    return [(ground, name, pattern) for ground, name, pattern in table("groups.tsv")]


def table(name: str) -> list[list[str]]:
    """Rows of a tab-separated table beside this module; lines that start with ``#`` are comments."""
    lines = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=1 << 16)
def _forms(kind: str, raw: str) -> tuple[str, ...]:
    """What a match of :data:`_PIECE` is read as."""
    if kind in {"url", "email"}:
        return (f"<{kind}>",)
    if kind == "mark":
        return ("…" if raw[0] in ".…" else "".join(sorted(set(raw))),)
    normal = unicodedata.normalize("NFKC", raw)
    if kind == "number":
        return (_DIGIT.sub("0", normal)[:_LONGEST_NUMBER],)
    if kind == "word":
        word = _ELONGATED.sub(r"\1", normal.lower().replace("’", "'"))[:_LONGEST_FORM]
        word = _spellings().get(word, word)
        if _group_name().fullmatch(word):  # may be an acronym: its capitals are no shouting
            return (GROUP,)
        return (*word.split(), *[CAPITALS] * (len(raw) > 2 and raw.isupper()))
    return tuple(normal.split())  # an accent alone, as ´, is normalised to a space and the accent


def pieces(text: str) -> Iterator[Piece]:
    """Yield the stretches of ``text`` that become forms, with their place.

    Forms are lower-case words in standard spelling (elongation undone, chat and regional words replaced, names of
    groups of people as :data:`GROUP`), numbers with
    every digit as ``0``, ``<url>``, ``<email>``, ``!``, ``?``, ``!?``, ``…`` and single symbols such as emojis.
    A word in capitals is followed by the form :data:`CAPITALS` at the same place.
    """
    for match in _PIECE.finditer(text):
        for form in _forms(str(match.lastgroup), match.group()):
            yield Piece(match.start(), match.end(), form)


def forms_of_chunk(chunk: str) -> Sequence[str]:
    """Forms of a text without white space, in order."""
    if chunk.isalpha():  # one word, as most are
        return _forms("word", chunk)
    return [form for match in _PIECE.finditer(chunk) for form in _forms(str(match.lastgroup), match.group())]


def forms(text: str) -> list[str]:
    """Forms of one text, in order: the plain reference of what :func:`tokenize` does to a column."""
    return [piece.form for chunk in text.split() for piece in pieces(chunk)]


def as_arrow(texts: Texts) -> pa.Array:
    """``texts`` as one contiguous Arrow string array, missing values as empty strings.

    Raises
    ------
    TypeError
        If ``texts`` is a single string or holds something other than strings.
    """
    if isinstance(texts, str):
        raise TypeError("expected a column of texts, got one string: wrap it in a list, [text]")
    texts = texts if hasattr(texts, "__len__") else list(texts)  # a generator can be gone through but once
    try:
        array = texts if isinstance(texts, pa.ChunkedArray) else _array(texts)
    except pa.ArrowException as error:
        raise TypeError(f"expected a column of strings: {error}") from None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.null_count == len(array):
        array = array.cast(pa.large_string())
    if array.type not in {pa.string(), pa.large_string(), pa.string_view()}:
        raise TypeError(f"expected a column of strings, got {array.type}")
    return pc.fill_null(array.cast(pa.large_string()), "")


def _array(texts: Texts) -> Any:
    try:
        return pa.array(texts, from_pandas=True)
    except UnicodeError:  # half an emoji
        return pa.array([whole(text) if isinstance(text, str) else text for text in texts], from_pandas=True)


def whole(text: str) -> str:
    """The text with half characters (lone surrogates of a cut emoji) replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tokenize(texts: Texts) -> Tokens:
    """Split a column of texts into tokens.

    Parameters
    ----------
    texts : column of str, shape (n_texts,)
        Missing values count as empty.

    Returns
    -------
    Tokens
        Equal to ``[forms(text) for text in texts]``, as integer sequences.
    """
    split = pc.utf8_split_whitespace(as_arrow(texts))
    chunks = split.flatten().dictionary_encode()
    chunk_ids = chunks.indices.to_numpy().astype(np.int64)
    chunk_offsets = split.offsets.to_numpy().astype(np.int64)
    chunk_offsets = chunk_offsets - chunk_offsets[0]

    # each distinct chunk, read once
    index: dict[str, int] = {}
    flat: list[int] = []
    lengths = np.zeros(len(chunks.dictionary), dtype=np.int64)
    for i, chunk in enumerate(chunks.dictionary.to_pylist()):
        for form in forms_of_chunk(chunk):
            flat.append(index.setdefault(form, len(index)))
            lengths[i] += 1
    ids, token_offsets = take_ragged(np.array(flat, dtype=np.int64), offsets_of(lengths), chunk_ids)
    return Tokens(list(index), ids, token_offsets[chunk_offsets])


def offsets_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Offsets, shape (n + 1,), of consecutive pieces with the given ``lengths``, shape (n,)."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])


def take_ragged(
    values: npt.NDArray[Any], offsets: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Concatenate the given rows of a ragged array.

    Parameters
    ----------
    values, offsets : ndarray
        Row ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
    rows : ndarray of int, shape (n_rows,)

    Returns
    -------
    values, offsets : ndarray
        The chosen rows one after the other, and their offsets, shape (n_rows + 1,).
    """
    starts, lengths = offsets[:-1][rows], np.diff(offsets)[rows]
    taken = offsets_of(lengths)
    at = np.arange(taken[-1]) + np.repeat(starts - taken[:-1], lengths)
    return values[at], taken


def stem(forms: Iterable[str], known: Mapping[str, str] | None = None) -> list[str]:
    """Stem each form once with Sastrawi; what is no word of ASCII letters stays as it is.

    Parameters
    ----------
    forms : iterable of str
        Distinct forms as :func:`tokenize` gives them.
    known : mapping of form to stem, optional
        Looked up first, so that a trained model need not load the stemmer for words it has seen.

    Returns
    -------
    list of str
        One stem per form.
    """
    known, forms = known or {}, list(forms)
    new = list(dict.fromkeys(form for form in forms if form not in known and is_word(form) and form.isascii()))
    found = dict(zip(new, stems.of(new), strict=True)) if new else {}
    return [known[form] if form in known else found.get(form, form) for form in forms]


def is_word(form: str) -> bool:
    """Whether a form is a word, not a number, a mark, an emoji or a placeholder such as ``<url>``."""
    return form[:1].isalpha()


def char_ngrams(form: str, ngram_range: tuple[int, int] | None) -> list[str]:
    """Character n-grams of one space-padded word, as scikit-learn's ``char_wb`` analyser cuts them.

    A padded word shorter than n counts once, whole; forms that are no words have none; no range, none at all.
    """
    if ngram_range is None or not is_word(form):
        return []
    padded, (low, high) = f" {form} ", ngram_range
    grams: list[str] = []
    for n in range(low, high + 1):
        grams += [padded[i : i + n] for i in range(max(len(padded) - n, 0) + 1)]
        if n >= len(padded):
            break
    return grams


def ngram_key(ids: Iterable[Any], n_stems: int) -> Any:
    """One integer for a sequence of stem ids (1 to ``n_stems``), or an array of them for a sequence of arrays."""
    key = 0
    for i in ids:
        key = key * (n_stems + 1) + i
    return key


def word_ngrams(stems: Sequence[str], ngram_range: tuple[int, int]) -> list[str]:
    """Word n-grams of a sequence of stems, joined by a space (the plain reference)."""
    low, high = ngram_range
    return [" ".join(stems[i : i + n]) for n in range(low, high + 1) for i in range(max(len(stems) - n + 1, 0))]
