"""Batch scoring: a log in, the score table out, chunk by chunk; nothing half-written ever looks finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from etikanlp import tables
from etikanlp.codebook import LABELS
from etikanlp.errors import LogError
from etikanlp.model import Model
from etikanlp.parts import Parts, packed
from etikanlp.recognition import times
from etikanlp.sources import raw_chunks
from etikanlp.stems import remembered
from etikanlp.transcripts import REJECT_COLUMNS, from_frame, read_log, with_context
from etikanlp.workers import in_order

ID_COLUMNS: Final = ("interaction_id", "turn", "officer_id", "unit", "channel", "at", "text", "context")
SCORE_COLUMNS: Final = (
    *ID_COLUMNS,
    *(name for label in LABELS for name in (f"p_{label}", label)),
    *(f"review_{label}" for label in LABELS),
)
"""Columns of the score table, in order: a row an officer turn."""


class Summary(NamedTuple):
    """Counts of one scoring run; ``rows`` = ``rows_read`` + ``rows_rejected``."""

    rows: int
    rows_read: int
    rows_rejected: int
    officer_turns: int
    out: Path
    rejects: Path | None
    """Where the rejects lie; None if there are none."""


def score(log: pd.DataFrame | str | Path, model: Model, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Score a log held in memory, or a log file.

    Parameters
    ----------
    log : DataFrame, str or Path
        Long (a row a turn) or reply (a row a reply) format.
    model : Model
    columns : mapping, optional
        Column of the turn table to column of the log, for names that are not recognised.

    Returns
    -------
    DataFrame
        The score table (:data:`SCORE_COLUMNS`): ``p_<label>`` float32, ``<label>`` bool, ``review_<label>`` bool
        (whether the probability lies in the label's review band). Its ``attrs["rejects"]``
        holds the rows that could not be read, with their reason.

    Raises
    ------
    LogError
        If the log cannot be read at all.
    """
    chunks = [from_frame(log, columns)] if isinstance(log, pd.DataFrame) else list(read_log(log, columns))
    pending: dict[str, str] = {}
    scored = pd.concat([judged(with_context(chunk.turns, pending), model) for chunk in chunks], ignore_index=True)
    scored.attrs["rejects"] = pd.concat([chunk.rejects for chunk in chunks], ignore_index=True).to_dict("records")
    return scored


def score_file(
    log: str | Path,
    out: str | Path,
    model: Model,
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int], object] = lambda rows: None,
    chunk_rows: int = 20_000,
    resume: bool = False,
    n_jobs: int = 1,
    remember: str | Path | None = None,
) -> Summary:
    """Score a log file into a file, told by its ending: .parquet, .csv, .xlsx or .jsonl.

    Chunks scored are kept in a hidden folder beside ``out`` until all are there; only then is ``out`` written, in that
    folder first. Rows that cannot be read go to ``<out>.rejects.csv`` beside it.

    Parameters
    ----------
    log, out : str or Path
    model : Model
    columns : mapping, optional
        As in :func:`score`.
    progress : callable
        Called with the number of rows done, chunk by chunk.
    chunk_rows : int
        Rows held in memory at a time.
    resume : bool
        Go on where an interrupted run of the same log, model and options stopped.
    n_jobs : int
        Processes in all: one reads, the others judge. The result does not depend on it.
    remember : str or Path, optional
        A file in which to keep the stems of words met from run to run; see :func:`etikanlp.stems.remembered`.

    Raises
    ------
    LogError
        If the log cannot be read, the ending of ``out`` is unknown, or another run has begun to write ``out``.
    """
    log, out = Path(log), Path(out)
    tables.check_kind(out.suffix)
    chunks = read_log(log, columns, chunk_rows)
    first = next(chunks, None)  # a log that cannot be read leaves nothing behind
    if first is None:
        raise LogError(f"{log}: no rows below the header")
    stat = log.stat()
    run = {
        "log": [str(log.resolve()), stat.st_size, stat.st_mtime_ns],
        "model": model.fingerprint(),
        "version": version("etikanlp"),
        "options": [dict(columns or {}), chunk_rows],
    }
    rejects = rejects_of(out)
    if log.resolve() in {out.resolve(), rejects.resolve()}:
        raise LogError(f"{log} is the log itself; name another file for the scores")
    if out.is_dir():
        raise LogError(f"{out} is a folder; name a file for the scores")
    rows = rejected = officer_turns = n_parts = 0
    parts = Parts(out.with_name(f".{out.name}.parts"), run, resume)
    with ExitStack() as stack:
        part, rejects_part = (
            stack.enter_context(tables.unfinished(parts.scratch(path.name))) for path in (out, rejects)
        )

        def read() -> Iterator[tuple[int, pd.DataFrame | None]]:
            nonlocal rejected, officer_turns
            pending: dict[str, str] = {}
            for number, chunk in enumerate(chain([first], chunks)):
                officers = with_context(chunk.turns, pending)
                if len(chunk.rejects):
                    write_rejects(chunk.rejects[list(REJECT_COLUMNS)])
                rejected += len(chunk.rejects)
                officer_turns += len(officers)
                yield chunk.rows, None if number in parts else officers

        with (
            tables.writer(rejects_part, ".csv") as write_rejects,
            remembered(None if remember is None else Path(remember)),
        ):
            for rows_done, part_scores in in_order(read(), _packed, model, n_jobs):
                if part_scores is not None:
                    parts.write(n_parts, part_scores)
                n_parts += 1
                rows += rows_done
                progress(rows_done)
        with tables.writer(part, out.suffix) as write:
            for number in range(n_parts):
                write(typed(parts.read(number)))
        parts.check()
        if rejected:
            rejects_part.replace(rejects)
        else:
            rejects.unlink(missing_ok=True)
        part.replace(out)
    parts.remove()
    return Summary(rows, rows - rejected, rejected, officer_turns, out, rejects if rejected else None)


