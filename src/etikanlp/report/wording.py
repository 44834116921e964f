"""What the report says, in Indonesian and English; numbers and dates as each language writes them."""

from __future__ import annotations

from collections.abc import Sequence
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
    "title_one": {"id": "Etika layanan: {officer}", "en": "Service ethics: {officer}"},
    "contents": {"id": "Isi laporan", "en": "Contents"},
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
    "label": {"id": "Label", "en": "Label"},
    "principle": {"id": "Asas", "en": "Principle"},
    "share": {"id": "Bagian interaksi", "en": "Share of interactions"},
    "interval": {"id": "Selang 95\u202f%", "en": "95\u202f% interval"},
    "true": {"id": "Dikoreksi", "en": "Corrected"},
    "shrunk": {"id": "Taksiran", "en": "Estimate"},
    "plot": {"id": "Dibanding unit", "en": "Beside the unit"},
    "virtue": {"id": "Yang diharapkan", "en": "Expected"},
    "violation": {"id": "Yang dilarang", "en": "Forbidden"},
    "any_violation": {"id": "Pelanggaran apa pun", "en": "Any violation"},
    "few": {"id": "terlalu sedikit untuk dinilai", "en": "too few to judge"},
    "few_short": {"id": "belum dinilai", "en": "not judged"},
    "above": {"id": "di atas unitnya", "en": "above the unit"},
    "below": {"id": "di bawah unitnya", "en": "below the unit"},
    "rising": {"id": "naik", "en": "rising"},
    "falling": {"id": "turun", "en": "falling"},
    "review_first": {"id": "Baca lebih dulu", "en": "Read these first"},
    "review_first_why": {
        "id": "Petugas dengan interaksi yang cukup, diurutkan menurut batas bawah selang: yang dapat dikatakan dengan "
        "yakin, bukan angka tertinggi. Tanda adalah alasan untuk membaca, bukan kesimpulan.",
        "en": "Officers with enough interactions, by the lower end of their interval: what can be said with confidence, "
        "not the highest figure. A flag is a reason to read, not a finding.",
    },
    "nobody": {"id": "Tidak ada petugas dengan tanda pelanggaran dan interaksi yang cukup.", "en": "No officer has both enough interactions and a violation flag."},
    "no_flags": {"id": "Tidak ada tanda pelanggaran.", "en": "No violation flags."},
    "no_strengths": {
        "id": "Belum ada ucapan yang jelas menunjukkan kebajikan; baca percakapannya sebelum menyimpulkan.",
        "en": "No turn shows a virtue clearly; read the conversations before concluding anything.",
    },
    "key": {
        "id": "Lingkaran kosong: bagian yang dihitung. Batang: selang 95\u202f%. Belah ketupat: taksiran, ditarik ke arah unit "
        "sejauh datanya sedikit. Garis tegak: unit.",
        "en": "Open circle: share counted. Bar: 95\u202f% interval. Diamond: estimate, drawn towards the unit as far as there are "
        "few data. Upright line: unit.",
    },
    "key_trend": {
        "id": "Garis bertitik: petugas, dengan selang 95\u202f%. Garis putus-putus: unitnya.",
        "en": "Line with points: the officer, with 95\u202f% intervals. Dashed line: the unit.",
    },
    "key_trend_all": {"id": "Bagian interaksi, dengan selang 95\u202f%.", "en": "Share of interactions, with 95\u202f% intervals."},
    "against_unit": {"id": "Angka dibanding unit", "en": "Figures beside the unit"},
    "trend": {"id": "Perubahan", "en": "Change over time"},
    "timing": {"id": "Panjang dan tempo", "en": "Length and pace"},
    "strengths": {"id": "Yang sudah baik", "en": "What went well"},
    "concerns": {"id": "Yang perlu dibaca", "en": "What to read"},
    "chances": {"id": "Peluang terlewat", "en": "Missed chances"},
    "chances_why": {
        "id": "Saat yang meminta sesuatu dari petugas, tetapi tidak tampak jawabannya. Bacalah interaksinya; aturan ini sederhana.",
        "en": "Moments that asked something of the officer and seem to have gone unanswered. Read the interactions; the rule is simple.",
    },
    "distress": {"id": "Keluh kesah tanpa empati", "en": "Distress without empathy"},
    "refusal": {"id": "Penolakan tanpa alasan", "en": "Refusal without a reason"},
    "closing": {"id": "Penutup tanpa langkah berikutnya", "en": "Closing without a next step"},
    "missed": {"id": "Terlewat", "en": "Missed"},
    "interactions_to_read": {"id": "Interaksi untuk dibaca", "en": "Interactions to read"},
    "and_more": {"id": "dan {n} lagi", "en": "and {n} more"},
    "before_after": {"id": "Sebelum dan sesudah", "en": "Before and after"},
    "before": {"id": "Sebelum", "en": "Before"},
    "after": {"id": "Sesudah", "en": "After"},
    "difference": {"id": "Selisih", "en": "Difference"},
    "level": {"id": "Tingkat", "en": "Level"},
    "group": {"id": "Kelompok", "en": "Group"},
    "all": {"id": "Seluruh log", "en": "Whole log"},
    "q": {"id": "q (kemungkinan salah sebut)", "en": "q (false discovery)"},
    "warning": {"id": "Peringatan", "en": "Warning"},
    "mix_changed": {
        "id": "Campuran kanal atau unit berubah; kolom terakhir membandingkan kanal yang sama (di seluruh log: kanal dan unit yang sama).",
        "en": "The mix of channels or units changed; the last column compares within the same channels (in the whole log: channels and units).",
    },
    "changed_on": {"id": "{title}: perubahan pada {date}", "en": "{title}: a change on {date}"},
    "not_comparable": {
        "id": "Kurang dari {n} interaksi berwaktu sebelum atau sesudahnya; tidak dapat dibandingkan.",
        "en": "Fewer than {n} interactions with a time before or after it; they cannot be compared.",
    },
    "probability": {"id": "Peluang", "en": "Probability"},
    "threshold": {"id": "Ambang", "en": "Threshold"},
    "review": {"id": "Pita tinjau", "en": "Review band"},
    "in_review": {"id": "mesin ragu (pita tinjau)", "en": "unsure (review band)"},
    "is_clear": {"id": "jelas", "en": "clear"},
    "weight_words": {"id": "Bobot kata", "en": "Weight of words"},
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
    "in_excel": {"id": "{n} tanda lagi ada di berkas Excel, lembar “Tanda”.", "en": "{n} more are in the Excel file, sheet “Flags”."},
    "previous": {"id": "Sebelumnya", "en": "Previous"},
    "next": {"id": "Berikutnya", "en": "Next"},
    "back": {"id": "Semua petugas", "en": "All officers"},
    "search": {"id": "Cari petugas atau unit", "en": "Find an officer or unit"},
    "show": {"id": "Tampilkan", "en": "Show"},
    "show_all": {"id": "semua petugas", "en": "all officers"},
    "show_clear": {"id": "hanya yang perlu dibaca: ada tanda yang jelas", "en": "concerns only: some clear flag"},
    "show_above": {"id": "hanya yang di atas unitnya", "en": "only those above their unit"},
    "all_units": {"id": "semua unit", "en": "all units"},
    "sort_by": {"id": "Urutkan menurut", "en": "Sort by"},
    "shown": {"id": "{n} dari {all} petugas ditampilkan", "en": "{n} of {all} officers shown"},
    "table_note": {
        "id": "Bagian interaksi yang menunjukkan tiap label. ▲ atau ▼: berbeda dari unitnya, dengan paling banyak 5\u202f% salah "
        "sebut. Miring: terlalu sedikit untuk dinilai.",
        "en": "Share of interactions showing each label. ▲ or ▼: differs from the unit, with at most 5\u202f% false alarms. "
        "Italic: too few to judge.",
    },
    "method": {"id": "Cara membaca laporan ini", "en": "How to read this report"},
    "labels_mean": {"id": "Arti tiap label", "en": "What each label means"},
    "how_sure": {"id": "Seberapa pasti angkanya", "en": "How sure the figures are"},
    "not_for_title": {"id": "Jangan dipakai untuk", "en": "Not to be used for"},
    "method_rate": {
        "id": "Sebuah interaksi menunjukkan suatu label bila sedikitnya satu ucapan petugas di dalamnya menunjukkannya. "
        "Angka dalam tabel adalah bagian interaksi itu; selang 95\u202f% (Wilson) menyatakan ketidakpastian karena jumlah "
        "interaksi terbatas. Selang itu belum memuat kesalahan mesin.",
        "en": "An interaction shows a label when at least one officer turn in it does. The figures are shares of "
        "interactions; the 95\u202f% interval (Wilson) states the uncertainty that comes from their limited number. It does "
        "not yet contain the classifier's own errors.",
    },
    "method_true": {
        "id": "“Dikoreksi” memperhitungkan bahwa mesin kadang salah memberi tanda dan kadang tidak melihat (Rogan–Gladen, selang Lang "
        "dan Reiczigel). Tanda “–” berarti kesalahannya belum diukur, atau log ini bertanda begitu sedikit (atau banyak) sehingga mesin jelas tidak keliru sesering pada data ujinya. Koreksi ini benar sejauh mesin di sini keliru sesering pada data ujinya.",
        "en": "“Corrected” allows for the classifier's false alarms and misses (Rogan–Gladen, interval of Lang and Reiczigel). “–” "
        "means its errors are not known, or so few (or many) are flagged here that it plainly does not err as often as on its test data. It holds as far as the classifier errs here as often as on its test data.",
    },
    "method_shrunk": {
        "id": "“Taksiran” (belah ketupat) menarik angka petugas ke arah unitnya, makin kuat makin sedikit interaksinya: sepuluh panggilan "
        "yang sial belum berarti petugasnya berbeda. Petugas disebut di atas atau di bawah unitnya hanya bila jumlahnya tidak "
        "terduga dari petugas lain di unit itu, sehingga dari semua yang disebut paling banyak 5\u202f% hanya kebetulan (Benjamini–Hochberg).",
        "en": "The “estimate” (diamond) draws an officer's figure towards the unit, the more so the fewer the interactions: ten unlucky "
        "calls do not make a different officer. Officers are named above or below their unit only where their count could not be "
        "expected from the others of the unit, so that at most 5\u202f% of those named are so by chance (Benjamini–Hochberg).",
    },
    "method_trend": {
        "id": "Naik atau turun disebut bila uji Cochran–Armitage menemukannya pada sedikitnya tiga periode, dengan batas salah sebut yang sama.",
        "en": "Rising or falling is said where the Cochran–Armitage test finds it over at least three periods, with the same limit on false alarms.",
    },
    "method_few": {
        "id": "Petugas atau unit dengan kurang dari {n} interaksi ditandai “terlalu sedikit untuk dinilai” dan tidak "
        "pernah diurutkan.",
        "en": "Officers and units with fewer than {n} interactions are marked “too few to judge” and never ranked.",
    },
    "method_review": {
        "id": "Tanda dalam pita tinjau: peluangnya tidak jelas tinggi dan tidak jelas rendah, mesin tidak tahu. Hanya orang yang membaca yang dapat memutuskan.",
        "en": "Flags in the review band have a probability neither clearly high nor clearly low: the classifier does not know. Only a reader can decide.",
    },
    "method_error": {
        "id": "Kesalahan mesin, diukur pada percakapan dari penulis yang tidak pernah dilihatnya. Presisi: dari seratus "
        "tanda, sekian yang benar. Cakupan: dari seratus kejadian, sekian yang tertangkap. Korpus itu memuat jauh lebih "
        "banyak pelanggaran daripada layanan sehari-hari; di log nyata bagian tanda yang keliru lebih besar.",
        "en": "The classifier's errors, measured on conversations by writers it never saw. Precision: of a hundred flags, "
        "how many are right. Recall: of a hundred cases, how many are found. Violations are far more frequent in that "
        "corpus than in daily service; in a real log a larger share of flags is wrong.",
    },
    "method_prevalence": {
        "id": "Peluang pelanggaran sudah disesuaikan dengan dugaan {share} giliran memuat tiap pelanggaran.",
        "en": "Probabilities of violations are adjusted to an expected {share} of turns carrying each violation.",
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
    "not_for_customers": {
        "id": "Laporan ini menilai ucapan petugas, bukan pelanggan; kemarahan pelanggan tidak pernah dihitung atas nama petugas.",
        "en": "It judges what officers said, not customers; a customer's anger is never charged to the officer.",
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
        "id": "Kata bergaris bawah mendorong mesin memberi tanda. Garis ganda dan huruf tebal: kata penentu, tanpanya tanda itu tidak "
        "diberikan. Bobot 100 adalah kata terkuat; yang lain dibandingkan dengannya.",
        "en": "Underlined words moved the classifier towards the flag. Double line and bold: decisive, without them there would be no "
        "flag. Weight 100 is the heaviest word; the others are compared with it.",
    },
    "words_why": {
        "id": "Kata yang paling mendorong mesin memberi label, terkuat lebih dulu.",
        "en": "The words that moved the classifier most towards the label, the heaviest first.",
    },
    "flags_sheet": {"id": "Tanda", "en": "Flags"},
    "trend_sheet": {"id": "Tren", "en": "Trend"},
    "before_after_sheet": {"id": "Sebelum–sesudah", "en": "Before–after"},
    "answer": {"id": "Jawaban", "en": "Answer"},
    "stands_out": {"id": "Berbeda dari unitnya", "en": "Differs from the unit"},
    "start": {"id": "Mulai", "en": "Starts"},
    "slope": {"id": "Perubahan tiap periode", "en": "Change a period"},
    "words_each": {"id": "Kata tiap giliran", "en": "Words a turn"},
    "turns_each": {"id": "Giliran tiap interaksi", "en": "Turns an interaction"},
    "pace_s": {"id": "Detik antargiliran", "en": "Seconds between turns"},
    "duration_s": {"id": "Detik tiap interaksi", "en": "Seconds an interaction"},
    "mix_of": {"id": "campuran berubah: {what}", "en": "mix changed: {what}"},
    "stratified": {"id": "Selisih dalam campuran yang sama", "en": "Difference within the same mix"},
    "column": {"id": "Kolom", "en": "Column"},
    "question": {"id": "Pokok", "en": "Question"},
    "explained": {"id": "Penjelasan", "en": "Explanation"},
    "low": {"id": "bawah", "en": "low"},
    "high": {"id": "atas", "en": "high"},
    "count": {"id": "jumlah", "en": "count"},
    "enough": {"id": "Cukup untuk dinilai", "en": "Enough to judge"},
    "yes": {"id": "ya", "en": "yes"},
    "no": {"id": "tidak", "en": "no"},
}  # fmt: skip

