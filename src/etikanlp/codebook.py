"""The eight labels: what each is called, of which kind it is, what it means, which principle it serves.

The order of :data:`LABELS` is the order of every label column in every table of the project.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Kind = Literal["virtue", "violation"]
Language = Literal["id", "en"]


class Label(NamedTuple):
    """One label of the codebook."""

    id: str
    """Column name in corpus, scores and reports."""
    kind: Kind
    """``virtue`` (should be there) or ``violation`` (must not be there)."""
    name: dict[Language, str]
    """What QA people call it, by language."""
    definition: dict[Language, str]
    """The definition in one or two sentences, by language."""
    principle: dict[Language, str]
    """The principle of the public-service codes of ethics behind the label, by language."""


CODEBOOK: Final[tuple[Label, ...]] = (
    Label(
        "courtesy",
        "virtue",
        {"id": "Kesantunan", "en": "Courtesy"},
        {
            "id": "Ada tindakan sopan kepada pelanggan: salam, terima kasih, permintaan maaf, permintaan yang "
            "halus, tawaran bantuan, atau penutup yang santun. Sapaan (Bapak, Ibu, Kak) saja belum cukup.",
            "en": "An act of politeness towards the customer: greeting, thanks, apology, softened request, "
            "offer of help or polite closing. A form of address alone is not enough.",
        },
        {
            "id": "Senyum, salam, sapa; ramah, sopan, hormat",
            "en": "Smile, greet, address; friendly, respectful",
        },
    ),
    Label(
        "empathy",
        "virtue",
        {"id": "Empati", "en": "Empathy"},
        {
            "id": "Menyebut atau menjawab perasaan, kesulitan, atau sudut pandang pelanggan, atau menyesuaikan "
            "layanan dengan kesulitan yang disampaikan. Permintaan maaf yang sekadar basa-basi bukan empati.",
            "en": "Names or answers the customer's feeling, hardship or point of view, or adapts the service to "
            "a stated difficulty. A formula of apology alone is not empathy.",
        },
        {
            "id": "Empati, mendengarkan, menerima, memahami kebutuhan klien",
            "en": "Empathy, listening, acceptance, understanding of needs",
        },
    ),
    Label(
        "transparency",
        "virtue",
        {"id": "Transparansi", "en": "Transparency"},
        {
            "id": "Memberi keterangan yang dapat diperiksa atau dijadikan pegangan: prosedur, syarat, biaya, "
            "waktu, status, alasan keputusan, atau hak dan jalur keberatan. Rujukan tanpa keterangan tidak termasuk.",
            "en": "Gives something the customer can check or plan by: procedure, requirement, fee, time, "
            "status, reason for a decision, or a right and a way to appeal. A bare referral does not count.",
        },
        {
            "id": "Transparansi, kejujuran, informatif, hak klien untuk memutuskan",
            "en": "Transparency, honesty, the client's right to decide",
        },
    ),
    Label(
        "accountability",
        "virtue",
        {"id": "Akuntabilitas", "en": "Accountability"},
        {
            "id": "Mengambil tanggung jawab: mengakui kesalahan sendiri atau kantor, memegang kasus atas nama "
            "sendiri, memberi nomor laporan, atau menjanjikan tindakan nyata dengan tenggat.",
            "en": "Takes responsibility: admits a fault of one's own or the office's, owns the case by name, "
            "gives a ticket number, or promises a concrete action with a deadline.",
        },
        {
            "id": "Tanggung jawab, akuntabilitas, tepat waktu, menepati janji",
            "en": "Responsibility, accountability, punctuality, keeping promises",
        },
    ),
    Label(
        "discriminatory",
        "violation",
        {"id": "Diskriminatif", "en": "Discriminatory"},
        {
            "id": "Memperlakukan atau membicarakan orang lebih buruk karena suku, agama, ras, daerah, jenis "
            "kelamin, usia, disabilitas, kesehatan, status kawin, penampilan, ekonomi, pendidikan, atau pilihan "
            "politik, betapa pun halusnya. Syarat sah dan prioritas bagi yang berhak tidak termasuk.",
            "en": "Treats or speaks of people worse because of ethnicity, religion, race, region, sex, age, "
            "disability, health, marital status, appearance, means, education or politics, however politely. "
            "Lawful requirements and owed priority do not count.",
        },
        {
            "id": "Keadilan, kesamaan hak, tanpa memandang SARA dan status",
            "en": "Fairness and equal rights, whoever the client is",
        },
    ),
    Label(
        "unprofessional",
        "violation",
        {"id": "Tidak profesional", "en": "Unprofessional"},
        {
            "id": "Sikap yang tidak pantas bagi petugas: menghina, mengejek, menyindir, merendahkan, mengancam, "
            "menggoda, menyalahkan atau mengabaikan pelanggan, menolak membantu tanpa alasan, atau menghakimi urusan "
            "pribadi. Penolakan yang tegas tetapi hormat tidak termasuk.",
            "en": "Manner unworthy of the post: insult, mockery, sarcasm, condescension, threat, flirting, "
            "blaming or brushing off the customer, refusing to help without a reason, judging private life. Firm but "
            "respectful refusal is fine.",
        },
        {
            "id": "Profesionalisme, martabat, sikap tidak menghakimi",
            "en": "Professionalism, dignity, no judging",
        },
    ),
    Label(
        "confidentiality_breach",
        "violation",
        {"id": "Pelanggaran kerahasiaan", "en": "Confidentiality breach"},
        {
            "id": "Membuka data atau perkara orang lain, membuka data peka pelanggan sebelum verifikasi atau di "
            "muka umum, meminta rahasia (PIN, OTP, sandi), atau bergunjing tentang kasus pelanggan lain. "
            "Verifikasi wajar di saluran pribadi tidak termasuk.",
            "en": "Reveals another person's data or case, discloses the customer's own sensitive data before "
            "verification or in public, asks for a secret (PIN, OTP, password) or gossips about a case. "
            "Ordinary private verification does not count.",
        },
        {"id": "Kerahasiaan data klien", "en": "Confidentiality of client data"},
    ),
    Label(
        "integrity_breach",
        "violation",
        {"id": "Pelanggaran integritas", "en": "Integrity breach"},
        {
            "id": "Meminta, mengisyaratkan, atau menerima uang, hadiah, atau imbalan di luar biaya resmi; jalan "
            "pintas lewat orang dalam; mengutamakan kerabat; menyarankan pemalsuan; menutupi fakta. Menyebut "
            "biaya resmi atau menolak hadiah tidak termasuk.",
            "en": "Asks for, hints at or accepts money, gifts or favours outside the official fee, offers a "
            "shortcut through connections, favours kin, advises falsification or covers up. Stating an "
            "official fee or declining a gift does not count.",
        },
        {
            "id": "Integritas, tanpa gratifikasi dan konflik kepentingan",
            "en": "Integrity, no gratification, no conflict of interest",
        },
    ),
)

LABELS: Final[tuple[str, ...]] = tuple(label.id for label in CODEBOOK)
VIRTUES: Final[tuple[str, ...]] = tuple(label.id for label in CODEBOOK if label.kind == "virtue")
VIOLATIONS: Final[tuple[str, ...]] = tuple(label.id for label in CODEBOOK if label.kind == "violation")

CHANNELS: Final[tuple[str, ...]] = ("call", "chat", "counter", "email", "letter", "social")
SPEAKERS: Final[tuple[str, ...]] = ("officer", "customer", "system")
