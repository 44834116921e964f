"""Call logs in: any supported file, or a DataFrame, to the table of turns; bad rows set aside with a reason.

A log is *long* (a row a turn) or *reply* (a row a written reply, with the message it answers). Column names
and speaker values in common Indonesian and English use are recognised; others are mapped by the caller. No
row is lost: each is a turn (a reply row: one or two) or a reject.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from etikanlp.errors import LogError
from etikanlp.sources import Raw, raw_chunks
from etikanlp.text import as_arrow

COLUMN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "interaction_id": (
        "interaction id", "interaksi", "id interaksi", "interaction", "call id", "id panggilan", "panggilan", "ticket",
        "ticket id", "tiket", "id tiket", "nomor tiket", "no tiket", "conversation id", "conversation", "percakapan",
        "id percakapan", "chat id", "session id", "sesi", "id sesi", "case id", "kasus", "id kasus", "id",
    ),
    "turn": ("turn", "giliran", "urutan", "urut", "no urut", "nomor giliran", "turn no", "turn number", "seq", "sequence"),
    "speaker": (
        "speaker", "pembicara", "penutur", "peran", "role", "pengirim", "sender", "dari", "from", "sender type",
        "speaker role", "pihak", "author",
    ),
    "text": (
        "text", "teks", "isi", "isi pesan", "ucapan", "pesan", "message", "transcript", "transkrip", "transkripsi",
        "utterance", "content", "body", "kalimat", "isi percakapan",
    ),
    "officer_id": (
        "officer id", "officer", "petugas", "id petugas", "nama petugas", "agen", "agent", "agent id", "id agen",
        "nama agen", "agent name", "cs", "nama cs", "operator", "user agent id", "nip", "kode petugas", "pegawai",
    ),
    "unit": ("unit", "unit kerja", "tim", "team", "cabang", "branch", "kantor", "office", "bagian", "divisi", "department", "loket"),
    "channel": ("channel", "kanal", "saluran", "media", "jalur"),
    "at": (
        "at", "waktu", "tanggal", "time", "timestamp", "datetime", "date", "tgl", "jam", "tanggal waktu", "created at",
        "replied at", "waktu balas", "tanggal balasan", "sent at", "waktu kirim",
    ),
    "reply": ("reply", "balasan", "jawaban", "tanggapan", "respon", "respons", "response", "isi balasan", "jawaban petugas"),
    "customer_message": (
        "customer message", "pesan pelanggan", "keluhan", "aduan", "pengaduan", "ulasan", "review", "pertanyaan",
        "complaint", "question", "isi aduan", "isi keluhan", "pesan warga",
    ),
}  # fmt: skip
"""Recognised column names by the turn table's column; compared lower-case, with ``_``, ``-``, ``.`` as spaces."""

SPEAKER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "officer": (
        "officer", "petugas", "agen", "agent", "cs", "customer service", "operator", "admin", "pegawai", "staf", "staff",
        "teller", "perawat", "dokter", "csr", "representative", "rep", "loket", "resepsionis", "adviser", "advisor",
    ),
    "customer": (
        "customer", "pelanggan", "warga", "nasabah", "pasien", "masyarakat", "konsumen", "klien", "client", "user",
        "pengguna", "caller", "penelepon", "penumpang", "pemohon", "pelapor", "peserta", "wajib pajak", "citizen",
        "pembeli", "siswa", "mahasiswa", "orang tua", "tamu", "guest",
    ),
    "system": ("system", "sistem", "bot", "ivr", "chatbot", "otomatis", "auto", "notice", "notifikasi", "robot", "mesin"),
}  # fmt: skip

CHANNEL_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "call": ("call", "telepon", "telp", "phone", "voice", "panggilan", "suara", "call center", "call centre"),
    "chat": ("chat", "whatsapp", "wa", "live chat", "livechat", "telegram", "webchat", "obrolan"),
    "counter": ("counter", "loket", "tatap muka", "walk in", "konter", "kunjungan", "langsung"),
    "email": ("email", "e mail", "surel", "mail"),
    "letter": ("letter", "surat"),
    "social": ("social", "medsos", "media sosial", "sosial", "instagram", "ig", "twitter", "x", "facebook", "fb", "ulasan", "review", "play store", "portal", "portal aduan"),
}  # fmt: skip

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