NOUNS: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "officer": {"id": ("petugas", "petugas"), "en": ("officer", "officers")},
    "unit": {"id": ("unit", "unit"), "en": ("unit", "units")},
    "interaction": {"id": ("interaksi", "interaksi"), "en": ("interaction", "interactions")},
    "turn": {"id": ("giliran petugas", "giliran petugas"), "en": ("officer turn", "officer turns")},
    "flag": {"id": ("tanda", "tanda"), "en": ("flag", "flags")},
    "reject": {"id": ("baris log tertolak", "baris log tertolak"), "en": ("row of the log was rejected", "rows of the log were rejected")},
    "week": {"id": ("minggu", "minggu"), "en": ("week", "weeks")},
    "month": {"id": ("bulan", "bulan"), "en": ("month", "months")},
    "minute": {"id": ("menit", "menit"), "en": ("minute", "minutes")},
    "second": {"id": ("detik", "detik"), "en": ("second", "seconds")},
}  # fmt: skip


def label_name(measure: str, lang: Language) -> str:
    """What QA people call a label."""
    names = {label.id: label.name[lang] for label in CODEBOOK}
    return TEXT["any_violation"][lang] if measure == ANY_VIOLATION else names[measure]


def phrases(lang: Language) -> dict[str, str]:
    """Every phrase of :data:`TEXT` in one language."""
    return {key: phrase[lang] for key, phrase in TEXT.items()}


