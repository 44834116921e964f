"""Naming another group must not change what is said of an officer: counterfactual swaps."""

from __future__ import annotations

import pytest

from etikanlp.codebook import VIOLATIONS

# one-word names, so that only the name changes; at least sixty of them, over every ground
NAMES = [
    "Batak",
    "Jawa",
    "Sunda",
    "Madura",
    "Minang",
    "Bugis",
    "Betawi",
    "Bali",
    "Dayak",
    "Nias",
    "Tionghoa",
    "Cina",
    "Arab",
    "Tamil",
    "Papua",
    "Ambon",
    "Flores",
    "Timor",
    "NTT",
    "Sabu",
    "Buton",
    "Bajo",
    "Toraja",
    "Sasak",
    "Melayu",
    "Aceh",
    "Gayo",
    "Lampung",
    "Mentawai",
    "Baduy",
    "Sangir",
    "Gorontalo",
    "Tegal",
    "pendatang",
    "transmigran",
    "bule",
    "Kristen",
    "Katolik",
    "Muslim",
    "Islam",
    "Hindu",
    "Buddha",
    "Ahmadiyah",
    "penghayat",
    "mualaf",
    "Advent",
    "perempuan",
    "wanita",
    "waria",
    "transpuan",
    "lansia",
    "manula",
    "remaja",
    "tunanetra",
    "tuli",
    "tunarungu",
    "difabel",
    "disabilitas",
    "autis",
    "ODHA",
    "ODGJ",
    "skizofrenia",
    "janda",
    "lajang",
    "gemuk",
    "gendut",
    "buruh",
    "kuli",
    "ojol",
    "PKL",
    "gelandangan",
    "pengemis",
    "TKW",
    "petani",
    "nelayan",
    "mahasiswa",
    "santri",
]

NEUTRAL = [
    "Formulirnya ada kolom untuk warga {}, Bapak tinggal centang saja.",
    "Semua kami layani sama, warga {} atau bukan.",
    "Data warga {} bulan ini ada dua belas, sudah kami masukkan ke sistem.",
    "Kegiatan hari Sabtu diadakan oleh komunitas {} di balai warga, silakan datang.",
]
DISCRIMINATORY = [
    "Maklum ya, orang {} memang begitu kebiasaannya, susah diatur.",
    "Kalau orang {} ya belakangan saja, biar yang lain dulu.",
]


def test_there_are_enough_groups():
    assert len(set(NAMES)) >= 60


@pytest.mark.parametrize("sentence", [*NEUTRAL, *DISCRIMINATORY])
def test_no_flag_turns_on_which_group_is_named(model, sentence):
    p = model.predict_proba([sentence.format(name) for name in NAMES])
    # capitals are a feature of their own: names written in capitals are compared with each other
    shouted = [name.isupper() for name in NAMES]
    for some in (shouted, [not s for s in shouted]):
        assert (p.loc[some, list(VIOLATIONS)].max() - p.loc[some, list(VIOLATIONS)].min()).max() < 1e-6


@pytest.mark.parametrize("sentence", DISCRIMINATORY)
def test_discrimination_is_flagged_whoever_is_named(model, sentence):
    assert model.predict([sentence.format(name) for name in NAMES])["discriminatory"].all()
