"""Numbers, e-mail addresses and vehicle plates that identify a person, as written.

First the harmless shapes (sums, dates, hours, numbers of letters) are taken out, so that no identifier is read across
them; every run of digits left is judged by its length, its shape and the nearest telling word before it, from
``contexts.tsv``:

secret, identity, phone : what follows is a person's
case, quantity : what follows is a case's (tickets, reports, queues, shipments stay traceable) or counts something
vehicle : makes a plate likely
unit : after a number, makes it a quantity
glued : an identifier's name written onto its number ("NIK3174…"); other letters there make a code
no_series : words that follow a number and are no letters of a plate
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from stdnum import luhn
from stdnum.id import nik, npwp

from etikanlp import text as words

LONG: Final = 6
"""Digits from which a number nothing is said about is masked: one-time passwords and the shortest account and
subscriber numbers have six."""

SHORT: Final = 4
"""Digits from which a number called an identifier is masked ("empat digit terakhir 7719")."""

_SPACE: Final = r"[^\S\n]"
_DASH: Final = r"[.\-\u2010-\u2015]"
_SEPARATOR: Final = rf"(?:{_SPACE}?{_DASH}{_SPACE}?|{_SPACE})?"
_END: Final = rf"(?!\d|{_DASH}\d)"
_CLOCK: Final = r"(?:[01]?\d|2[0-4])[.:][0-5]\d(?:[.:][0-5]\d)?"
_THOUSANDS: Final = r"[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d{1,2})?"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

# never an identifier
_HARMLESS = re.compile(
    rf"""
    (?:https?://(?!wa\.me|api\.whatsapp)|(?<!\w)www\.)\S+
  | (?<![\w/])(?=[\w.\-]{{1,20}}/)(?=\S{{0,60}}/(?:19|20)\d\d(?!\d))[\w.\-]{{1,20}}(?:/[\w.\-]{{1,20}})+  # of letters
  | (?<!\w)(?:rp|idr|usd)\.?{_SPACE}?\d[\d.,]{{0,20}}(?:{_SPACE}?(?:[-–]|sampai|s/d|s\.d\.){_SPACE}?\d[\d.,]{{0,20}})?
  | (?<![\w.,])\d[\d.,]{{0,20}}+{_SPACE}?(?:rupiah|ribu(?:an)?|rb|juta|jt|mil[iy]ar|triliun|perak|persen|%|k)(?!\w)
  | (?<!\w)(?:tahun|thn?\.?|januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember
      |jan|feb|mar|apr|jun|jul|agu|agt|sep|okt|nov|des){_SPACE}(?:19|20)\d\d(?:{_SPACE}?[-–/]{_SPACE}?(?:19|20)\d\d)?{_END}
  | (?<!\d)(?<!\d[.,\-])[1-9]\d{{0,2}}\.\d{{3}}(?:,\d{{1,2}})?(?:{_SPACE}?[-–]{_SPACE}?[1-9]\d{{0,2}}\.\d{{3}})?{_END}
  | (?<!\d)(?<!\d{_DASH})(?:19|20)\d\d{_SPACE}?[-–]{_SPACE}?(?:19|20)\d\d{_END}
    """,
    re.VERBOSE | re.IGNORECASE,
)

# harmless unless the words before call it an identifier
_LIKELY_HARMLESS = re.compile(
    rf"""(?<!\d)(?<!\d[.,\-]){_THOUSANDS}(?:{_SPACE}?[-–]{_SPACE}?{_THOUSANDS})?{_END}
  | (?<!\d)(?<!\d[.\-/\ ])(?:0?[1-9]|[12]\d|3[01])(?P<d>[-/.\ ])(?:0?[1-9]|1[0-2])(?P=d)(?:19|20)?\d\d(?!\d|(?P=d)\d)
  | (?<!\d)(?<!\d[.\-/])(?:19|20)\d\d(?P<i>[-/.])(?:0[1-9]|1[0-2])(?P=i)(?:0[1-9]|[12]\d|3[01]){_END}
  | (?<!\d)(?<!\d[.:]){_CLOCK}(?:{_SPACE}?[-–]{_SPACE}?{_CLOCK})?{_END}
  | (?<!\d)(?<!\d\.)(?:{_OCTET}\.){{3}}{_OCTET}{_END}
  | (?<!\d)(?<!\d-)(?:1500{_SEPARATOR}\d{{3}}|14\d{{3}}|0800(?:{_SEPARATOR}\d){{6,9}}){_END}  # call centres, free phone
    """,
    re.VERBOSE,
)
_CODE = re.compile(r"(?<!\w)([A-Z]{1,10})[-_]?(\d[\d-]{0,30})(?:[A-Z\d-]{0,20})", re.IGNORECASE)
_RUN = re.compile(rf"(?:\(\+?\d{{2,4}}\){_SPACE}?|\+)?(?<!\d)\d(?:{_SEPARATOR}(?:\d|[xX*]{{2,}}))*")
_GROUP = re.compile(r"\S+")

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_SPOKEN_EMAIL = re.compile(
    rf"(?<!\w)\w{{2,30}}(?:{_SPACE}(?:titik|dot|garis{_SPACE}bawah|underscore|strip){_SPACE}\w{{1,30}}){{0,4}}"
    rf"{_SPACE}(?:at|et|ad){_SPACE}\w{{2,30}}(?:{_SPACE}(?:titik|dot){_SPACE}(?:com|kom|co|id|net|org|ac|go|sch)(?!\w))+",
    re.IGNORECASE,
)
# Region codes: Peraturan Kepolisian 7/2021 (registration and identification of vehicles); 1-4 digits, up to 3 letters
_PLATE = re.compile(
    rf"(?<![\w-])(?:[ABDEFGHKLMNPRSTWZ]|A[ABDEG]|B[ABDEGHKLMNP]|D[ABCDEGHKLMNPRSTW]|E[ABD]|K[BHTU]|P[ABGSTY]|C[CD]|RI)"
    rf"(?:{_SPACE}|-)?(?P<number>\d{{1,4}})(?:(?:{_SPACE}|-)?(?P<series>[A-Z]{{1,3}}))?(?!\w)",
    re.IGNORECASE,
)
# a letter and seven digits, or two letters and six digits, as printed in Indonesian passports
_PASSPORT = re.compile(rf"(?<!\w)(?:[A-Z]{_SPACE}?\d{{7}}|[A-Z]{{2}}{_SPACE}?\d{{6}})(?!\w)", re.IGNORECASE)
_NAMED_PASSPORT = re.compile(r"pass?port?", re.IGNORECASE)

_SENTENCE_END = re.compile(r"\w{4,}[.!?]\s|[!?]\s|[;\n]")
_PUBLIC = re.compile(r"1500|14\d{3}$|0800")
_MOBILE = re.compile(r"(?:62|0)8[1-9]\d{7,11}")
_WINDOW: Final = 48  # characters before a number that are searched for a telling word
_KINDS: Final = ("secret", "identity", "phone", "vehicle", "case", "quantity")


@lru_cache(maxsize=1)
def _words() -> dict[str, list[str]]:
    return {kind: listed.split(", ") for kind, listed in words.table("privacy/contexts.tsv")}


@lru_cache(maxsize=1)
def _contexts() -> tuple[re.Pattern[str], dict[str, str]]:
    """The telling words before a number, longest first, and the kind of each."""
    kind_of = {word: kind for kind in _KINDS for word in _words()[kind]}
    listed = "|".join(map(re.escape, sorted(kind_of, key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])({listed})(?:-?(?:nya|ku|mu))?(?![^\W_])", re.IGNORECASE), kind_of


@lru_cache(maxsize=1)
def _unit() -> re.Pattern[str]:
    return re.compile(rf"{_SPACE}?(?:{'|'.join(map(re.escape, _words()['unit']))})(?!\w)", re.IGNORECASE)


class Context(NamedTuple):
    """The nearest telling word before a number: its kind, and what stands between."""

    kind: str
    gap: str

    @property
    def near(self) -> bool:
        """Whether nothing but a few words stands between."""
        return len(self.gap) <= 26 and not any(c.isdigit() for c in self.gap)


def context(text: str, at: int) -> Context:
    """The telling word before position ``at``, within the sentence; kind is empty where there is none."""
    window = _SENTENCE_END.split(text[max(0, at - _WINDOW) : at])[-1]
    pattern, kind_of = _contexts()
    found = list(pattern.finditer(window))
    return Context(kind_of[found[-1][1].lower()], window[found[-1].end() :]) if found else Context("", "")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every identifying number, e-mail address and plate, in no order."""
    for email in (_EMAIL, _SPOKEN_EMAIL):
        yield from (match.span() for match in email.finditer(text))
    yield from (match.span() for match in _PLATE.finditer(text) if _is_plate(text, match))
    yield from (match.span() for match in _PASSPORT.finditer(text) if _is_passport(text, match))
    shown = _without_harmless(text)
    for match in _RUN.finditer(shown):
        start, end = _trimmed(shown, *match.span())
        if _identifies(text, start, end):
            yield start, end


def identifies(digits: str, said: Context) -> bool:
    """Whether a number of these digits, with this word before it, is a person's rather than a case's or a quantity.

    A case's number stays whatever its length, unless it has the structure of a mobile number, an identity number (NIK:
    district, date of birth with 40 added to a woman's day, serial; PP 37/2007, article 37), a tax number (NPWP: 15 or,
    since PMK 112/PMK.03/2022, 16 digits) or a payment card (check digit by Luhn, ISO/IEC 7812-1).
    """
    n = len(digits)
    if said.kind in {"case", "quantity"} and said.near:
        return _MOBILE.fullmatch(digits) is not None or any(
            valid(digits) for valid in (nik.is_valid, _is_npwp, _is_card)
        )
    if said.kind == "phone" and said.near:
        return n > LONG  # three to six digits are the hotline of an office
    if said.kind == "secret" and said.near:
        return n >= 3
    if said.kind == "identity" and said.near:
        year = n == 4 and digits[:2] in {"19", "20"}
        return n >= LONG or (n >= SHORT and "," not in said.gap and not year)
    return n >= LONG


def _identifies(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    digits = "".join(c for c in number if c.isdigit())
    n = len(digits) + sum(c in "xX*" for c in number)
    if n < 9 and _unit().match(text, end):
        return False
    return identifies(digits.ljust(n, "0"), context(text, start))


def _is_card(digits: str) -> bool:
    return len(digits) == 16 and digits[0] in "3456" and luhn.is_valid(digits)


def _is_npwp(digits: str) -> bool:
    return digits[0] == "0" and npwp.is_valid(digits)


def _without_harmless(text: str) -> str:
    """The text with harmless numbers blanked, place by place."""

    def blank(match: re.Match[str]) -> str:
        return "\0" * len(match.group())

    def blank_unless_named(match: re.Match[str]) -> str:
        said = context(text, match.start())
        named = said.near and said.kind in {"identity", "secret", "phone"} and not _PUBLIC.match(match.group())
        return match.group() if named else blank(match)

    def blank_code(match: re.Match[str]) -> str:
        named = match[1].lower() in _words()["glued"] or _MOBILE.fullmatch(match[2].replace("-", ""))
        return match.group() if named else blank(match)

    text_left = _HARMLESS.sub(blank, text)
    return _CODE.sub(blank_code, _LIKELY_HARMLESS.sub(blank_unless_named, text_left))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut a lone small number off a long one: a list number before it, a quantity after it."""
    groups = [m.span() for m in _GROUP.finditer(text, start, end)]
    size = [sum(c.isdigit() for c in text[a:b]) for a, b in groups]
    if len(groups) > 1 and size[0] <= 2 and size[1] >= 8:
        start = groups[1][0]
    if len(groups) > 1 and size[-1] <= 2 and size[-2] >= LONG:
        end = groups[-2][1]
    return start, end


def _is_plate(text: str, match: re.Match[str]) -> bool:
    number, series = match["number"], match["series"] or ""
    said = context(text, match.start())
    if said.kind == "vehicle":
        spaced = not match.group().isalnum()
        return (len(number) >= 3 and (spaced or bool(series))) or (spaced and bool(series))
    if series.lower() in _words()["no_series"] or said.kind == "case":
        return False
    if match.group().isupper():
        return bool(series) and len(number) + len(series) >= 4
    return len(number) >= 3 and bool(series)


def _is_passport(text: str, match: re.Match[str]) -> bool:
    said = context(text, match.start())
    if said.kind == "identity" and _NAMED_PASSPORT.search(text, max(0, match.start() - _WINDOW), match.start()):
        return True
    return said.kind != "case" and match.group().isupper() and match.group()[1].isdigit()
