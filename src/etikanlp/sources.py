"""Files to raw rows: encodings, delimiters, sheets and broken lines; nothing here knows what a turn is."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from etikanlp.errors import LogError

_LONGEST_RECORD: Final = 20_000
"""Lines of one quoted CSV record; a longer one is a quote that was never closed."""

csv.field_size_limit(1 << 30)


class Reject(NamedTuple):
    """A row that could not be read."""

    row: int
    column: str
    reason: str
    original: str


class Raw(NamedTuple):
    """A stretch of a file as it stands."""

    table: pd.DataFrame
    """One row a record, columns as in the file."""
    rows: npt.NDArray[np.int64]
    """Row number of every record; the header is row 1, as a spreadsheet shows it."""
    broken: list[Reject]
    """Records that do not fit the file's own format."""


def raw_chunks(path: Path, chunk_rows: int) -> Iterator[Raw]:
    """Read a CSV, Excel, JSON Lines or Parquet file in chunks, told by its ending.

    Raises
    ------
    LogError
        If the file is missing, empty, unreadable or of another kind.
    """
    if not path.exists():
        raise LogError(f"{path}: no such file; check the path")
    if path.is_dir():
        raise LogError(f"{path} is a folder; give one log file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise LogError(f"{path}: unknown kind of file {path.suffix!r}; give one of {', '.join(_READERS)}")
    if path.stat().st_size == 0:
        raise LogError(f"{path}: the file is empty")
    try:
        yield from reader(path, chunk_rows)
    except PermissionError:
        raise LogError(f"{path}: not allowed to read it; check its permissions") from None


def estimate_rows(path: Path) -> int | None:
    """About how many rows a file has, cheaply; None where that is not cheap."""
    suffix = path.suffix.lower()
    if not path.is_file():
        return None
    if suffix == ".parquet":
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            return int(pq.read_metadata(path).num_rows)
        except pa.ArrowInvalid:
            return None
    if suffix in {".csv", ".tsv", ".txt", ".jsonl", ".ndjson"}:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return None


def detect_encoding(path: Path) -> str:
    """Encoding of a text file: by its byte-order mark, else UTF-8 if it is that throughout, else Windows-1252.

    Raises
    ------
    LogError
        If it is none of them.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        # UTF-16 without its mark: every other byte of Latin text is zero, and which one tells the order
        zeros = [head[start::2].count(b"\0") / max(len(head) // 2, 1) for start in (0, 1)]
        if max(zeros) > 0.4 and min(zeros) < 0.1:
            return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        file.seek(0)
        for encoding in ("utf-8", "cp1252"):
            decoder, at = codecs.getincrementaldecoder(encoding)(), 0
            file.seek(0)
            try:
                while block := file.read(1 << 20):
                    decoder.decode(block)
                    at += len(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                at += error.start
            else:
                return encoding
    raise LogError(f"{path}: neither UTF-8, UTF-16 nor Windows-1252 (byte {at}); save it as CSV UTF-8 and try again")


def _csv_chunks(path: Path, chunk_rows: int) -> Iterator[Raw]:
    with path.open(encoding=detect_encoding(path), newline="", errors="strict") as file:
        try:
            yield from _csv_file(path, file, chunk_rows)
        except UnicodeDecodeError as error:
            raise LogError(f"{path}: damaged text ({error.reason}); save it as CSV UTF-8 and try again") from None


def _csv_file(path: Path, file: io.TextIOBase, chunk_rows: int) -> Iterator[Raw]:
    first = file.readline()
    named = re.match(r'(?i)sep=([^"\r\n]?)', first)  # Excel's own way to name the delimiter
    if not named:
        file.seek(0)
    below = file.tell()
    header_line = next((line for line in iter(file.readline, "") if line.strip(",; \t\r\n")), "")
    file.seek(below)
    delimiter = (named and named[1]) or delimiter_of(header_line)
    records = _csv_records(file, delimiter)
    header = next((fields for _, fields, _ in records if any(field.strip() for field in fields)), None)
    if header is None:
        raise LogError(f"{path}: no header line; the first line must name the columns")
    header = unique(header)
    yield Raw(_frame(header, []), np.zeros(0, dtype=np.int64), [])
    while batch := list(islice(records, chunk_rows)):
        rows, values, broken = [], [], []
        for row, fields, trouble in batch:
            if trouble:
                broken.append(Reject(row, "", trouble, fields[0]))
            elif len(fields) == len(header):
                rows.append(row)
                values.append(fields)
            elif any(field.strip() for field in fields):
                reason = f"broken line: {len(fields)} fields where the header has {len(header)}"
                broken.append(Reject(row, "", reason, _csv_line(fields, delimiter)))
        yield Raw(_frame(header, values), np.array(rows, dtype=np.int64), broken)


def delimiter_of(header: str) -> str:
    """What stands most often between the names of a CSV file's header line."""
    between = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=lambda mark: (between.count(mark), mark == ","))