def counted(n: int, noun: str, lang: Language) -> str:
    """A number and its noun: "1 interaction", "12 interactions", "12 interaksi"."""
    return f"{number(n, lang)} {NOUNS[noun][lang][n != 1]}"


def percent(share: float, lang: Language = "id") -> str:
    """A share in percent with a thin space before the sign, whole from 1 on; a dash where it is not known."""
    if pd.isna(share):
        return "–"
    return f"{number(100 * share, lang, int(0 < share < 0.00995))}\u202f%"


def between(low: float, high: float) -> str:
    """An interval of shares, in percent; a dash where it is not known."""
    return "–" if pd.isna(low) or pd.isna(high) else f"{100 * low:.0f}–{100 * high:.0f}\u202f%"


def points(difference: float, lang: Language, digits: int = 0) -> str:
    """A difference of shares in percentage points, with its sign."""
    rounded = round(100 * difference, digits)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return sign + number(abs(rounded), lang, digits)


def probability(p: float, lang: Language) -> str:
    """A probability with two decimals, never rounded up to certainty."""
    return f"> {number(0.99, lang, 2)}" if p > 0.99 else number(p, lang, 2)


def number(value: float, lang: Language, digits: int = 0) -> str:
    """A number with the language's marks for thousands and decimals."""
    written = f"{value:,.{digits}f}"
    return written.translate(str.maketrans(",.", ".,")) if lang == "id" else written


