"""What logs call things: column names, speakers, channels; and how they write times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import pandas as pd

from etikanlp.errors import LogError

COLUMN_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "interaction_id": (
        "interaction id", "interaksi", "id interaksi", "interaction", "call id", "id panggilan", "panggilan", "ticket",
        "ticket id", "tiket", "id tiket", "nomor tiket", "no tiket", "no panggilan", "nomor panggilan", "kode panggilan", "no interaksi",
        "nomor interaksi", "kode interaksi", "no percakapan", "nomor percakapan", "no sesi", "no kasus", "nomor kasus", "conversation id", "conversation", "percakapan",
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
        "at", "waktu", "tanggal", "time", "timestamp", "datetime", "date", "tgl", "tanggal waktu", "created at",
        "replied at", "waktu balas", "tanggal balasan", "sent at", "waktu kirim",
    ),
    "reply": ("reply", "balasan", "jawaban", "tanggapan", "respon", "respons", "response", "isi balasan", "jawaban petugas"),
    "customer_message": (
        "customer message", "pesan pelanggan", "keluhan", "aduan", "pengaduan", "ulasan", "review", "pertanyaan",
        "complaint", "question", "isi aduan", "isi keluhan", "pesan warga",
    ),
}  # fmt: skip
"""Recognised column names by the turn table's column; compared as :func:`plain` gives them."""

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

_DATES: Final = ("tanggal", "tgl", "date")
_CLOCKS: Final = ("jam", "pukul", "waktu", "time")

