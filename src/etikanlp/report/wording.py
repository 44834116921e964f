"""What the report says, in Indonesian and English; numbers and dates as each language writes them."""

from __future__ import annotations

from typing import Final

import pandas as pd

from etikanlp.codebook import CODEBOOK, Language
from etikanlp.report.statistics import ANY_VIOLATION

MONTHS: Final = {
    "id": ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}  # fmt: skip

CHANNEL: Final = {
    "id": {"call": "Telepon", "chat": "Obrolan", "counter": "Loket", "email": "Surel", "letter": "Surat", "social": "Media sosial"},
    "en": {"call": "Call", "chat": "Chat", "counter": "Counter", "email": "E-mail", "letter": "Letter", "social": "Social media"},
}  # fmt: skip

TEXT: Final[dict[str, dict[Language, str]]] = {
    "title": {"id": "Laporan etika layanan per petugas", "en": "Service ethics report per officer"},
    "summary": {"id": "Ringkasan", "en": "Summary"},
    "period": {"id": "Periode", "en": "Period"},
    "no_period": {"id": "Log tidak memuat waktu", "en": "The log has no times"},
    "officers": {"id": "Petugas", "en": "Officers"},
    "officer": {"id": "Petugas", "en": "Officer"},
    "units": {"id": "Unit", "en": "Units"},
    "unit": {"id": "Unit", "en": "Unit"},
    "no_unit": {"id": "(tanpa unit)", "en": "(no unit)"},
    "interactions": {"id": "Interaksi", "en": "Interactions"},
    "turns": {"id": "Giliran petugas", "en": "Officer turns"},
    "flags": {"id": "Tanda pelanggaran", "en": "Violation flags"},
    "rejects": {"id": "Baris tertolak", "en": "Rejected rows"},
    "label": {"id": "Label", "en": "Label"},
    "definition": {"id": "Artinya", "en": "Meaning"},
    "principle": {"id": "Asas", "en": "Principle"},
    "share": {"id": "Bagian interaksi", "en": "Share of interactions"},
    "interval": {"id": "Selang 95 %", "en": "95 % interval"},
    "virtue": {"id": "Yang diharapkan", "en": "Expected"},
    "violation": {"id": "Yang dilarang", "en": "Forbidden"},
    "any_violation": {"id": "Pelanggaran apa pun", "en": "Any violation"},
    "few": {"id": "terlalu sedikit untuk dinilai", "en": "too few to judge"},
    "review_first": {"id": "Baca lebih dulu", "en": "Read these first"},
    "review_first_why": {
        "id": "Petugas dengan interaksi yang cukup, diurutkan menurut batas bawah selang: yang dapat dikatakan dengan "
        "yakin, bukan angka tertinggi. Tanda adalah alasan untuk membaca, bukan kesimpulan.",
        "en": "Officers with enough interactions, by the lower end of their interval: what can be said with confidence, "
        "not the highest figure. A flag is a reason to read, not a finding.",
    },
    "nobody": {"id": "Tidak ada petugas dengan tanda pelanggaran dan interaksi yang cukup.", "en": "No officer has both enough interactions and a violation flag."},
    "no_flags": {"id": "Tidak ada tanda pelanggaran.", "en": "No violation flags."},
    "compared": {"id": "Garis tegak: angka unitnya", "en": "Upright line: the unit's figure"},
    "probability": {"id": "Peluang", "en": "Probability"},
    "threshold": {"id": "Ambang", "en": "Threshold"},
    "customer_said": {"id": "Pelanggan", "en": "Customer"},
    "officer_said": {"id": "Petugas", "en": "Officer"},
    "date": {"id": "Waktu", "en": "Time"},
    "channel": {"id": "Kanal", "en": "Channel"},
    "interaction": {"id": "Interaksi", "en": "Interaction"},
    "turn": {"id": "Giliran", "en": "Turn"},
    "text": {"id": "Ucapan petugas", "en": "Officer's words"},
    "context": {"id": "Ucapan pelanggan sebelumnya", "en": "Customer's words before"},
    "words": {"id": "Kata yang menandai", "en": "Words behind the flag"},
    "of": {"id": "dari", "en": "of"},
    "method": {"id": "Cara membaca laporan ini", "en": "How to read this report"},
    "method_rate": {
        "id": "Sebuah interaksi menunjukkan suatu label bila sedikitnya satu ucapan petugas di dalamnya menunjukkannya. "
        "Angka dalam tabel adalah bagian interaksi itu; selang 95 % (Wilson) menyatakan ketidakpastian karena jumlah "
        "interaksi terbatas. Selang itu belum memuat kesalahan mesin; lihat tabel di bawah.",
        "en": "An interaction shows a label when at least one officer turn in it does. The figures are shares of "
        "interactions; the 95 % interval (Wilson) states the uncertainty that comes from their limited number. It does "
        "not yet contain the classifier's own errors; see the table below.",
    },
    "method_few": {
        "id": "Petugas atau unit dengan kurang dari {n} interaksi ditandai “terlalu sedikit untuk dinilai” dan tidak "
        "pernah diurutkan.",
        "en": "Officers and units with fewer than {n} interactions are marked “too few to judge” and never ranked.",
    },
    "method_error": {
        "id": "Kesalahan mesin, diukur pada percakapan dari penulis yang tidak pernah dilihatnya. Presisi: dari seratus "
        "tanda, sekian yang benar. Cakupan: dari seratus kejadian, sekian yang tertangkap. Korpus itu memuat jauh lebih "
        "banyak pelanggaran daripada layanan sehari-hari; di log nyata bagian tanda yang keliru lebih besar.",
        "en": "The classifier's errors, measured on conversations by writers it never saw. Precision: of a hundred flags, "
        "how many are right. Recall: of a hundred cases, how many are found. Violations are far more frequent in that "
        "corpus than in daily service; in a real log a larger share of flags is wrong.",
    },
    "precision": {"id": "Presisi", "en": "Precision"},
    "recall": {"id": "Cakupan", "en": "Recall"},
    "measured_on": {"id": "Diukur pada (giliran)", "en": "Measured on (turns)"},
    "not_for": {
        "id": "Jangan dipakai untuk menghukum, menentukan gaji, atau mempromosikan siapa pun tanpa membaca percakapannya, "
        "dan jangan membandingkan petugas yang melayani pelanggan atau kanal yang berbeda begitu saja.",
        "en": "Not to be used to punish, pay or promote anyone without reading the conversation, nor to compare officers "
        "who serve different customers or channels as if they were alike.",
    },
    "masked": {
        "id": "Nama orang, nomor, surel, pelat kendaraan, dan alamat dalam kutipan disamarkan menurut aturan; sebagian dapat "
        "terlewat, jadi laporan ini tetap data pribadi.",
        "en": "Names of persons, numbers, e-mail and street addresses and plates in excerpts are masked by rules; some may be "
        "missed, so this report is still personal data.",
    },
    "unmasked": {
        "id": "Kutipan tidak disamarkan: hanya untuk yang berwenang melihat data pribadi.",
        "en": "Excerpts are not masked: only for those entitled to see personal data.",
    },
    "highlight": {
        "id": "Kata yang disorot mendorong mesin memberi tanda; makin pekat, makin besar bobotnya.",
        "en": "Highlighted words moved the classifier towards the flag; the darker, the heavier.",
    },
    "column": {"id": "Kolom", "en": "Column"},
    "explained": {"id": "Penjelasan", "en": "Explanation"},
    "low": {"id": "bawah", "en": "low"},
    "high": {"id": "atas", "en": "high"},
    "count": {"id": "jumlah", "en": "count"},
    "enough": {"id": "Cukup untuk dinilai", "en": "Enough to judge"},
    "yes": {"id": "ya", "en": "yes"},
    "no": {"id": "tidak", "en": "no"},
    "to_top": {"id": "ke atas", "en": "to top"},
}  # fmt: skip


