"""Digits spoken as words, as speech recognition writes them: "nol delapan satu dua …"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from etikanlp.privacy.numbers import context, identifies

SPOKEN: Final = 4
"""Numbers said one after the other from which they are masked; nobody says a quantity that way."""

_DIGIT: Final = {
    word: str(digit)
    for digit, words in enumerate(
        (
            ("nol", "kosong"),
            ("satu",),
            ("dua",),
            ("tiga",),
            ("empat",),
            ("lima",),
            ("enam",),
            ("tujuh",),
            ("delapan", "lapan"),
            ("sembilan",),
        )
    )
    for word in words
}
_TEENS: Final = {"sepuluh": "10", "sebelas": "11"}
_MAGNITUDE: Final = frozenset(
    {
        "ratus",
        "ribu",
        "juta",
        "miliar",
        "milyar",
        "triliun",
        "seratus",
        "seribu",
        "sejuta",
        "koma",
        "setengah",
        "persen",
    }
)
_FILLER: Final = frozenset(
    {"strip", "garis", "titik", "spasi", "terus", "lalu", "eh", "ee", "eee", "ya", "dobel", "double"}
)

_WORD: Final = "|".join(sorted([*_DIGIT, *_TEENS, *_MAGNITUDE, "belas", "puluh"], key=len, reverse=True))
_BETWEEN: Final = rf"[ ,.\-]{{1,3}}(?:(?:{'|'.join(sorted(_FILLER))})[ ,.\-]{{1,3}}){{0,2}}"
_RUN = re.compile(rf"(?<!\w)(?:{_WORD})(?!\w)(?:{_BETWEEN}(?:(?:{_WORD})(?!\w)|\d{{1,4}}(?!\w)))*", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_PUBLIC = re.compile(r"1500\d{3}|14\d{3}|1[12]\d")
_DATE: Final = 8  # digits of a date, the longest of hours, dates and postcodes
_UNIT = re.compile(
    r"\s(?:hari|kali|orang|jam|menit|minggu|bulan|tahun|lembar|ratus|ribu|juta|rupiah|persen)(?!\w)", re.IGNORECASE
)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every number spoken digit by digit, in order."""
    for run in _RUN.finditer(text):
        for numbers in _series(text, run.start(), run.end()):
            digits = "".join(said for _, _, said in numbers)
            if len(numbers) >= SPOKEN and _identifies(text, numbers[0][0], numbers[-1][1], digits):
                yield numbers[0][0], numbers[-1][1]


def _series(text: str, start: int, end: int) -> Iterator[list[tuple[int, int, str]]]:
    """Numbers said one after the other (place and digits), cut wherever a magnitude makes a quantity."""
    numbers: list[tuple[int, int, str]] = []
    for token in _TOKEN.finditer(text, start, end):
        word = token.group().lower()
        if word in _FILLER:
            continue
        if word in _MAGNITUDE:
            yield numbers[:-1]
            numbers = []
        elif word in {"belas", "puluh"} and numbers:
            first, _, said = numbers[-1]
            numbers[-1] = (first, token.end(), f"1{said}" if word == "belas" else f"{said}0")
        else:
            numbers.append((token.start(), token.end(), _DIGIT.get(word) or _TEENS.get(word) or word))
    yield numbers


def _identifies(text: str, start: int, end: int, digits: str) -> bool:
    if _PUBLIC.fullmatch(digits) or _UNIT.match(text, end):
        return False
    said = context(text, start)
    if said.kind == "quantity" and said.near and len(digits) <= _DATE:
        return False
    if not said.kind and "1234567890".startswith(digits):
        return False  # counting
    return said.kind != "case" or not said.near or identifies(digits, said)
