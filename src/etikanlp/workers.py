"""Judging by several processes: the calling one reads, the others judge, results come back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from joblib.externals.loky import (
    ProcessPoolExecutor,
)  # runs scripts that have no __main__ guard, unlike the standard one

from etikanlp import stems
from etikanlp.model import Model
from etikanlp.text import Texts, as_arrow, needs_stemming, pieces

Judge = Callable[[pd.DataFrame, Model], bytes]

_WORTH_SENDING: Final = 1000
"""New words from which their stemming is shared out: a tenth of a second's work."""

_MOST: Final = 1_000_000
"""Chunks of text between white space remembered, as in :mod:`etikanlp.wordscores`."""

_IDLE: Final = 60
"""Seconds after which a worker without work ends, should the process that started it be killed."""


def in_order(
    tables: Iterable[tuple[Any, pd.DataFrame | None]], judge: Judge, model: Model, n_jobs: int
) -> Iterator[tuple[Any, bytes | None]]:
    """Judge tables one after the other, or several at a time.

    Every unknown word is stemmed once, whichever process meets it: this one looks for new words while it reads, shares
    out their stemming where they are many, and sends each table off with the stems it needs.

    Parameters
    ----------
    tables : iterable of (key, DataFrame or None)
        Officer turns with ``text`` and ``context``; None where there is nothing to do.
    judge : callable
        An importable function of a table and the model.
    model : Model
    n_jobs : int
        Processes in all, this one among them. Tables in memory at a time: about twice as many.

    Yields
    ------
    (key, bytes or None)
        In the order of ``tables``.
    """
    if n_jobs == 1:
        for key, table in tables:
            yield key, None if table is None else judge(table, model)
        return
    with ProcessPoolExecutor(n_jobs - 1, timeout=_IDLE, initializer=_start, initargs=(judge, model)) as pool:

        def share_out(words: Sequence[str]) -> list[str]:
            if len(words) < _WORTH_SENDING:
                return stems.sastrawi(words)
            own, *others = stems.shares(words, n_jobs)
            sent = [pool.submit(stems.sastrawi, share) for share in others]
            return sum((future.result() for future in sent), stems.sastrawi(own))

        unknown = _Unknown(model)
        waiting: deque[tuple[Any, Any]] = deque()
        try:
            for key, table in tables:
                future = None
                if table is not None:
                    words = unknown(table["text"], table["context"])
                    known = dict(zip(words, stems.of(words, share_out), strict=True))
                    future = pool.submit(_work, table, known)
                waiting.append((key, future))
                if len(waiting) > n_jobs:
                    done, future = waiting.popleft()
                    yield done, future and future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future and future.result()
        except BaseException:
            pool.shutdown(kill_workers=True)
            raise


class _Unknown:
    """Words of a column of texts whose stems do not come with the model."""

    def __init__(self, model: Model) -> None:
        self._known = model.features.text_.stems_
        self._words: dict[str, tuple[str, ...]] = {}

    def __call__(self, *columns: Texts) -> list[str]:
        split = [pc.utf8_split_whitespace(as_arrow(column)).flatten() for column in columns]
        chunks = pc.unique(pa.chunked_array(split)).to_pylist()
        if len(self._words) + len(chunks) > _MOST:
            self._words.clear()
        for chunk in chunks:
            if chunk not in self._words:
                forms = (piece.form for piece in pieces(chunk))
                self._words[chunk] = tuple(f for f in forms if f not in self._known and needs_stemming(f))
        return list(dict.fromkeys(word for chunk in chunks for word in self._words[chunk]))


_at_work: list[Any] = []


def _start(judge: Judge, model: Model) -> None:
    _at_work[:] = judge, model


def _work(table: pd.DataFrame, known: dict[str, str]) -> bytes:
    stems.learn(known)
    judge, model = _at_work
    return judge(table, model)
