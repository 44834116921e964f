"""Judging by several processes: the calling one reads, the others judge, results come back in order."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import count
from threading import Thread
from typing import Any

import pandas as pd

from etikanlp import stems
from etikanlp.model import Model

Judge = Callable[[pd.DataFrame, Model], bytes]


def in_order(
    tables: Iterable[tuple[Any, pd.DataFrame | None]], judge: Judge, model: Model, n_jobs: int
) -> Iterator[tuple[Any, bytes | None]]:
    """Judge tables one after the other, or several at a time.

    Parameters
    ----------
    tables : iterable of (key, DataFrame or None)
        None where there is nothing to do.
    judge : callable
        An importable function of a table and the model.
    model : Model
    n_jobs : int
        Processes in all, this one among them. About twice as many tables are in memory at a time.

    Yields
    ------
    (key, bytes or None)
        In the order of ``tables``.
    """
    if n_jobs == 1:
        return ((key, None if table is None else judge(table, model)) for key, table in tables)
    return _side_by_side(tables, judge, model, n_jobs - 1)


def _side_by_side(tables: Any, judge: Judge, model: Model, n_workers: int) -> Iterator[tuple[Any, bytes | None]]:
    """One pool a worker, so that it is known who knows what.

    A worker hands the stems it has worked out back with its result, and gets those of the others with its next table.
    So a word is stemmed twice only where two meet it for the first time in the same moment.
    """
    # not the standard pool: this one runs scripts that have no __main__ guard
    from joblib.externals.loky import ProcessPoolExecutor  # noqa: PLC0415 - loaded only where it pays

    with ExitStack() as stack:
        start = judge, model, stems.met(), os.getpid()
        pools = [ProcessPoolExecutor(1, initializer=_start, initargs=start) for _ in range(n_workers)]
        for pool in pools:
            stack.enter_context(pool)
        owed: list[dict[str, str]] = [{} for _ in pools]
        waiting: deque[tuple[Any, int, Any]] = deque()

        def first_done() -> tuple[Any, bytes | None]:
            key, worker, future = waiting.popleft()
            if future is None:
                return key, None
            result, new = future.result()
            stems.learn(new)
            for other in {*range(n_workers)} - {worker}:
                owed[other].update(new)
            return key, result

        turn = count()
        try:
            for key, table in tables:
                worker, future = 0, None
                if table is not None:
                    worker = next(turn) % n_workers
                    future = pools[worker].submit(_work, table, owed[worker])
                    owed[worker] = {}
                waiting.append((key, worker, future))
                if len(waiting) > 2 * n_workers:
                    yield first_done()
            while waiting:
                yield first_done()
        except BaseException:
            for pool in pools:
                pool.shutdown(kill_workers=True)
            raise


_at_work: list[Any] = []


def _start(judge: Judge, model: Model, known: dict[str, str], parent: int) -> None:
    _at_work[:] = judge, model
    stems.learn(known)
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this worker when the process it works for has been killed and could not do it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _work(table: pd.DataFrame, known: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    n_known = stems.learn(known)
    judge, model = _at_work
    return judge(table, model), stems.met(n_known)
