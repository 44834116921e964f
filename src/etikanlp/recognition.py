"""What logs call things: column names, speakers, channels; and how they write times."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

_DATES: Final = ("tanggal", "tgl", "date")
_CLOCKS: Final = ("jam", "pukul", "waktu", "time")

_TIME_FORMATS: Final[tuple[str, ...]] = (
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%d-%b-%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d-%b-%Y", "%d/%m/%y %H:%M:%S", "%d/%m/%y %H:%M", "%d/%m/%y",
    "%d %B %Y %H:%M:%S", "%d %B %Y %H:%M", "%d %B %Y", "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y",
)  # fmt: skip
_MONTHS: Final[dict[str, str]] = {
    "januari": "January", "februari": "February", "pebruari": "February", "maret": "March", "mei": "May", "juni": "June",
    "juli": "July", "agustus": "August", "oktober": "October", "nopember": "November", "desember": "December",
    "agu": "Aug", "agt": "Aug", "okt": "Oct", "nop": "Nov", "des": "Dec",
}  # fmt: skip
_WEEKDAYS: Final = (
    r"(?i)^(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
)
_CLOCK: Final = r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?"


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
    names = dict(given)
    for name, aliases in COLUMN_NAMES.items():
        hit = next((by_plain[alias] for alias in (plain(name), *aliases) if alias in by_plain), None)
        if name not in names and hit is not None and hit not in names.values():
            names[name] = hit
    clock = None
    if "at" not in given:
        date, time_of_day = (next((by_plain[a] for a in some if a in by_plain), None) for some in (_DATES, _CLOCKS))
        if date and time_of_day and sample[time_of_day].astype(str).str.strip().str.fullmatch(_CLOCK).any():
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
        if sample[names["interaction_id"]].is_unique and {"officer", "customer"} <= set(spoken):
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
    """A name as it is compared: lower-case, words apart."""
    return re.sub(r"[\s_.\-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name))).strip().lower()


def _lookup(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {alias: name for name, aliases in table.items() for alias in aliases}


_SPEAKERS: Final = _lookup(SPEAKER_NAMES)
_CHANNELS: Final = _lookup(CHANNEL_NAMES)


def speaker(name: object) -> str | None:
    """``officer``, ``customer`` or ``system``; None where the name is not recognised."""
    return _SPEAKERS.get(plain(name))


def channel(name: str) -> str:
    """The codebook's channel; the name itself where it is not recognised."""
    return _CHANNELS.get(plain(name), name)


def times(column: pd.Series) -> pd.Series:
    """Wall-clock times of strings, datetime64[s]; NaT where none can be read.

    ISO 8601 and the usual Indonesian forms; the day comes before the month; time zones and fractions are left out.
    """
    words = column.str.strip().str.replace(_WEEKDAYS, "", regex=True).str.replace(r",(?!\d)", " ", regex=True)
    zone = rf"({_CLOCK}(?:[.,]\d+)?)\s*(?:WIB|WITA|WIT|UTC|GMT|Z|[+-]\d\d(?::?\d\d)?)$"
    words = words.str.replace(zone, r"\1", regex=True)
    words = words.str.replace(r"(\d\d:\d\d:\d\d)[.,]\d+$", r"\1", regex=True)
    words = words.str.replace(r"(?<=[\sT])(\d{1,2})\.(\d\d)(?:\.(\d\d))?$", _with_colons, regex=True)
    words = words.str.replace(r"[A-Za-z]{3,}", lambda m: _MONTHS.get(m.group().lower(), m.group()), regex=True)
    words = words.str.replace(r"\s+", " ", regex=True).str.strip()
    read = pd.to_datetime(words, format="ISO8601", errors="coerce").astype("datetime64[s]")
    for form in _TIME_FORMATS:
        unread = read.isna() & (words != "")
        if not unread.any():
            break
        read[unread] = pd.to_datetime(words[unread], format=form, errors="coerce").astype("datetime64[s]")
    return read.where((read >= pd.Timestamp(1970, 1, 1)) & (read < pd.Timestamp(2200, 1, 1)))


def _with_colons(match: re.Match[str]) -> str:
    return ":".join(part for part in match.groups() if part)
