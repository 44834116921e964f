from __future__ import annotations

import time

import pandas as pd
import pytest
from conftest import EXAMPLE_LOG
from hypothesis import example, given
from hypothesis import strategies as st
from privacy import measure

import etikanlp
from etikanlp.privacy import mask, pseudonym, pseudonymise, read_key

KEY = b"sixteen bytes ok"


@pytest.fixture(scope="module")
def texts():
    return measure.read()


@pytest.fixture(scope="module")
def judged(texts):
    return measure.judge(texts)


def test_the_texts_are_many_and_tempting(texts):
    assert len(texts) >= 320
    assert sum(not t.spans for t in texts) >= 120
    assert len({t.text for t in texts}) == len(texts)


def test_numbers_are_found(judged):
    found, _ = judged
    numbers = found[found["kind"].isin(measure.NUMBERS)]
    assert len(numbers) >= 90
    missed = numbers.loc[~numbers["covered"], "masked"].tolist()
    assert numbers["covered"].mean() >= 0.98, missed


@pytest.mark.parametrize("kind", ["NAMA", "ALAMAT", "EMAIL", "PLAT"])
def test_names_addresses_and_plates_are_found(judged, kind):
    found, _ = judged
    of_kind = found[found["kind"] == kind]
    assert of_kind["covered"].mean() >= 0.9, of_kind.loc[~of_kind["covered"], "masked"].tolist()


def test_masks_are_right(judged):
    _, masks = judged
    assert (~masks["right"]).mean() <= 0.01, masks.loc[~masks["right"], "stretch"].tolist()


# pieces that start, feed and break the rules, so that generated texts reach them
PIECES = (
    "NIK 3174051203900004", "0812-3456-7890", "nol", "delapan", "satu", "belas", "ratus", "titik", "a@b.co", "Pak", "Bu",
    "Andi", "Wijaya", "atas nama", "nama saya", "budi", "Jl.", "Melati", "No. 12", "RT 03", "RW 05", "blok", "B 1234 XYZ",
    "Rp", "150.000", "12/08/2024", "08.30", "tiket", "rekening", "•", "\n", ".", ",", "-", "(", "H.", "M.", "x", "1", "00",
    "İ", "ß", "١٢٣٤٥٦", "\x00",
)  # fmt: skip
PASTED = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=25).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda between: between.join(pieces))
)


@given(PASTED | st.text())
@example("Pak Budi 08123456789 a@b.co")
def test_masking_keeps_every_place_and_is_done_at_once(text):
    masked = mask(text)
    assert len(masked) == len(text)
    assert all(b in {a, "•"} for a, b in zip(text, masked, strict=True))
    assert mask(masked) == masked


def seconds(text):
    times = []
    for _ in range(3):
        start = time.process_time()
        mask(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    "unit",
    ["1-", "a", "0812 ", "nol ", "Pak ", "Andi ", "jl a ", "RT 1 ", "a.", "a@", "x*", "saya A", "blok a ", "titik at ", "/2", "1.000", "H.", " ".join(PIECES)],
)  # fmt: skip
def test_long_texts_take_linear_time(unit):
    length = 100_000 if len(unit) > 20 else 40_000
    text = (unit * length)[:length]
    assert seconds(text) < 10 * seconds(text[: length // 4]) + 0.02, (
        "4 times the text: 4 when linear, 16 when quadratic"
    )


def test_pseudonyms_are_keyed_and_stable():
    assert pseudonym("A-101", KEY) == pseudonym("A-101", KEY.decode()) == "P-72ZH2E5"
    assert pseudonym("A-101", KEY) != pseudonym("A-101", KEY + b"!")
    assert len({pseudonym(f"A-{n}", KEY) for n in range(2000)}) == 2000


def test_short_keys_are_refused(tmp_path):
    with pytest.raises(ValueError, match="16"):
        pseudonym("A-101", "short")
    path = tmp_path / "key"
    path.write_bytes(b"   short   \n\n\n\n\n\n")
    with pytest.raises(etikanlp.EtikaError, match="16"):
        read_key(path)


def test_pseudonymised_scores_name_no_officer():
    scores = pd.DataFrame(
        {
            "officer_id": ["A-1", "A-10", "A-1", None],
            "text": ["Saya A-1, Bu.", "rekan A-1 dan a-10", "A-100 bukan saya", "A-1"],
            "context": ["petugas A-10?", None, "", "x"],
        }
    )
    out = pseudonymise(scores, KEY)
    assert out["officer_id"].tolist()[:3] == [pseudonym(o, KEY) for o in ("A-1", "A-10", "A-1")]
    assert out["officer_id"].isna().tolist() == [False, False, False, True]
    assert out["text"].tolist() == ["Saya •-•, Bu.", "rekan •-• dan •-••", "A-100 bukan saya", "•-•"]
    assert out["context"][0] == "petugas •-••?"
    assert scores["officer_id"][0] == "A-1", "the table given stays as it was"


def test_pseudonyms_stand_wherever_an_id_does():
    scores = pd.DataFrame(
        {
            "officer_id": ["B-2", "Rahmat Hidayat", "Petugas 12"],
            "interaction_id": ["b-2/I-001", "I-002", "I-003"],
            "unit": ["Loket B-2", "Kasir", "Kasir"],
            "text": ["ya", "Kata Hidayat, sudah", "petugas siap"],
            "context": ["", "", ""],
        }
    )
    out = pseudonymise(scores, KEY)
    name = pseudonym("B-2", KEY)
    assert out["interaction_id"].tolist() == [f"{name}/I-001", "I-002", "I-003"]
    assert out["unit"].tolist() == [f"Loket {name}", "Kasir", "Kasir"]
    assert out["text"].tolist() == ["ya", "Kata •••••••, sudah", "petugas siap"]


@pytest.mark.parametrize("text", ["rekening an. SITI AMINAH", "AN. WULAN SARI", "an Budi Santoso"])
def test_holders_of_accounts_are_masked_however_written(text):
    shown = mask(text)
    assert not any(word in shown for word in text.split()[-2:])


def test_report_masks_unless_told_otherwise(model, tmp_path):
    said = "dasar bodoh kamu, Pak Darmanto, NIK 3174051203900004 saja lupa"
    scores = etikanlp.score(pd.DataFrame({"officer_id": ["P-1"], "reply": [said]}), model)
    scores["unprofessional"] = True
    for masking, visible in ((True, False), (False, True)):
        report = etikanlp.officer_report(scores, model, mask=masking)
        page = report.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
        sheets = pd.read_excel(report.to_excel(tmp_path / "r.xlsx"), sheet_name=None, dtype=str, engine="calamine")
        for secret in ("Darmanto", "3174051203900004"):
            assert (secret in page) == visible
            assert any(secret in sheet.to_string() for sheet in sheets.values()) == visible


def test_command_line_pseudonymises_with_a_key_from_a_file(cli, model, tmp_path):
    (tmp_path / "key").write_bytes(KEY)
    done = cli("report", EXAMPLE_LOG, "--out", tmp_path / "r.html", "--pseudonymise", tmp_path / "key", "--no-mask")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for said in (page, done.stdout):
        assert pseudonym("A-101", KEY) in said
        assert "A-101" not in said
    cli("report", EXAMPLE_LOG, "--officer", "B-201", "--out", tmp_path / "b.pdf", "--pseudonymise", tmp_path / "key")
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")
    (tmp_path / "key").write_bytes(b"short")
    refused = cli("report", EXAMPLE_LOG, "--out", tmp_path / "r.html", "--pseudonymise", tmp_path / "key", status=2)
    assert "openssl rand" in refused.stderr
