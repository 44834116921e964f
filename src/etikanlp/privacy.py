"""Masking of what is shown: every character keeps its place, so highlights stay where they are."""

from __future__ import annotations

import re

_LONG_NUMBER = re.compile(r"(?<!\d)(?<!\d[.,])\+?\d(?:\s?[.–-]?\s?\d){5,}(?!\d)")
_MONEY = re.compile(r"rp\.?\s*$", re.IGNORECASE)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def mask(text: str) -> str:
    """Blank digits of long numbers (phone, identity, account) and e-mail addresses with ``•``; same length.

    Sums of money (``Rp1.250.000``, ``1.250.000``) stay: they are often the point of a flag.
    """

    def blank(match: re.Match[str]) -> str:
        if _MONEY.search(text[: match.start()]) or _THOUSANDS.fullmatch(match.group()):
            return match.group()
        return re.sub(r"\d", "•", match.group())

    return _EMAIL.sub(lambda m: re.sub(r"[^@]", "•", m.group()), _LONG_NUMBER.sub(blank, text))
