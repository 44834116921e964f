"""Scoring and counting on Apache Spark, for logs that one machine does not hold.

Turns are read, given their context and judged by the functions that do it on one machine; Spark only brings the
turns of an interaction together, in order. The model travels with the job, so that the workers need the package and
nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from etikanlp import bundle
from etikanlp.codebook import LABELS, VIOLATIONS
from etikanlp.errors import LogError
from etikanlp.model import Model
from etikanlp.recognition import Columns, recognise
from etikanlp.report import prevalence, shrinkage, statistics
from etikanlp.scoring import SCORE_COLUMNS, judged
from etikanlp.transcripts import REJECT_COLUMNS, chunks_of, with_context

Batches = Iterator[pa.RecordBatch]

_SAMPLE: Final = 1000
"""Rows looked at to recognise the columns."""

_TYPES: Final[dict[str, tuple[T.DataType, pa.DataType]]] = {
    "turn": (T.IntegerType(), pa.int32()),
    "at": (T.TimestampNTZType(), pa.timestamp("us")),
    **{f"p_{label}": (T.FloatType(), pa.float32()) for label in LABELS},
    **{name: (T.BooleanType(), pa.bool_()) for label in LABELS for name in (label, f"review_{label}")},
}
"""Types in Spark and in Arrow of the columns that are not strings."""


_SCORES: Final = T.StructType(
    [T.StructField(name, _TYPES[name][0] if name in _TYPES else T.StringType()) for name in SCORE_COLUMNS]
)


class Rates(NamedTuple):
    """The figures of :class:`etikanlp.report.OfficerReport`, without the turns behind them."""

    officers: pd.DataFrame
    units: pd.DataFrame


def score(
    log: DataFrame,
    model: Model | str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    order_by: str | None = None,
) -> DataFrame:
    """Score every officer turn of a log.

    Spark keeps no order of rows, so the log has to tell that of the turns: by the column ``turn``; where an interaction
    is not numbered throughout, by ``order_by``, else by ``at`` if that holds timestamps. What stands equal is taken in
    the order of its text. A log with neither is read once beforehand, to see that every interaction is numbered.

    Parameters
    ----------
    log : pyspark.sql.DataFrame
        Long (a row a turn) or reply (a row a reply, with an ``interaction_id``) format.
    model : Model, str or Path, optional
        Or the folder of one, read on the driver; default: what :func:`etikanlp.load` finds there.
    columns : mapping, optional
        Column of the turn table to column of the log, for names that are not recognised.
    order_by : str, optional
        Column of the log by which to order the turns of an interaction where one of them is not numbered.

    Returns
    -------
    pyspark.sql.DataFrame
        The score table (:data:`etikanlp.scoring.SCORE_COLUMNS`), lazy, in no particular order: ids and texts string,
        ``turn`` int, ``at`` timestamp_ntz, ``p_<label>`` float, the rest boolean. Values are those of
        :func:`etikanlp.score` on the same rows in order. Rows that cannot be read are not in it: see :func:`rejects`.

    Raises
    ------
    LogError
        If a needed column is missing, or nothing tells the order of the turns.
    BundleError
        If no model is given and none is found.
    """
    found = _recognised(log, columns)
    interaction = found.names.get("interaction_id")
    if interaction is None:
        raise LogError(
            "the log has no interaction_id, and Spark keeps no row numbers to make one of; add such a column"
        )
    together = F.nullif(_trimmed(interaction), F.lit(""))
    texts = [_column(found.names[name]) for name in ("text", "customer_message", "reply") if name in found.names]
    gathered = log.repartition(together).sortWithinPartitions(together, *_order(log, found, order_by, together), *texts)
    scorer = _scorer(model if isinstance(model, Model) else bundle.load(model), found)
    return _mapped(gathered.select(*_read(log, found), together.alias("together")), scorer, _SCORES)


def rejects(log: DataFrame, columns: Mapping[str, str] | None = None) -> DataFrame:
    """Rows of a log that cannot be read and so are missing from its scores.

    Returns
    -------
    pyspark.sql.DataFrame
        ``column``, ``reason`` and ``original`` (the row as JSON), all string.

    Raises
    ------
    LogError
        If a needed column is missing.
    """
    found = _recognised(log, columns)
    names = [name for name in REJECT_COLUMNS if name != "row"]

    def reject(batches: Batches) -> Batches:
        for batch in batches:
            chunk = next(chunks_of([_pandas(batch)], found))
            yield _arrow(chunk.rejects[names], names)

    return _mapped(log, reject, T.StructType([T.StructField(name, T.StringType()) for name in names]))


def officer_rates(scores: DataFrame, model: Model | None = None) -> Rates:
    """The figures of the report per officer and per unit; only they come to the driver.

    Parameters
    ----------
    scores : pyspark.sql.DataFrame
        A score table.
    model : Model, optional
        Whose measured errors are taken out of the shares (``<label>_true``); without it those columns are left out.

    Returns
    -------
    Rates
        ``officers`` and ``units`` as in :func:`etikanlp.officer_report`, but for the columns on length and pace, which
        are medians over turns.

    Raises
    ------
    ValueError
        If there is no officer turn.
    """
    counted = officer_counts(scores, "officer_id")
    if counted.empty:
        raise ValueError("the score table is empty: the log has no officer turn")
    officers = statistics.figures(counted)
    turns = scores.groupBy(_named("officer_id"), _named("unit")).count().toArrow().to_pandas()
    home = statistics.busiest(turns.set_index(["officer_id", "unit"])["count"])
    officers.insert(1, "unit", officers["officer_id"].map(home))
    units = statistics.figures(officer_counts(scores, "unit"))
    if model is not None:
        officers, units = (prevalence.with_true_shares(table, model.info) for table in (officers, units))
    return Rates(shrinkage.compared(officers), units)


def officer_counts(scores: DataFrame, by: str = "officer_id") -> pd.DataFrame:
    """Interactions, turns and interactions showing each label, for each officer or unit, counted in Spark.

    Parameters
    ----------
    scores : pyspark.sql.DataFrame
        A score table.
    by : str
        ``officer_id`` or ``unit``.

    Returns
    -------
    DataFrame of int64
        As :func:`etikanlp.report.statistics.counts` gives it.
    """
    shown = {label: F.max(F.col(label).cast("long")) for label in LABELS}
    shown[statistics.ANY_VIOLATION] = F.greatest(*(shown[label] for label in VIOLATIONS))
    flags = [column.alias(name) for name, column in shown.items()]
    per_interaction = scores.groupBy(_named(by), "interaction_id").agg(F.count("*").alias("turns"), *flags)
    totals = [F.sum(name).alias(name) for name in ("turns", *statistics.MEASURES)]
    table = per_interaction.groupBy(by).agg(F.count("*").alias("interactions"), *totals).toArrow().to_pandas()
    return table.astype({by: str}).set_index(by).sort_index()


def _scorer(model: Model, columns: Columns) -> Callable[[Batches], Batches]:
    """What every worker does with its share of the turns; the last column tells the interactions apart."""
    pickled = pickle.dumps(model)

    def scored(batches: Batches) -> Batches:
        judge = _unpickled(pickled)
        tables = (_pandas(table.select(range(table.num_columns - 1))) for table in _whole(batches))
        for chunk in chunks_of(tables, columns):
            yield _arrow(judged(with_context(chunk.turns), judge), SCORE_COLUMNS)

    return scored


def _whole(batches: Batches) -> Iterator[pa.Table]:
    """Batches cut anew so that no interaction is: whether it is numbered is seen from all of its turns."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        *_, ids = batch.columns
        # rows without an interaction, which come first, are not kept waiting: none of them can be read
        start = pc.index(ids, ids[-1]).as_py() if len(ids) and ids[-1].is_valid else len(ids)
        if start or (held and ids[0] != held[0].columns[-1][0]):
            yield pa.Table.from_batches([*held, batch[:start]])
            held = []
        held += [batch[start:]] if start < len(ids) else []
    if held:
        yield pa.Table.from_batches(held)