_TIME_FORMATS: Final[tuple[str, ...]] = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%d %B %Y %H:%M:%S", "%d %B %Y %H:%M", "%d %B %Y", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y",
)  # fmt: skip
_MONTHS: Final[dict[str, str]] = {
    "januari": "January", "februari": "February", "pebruari": "February", "maret": "March", "mei": "May", "juni": "June",
    "juli": "July", "agustus": "August", "oktober": "October", "nopember": "November", "desember": "December",
    "agu": "Aug", "agt": "Aug", "okt": "Oct", "nop": "Nov", "des": "Dec",
}  # fmt: skip
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
    names: dict[str, str] | None = None
    turns_so_far: dict[str, int] = {}
    path = Path(path)
    for raw in raw_chunks(path, chunk_rows):
        if names is None:
            names = _column_names(raw.table.columns.astype(str).tolist(), columns or {}, str(path))
        yield _chunk(raw, names, turns_so_far)


def from_frame(frame: pd.DataFrame, columns: Mapping[str, str] | None = None) -> Chunk:
    """Read a log that is already a DataFrame; rows are numbered as in a file with a header (first is 2).

    Raises
    ------
    LogError
        If a needed column is missing.
    """
    names = _column_names(frame.columns.astype(str).tolist(), columns or {}, "the DataFrame")
    table = frame.rename(columns=str).reset_index(drop=True)
    return _chunk(Raw(table, np.arange(len(table)) + 2, []), names, {})


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
    while len(pending) > _OPEN_INTERACTIONS:
        pending.pop(next(iter(pending)))
    officers = order[is_officer].drop(columns="speaker")
    values = context.reindex(block[is_officer]).fillna("").to_numpy(dtype=object)
    officers["context"] = pd.array(values.tolist(), dtype=pd.ArrowDtype(pa.large_string()))
    return officers.sort_index().reset_index(drop=True)


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


