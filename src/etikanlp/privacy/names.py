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
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from etikanlp import text as words

_SPACE: Final = r"[^\S\n]"
_LONGEST: Final = 5  # words of a name
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_GAP = re.compile(rf"{_SPACE}{{1,2}}")
_ABBREVIATED: Final = frozenset({"abd", "br", "hi", "moh", "mohd", "muh", "st"})
# endings of Javanese, Sundanese and Arabic given names, told from words by the dictionary as well
_ENDING = re.compile(
    r".{2,}(?:wati|ningsih|yanti|yanto|anto|anti|inah|iyah|iyem|irah|udin|uddin|ullah|iono|yono|sono|arno|arjo|awan|isno"
    r"|iyo|arso|urti|atmi|astri|iani|iana|osih|mini|jan|jono|tini|tono|miyati|rahman|islah|itri|ianto|ardi|rudin|syah)"
)


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    return {kind: frozenset(listed.split()) for kind, listed in words.table("privacy/words.tsv")}


class _Patterns(NamedTuple):
    title: re.Pattern[str]
    announced: re.Pattern[str]
    introduced: re.Pattern[str]
    place: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    """Titles; words that announce a name, or a person; places named after persons, right before a name."""
    kinds = {kind: "|".join(sorted(map(re.escape, listed), key=len, reverse=True)) for kind, listed in _table().items()}
    guarded = "|".join(word.capitalize() for word in sorted(_table()["guarded"]))
    title = rf"(?<![\w.])(?:(?i:{kinds['title']})\b(?!\.)|(?i:{kinds['dotted']})\b\.?|(?:{guarded})\.){_SPACE}{{0,2}}"
    announced = rf"""(?<!\w)(?:
        atas{_SPACE}nama(?:nya)?|a\.{_SPACE}?n\.?|a/n|an\.?(?={_SPACE}(?-i:[A-Z][A-Za-z.]))|bernama|perkenalkan,?{_SPACE}saya
      | dengan{_SPACE}(?:saya|bapak|ibu|pak|bu|mas|mbak|kak|kakak|saudara|saudari)
      | nama{_SPACE}(?:saya|(?:lengkap|pasien|pelanggan|pemilik|ibu{_SPACE}kandung)\w{{0,3}}
          |(?:suami|istri|anak){_SPACE}saya)(?:{_SPACE}adalah)?
      | dengan(?={_SPACE}(?-i:[A-Z][a-z'’]+)[,.]?{_SPACE}(?:ada{_SPACE}yang|bisa|di{_SPACE}sini|selamat))
      | nama(?={_SPACE}?[:=])|ttd\.?|tertanda
      | (?:hormat{_SPACE}(?:saya|kami)|salam(?:{_SPACE}hormat)?|terima{_SPACE}kasih|pemohon|pelapor|wassalam\w{{0,12}})
          (?=,?\s*[\n(])
    )(?!\w){_SPACE}?[:=,]?[\s(]{{0,4}}"""
    # capitals are judged with the name: "saya budi dari" introduces somebody as well
    introduced = rf"""(?<!\w)(?:nama(?:nya)?,?{_SPACE}(?=[a-z]{{2}})|(?:saya|aku|sy),?{_SPACE}
        (?=[a-z]{{2,}}(?:{_SPACE}[a-z]{{2,}}){{0,3}}(?:[.,]|{_SPACE}(?:dari|di{_SPACE}bagian|yang|petugas|mau)\b|\s*$)))"""
    place = rf"(?<!\w)(?:{kinds['place']})\.?(?:{_SPACE}[\w.]{{1,20}}){{0,2}}{_SPACE}$"
    return _Patterns(
        re.compile(title),
        re.compile(announced, re.VERBOSE | re.IGNORECASE),
        re.compile(introduced, re.VERBOSE | re.IGNORECASE),
        re.compile(place, re.IGNORECASE),
    )


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every name, without its title, in no order."""
    patterns = _patterns()
    for match in patterns.announced.finditer(text):
        yield from _name(text, match.end(), announced=True)
    for match in patterns.introduced.finditer(text):
        yield from _name(text, match.end(), first=_unlikely_word)
    for match in patterns.title.finditer(text):
        if not _is_place(text, match.start()):
            yield from _name(text, match.end(), shouted=match.group().isupper())
    for token in _TOKEN.finditer(text):
        if _stands_alone(token.group()) and not _is_place(text, token.start()):
            yield from _name(text, token.start(), shouted=True)


def _name(
    text: str, at: int, announced: bool = False, shouted: bool = False, first: Callable[[str], bool] | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the name that starts at ``at``, if one does; titles before it are left out.

    Parameters
    ----------
    announced : bool
        The words before say that a name follows: lower case will do.
    shouted : bool
        Capitals throughout will do.
    first : function of a lower-case word, optional
        What the first word has to be besides.
    """
    parts: list[tuple[int, int]] = []
    whole = 0  # how many parts there are up to the last that can be a name by itself
    titles = 0
    while len(parts) < _LONGEST and titles <= _LONGEST and (token := _TOKEN.match(text, at)):
        word = token.group()
        lower = word.lower().rstrip(".")
        gap = _gap(text, token.end())
        if not parts and _is_title(word, lower):
            if word.endswith(".") and lower not in _table()["dotted"] | _table()["guarded"]:
                break
            if lower in _table()["office"]:
                first = _is_known
            at, titles = token.end() + gap, titles + 1
            continue
        part = lower in _table()["particle"] and (announced or word[0].isupper())
        initial = len(lower) == 1 and word[0].isupper()
        if not (part or initial or _fits(word, lower, bool(parts), announced, shouted)):
            break
        if not (part or initial or parts or first is None or first(lower)):
            break
        abbreviated = word.endswith(".") and (initial or lower in _ABBREVIATED)
        parts.append((token.start(), token.end() - (word.endswith(".") and not abbreviated)))
        if not part and (not initial or len(parts) > 1):
            whole = len(parts)
        if not (gap or initial) or (word.endswith(".") and not abbreviated):
            break
        at = token.end() + gap
    if whole and any(end - start > 2 for start, end in parts[:whole]):
        yield parts[0][0], parts[whole - 1][1]