_MONTHS: Final[dict[str, int]] = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7, "agu": 8, "ags": 8, "agt": 8,
    "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11, "des": 12, "dec": 12,
}  # fmt: skip
"""Months by the first three letters of their names."""
_CLOCK: Final = r"""
    (?:(?:pukul|pkl|jam)\b\.?\s*)?
    (?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?
    \s*(?:WIB|WITA|WIT|UTC|GMT|Z)?(?:[+-]\d{1,2}(?::?\d\d)?)?
"""
_TIME_OF_DAY: Final = re.compile(_CLOCK, re.VERBOSE | re.IGNORECASE)
_MIDNIGHT: Final = r"[ T]00?[:.]00.*$"
_MOMENT: Final = re.compile(
    rf"""
    (?:(?:sen|sel|rab|kam|jum|sab|min|aha|mon|tue|wed|thu|fri|sat|sun)[a-z'’]*[.,]?\s*)?
    (?:(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})
      |(?P<d>\d{{1,2}})
       (?:[-/.](?P<m>\d{{1,2}})[-/.]|[-/.\s]\s*(?P<b>[a-z]{{3,9}})\.?[-/\s]\s*)
       (?P<y>\d{{4}}|(?<!\.)\d\d))  # 08.10.15 is a clock
    (?:[\s,T-]+{_CLOCK})?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"\d{8}(?:T\d{4}(?:\d\d)?)?")


class Columns(NamedTuple):
    """Where a log keeps what."""

    names: dict[str, str]
    """Column of the turn table to column of the log."""
    shape: str
    """``long`` (a row a turn) or ``reply`` (a row a written reply)."""
    clock: str | None
    """Column with the time of day, where the date stands in one of its own."""


def recognise(sample: pd.DataFrame, given: Mapping[str, str], where: str) -> Columns:
    """Find out which column holds what.

    Parameters
    ----------
    sample : DataFrame
        The first rows of the log.
    given : mapping
        What the caller has named: column of the turn table to column of the log.
    where : str
        Name of the log, for messages.

    Raises
    ------
    LogError
        If a column named is not there, a needed one is not found, or ``id`` turns out to number the rows.
    """
    found = [str(column) for column in sample.columns]
    for name, column in given.items():
        if name not in COLUMN_NAMES:
            raise LogError(f"unknown column name {name!r}; those that can be mapped: {', '.join(COLUMN_NAMES)}")
        if column not in found:
            raise LogError(f"{where} has no column {column!r} (for {name}); its columns: {', '.join(found)}")
        if list(given.values()).count(column) > 1:
            raise LogError(f"column {column!r} is named for two things; name each column once")
    by_plain = {plain(column): column for column in reversed(found) if column not in given.values()}

    def column_of(aliases: Iterable[str]) -> str | None:
        return next((by_plain[alias] for alias in map(plain, aliases) if alias in by_plain), None)

    names = dict(given)
    for name, aliases in COLUMN_NAMES.items():
        hit = column_of((name, *aliases))
        if name not in names and hit is not None and hit not in names.values():
            names[name] = hit
    clock = None
    if "at" not in given:
        date, time_of_day = column_of(_DATES), column_of(_CLOCKS)
        if date and time_of_day and any(_TIME_OF_DAY.fullmatch(str(value).strip()) for value in sample[time_of_day]):
            names["at"], clock = date, time_of_day
    shape = _shape(names, sample)
    if shape == "reply":
        names.pop("speaker", None)
        text = names.pop("text", None)
        if text is not None:
            names.setdefault("customer_message", text)
    needed = ("officer_id", "reply") if shape == "reply" else ("interaction_id", "speaker", "text", "officer_id")
    missing = [name for name in needed if name not in names]
    if missing:
        raise LogError(
            f"{where}: no column found for {', '.join(missing)}; its columns: {', '.join(found) or 'none'}. "
            f"Name them, for example --columns {missing[0]}={found[0] if found else 'COLUMN'}. A log needs "
            "interaction_id, speaker, text, officer_id (a row a turn), or officer_id, reply (a row a written reply)."
        )
    if shape == "long" and "interaction_id" not in given and plain(names["interaction_id"]) == "id":
        spoken = sample[names["speaker"]].map(speaker)
        if sample[names["interaction_id"]].astype(str).is_unique and {"officer", "customer"} <= set(spoken):
            raise LogError(
                f"{where}: the column {names['interaction_id']!r} is different in every row, so it numbers rows, not "
                "interactions; name the column that turns of one conversation share: --columns interaction_id=COLUMN"
            )
    return Columns(names, shape, clock)


def _shape(names: Mapping[str, str], sample: pd.DataFrame) -> str:
    """A log with both a reply and a speaker column is long if the speakers read as speakers."""
    long, reply = {"speaker", "text"} <= set(names), {"officer_id", "reply"} <= set(names)
    if long and reply:
        return "long" if sample[names["speaker"]].map(speaker).notna().mean() > 0.5 else "reply"
    return "reply" if reply or ("reply" in names and not long) else "long"


def plain(name: object) -> str:
    """A name as it is compared: lower-case, nothing between its words, so that WhatsApp is whatsapp."""
    return re.sub(r"[\s_.\-]+", "", str(name)).lower()


def _lookup(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {plain(alias): name for name, aliases in table.items() for alias in aliases}


_SPEAKERS: Final = _lookup(SPEAKER_NAMES)
_CHANNELS: Final = _lookup(CHANNEL_NAMES)


def speaker(name: object) -> str | None:
    """``officer``, ``customer`` or ``system``; None where the name is not recognised."""
    return _SPEAKERS.get(plain(name))


def channel(name: str) -> str:
    """The codebook's channel; the name itself where it is not recognised."""
    return _CHANNELS.get(plain(name), name)


def joined(dates: pd.Series, clocks: pd.Series) -> pd.Series:
    """Dates and times of day from columns of their own; a spreadsheet's dates may carry the midnight before theirs."""
    return (dates.str.replace(_MIDNIGHT, "", regex=True) + " " + clocks).str.strip()


def times(column: pd.Series) -> pd.Series:
    """Wall-clock times of strings, datetime64[s]; NaT where none can be read.

    ISO 8601 and the usual Indonesian forms; the day comes before the month, the years 70 to 99 are of the last
    century; time zones and fractions are left out.
    """
    written = pd.Series([_iso(moment.strip()) for moment in column], index=column.index, dtype=object)
    read = pd.to_datetime(written, format="ISO8601", errors="coerce").astype("datetime64[s]")
    return read.where((read >= pd.Timestamp(1970, 1, 1)) & (read < pd.Timestamp(2200, 1, 1)))


def _iso(written: str) -> str | None:
    """One moment as ISO 8601; None where it is none, so that pandas does not guess (``now``, a lone year)."""
    found = _MOMENT.fullmatch(written)
    if found is None:
        return written if _COMPACT.fullmatch(written) else None
    part = found.groupdict()
    year, day = part["year"] or part["y"], int(part["day"] or part["d"])
    if len(year) == 2:
        year = ("19" if year >= "70" else "20") + year
    month = int(part["month"] or part["m"] or _MONTHS.get(part["b"][:3].lower(), 0))
    clock = f"{int(part['hour'] or 0):02}:{part['minute'] or '00'}:{part['second'] or '00'}"
    return f"{year}-{month:02}-{day:02} {clock}"
