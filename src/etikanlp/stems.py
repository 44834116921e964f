"""Stems of words: each worked out once, and kept for later runs if wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final

from etikanlp.errors import LogError

_MOST: Final = 250_000
"""Stems kept; when there are more all are forgotten, which bounds memory at some 50 MB."""

_met: dict[str, str] = {}
_one_at_a_time = Lock()


def of(words: Sequence[str]) -> list[str]:
    """Sastrawi's stem of each word, worked out only where the word has not been met before.

    Parameters
    ----------
    words : sequence of str
        Distinct, lower-case.

    Returns
    -------
    list of str
        One a word.
    """
    with _one_at_a_time:
        new = [word for word in words if word not in _met]
        if len(_met) + len(new) > _MOST:
            _met.clear()
            new = list(words)
        _met.update(zip(new, sastrawi(new), strict=True))
        return [_met[word] for word in words]


def met(start: int = 0) -> dict[str, str]:
    """Stems met so far, but for the first ``start``."""
    return dict(islice(_met.items(), start, None))


def learn(stems: Mapping[str, str]) -> int:
    """Take over stems that another process has worked out, or an earlier run; returns how many are known now."""
    with _one_at_a_time:
        if len(_met) + len(stems) > _MOST:
            _met.clear()
        _met.update(stems)
        return len(_met)


def sastrawi(words: Sequence[str]) -> list[str]:
    """Sastrawi's stem of each word, one after the other, in this process."""
    stem = _stemmer()
    # Sastrawi cuts at an apostrophe; a stem must stay one word for word n-grams to be told apart
    return [stem(word).replace(" ", "'") or word for word in words]


@contextmanager
def remembered(path: Path | None) -> Iterator[None]:
    """Know the stems in a file, and keep those met inside the block there too; no path, nothing remembered.

    Raises
    ------
    LogError
        If the file is there and holds something else. Stems of another version of the stemmer are left out.
    """
    if path is None:
        yield
        return
    stemmer = f"PySastrawi {metadata.version('PySastrawi')}"
    if path.exists():
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            of_same, known = kept["stemmer"] == stemmer, dict(kept["stems"])
            "".join((*known, *known.values())).encode()  # fails if one is no text, or half a character
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise LogError(f"{path} holds no stems of an earlier run ({error!r}); delete it or name another") from None
        learn(known if of_same else {})
    before = len(_met)
    try:
        yield
    finally:
        if len(_met) != before or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f".{path.name}.{os.getpid()}")
            content = {"stemmer": stemmer, "stems": dict(sorted(_met.items()))}
            half.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
            half.replace(path)


@lru_cache(maxsize=1)
def _stemmer() -> Callable[[str], str]:
    from etikanlp.stemmer import stemmer  # noqa: PLC0415 - reads a 30,000-word list

    return stemmer()