def _gap(text: str, at: int) -> int:
    match = _GAP.match(text, at)
    return len(match.group()) if match else 0


def _is_title(word: str, lower: str) -> bool:
    kinds = _table()
    if lower in kinds["guarded"]:
        return word[0].isupper() and word.endswith(".")
    return any(lower in kinds[kind] for kind in ("title", "dotted", "office"))


def _fits(word: str, lower: str, later: bool, announced: bool, shouted: bool) -> bool:
    """Whether a word can be (part of) a name where it stands."""
    kinds = _table()
    if lower in kinds["stop"] or len(lower) < 2 or _is_title(word, lower):
        return False
    if word[0].isupper() and word[1:] == word[1:].lower():
        return True
    if word.isupper():
        return _is_known(lower) or ((announced or shouted) and len(lower) > 2 and not _is_word(lower))
    if word != word.lower():
        return False  # KTP-nya, eCommerce
    also_word = lower in kinds["given_word"] and (announced or later)
    return also_word or _is_known(lower) or (announced and not _is_word(lower))


def _is_known(lower: str) -> bool:
    """Whether a word is in the table of names, or ends as names do and is no word."""
    kinds = _table()
    if lower in kinds["given"] or lower in kinds["family"]:
        return True
    return _ENDING.fullmatch(lower) is not None and not _is_word(lower)


def _unlikely_word(lower: str) -> bool:
    return _is_known(lower) or lower in _table()["given_word"] or not _is_word(lower)


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
    return _patterns().place.search(text, max(0, at - 60), at) is not None
