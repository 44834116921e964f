"""Names of persons: after a title, after words that announce a name, and well-known given names on their own.

Written text is judged by its capitals; lower-case text (chat, speech recognition) only after words that announce a
name, or by the table of given names. The kinds of words in ``words.tsv``:

title : honorifics a name follows, ``dotted`` ones also after a full stop; ``guarded`` ones only capitalised and dotted
office : functions; "Pak RT" and "Bu Lurah" name nobody
place : what is named after persons; "RSUD dr. Soetomo" names nobody who lives
stop : words that begin sentences or forms and are capitalised there
spoken_stop : words that end or deny a name in lower-case text
particle : parts of names that are no names alone
given, given_word, family : names; ``given_word`` are everyday words too
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from etikanlp import text as words

_SPACE: Final = r"[^\S\n]"
_LONGEST: Final = 5  # words of a name
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_GAP = re.compile(rf"{_SPACE}{{1,2}}|(?<=\.)")
# endings of Javanese, Sundanese and Arabic given names, told from words by the dictionary as well
_ENDING = re.compile(
    r".{2,}(?:wati|ningsih|yanti|yanto|anto|anti|inah|iyah|iyem|irah|udin|uddin|ullah|iono|yono|sono|arno|arjo|awan|isno"
    r"|iyo|arso|urti|atmi|astri|iani|iana|osih|mini|jan|jono|tini|tono|miyati|rahman|islah|itri|ianto|ardi|rudin|syah)"
)


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    return {kind: frozenset(listed.split()) for kind, listed in words.table("privacy/words.tsv")}


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Titles; words that announce a name; places named after persons, right before a name."""
    kinds = _table()
    title = "|".join(sorted(map(re.escape, kinds["title"]), key=len, reverse=True))
    dotted = "|".join(sorted(kinds["dotted"], key=len, reverse=True))
    guarded = "|".join(word.capitalize() for word in sorted(kinds["guarded"]))
    place = "|".join(sorted(kinds["place"], key=len, reverse=True))
    titles = re.compile(rf"(?<![\w.])(?:(?i:{title})\b(?!\.)|(?i:{dotted})\b\.?|(?:{guarded})\.){_SPACE}{{0,2}}")
    announced = re.compile(
        rf"""(?<!\w)(?:
            atas{_SPACE}nama(?:nya)?|a\.{_SPACE}?n\.?|a/n|bernama|perkenalkan,?{_SPACE}saya
          | dengan{_SPACE}(?:saya|bapak|ibu|pak|bu|mas|mbak|kak|kakak|saudara|saudari)
          | nama{_SPACE}(?:saya|lengkap\w{{0,3}}|pasien\w{{0,3}}|pelanggan\w{{0,3}}|pemilik\w{{0,3}}|ibu{_SPACE}kandung\w{{0,3}}|(?:suami|istri|anak){_SPACE}saya)(?:{_SPACE}adalah)?
          | dengan(?={_SPACE}(?-i:[A-Z][a-z'’]+)[,.]?{_SPACE}(?:ada{_SPACE}yang|bisa|di{_SPACE}sini|selamat))
          | nama(?={_SPACE}?[:=])|namanya(?={_SPACE}?[:=,]?{_SPACE}?(?-i:[A-Z]))|ttd\.?|tertanda
          | (?:hormat{_SPACE}(?:saya|kami)|salam(?:{_SPACE}hormat)?|terima{_SPACE}kasih|pemohon|pelapor|wassalam\w{{0,12}})(?=,?\s*[\n(])
        )(?!\w){_SPACE}?[:=,]?[\s(]{{0,4}}""",
        re.VERBOSE | re.IGNORECASE,
    )
    places = re.compile(rf"(?<!\w)(?:{place})\.?(?:{_SPACE}[\w.]{{1,20}}){{0,2}}{_SPACE}$", re.IGNORECASE)
    return titles, announced, places


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every name, without its title, in no order."""
    titles, announced, _ = _patterns()
    for match in announced.finditer(text):
        yield from _name(text, match.end(), announced=True, shouted=False)
    for match in titles.finditer(text):
        if not _is_place(text, match.start()):
            yield from _name(text, match.end(), announced=False, shouted=match.group().isupper())
    for token in _TOKEN.finditer(text):
        if _stands_alone(token.group()) and not _is_place(text, token.start()):
            yield from _name(text, token.start(), announced=False, shouted=True)


def _name(text: str, at: int, announced: bool, shouted: bool) -> Iterator[tuple[int, int]]:
    """Yield the name that starts at ``at``, if one does; titles before and inside it are left out."""
    kinds = _table()
    parts: list[tuple[int, int, bool]] = []  # start, end, whether it can be a name by itself
    while len(parts) < _LONGEST and (token := _TOKEN.match(text, at)):
        word, lower = token.group(), token.group().lower().rstrip(".")
        if not parts and _is_title(word, lower):
            at = token.end() + _gap(text, token.end())
            continue
        fits = _fits(word, lower, bool(parts), announced, shouted)
        if not fits and lower not in kinds["particle"] or lower in kinds["office"]:
            break
        initial = len(lower) == 1
        if initial and not word[0].isupper():
            break
        alone = fits and not initial and lower not in kinds["particle"]
        end = token.end() if initial or not word.endswith(".") else token.end() - 1
        parts.append((token.start(), end, alone))
        gap = _gap(text, token.end())
        if not gap and not (initial and word.endswith(".")):
            break
        if word.endswith(".") and not initial and len(lower) > 3:
            break
        at = token.end() + gap
    while parts and not (parts[-1][2] or (len(parts) > 1 and text[parts[-1][0]].isupper() and parts[-1][1] - parts[-1][0] <= 2)):
        parts.pop()
    if any(alone for _, _, alone in parts):
        yield parts[0][0], parts[-1][1]


def _gap(text: str, at: int) -> int:
    match = re.compile(r"[^\S\n]{1,2}").match(text, at)
    return len(match.group()) if match else 0


def _is_title(word: str, lower: str) -> bool:
    kinds = _table()
    if lower in kinds["guarded"]:
        return word[0].isupper() and word.endswith(".")
    return lower in kinds["title"] or lower in kinds["dotted"]


def _fits(word: str, lower: str, later: bool, announced: bool, shouted: bool) -> bool:
    """Whether a word can be (part of) a name where it stands."""
    kinds = _table()
    if lower in kinds["stop"] or lower in kinds["office"]:
        return False
    named = lower in kinds["given"] or lower in kinds["family"]
    if len(lower) == 1 or (word[0].isupper() and word[1:].rstrip(".") == word[1:].rstrip(".").lower()):
        return True
    if word.isupper():
        return named or ((announced or shouted) and len(lower) > 2 and not _is_word(lower))
    if named:
        return True
    if word != word.lower():
        return word[0].isupper()  # McDonald, DeWi
    if announced:
        return lower in kinds["given_word"] or not _is_word(lower)
    return (later and lower in kinds["given_word"]) or (bool(_ENDING.fullmatch(lower)) and not _is_word(lower))


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory  # noqa: PLC0415 - reads a 30,000-word list

    return frozenset(StemmerFactory().get_words())


@lru_cache(maxsize=1 << 14)
def _is_word(lower: str) -> bool:
    """Whether lower-case text means a word by it: in the dictionary when stemmed, or chat spelling."""
    kinds = _table()
    if len(lower) < 3 or lower in kinds["stop"] or lower in kinds["spoken_stop"] or not re.search("[aeiouy]", lower):
        return True
    forms = words.forms(lower)
    return forms != [lower] or any(stem in _dictionary() for stem in words.stem(forms))


def _stands_alone(word: str) -> bool:
    """Whether a capitalised word is a given name wherever it stands."""
    lower = word.lower().rstrip(".")
    return (
        word[0].isupper()
        and len(lower) > 2
        and lower in _table()["given"]
        and lower not in _table()["given_word"]
        and lower not in _dictionary()
    )


def _is_place(text: str, at: int) -> bool:
    return _patterns()[2].search(text, max(0, at - 60), at) is not None
