"""Stems of words: each worked out once, by several processes where many are new, kept for later runs if wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from etikanlp.errors import LogError

Stem = Callable[[Sequence[str]], list[str]]

MANY: Final = 30_000
"""New words at once from which further processes are started: those take some two seconds to start, in which one
process stems about as many."""

_MOST: Final = 1_000_000
"""Stems kept; when there are more all are forgotten, which bounds memory at some 200 MB."""

_met: dict[str, str] = {}


def of(words: Sequence[str], work_out: Stem | None = None) -> list[str]:
    """Sastrawi's stem of each word, worked out only if the word has not been met before.

    Parameters
    ----------
    words : sequence of str
        Distinct, lower-case.
    work_out : callable, optional
        How to stem those that are new; default :func:`sastrawi`, in several processes from :data:`MANY` words on.

    Returns
    -------
    list of str
        One a word.
    """
    new = [word for word in words if word not in _met]
    if len(_met) + len(new) > _MOST:
        _met.clear()
        new = list(words)
    _met.update(zip(new, (work_out or _work_out)(new), strict=True))
    return [_met[word] for word in words]


def learn(stems: Mapping[str, str]) -> None:
    """Take over stems that another process has worked out, or an earlier run."""
    if len(_met) + len(stems) > _MOST:
        _met.clear()
    _met.update(stems)


def sastrawi(words: Sequence[str]) -> list[str]:
    """Sastrawi's stem of each word, one after the other, in this process."""
    stem = _stemmer().stem
    # Sastrawi cuts at an apostrophe; a stem must stay one word for word n-grams to be told apart
    return [stem(word).replace(" ", "'") or word for word in words]


def shares(words: Sequence[str], n: int) -> list[Sequence[str]]:
    """The words dealt out to ``n`` processes, in order."""
    size = -(-len(words) // n) or 1
    return [words[start : start + size] for start in range(0, len(words), size)]


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
            learn(dict(kept["stems"]) if kept["stemmer"] == stemmer else {})
        except (ValueError, KeyError, TypeError) as error:
            raise LogError(f"{path} holds no stems of an earlier run ({error!r}); delete it or name another") from None
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


def _work_out(words: Sequence[str]) -> list[str]:
    if len(words) < MANY:
        return sastrawi(words)
    from joblib import Parallel, cpu_count, delayed  # noqa: PLC0415 - loaded only where it pays

    done = Parallel(n_jobs=-1)(delayed(sastrawi)(share) for share in shares(words, cpu_count()))
    return [stem for share in done for stem in share]


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory  # noqa: PLC0415 - reads a 30,000-word list

    return StemmerFactory().create_stemmer()
