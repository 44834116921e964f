"""Call logs in: any supported file, or a DataFrame, to the table of turns; bad rows set aside with a reason.

A log is *long* (a row a turn) or *reply* (a row a written reply, with the message it answers). Column names
and speaker values in common Indonesian and English use are recognised; others are mapped by the caller. No
row is lost: each is a turn (a reply row: one or two) or a reject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etikanlp.errors import LogError
from etikanlp.recognition import Columns, channel, joined, recognise, speaker, times
from etikanlp.sources import Raw, raw_chunks, unique
from etikanlp.text import as_arrow, whole

TURN_SCHEMA: Final = pa.schema(
    [
        ("interaction_id", pa.large_string()),
        ("turn", pa.int32()),
        ("speaker", pa.large_string()),
        ("text", pa.large_string()),
        ("officer_id", pa.large_string()),
        ("unit", pa.large_string()),
        ("channel", pa.large_string()),
        ("at", pa.timestamp("s")),
    ]
)
"""The turn table; ``officer_id`` on officer turns only, ``unit``, ``channel`` and ``at`` where the log has them."""

REJECT_COLUMNS: Final[tuple[str, ...]] = ("row", "column", "reason", "original")

_OPEN_INTERACTIONS: Final = 100_000
"""Interactions whose last customer message is remembered from chunk to chunk, oldest forgotten first."""


class Chunk(NamedTuple):
    """A stretch of a log: its turns, and its rows that could not become turns."""

    turns: pd.DataFrame
    """The turn table (:data:`TURN_SCHEMA`), Arrow types, in the order of the log."""
    rejects: pd.DataFrame
    """``row`` (1 is the header), ``column``, ``reason``, ``original`` (the row as JSON, or the broken line)."""
    rows: int
    """Rows read: those that became turns plus the rejects."""


def read_log(path: str | Path, columns: Mapping[str, str] | None = None, chunk_rows: int = 20_000) -> Iterator[Chunk]:
    """Read a log file in chunks.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, Excel (.xlsx, .xls, .xlsb, .ods), JSON Lines or Parquet, told by its ending.
    columns : mapping, optional
        Column of the turn table to column of the log, where the latter's name is not recognised.
    chunk_rows : int
        Rows read at a time.

    Yields
    ------
    Chunk

    Raises
    ------
    LogError
        If the file is missing, empty, of an unknown kind or encoding, or lacks a needed column.
    """
    columns_of: Columns | None = None
    seen = _Seen({}, {})
    path, rows = Path(path), 0
    for raw in raw_chunks(path, chunk_rows):
        if columns_of is None or rows == 0:  # the first chunk may hold the header alone
            columns_of = recognise(raw.table, columns or {}, str(path))
        if len(raw.table) or raw.broken:
            rows += len(raw.table) + len(raw.broken)
            yield _chunk(raw, columns_of, seen)
    if rows == 0:
        raise LogError(f"{path}: no rows below the header; check that this is the whole log")


def from_frame(frame: pd.DataFrame, columns: Mapping[str, str] | None = None) -> Chunk:
    """Read a log that is already a DataFrame; rows are numbered as in a file with a header (first is 2).

    Raises
    ------
    LogError
        If a needed column is missing.
    """
    flat = [" ".join(map(str, name)) if isinstance(name, tuple) else name for name in frame.columns]
    table = frame.set_axis(unique(flat), axis=1).reset_index(drop=True)
    return next(chunks_of([table], recognise(table, columns or {}, "the DataFrame")))


def chunks_of(tables: Iterable[pd.DataFrame], columns: Columns) -> Iterator[Chunk]:
    """Read a log that comes as DataFrames, its columns recognised beforehand; rows are numbered from 2 on.

    Parameters
    ----------
    tables : iterable of DataFrame
        One after the other, with a fresh index each; interactions may go on from one to the next.
    columns : Columns
        As :func:`etikanlp.recognition.recognise` finds them.

    Yields
    ------
    Chunk
        One a table.

    Raises
    ------
    LogError
        If an interaction goes on with an earlier turn than one in a table before.
    """
    seen, row = _Seen({}, {}), 2
    for table in tables:
        yield _chunk(Raw(table, np.arange(row, row + len(table)), []), columns, seen)
        row += len(table)


def with_context(turns: pd.DataFrame, pending: dict[str, str] | None = None) -> pd.DataFrame:
    """Officer turns of a turn table with what the customer said just before, in the order of the table.

    Parameters
    ----------
    turns : DataFrame
        A turn table.
    pending : dict, optional
        Carries what customers said last from one chunk of a log to the next; changed in place.

    Returns
    -------
    DataFrame
        The rows whose ``speaker`` is ``officer`` without that column, plus ``context``: the customer's turns
        since the officer's last one, joined by a line break; empty where there is none.
    """
    pending = {} if pending is None else pending
    order = turns.reset_index(drop=True).sort_values(["interaction_id", "turn"], kind="stable")
    is_officer = (order["speaker"] == "officer").to_numpy(dtype=bool)
    is_customer = (order["speaker"] == "customer").to_numpy(dtype=bool)
    interaction = order["interaction_id"].to_numpy(dtype=object)
    first = np.r_[True, interaction[1:] != interaction[:-1]] if len(order) else np.zeros(0, dtype=bool)
    # a block ends with an officer turn: what was said in it is that turn's context
    block = np.cumsum(first | np.r_[False, is_officer[:-1]]) if len(order) else np.zeros(0, dtype=np.int64)
    opening = pd.Series([pending.pop(name, "") for name in interaction[first]], index=block[first], dtype=object)
    said = order["text"].to_numpy(dtype=object)
    spoken = pd.Series(said[is_customer], index=block[is_customer], dtype=object)
    context = _joined(pd.concat([opening[opening != ""], spoken]))
    last_of_block = np.r_[block[1:] != block[:-1], True] if len(order) else np.zeros(0, dtype=bool)
    last_of_interaction = np.r_[first[1:], True] if len(order) else first
    left_open = last_of_interaction & last_of_block & ~is_officer
    kept = context.reindex(block[left_open]).dropna()
    open_names = dict(zip(block[left_open], interaction[left_open], strict=True))
    pending.update((open_names[number], text) for number, text in kept.items())
    _forget_oldest(pending)
    officers = order[is_officer].drop(columns="speaker")
    values = context.reindex(block[is_officer]).fillna("").to_numpy(dtype=object)
    officers["context"] = pd.array(values.tolist(), dtype=pd.ArrowDtype(pa.large_string()))
    return officers.sort_index().reset_index(drop=True)


def _forget_oldest(remembered: dict[str, Any]) -> None:
    """Keep memory flat in the length of the log."""
    # all at once: looking for the first key again after every removal would pass over those removed before
    for name in list(islice(remembered, max(len(remembered) - _OPEN_INTERACTIONS, 0))):
        del remembered[name]


def _joined(texts: pd.Series) -> pd.Series:
    """Texts of one index value joined by line breaks, in order; most stand alone and cost nothing."""
    shared = texts.index.duplicated(keep=False)
    joined = texts[shared].groupby(level=0).agg("\n".join) if shared.any() else texts[:0]
    return pd.concat([texts[~shared], joined])


def _each_distinct(column: pd.Series, function: Callable[[str], object]) -> pd.Series:
    """Apply a function to a column, once per distinct value."""
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    values = np.array([function(value) for value in distinct], dtype=object)
    return pd.Series(values[codes] if len(values) else [], index=column.index, dtype=object)


class _Seen(NamedTuple):
    """What is remembered of interactions from chunk to chunk."""

    turns: dict[str, int]
    """Turns so far."""
    highest: dict[str, int]
    """Highest turn number so far, where the log numbers its turns."""


def _chunk(raw: Raw, columns: Columns, seen: _Seen) -> Chunk:
    """Validate raw rows: turns in order, rejects beside them."""
    names = columns.names
    table = pd.DataFrame({name: _strings(raw.table[column]) for name, column in names.items()})
    if columns.clock is not None:
        table["at"] = joined(table["at"], _strings(raw.table[columns.clock]))
    unreadable = [
        (name, table[name].isna().to_numpy(), "no text: a nested value, or bytes not UTF-8") for name in names
    ]
    table = table.fillna("")
    checks = [*unreadable, *(_long_checks(table) if columns.shape == "long" else _reply_checks(table))]
    reason = pd.Series([None] * len(table), dtype=object)
    column = reason.copy()
    for name, bad, why in checks:
        new = bad & reason.isna().to_numpy()
        reason[new] = why
        column[new] = names.get(name, name)
    good = reason.isna().to_numpy()
    rejects = pd.DataFrame(
        {
            "row": raw.rows[~good],
            "column": column[~good].to_numpy(),
            "reason": reason[~good].to_numpy(),
            "original": [_original(record) for record in raw.table[~good].to_dict("records")],
        },
        columns=REJECT_COLUMNS,
    )
    broken = pd.DataFrame([reject._asdict() for reject in raw.broken], columns=REJECT_COLUMNS)
    rejects = pd.concat([part for part in (rejects, broken) if len(part)] or [rejects]).sort_values(
        "row", kind="stable"
    )
    build = _long_turns if columns.shape == "long" else _reply_turns
    turns = build(table[good].reset_index(drop=True), raw.rows[good], seen)
    return Chunk(_typed(turns), rejects.reset_index(drop=True), len(table) + len(raw.broken))


def _strings(column: pd.Series) -> pd.Series:
    """Values as stripped strings, empty where missing, None where they are no text.

    Whole floats (Excel's numbers) go without ``.0``.
    """
    if isinstance(column.dtype, pd.ArrowDtype) and column.dtype.type is bytes:
        try:
            column = column.astype(pd.ArrowDtype(pa.large_string()))
        except pa.ArrowInvalid:
            raise LogError(f"column {column.name!r} holds bytes that are not UTF-8; write it again as text") from None
    if pd.api.types.is_integer_dtype(column.dtype):
        column = column.astype(pd.ArrowDtype(pa.large_string()))
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        trimmed = pc.utf8_trim_whitespace(as_arrow(column))
        return pd.Series(trimmed.to_numpy(zero_copy_only=False), dtype=object)
    values = [_string(value) for value in column.astype(object)]
    return pd.Series([value if value is None else whole(value) for value in values], dtype=object)


def _string(value: object) -> str | None:
    if pd.api.types.is_list_like(value):
        return None
    if pd.isna(value):
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8").strip()
        except UnicodeDecodeError:
            return None
    return (str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)).strip()


def _original(record: Mapping[str, object]) -> str:
    import json  # noqa: PLC0415 - only when a row is rejected

    def as_text(value: object) -> str:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    shown = {name: value for name, value in record.items() if pd.api.types.is_list_like(value) or not pd.isna(value)}
    return whole(json.dumps(shown, ensure_ascii=False, default=as_text))


Check = tuple[str, "np.ndarray", str]


def _long_checks(table: pd.DataFrame) -> list[Check]:
    read = _each_distinct(table["speaker"], speaker)
    table["speaker_read"] = read
    return [
        ("interaction_id", (table["interaction_id"] == "").to_numpy(), "no interaction id"),
        ("speaker", (table["speaker"] == "").to_numpy(), "no speaker"),
        (
            "speaker",
            read.isna().to_numpy(),
            "unknown speaker: write officer, customer or system (or petugas, warga, bot)",
        ),
        ("text", (table["text"] == "").to_numpy(), "empty text"),
        (
            "officer_id",
            ((read == "officer") & (table["officer_id"] == "")).to_numpy(),
            "no officer on an officer turn",
        ),
        *_turn_check(table),
        *_time_check(table),
    ]


def _reply_checks(table: pd.DataFrame) -> list[Check]:
    return [
        ("officer_id", (table["officer_id"] == "").to_numpy(), "no officer on a reply"),
        ("reply", (table["reply"] == "").to_numpy(), "empty reply"),
        *_time_check(table),
    ]


def _turn_check(table: pd.DataFrame) -> list[Check]:
    if "turn" not in table:
        return []
    number = pd.to_numeric(table["turn"], errors="coerce")
    table["turn_read"] = number
    bad = (number.isna() & (table["turn"] != "")) | (number % 1 != 0) & number.notna() | (number.abs() >= 2**31)
    return [("turn", bad.to_numpy(), "turn is not a whole number")]


def _time_check(table: pd.DataFrame) -> list[Check]:
    if "at" not in table:
        return []
    distinct = pd.Series(table["at"].unique(), dtype=object)
    read = dict(zip(distinct, times(distinct), strict=True))
    table["at_read"] = table["at"].map(read).astype("datetime64[s]")
    impossible = table["at_read"].isna() & (table["at"] != "")
    return [
        (
            "at",
            impossible.to_numpy(),
            "impossible or unreadable time: write 2026-11-21 14:05 or 21/11/2026 14:05",
        )
    ]


def _count_up(ids: pd.Series, step: int, so_far: dict[str, int]) -> pd.Series:
    """Turn numbers by order of appearance, going on from the chunk before."""
    before = ids.map(so_far).fillna(0).astype(np.int64)
    number = before + ids.groupby(ids).cumcount() * step
    for name, last in (number + step).groupby(ids).max().items():
        so_far.pop(str(name), None)
        so_far[str(name)] = int(last)
    _forget_oldest(so_far)
    return number


def _long_turns(table: pd.DataFrame, rows: np.ndarray, seen: _Seen) -> pd.DataFrame:
    turns = _shared_columns(table)
    ids = turns["interaction_id"] = table["interaction_id"]
    turns["turn"] = _count_up(ids, 1, seen.turns) + 1
    if "turn" in table:
        # an interaction with a turn unnumbered is taken in the order of the file
        numbered = table["turn_read"].notna().groupby(ids).transform("all")
        turns["turn"] = turns["turn"].where(~numbered, table["turn_read"])
        _check_order(turns["turn"][numbered], ids[numbered], rows[numbered.to_numpy()], seen.highest)
    turns["speaker"] = table["speaker_read"]
    turns["text"] = table["text"]
    turns["officer_id"] = table["officer_id"].where(turns["speaker"] == "officer", "")
    return turns


def _check_order(turn: pd.Series, ids: pd.Series, rows: np.ndarray, highest: dict[str, int]) -> None:
    """Refuse a log whose interactions go back in time from one chunk to the next: contexts would be wrong."""
    by_interaction = turn.groupby(ids)
    for name, lowest in by_interaction.min().items():
        if lowest < highest.get(str(name), lowest):
            row = rows[(ids == name).to_numpy()][0]
            raise LogError(
                f"row {row}: interaction {name!r} goes on with an earlier turn ({lowest:.0f}) than one read before "
                f"({highest[str(name)]}); sort the log by interaction and turn"
            )
    for name, last in by_interaction.max().items():
        highest[str(name)] = int(last)
    _forget_oldest(highest)


def _reply_turns(table: pd.DataFrame, rows: np.ndarray, seen: _Seen) -> pd.DataFrame:
    shared = _shared_columns(table)
    ids = table["interaction_id"] if "interaction_id" in table else pd.Series("", index=table.index)
    ids = ids.where(ids != "", pd.Series([f"row-{row}" for row in rows], index=table.index, dtype=object))
    number = _count_up(ids, 2, seen.turns)
    replies = shared.assign(
        interaction_id=ids,
        turn=number + 2,
        speaker="officer",
        text=table["reply"],
        officer_id=table["officer_id"],
    )
    if "customer_message" not in table:
        return replies
    messages = shared.assign(
        interaction_id=ids, turn=number + 1, speaker="customer", text=table["customer_message"], officer_id=""
    )
    both = pd.concat([messages[messages["text"] != ""], replies])
    return both.sort_index(kind="stable").reset_index(drop=True)


def _shared_columns(table: pd.DataFrame) -> pd.DataFrame:
    shared = pd.DataFrame(index=table.index)
    for name in ("unit", "channel"):
        shared[name] = table.get(name, "")
    shared["channel"] = _each_distinct(shared["channel"], channel)
    shared["at"] = table["at_read"] if "at" in table else pd.Series(pd.NaT, index=table.index, dtype="datetime64[s]")
    return shared


def _typed(turns: pd.DataFrame) -> pd.DataFrame:
    """The turn table with its Arrow types; empty strings become missing, but for text."""
    columns = {}
    for field in TURN_SCHEMA:
        values = turns[field.name]
        if pa.types.is_large_string(field.type) and field.name != "text":
            values = values.astype(object).where(values != "", None)
        columns[field.name] = pa.array(values, type=field.type, from_pandas=True)
    return pa.table(columns, schema=TURN_SCHEMA).to_pandas(types_mapper=pd.ArrowDtype)