def _plain(name: str) -> str:
    return re.sub(r"[\s_.\-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name))).strip().lower()


def _lookup(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {alias: name for name, aliases in table.items() for alias in aliases}


_SPEAKERS = _lookup(SPEAKER_NAMES)
_CHANNELS = _lookup(CHANNEL_NAMES)


def _column_names(found: list[str], given: Mapping[str, str], where: str) -> dict[str, str]:
    """Column of the turn table to column of the log."""
    for name, column in given.items():
        if name not in COLUMN_NAMES:
            raise LogError(f"unknown column name {name!r}; those that can be mapped: {', '.join(COLUMN_NAMES)}")
        if column not in found:
            raise LogError(f"{where} has no column {column!r} (for {name}); its columns: {', '.join(found)}")
    plain = {_plain(column): column for column in reversed(found) if column not in given.values()}
    names = dict(given)
    for name, aliases in COLUMN_NAMES.items():
        hit = next((plain[alias] for alias in (_plain(name), *aliases) if alias in plain), None)
        if name not in names and hit is not None and hit not in names.values():
            names[name] = hit
    # a reply log often names its reply "text"-like columns; a long log has no reply column
    shape = "reply" if "reply" in names and not {"speaker", "text"} <= set(names) else "long"
    needed = ("officer_id", "reply") if shape == "reply" else ("interaction_id", "speaker", "text", "officer_id")
    missing = [name for name in needed if name not in names]
    if missing:
        raise LogError(
            f"{where}: no column found for {', '.join(missing)}; its columns: {', '.join(found) or 'none'}. "
            f"Name them, for example --columns {missing[0]}={found[0] if found else 'COLUMN'}. A log needs interaction_id, "
            "speaker, text, officer_id (a row a turn), or officer_id, reply (a row a written reply)."
        )
    return names


def _chunk(raw: Raw, names: dict[str, str], turns_so_far: dict[str, int]) -> Chunk:
    """Validate raw rows: turns in order, rejects beside them."""
    shape = "long" if {"speaker", "text"} <= set(names) else "reply"
    table = pd.DataFrame({name: _strings(raw.table[column]) for name, column in names.items()})
    checks = _long_checks(table) if shape == "long" else _reply_checks(table)
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
    build = _long_turns if shape == "long" else _reply_turns
    turns = build(table[good].reset_index(drop=True), raw.rows[good], turns_so_far)
    return Chunk(_typed(turns), rejects.reset_index(drop=True), len(table) + len(raw.broken))


def _strings(column: pd.Series) -> pd.Series:
    """Values as stripped strings, empty where missing; whole floats (Excel's numbers) without ``.0``."""
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        trimmed = pc.utf8_trim_whitespace(as_arrow(column))
        return pd.Series(trimmed.to_numpy(zero_copy_only=False), dtype=object)
    if pd.api.types.is_float_dtype(column.dtype):
        whole = column.dropna() == column.dropna().round()
        column = column.astype("Int64") if whole.all() else column
    text = column.map(_string, na_action="ignore").astype(object)
    return text.where(text.notna(), "").astype(str).str.strip().reset_index(drop=True)


def _string(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _original(record: Mapping[str, object]) -> str:
    import json  # noqa: PLC0415 - only when a row is rejected

    shown = {k: v for k, v in record.items() if v is not None and v == v}  # noqa: PLR0124 - NaN differs from itself
    return json.dumps(shown, ensure_ascii=False, default=str)


Check = tuple[str, "np.ndarray", str]


def _long_checks(table: pd.DataFrame) -> list[Check]:
    speaker = _each_distinct(table["speaker"], lambda name: _SPEAKERS.get(_plain(name)))
    table["speaker_read"] = speaker
    return [
        ("interaction_id", (table["interaction_id"] == "").to_numpy(), "no interaction id"),
        ("speaker", (table["speaker"] == "").to_numpy(), "no speaker"),
        (
            "speaker",
            speaker.isna().to_numpy(),
            "unknown speaker: write officer, customer or system (or petugas, warga, bot)",
        ),
        ("text", (table["text"] == "").to_numpy(), "empty text"),
        (
            "officer_id",
            ((speaker == "officer") & (table["officer_id"] == "")).to_numpy(),
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
    read = dict(zip(distinct, _times(distinct), strict=True))
    table["at_read"] = table["at"].map(read).astype("datetime64[s]")
    impossible = table["at_read"].isna() & (table["at"] != "")
    return [
        (
            "at",
            impossible.to_numpy(),
            "impossible or unreadable time: write 2026-11-21 14:05 or 21/11/2026 14:05",
        )
    ]


def _times(column: pd.Series) -> pd.Series:
    """Wall-clock times; NaT where none can be read. Day comes before month in the non-ISO forms."""
    words = column.str.replace(r"\s*(?:WIB|WITA|WIT|Z|[+-]\d\d:?\d\d)$", "", regex=True).str.replace(
        ",", " ", regex=False
    )
    words = words.str.replace(r"(?<=\d)\.(?=\d\d(?:\.\d\d)?$)", ":", regex=True).where(
        ~words.str.fullmatch(r"\d\d\.\d\d\.\d{4}"), words
    )
    words = words.str.replace(r"[A-Za-z]{3,}", lambda m: _MONTHS.get(m.group().lower(), m.group()), regex=True)
    words = words.str.replace(r"\s+", " ", regex=True).str.strip()
    times = pd.to_datetime(words, format="ISO8601", errors="coerce").astype("datetime64[s]")
    for form in _TIME_FORMATS:
        unread = times.isna() & (words != "")
        if not unread.any():
            break
        times[unread] = pd.to_datetime(words[unread], format=form, errors="coerce").astype("datetime64[s]")
    return times.where((times >= pd.Timestamp(1970, 1, 1)) & (times < pd.Timestamp(2200, 1, 1)))


def _count_up(ids: pd.Series, step: int, so_far: dict[str, int]) -> pd.Series:
    """Turn numbers by order of appearance, going on from the chunk before."""
    before = ids.map(so_far).fillna(0).astype(np.int64)
    number = before + ids.groupby(ids).cumcount() * step
    for name, last in (number + step).groupby(ids).max().items():
        so_far.pop(str(name), None)
        so_far[str(name)] = int(last)
    while len(so_far) > _OPEN_INTERACTIONS:
        so_far.pop(next(iter(so_far)))
    return number


def _long_turns(table: pd.DataFrame, rows: np.ndarray, turns_so_far: dict[str, int]) -> pd.DataFrame:
    turns = _shared_columns(table)
    turns["interaction_id"] = table["interaction_id"]
    counted = _count_up(table["interaction_id"], 1, turns_so_far) + 1
    turns["turn"] = table["turn_read"].fillna(counted) if "turn" in table else counted
    turns["speaker"] = table["speaker_read"]
    turns["text"] = table["text"]
    turns["officer_id"] = table["officer_id"].where(turns["speaker"] == "officer", "")
    return turns


def _reply_turns(table: pd.DataFrame, rows: np.ndarray, turns_so_far: dict[str, int]) -> pd.DataFrame:
    shared = _shared_columns(table)
    ids = table["interaction_id"] if "interaction_id" in table else pd.Series("", index=table.index)
    ids = ids.where(ids != "", pd.Series([f"row-{row}" for row in rows], index=table.index, dtype=object))
    number = _count_up(ids, 2, turns_so_far)
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
    shared["channel"] = _each_distinct(shared["channel"], lambda name: _CHANNELS.get(_plain(name), name))
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