def rejects_of(out: str | Path) -> Path:
    """Where the rejects of a score file lie."""
    return Path(out).with_name(f"{Path(out).name}.rejects.csv")


def read_scores(path: str | Path) -> pd.DataFrame:
    """Read a score table back from any file :func:`score_file` writes.

    Raises
    ------
    LogError
        If the file cannot be read or is no score table.
    """
    scores = typed(tables.read(Path(path), SCORE_COLUMNS), str(path))
    rejects = rejects_of(path)
    if rejects.is_file():
        scores.attrs["rejects"] = pd.read_csv(rejects, dtype=str, keep_default_na=False).to_dict("records")
    return scores


def is_score_table(path: str | Path) -> bool:
    """Whether a file is a score table rather than a log, told by its columns."""
    path = Path(path)
    if path.suffix.lower() == ".jsonl" and path.is_file() and path.stat().st_size == 0:
        return True  # as one without officer turns is written
    chunk = next(raw_chunks(path, 100), None)
    return chunk is not None and set(SCORE_COLUMNS) <= set(chunk.table.columns.astype(str))


def is_of(scores: pd.DataFrame, model: Model) -> bool:
    """Whether a score table is the model's, told by its first turns."""
    head = scores.head(100)
    p = model.predict_proba(head["text"], head["context"])
    return bool(np.allclose(p, head[[f"p_{label}" for label in LABELS]].to_numpy(dtype=float), atol=1e-4))


def judged(officers: pd.DataFrame, model: Model) -> pd.DataFrame:
    """The score table of officer turns as :func:`etikanlp.transcripts.with_context` gives them."""
    p = model.predict_proba(officers["text"], officers["context"])
    results = pd.concat([p.add_prefix("p_"), model.flags(p), model.review(p).add_prefix("review_")], axis=1)
    return pd.concat([officers, results], axis=1)[list(SCORE_COLUMNS)]


def _packed(officers: pd.DataFrame, model: Model) -> bytes:
    """What a worker does: judge a chunk and make it ready to be kept."""
    return packed(judged(officers, model))


def typed(scores: pd.DataFrame, where: str = "the score table") -> pd.DataFrame:
    """The score table with its own types, whatever a file or a spreadsheet made of them.

    Raises
    ------
    LogError
        Naming the column that is missing or holds something else.
    """
    missing = [name for name in SCORE_COLUMNS if name not in scores]
    if missing:
        raise LogError(f"{where}: not a score table, no column {missing[0]!r}; write one with: etikanlp score")
    scores = scores[list(SCORE_COLUMNS)].copy()
    scores.attrs = {}
    for name in scores:
        try:
            scores[name] = _as_type(str(name), scores[name])
        except (ValueError, TypeError, OverflowError) as error:
            raise LogError(f"{where}: column {name!r} is not as etikanlp score writes it ({error})") from None
    return scores


def _as_type(name: str, column: pd.Series) -> pd.Series:
    if name == "turn":
        return column.astype(float).astype(int).astype(pd.ArrowDtype(pa.int32()))
    if name == "at":
        if not pd.api.types.is_datetime64_any_dtype(column.dtype):
            column = times(column.astype(object).where(column.notna(), "").astype(str))
        return column.astype("datetime64[s]").astype(pd.ArrowDtype(pa.timestamp("s")))
    if name.startswith("p_"):
        if not pd.api.types.is_numeric_dtype(column.dtype):  # a spreadsheet may have saved it with decimal commas
            column = column.map(lambda p: p.replace(",", ".") if isinstance(p, str) else p)
        return column.astype("float32")
    if name.removeprefix("review_") in LABELS:
        if pd.api.types.is_bool_dtype(column.dtype) and column.notna().all():
            return column.astype(bool)
        words = column.astype(str).str.strip().str.lower().str.removesuffix(".0")
        flags = words.map({"true": True, "false": False, "1": True, "0": False})
        if flags.isna().any():
            raise ValueError(f"{words[flags.isna()].iloc[0]!r} is neither true nor false")
        return flags.astype(bool)
    return _as_text(column, "" if name in {"text", "context"} else None)


def _as_text(column: pd.Series, missing: str | None) -> pd.Series:
    dtype = pd.ArrowDtype(pa.large_string())
    if isinstance(column.dtype, pd.ArrowDtype) and pd.api.types.is_string_dtype(column.dtype):
        column = column.astype(dtype)  # as a part has it: no need to look at every value
        return column if missing is None else column.fillna(missing)
    text = column.astype(object).where(column.notna(), None)
    values = [missing if value is None else str(value) for value in text]
    return pd.Series(pd.array(values, dtype=dtype), index=column.index)
