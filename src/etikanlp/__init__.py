"""Service ethics in Indonesian transcripts: the public Python API.

>>> import etikanlp
>>> model = etikanlp.load()
>>> model.predict(["Mohon maaf, Bu, kami yang salah catat."]).columns[0]
'courtesy'
"""

# pandas, Arrow and scikit-learn are imported when first needed: `etikanlp --help` must not wait for them
# ruff: noqa: PLC0415

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from etikanlp.codebook import LABELS, VIOLATIONS, VIRTUES
from etikanlp.errors import BundleError, CorpusError, EtikaError, LogError, ReportError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from etikanlp.model import Model
    from etikanlp.report import OfficerReport

__version__ = metadata.version("etikanlp")
__all__ = [
    "LABELS", "VIOLATIONS", "VIRTUES", "BundleError", "CorpusError", "EtikaError", "LogError", "Model", "OfficerReport",
    "ReportError", "__version__", "load", "officer_report", "score",
]  # fmt: skip


def load(path: str | Path | None = None) -> Model:
    """Load a trained model.

    Parameters
    ----------
    path : str or Path, optional
        A bundle's folder. Default: the environment variable ``ETIKANLP_MODEL``, else ``models/`` of the working
        folder, else the bundle inside the installed package.

    Returns
    -------
    Model

    Raises
    ------
    BundleError
        If there is no bundle, a file of it is missing, cut or altered, or its format is not that of this version.
    """
    from etikanlp import bundle

    return bundle.load(path)


def score(
    log: pd.DataFrame | str | Path, model: Model | None = None, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Score every officer turn of a log.

    Parameters
    ----------
    log : DataFrame, str or Path
        A row a turn (``interaction_id``, ``speaker``, ``text``, ``officer_id``) or a row a written reply
        (``officer_id``, ``reply``); a DataFrame or a file (CSV, Excel, JSON Lines, Parquet).
    model : Model, optional
        Default: what :func:`load` finds.
    columns : mapping, optional
        Column of the turn table to column of the log, where its name is not recognised.

    Returns
    -------
    DataFrame
        A row an officer turn: ids, text, context, then ``p_<label>`` (float32) and ``<label>`` (bool) for each
        label, then for each ``review_<label>`` (bool): whether the probability lies in the label's review band.
        ``attrs["rejects"]`` lists the rows that could not be read, with their reason.

    Raises
    ------
    LogError
        If the log cannot be read at all.
    BundleError
        If no model is given and none is found.
    """
    from etikanlp import scoring

    return scoring.score(log, model or load(), columns)


def officer_report(
    scores: pd.DataFrame | str | Path,
    model: Model | None = None,
    before_after: str | pd.Timestamp | None = None,
    mask: bool = True,
) -> OfficerReport:
    """Build the report per officer.

    Parameters
    ----------
    scores : DataFrame, str or Path
        A score table, or a file that ``etikanlp score`` wrote.
    model : Model, optional
        The model the scores are of; default: what :func:`load` finds.
    before_after : str or Timestamp, optional
        First day after a training or a new rule, ``"2026-06-01"``; the time before is compared with the time from it
        on.
    mask : bool
        Whether names, numbers and addresses in excerpts are masked; False only for those entitled to see them.

    Returns
    -------
    OfficerReport

    Raises
    ------
    ValueError
        If the table has no officer turn, or nothing to compare before or after the date.
    LogError
        If the file cannot be read, or it or the table is no score table.
    BundleError
        If no model is given and none is found.
    """
    from pathlib import Path

    from etikanlp import report, scoring

    if isinstance(scores, str | Path):
        table = scoring.read_scores(scores)
    else:
        table = scoring.typed(scores)
        table.attrs = scores.attrs
    return report.officer_report(table, model or load(), before_after, mask)


def __getattr__(name: str) -> Any:
    """The classes of the API, imported when first asked for."""
    if name == "Model":
        from etikanlp.model import Model

        return Model
    if name == "OfficerReport":
        from etikanlp.report import OfficerReport

        return OfficerReport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