def listed(names: Sequence[str], lang: Language) -> str:
    """Names with commas, and the last after "and"."""
    last = {"id": "dan", "en": "and"}[lang]
    if len(names) < 3:
        return f" {last} ".join(names)
    return f"{', '.join(names[:-1])}, {last} {names[-1]}"


def duration(seconds: float, lang: Language) -> str:
    """A stretch of time: "2 menit 36 detik"; a dash where it is not known."""
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    parts = [(minutes, "minute"), (rest, "second")]
    return " ".join(counted(n, unit, lang) for n, unit in parts if n) or counted(0, "second", lang)


def date(value: pd.Timestamp | None, lang: Language, clock: bool = False) -> str:
    """A date as "21 November 2026", with the time of day if wanted; a dash where there is none."""
    if value is None or pd.isna(value):
        return "–"
    day = f"{value.day} {MONTHS[lang][value.month - 1]} {value.year}"
    mark = "." if lang == "id" else ":"
    return f"{day}, {value.hour:02d}{mark}{value.minute:02d}" if clock else day


def short_date(value: pd.Timestamp, lang: Language, monthly: bool = False) -> str:
    """A date for the axis of a chart: "9 Nov", or "Nov 2026" where periods are months."""
    month = MONTHS[lang][value.month - 1][:3]
    return f"{month} {value.year}" if monthly else f"{value.day} {month}"


def period(first: pd.Timestamp | None, last: pd.Timestamp | None, lang: Language) -> str:
    """A stretch of days: "9–15 November 2026", "28 Oktober – 3 November 2026"."""
    if first is None or last is None:
        return TEXT["no_period"][lang]
    start, end = date(first, lang), date(last, lang)
    if start == end:
        return start
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{start.removesuffix(f' {first.year}') if first.year == last.year else start} – {end}"
