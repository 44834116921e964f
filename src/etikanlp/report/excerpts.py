"""Turns as a report quotes them: masked, cut to what matters, the words behind the flag marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
from markupsafe import Markup, escape

from etikanlp.privacy import shown_as

Stretch = tuple[int, int, float, bool]
"""Start, end, share of the heaviest word's weight, whether decisive."""

TEXT_LENGTH: Final = 360
CONTEXT_LENGTH: Final = 140
"""Characters of a quotation; the rest is in the Excel file and the tables."""
_MARKED: Final = 6
_LIGHTEST: Final = 0.25
"""Words marked in a turn at most, and the share of the heaviest word's weight from which a word is marked."""


def shown(turns: pd.DataFrame, masked: bool) -> pd.DataFrame:
    """Turns with ``text`` and ``context`` as they may be shown. The one place where a rendering masks."""
    return turns.assign(**{name: turns[name].map(lambda text: shown_as(text, masked)) for name in ("text", "context")})


def weighed(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The stretches worth marking, heaviest first: decisive, or at least a quarter as heavy as the heaviest."""
    worth = [stretch for stretch in stretches if stretch[3] or stretch[2] >= _LIGHTEST]
    return sorted(worth, key=lambda stretch: (-stretch[2], stretch[0]))[:_MARKED]


def quoted(text: str, stretches: Sequence[Stretch] = (), length: int = TEXT_LENGTH) -> Markup:
    """A turn, escaped, cut to about ``length`` characters round its heaviest word, with the given stretches marked."""
    marked = sorted(weighed(stretches))
    heaviest = max(marked, key=lambda stretch: stretch[2], default=(0, 0, 0.0, False))
    first, last = _window(text, heaviest[0], heaviest[1], length)
    parts, done = ["… " if first else ""], first
    for start, end, _, decisive in marked:
        if start < done or end > last:
            continue
        tag = Markup("<mark class=d>{}</mark>") if decisive else Markup("<mark>{}</mark>")
        parts += [escape(text[done:start]), tag.format(text[start:end])]
        done = end
    return Markup("").join([*parts, escape(text[done:last]), " …" if last < len(text) else ""])


def _window(text: str, start: int, end: int, length: int) -> tuple[int, int]:
    """Where to cut: at white space if there is some near, so that ``start`` to ``end`` lies inside."""
    if len(text) <= length * 1.15:
        return 0, len(text)
    first = 0 if end <= length else max(0, (start + end - length) // 2)
    last = min(len(text), first + length)
    before, after = text.find(" ", first, first + 30), text.rfind(" ", last - 30, last)
    first = before + 1 if first and 0 <= before < start else first
    return first, after if last < len(text) and after >= end else last