def _csv_records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Record number, fields, and trouble if any (fields then hold the broken line).

    A quote that is never closed would swallow the rest of the file; here only its own line is given up, and
    reading goes on with the next one.
    """
    source, again = iter(lines), deque[str]()
    taken: list[str] = []
    line_number = 0

    def feed() -> Iterator[str]:
        while True:
            line = again.popleft() if again else next(source, None)
            if line is None:
                return
            taken.append(line)
            if len(taken) > _LONGEST_RECORD:
                raise csv.Error("quote not closed")
            # the reader stops at a bare NUL, which some exports pad their fields with
            yield line.replace("\0", "")

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    number = 0
    while True:
        line_number += len(taken)
        taken.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number += 1
            again.extendleft(reversed(taken[1:]))
            del taken[1:]
            broken = taken[0].rstrip("\r\n")
            yield number, [broken], f"broken line {line_number + 1}: a quote is not closed or stands alone"
            reader = csv.reader(feed(), delimiter=delimiter, strict=True)
            continue
        number += 1
        yield number, fields, ""


def _csv_line(fields: list[str], delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(fields)
    return line.getvalue()


def unique(header: Sequence[object]) -> list[str]:
    """Column names as strings, empty ones named by position, repeated ones numbered."""
    names: list[str] = []
    for position, raw in enumerate(header, 1):
        name, n = str(raw).strip() or f"column {position}", 1
        while name in names:
            n += 1
            name = f"{str(raw).strip()} {n}"
        names.append(name)
    return names


def _frame(header: list[str], values: Sequence[Sequence[object]]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=pd.Index(header, dtype=object), dtype=object)


def _excel_chunks(path: Path, chunk_rows: int) -> Iterator[Raw]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415

    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        lines = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise LogError(f"{path}: not a readable Excel file ({error}); save it again as .xlsx or CSV") from None
    numbered = [(row, line) for row, line in enumerate(lines, 1) if any(cell != "" for cell in line)]
    if not numbered:
        raise LogError(f"{path}: the first sheet is empty")
    header = unique(numbered[0][1])
    yield Raw(_frame(header, []), np.zeros(0, dtype=np.int64), [])
    for start in range(1, len(numbered), chunk_rows):
        part = numbered[start : start + chunk_rows]
        rows = np.array([row for row, _ in part], dtype=np.int64)
        yield Raw(_frame(header, [line for _, line in part]), rows, [])


def _jsonl_chunks(path: Path, chunk_rows: int) -> Iterator[Raw]:
    encoding = detect_encoding(path)
    with path.open(encoding=encoding) as file:  # a field may first appear anywhere
        records = (_json_record(line)[0] for line in file if line.strip())
        header = list(dict.fromkeys(key for record in records if record is not None for key in record))
    if not header:
        raise LogError(f"{path}: no line is a JSON object; a log needs one object a line")
    with path.open(encoding=encoding) as file:
        numbered = ((row, line.rstrip("\n")) for row, line in enumerate(file, 1) if line.strip())
        while batch := list(islice(numbered, chunk_rows)):
            rows, values, broken = [], [], []
            for row, line in batch:
                record, trouble = _json_record(line)
                if record is None:
                    broken.append(Reject(row, "", f"broken line {row}: {trouble}", line))
                else:
                    rows.append(row)
                    values.append([record.get(name) for name in header])
            yield Raw(_frame(header, values), np.array(rows, dtype=np.int64), broken)


def _json_record(line: str) -> tuple[dict[str, object] | None, str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON ({error})"
    if not isinstance(record, dict):
        return None, "not a JSON object"
    nested = next((key for key, value in record.items() if isinstance(value, dict | list)), None)
    return (record, "") if nested is None else (None, f"{nested!r} holds a nested value; a log has one turn a line")


def _parquet_chunks(path: Path, chunk_rows: int) -> Iterator[Raw]:
    import pyarrow as pa  # noqa: PLC0415 - so that a CSV log need not wait for it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        # with pre_buffer, Arrow's default, every row group read stays in memory until the file is closed
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
            row = 2
            yield Raw(_arrow_frame(file.schema_arrow.empty_table()), np.zeros(0, dtype=np.int64), [])
            for batch in file.iter_batches(chunk_rows):
                yield Raw(_arrow_frame(pa.Table.from_batches([batch])), np.arange(row, row + batch.num_rows), [])
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise LogError(f"{path}: not a readable Parquet file ({error}); write it again") from None


def _arrow_frame(table: Any) -> pd.DataFrame:
    """An Arrow table as it stands: no column made an index, names unique, of types pandas knows."""
    import pyarrow as pa  # noqa: PLC0415

    known = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    fields = zip(unique(table.column_names), table.schema.types, strict=True)
    schema = pa.schema([(name, known.get(kind, kind)) for name, kind in fields])
    # Arrow's own types: through pandas's floats a long number would lose digits beside a missing one
    return table.rename_columns(schema.names).cast(schema).to_pandas(types_mapper=pd.ArrowDtype)


_READERS: Final[dict[str, Callable[[Path, int], Iterator[Raw]]]] = {
    ".csv": _csv_chunks,
    ".tsv": _csv_chunks,
    ".txt": _csv_chunks,
    ".xlsx": _excel_chunks,
    ".xls": _excel_chunks,
    ".xlsb": _excel_chunks,
    ".ods": _excel_chunks,
    ".jsonl": _jsonl_chunks,
    ".ndjson": _jsonl_chunks,
    ".parquet": _parquet_chunks,
}