def _mapped(log: DataFrame, function: Callable[[Batches], Batches], schema: T.StructType) -> DataFrame:
    """``mapInArrow`` for columns of any name; Spark itself stumbles over a dot or a backtick there."""
    names = log.columns
    plain = log.toDF(*(f"c{number}" for number in range(len(names))))
    return plain.mapInArrow(lambda batches: function(batch.rename_columns(names) for batch in batches), schema)


@lru_cache(maxsize=1)
def _unpickled(model: bytes) -> Model:
    """The model, loaded once per worker process, however many partitions it gets."""
    return pickle.loads(model)  # noqa: S301 - Spark ships the function that holds these bytes as a pickle itself


def _recognised(log: DataFrame, columns: Mapping[str, str] | None) -> Columns:
    return recognise(_pandas(log.limit(_SAMPLE).toArrow()), columns or {}, "the DataFrame")


def _read(log: DataFrame, found: Columns) -> list[Column]:
    """The columns that are read; timestamps as wall-clock times of the session, as the log's owner sees them."""
    columns = {name: _column(name) for name in [*found.names.values(), found.clock] if name}
    times = [name for name in columns if isinstance(log.schema[name].dataType, T.TimestampType)]
    return list((columns | {name: columns[name].cast("string").alias(name) for name in times}).values())


