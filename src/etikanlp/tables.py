"""Tables to files and back, chunk by chunk: Parquet, CSV, Excel, JSON Lines; text stays text in each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from etikanlp.errors import LogError
from etikanlp.sources import delimiter_of, detect_encoding

Write = Callable[[pd.DataFrame], None]

EXCEL_ROWS: Final = 1_048_575
"""Rows of an Excel sheet below the header."""
EXCEL_TEXT: Final = 32_767
"""Characters of an Excel cell."""

_FORMULA = re.compile(r"^'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"^'+[=+\-@\t\r]")


def writer(path: Path, kind: str) -> AbstractContextManager[Write]:
    """A function that appends tables of the same columns to a new file of the given kind (``.csv`` …).

    Raises
    ------
    LogError
        If the kind is unknown.
    """
    check_kind(kind)
    return _WRITERS[kind.lower()](path)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A name to write under until the file is complete; removed if it never is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.unfinished")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def check_kind(kind: str) -> None:
    """Raise :class:`LogError` if files of this kind cannot be written."""
    if kind.lower() not in _WRITERS:
        named = repr(kind) if kind else "a file without an ending"
        raise LogError(f"cannot write {named}; end the name with one of {', '.join(_WRITERS)}")


def read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table written by :func:`writer`; ``columns`` are those of a JSON Lines file without a line.

    Raises
    ------
    LogError
        If it cannot be read.
    """
    reader = _TABLE_READERS.get(path.suffix.lower())
    if reader is None:
        raise LogError(f"{path}: unknown kind of file {path.suffix!r}; give one of {', '.join(_TABLE_READERS)}")
    try:
        table = reader(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise LogError(f"{path}: cannot be read ({error})") from None
    if path.suffix.lower() == ".jsonl" and table.empty:  # without a line it names no column
        table = pd.DataFrame(columns=list(columns), dtype=object)
    return table


def safe_for_spreadsheet(column: pd.Series) -> pd.Series:
    """Strings that a spreadsheet would take for a formula get an apostrophe before them; undone by :func:`read`."""
    risky = column.map(lambda value: isinstance(value, str) and bool(_FORMULA.match(value))).astype(bool)
    return column.where(~risky, "'" + column.astype(object).where(risky, "").astype(str))


def _unescaped(column: pd.Series) -> pd.Series:
    return column.map(lambda value: value[1:] if isinstance(value, str) and _ESCAPED.match(value) else value)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    file: pq.ParquetWriter | None = None

    def write(table: pd.DataFrame) -> None:
        nonlocal file
        arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        file = file or pq.ParquetWriter(path, arrow.schema, compression="zstd")
        file.write_table(arrow)

    try:
        yield write
    finally:
        if file is not None:
            file.close()


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark makes Excel read UTF-8

        def write(table: pd.DataFrame) -> None:
            text = [name for name in table if not pd.api.types.is_numeric_dtype(table[name].dtype)]
            safe = table.astype({name: object for name in text}).apply(
                lambda column: safe_for_spreadsheet(column) if column.name in text else column
            )
            # with \r in the line's end Python quotes a text that holds one
            safe.to_csv(file, index=False, header=file.tell() == 0, lineterminator="\r\n")

        yield write


@contextmanager
def _jsonl(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def write(table: pd.DataFrame) -> None:
            if table.empty:  # pandas would write a blank line
                return
            table.to_json(
                file,
                orient="records",
                lines=True,
                force_ascii=False,
                date_format="iso",
                date_unit="s",
                double_precision=15,
            )

        yield write


@contextmanager
def _xlsx(path: Path) -> Iterator[Write]:
    import xlsxwriter  # noqa: PLC0415

    with xlsxwriter.Workbook(str(path), WORKBOOK_OPTIONS | {"constant_memory": True}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        row = 0

        def write(table: pd.DataFrame) -> None:
            nonlocal row
            if row == 0:
                sheet.write_row(0, 0, list(table.columns), bold)
                sheet.freeze_panes(1, 0)
            if row + len(table) > EXCEL_ROWS:
                raise LogError(f"more rows than an Excel sheet holds ({EXCEL_ROWS:,}); write .parquet or .csv instead")
            for record in table.astype(object).itertuples(index=False):
                row += 1
                for column, value in enumerate(record):
                    write_cell(sheet, row, column, value)

        yield write


WORKBOOK_OPTIONS: Final[dict[str, Any]] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd hh:mm",
}
"""Text from a log stays text: no formula, no link, no number made of it."""


def write_cell(sheet: Any, row: int, column: int, value: Any, style: Any = None) -> None:
    """Write one value to an xlsxwriter sheet: text as text, times as times, missing as blank."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, _fitting(value), style)
    elif isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, column, value.to_pydatetime(), style)
    else:
        sheet.write(row, column, value.item() if hasattr(value, "item") else value, style)


def _fitting(text: str) -> str:
    """The text, cut with a mark where it is longer than an Excel cell holds."""
    return text if len(text) <= EXCEL_TEXT else text[: EXCEL_TEXT - 2] + " …"


def _read_csv(path: Path) -> pd.DataFrame:
    encoding = detect_encoding(path)  # a spreadsheet may have saved it again in its own, with semicolons
    with path.open(encoding=encoding) as file:
        delimiter = delimiter_of(file.readline())
    text = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding, sep=delimiter)
    return text.replace("", None).apply(_unescaped)


def _read_xlsx(path: Path) -> pd.DataFrame:
    # as text, or an officer 007 would be read as the number 7
    return pd.read_excel(path, engine="calamine", dtype=str, keep_default_na=False).replace("", None)


_WRITERS: Final[dict[str, Callable[[Path], AbstractContextManager[Write]]]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".jsonl": _jsonl,
}

_TABLE_READERS: Final[dict[str, Callable[[Path], pd.DataFrame]]] = {
    ".parquet": pd.read_parquet,
    ".csv": _read_csv,
    ".xlsx": _read_xlsx,
    ".jsonl": lambda path: pd.DataFrame(
        [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    ),
}
