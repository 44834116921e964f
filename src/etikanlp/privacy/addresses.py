"""Street addresses that lead to a door: a street, settlement or block with a house number, or an RT/RW."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NUMBER_WORD: Final = (
    "nol|kosong|satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|sebelas|belas|puluh|seratus|ratus"
)
_SPOKEN: Final = rf"(?:{_NUMBER_WORD})(?:\s(?:{_NUMBER_WORD}))*(?!\w)"
_COUNT: Final = (
    rf"(?:\d{{1,4}}(?:\s?[A-Za-z](?![\w]))?(?:\s?[/-]\s?\d{{1,4}}[A-Za-z]?)?(?![\w.,]*\d)|{_SPOKEN}|[IVX]{{1,4}}(?!\w))"
)
_HOUSE: Final = rf"(?:no|nomor|nomer|nmr|num)\b\.?\s?:?\s?{_COUNT}"
_ONE: Final = rf"(?:\d{{1,3}}(?!\w)|{_SPOKEN})"
_RT_RW: Final = rf"(?:rt|erte)\.?\s?{_ONE}(?:[\s/,]{{0,3}}(?:dan\s)?(?:rw|erwe)\.?\s?{_ONE}|\s?/\s?\d{{1,3}}(?!\w))"
_RT: Final = rf"(?:{_RT_RW}|(?:rt|erte|rw|erwe)\.?\s?{_ONE})"
_BLOCK: Final = (
    rf"(?:blok|blk)\.?\s?(?:[A-Z]{{1,2}}\s?[-/.]?\s?\d{{1,3}}[A-Z]?(?:\s?[-/]\s?\d{{1,3}})?(?!\w)|\d{{1,3}}(?!\w)"
    rf"|[A-Z]{{1,2}}[,\s]{{1,2}}{_HOUSE}|[a-z]\s{_SPOKEN})"
)
_LANE: Final = rf"(?:gang|gg)\b\.?\s?{_COUNT}"
_KAV: Final = rf"(?:kav|kavling|kapling)\b\.?\s?{_COUNT}"
_DETAIL: Final = rf"(?:{_HOUSE}|{_RT}|{_BLOCK}|{_LANE}|{_KAV})"
_STREET: Final = (
    r"(?:jl|jln|jalan|gg|gang|perum|perumahan|perumnas|komp|komplek|kompleks|kp|kampung|dusun|dsn|dukuh|lorong|lr|cluster"
    r"|griya|apartemen|apt|rusun|asrama|lingkungan|banjar|jorong)"
)
_NAME: Final = r"[^\W_][\w'’]{0,24}\.?"
_STOP: Final = (
    r"(?:no|nomor|nomer|nmr|rt|rw|erte|erwe|blok|blk|kav|yang|dan|di|ke|dari|untuk|dengan|sudah|belum|tidak|akan"
    r"|saja|kaki|terus|lurus|keluar|masuk|tol|pintas|kelurahan|desa|kecamatan|kota|kabupaten|karena|nanti"
    r"|saya|kami|itu|ini|ya|bapak|ibu|pak|bu|kok|macet|rusak|berlubang|dulu|aja|lagi|sampai|loket|antrean|antrian|lantai)\b"
)
# a street, its name, then at least one detail
_ADDRESS = re.compile(
    rf"(?<!\w){_STREET}\b\.?\s?(?:(?!{_STOP}){_NAME}\s?){{1,6}}?,?\s?{_DETAIL}(?:[,\s]{{1,3}}{_DETAIL}){{0,5}}",
    re.IGNORECASE,
)
# a capitalised street name and a bare house number
_BARE = re.compile(
    r"(?<!\w)(?:Jl|Jln|Jalan|Gg|Gang|jl|jln)\b\.?\s?(?!Tol\b)(?:(?!KM\b)[A-Z][\w'’]{1,24}\.?\s){1,4}(?P<house>\d{1,3}\s?[A-Za-z]?(?![\w.,:/]*\d)(?!\w))"
    rf"(?:[,\s]{{1,3}}(?i:{_DETAIL})){{0,5}}"
)
# an RT with its RW, or a block with its number, leads to a door without a street; an RT alone is a neighbourhood
_ALONE = re.compile(
    rf"(?<!\w)(?:{_RT_RW}|{_BLOCK}[,\s]{{1,2}}{_HOUSE}|(?:blok|blk)\s[A-Z]{{1,2}}[,\s]{{1,2}}{_HOUSE})(?:[,\s]{{1,3}}{_DETAIL}){{0,5}}",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(r"\s?(?:km|m|meter|menit|jam|hari|kali|orang|persen|%)(?!\w)", re.IGNORECASE)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every address with a house number, block or RT/RW, in no order."""
    for pattern in (_ADDRESS, _ALONE):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _BARE.finditer(text):
        if not _UNIT_AFTER.match(text, match.end("house")):
            yield match.span()