def _order(log: DataFrame, found: Columns, order_by: str | None, together: Column) -> list[Column]:
    """What puts the turns of an interaction in order; where all are numbered, the worker goes by the numbers."""
    turn, at = found.names.get("turn"), found.names.get("at")
    if order_by is None and at and isinstance(log.schema[at].dataType, T.TimestampType | T.TimestampNTZType):
        order_by = at
    numbers = [_column(turn).try_cast("double")] if turn else []
    if order_by is None:
        if turn is None or not _numbered(log, found, together):
            raise LogError(
                "nothing tells the order of the turns; number them all in a column turn, or name a column that tells "
                "it: order_by"
            )
        return numbers
    if order_by not in log.columns:
        raise LogError(
            f"the DataFrame has no column {order_by!r} (for order_by); its columns: {', '.join(log.columns)}"
        )
    return [*numbers, _column(order_by)] if found.shape == "reply" else [_column(order_by), *numbers]


def _numbered(log: DataFrame, found: Columns, together: Column) -> bool:
    """Whether every interaction of several turns is numbered throughout."""
    missing = F.coalesce(_trimmed(found.names["turn"]), F.lit("")).isin("", "NaN")
    said = _trimmed(found.names["reply" if found.shape == "reply" else "text"]) != ""
    per_interaction = log.where(said).groupBy(together.alias("together")).agg(F.max(missing), F.count("*"))
    return (
        per_interaction.toDF("together", "missing", "turns")
        .where("together is not null and missing and turns > 1")
        .isEmpty()
    )


def _trimmed(name: str) -> Column:
    """A column as it is read: strings without the white space around them."""
    return F.regexp_replace(_column(name).cast("string"), r"(?U)^\s+|\s+$", "")


def _column(name: str) -> Column:
    return F.col("`" + name.replace("`", "``") + "`")


def _named(by: str) -> Column:
    """Officers or units, those without one together under the empty name."""
    return F.coalesce(F.col(by), F.lit("")).alias(by)


def _pandas(arrow: pa.RecordBatch | pa.Table) -> pd.DataFrame:
    # Arrow's own types: through pandas's floats a long number would lose digits beside a missing one
    return arrow.to_pandas(types_mapper=pd.ArrowDtype)


def _arrow(table: pd.DataFrame, names: Sequence[str]) -> pa.RecordBatch:
    arrays = [pa.array(table[name], from_pandas=True).cast(_arrow_type(name)) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))


def _arrow_type(name: str) -> pa.DataType:
    return _TYPES[name][1] if name in _TYPES else pa.string()