def label_name(measure: str, lang: Language) -> str:
    """What QA people call a label."""
    names = {label.id: label.name[lang] for label in CODEBOOK}
    return TEXT["any_violation"][lang] if measure == ANY_VIOLATION else names[measure]


def percent(share: float) -> str:
    """A share as whole percent, with a thin space before the sign."""
    return f"{100 * share:.0f}\u202f%"


def between(low: float, high: float) -> str:
    """An interval of shares, in percent."""
    return f"{100 * low:.0f}–{percent(high)}"


def number(value: float, lang: Language, digits: int = 0) -> str:
    """A number with the language's marks for thousands and decimals."""
    written = f"{value:,.{digits}f}"
    return written.translate(str.maketrans(",.", ".,")) if lang == "id" else written


def date(value: pd.Timestamp | None, lang: Language, clock: bool = False) -> str:
    """A date as "21 November 2026", with the time of day if wanted; a dash where there is none."""
    if value is None or pd.isna(value):
        return "–"
    day = f"{value.day} {MONTHS[lang][value.month - 1]} {value.year}"
    mark = "." if lang == "id" else ":"
    return f"{day}, {value.hour:02d}{mark}{value.minute:02d}" if clock else day


def period(first: pd.Timestamp | None, last: pd.Timestamp | None, lang: Language) -> str:
    """A stretch of days."""
    if first is None or last is None:
        return TEXT["no_period"][lang]
    start, end = date(first, lang), date(last, lang)
    return start if start == end else f"{start} – {end}"
