"""Logs as offices really export them: each of these once lost a row, a figure or the whole run."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from conftest import BUNDLE, EXAMPLE_LOG

import etikanlp
from etikanlp import scoring
from etikanlp.errors import LogError
from etikanlp.privacy import mask
from etikanlp.transcripts import from_frame, read_log, with_context

HEADER = "interaction_id,turn,speaker,officer_id,at,text\n"


def log(tmp_path, body: str, name: str = "log.csv", header: str = HEADER):
    path = tmp_path / name
    path.write_text(header + body, encoding="utf-8")
    return path


def turns_of(path, **options) -> pd.DataFrame:
    return pd.concat([chunk.turns for chunk in read_log(path, **options)], ignore_index=True)


def test_flags_saved_again_by_a_spreadsheet_stay_flags(model, tmp_path):
    scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model)
    text = (tmp_path / "s.csv").read_text(encoding="utf-8-sig").replace("True", "TRUE").replace("False", "FALSE")
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    expected = etikanlp.score(EXAMPLE_LOG, model)
    pd.testing.assert_frame_equal(scoring.read_scores(tmp_path / "s.csv"), expected, rtol=1e-6)
    (tmp_path / "s.csv").write_text(text.replace("TRUE", "ja"), encoding="utf-8")
    with pytest.raises(LogError, match="neither true nor false"):
        scoring.read_scores(tmp_path / "s.csv")


def test_officers_named_like_numbers_stay_apart(model, tmp_path):
    path = log(tmp_path, "A,1,petugas,007,,Selamat pagi\nB,1,petugas,7,,Selamat siang\nC,1,petugas,NA,,Baik\n")
    scoring.score_file(path, tmp_path / "s.xlsx", model)
    back = scoring.read_scores(tmp_path / "s.xlsx")
    assert back["officer_id"].tolist() == ["007", "7", "NA"]
    etikanlp.officer_report(back, model).to_html(tmp_path / "r.html")


@pytest.mark.parametrize("out", ["log.csv", "folder.csv"])
def test_the_log_is_never_overwritten(model, tmp_path, out):
    path = log(tmp_path, "A,1,petugas,P,,Selamat pagi\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(LogError, match="name a"):
        scoring.score_file(path, tmp_path / out, model)
    assert path.read_text(encoding="utf-8").startswith("interaction_id")


def test_rejects_of_two_outputs_do_not_collide(model, tmp_path):
    path = log(tmp_path, "A,1,petugas,,,Selamat pagi\nA,2,petugas,P,,Baik\n")
    first = scoring.score_file(path, tmp_path / "same.csv", model)
    second = scoring.score_file(path, tmp_path / "same.parquet", model)
    assert first.rejects.exists()
    assert first.rejects != second.rejects
    assert len(scoring.read_scores(second.out).attrs["rejects"]) == 1


def test_an_interaction_that_goes_back_in_time_is_refused(tmp_path):
    path = log(tmp_path, "A,5,warga,,,lima\nA,4,petugas,P,,empat\nA,3,warga,,,tiga\nA,2,petugas,P,,dua\n")
    with pytest.raises(LogError, match=r"row 4: interaction 'A' .* sort the log"):
        turns_of(path, chunk_rows=2)
    assert with_context(turns_of(path))["context"].tolist() == ["tiga", ""]


def test_an_interaction_with_a_turn_unnumbered_is_taken_as_it_stands(tmp_path):
    path = log(tmp_path, "A,,warga,,,satu\nA,,petugas,P,,dua\nA,1,warga,,,tiga\n")
    assert with_context(turns_of(path))["context"].tolist() == ["satu"]


def test_a_field_may_first_appear_anywhere_in_json_lines(tmp_path):
    lines = [{"interaction_id": f"i{n}", "speaker": "petugas", "officer_id": "P", "text": "Baik"} for n in range(30)]
    lines[25]["unit"] = "U"
    text = "\n".join(json.dumps(line) for line in lines) + "\nBROKEN\n[[[" + "[" * 50_000 + "\n"
    path = log(tmp_path, text, "log.jsonl", header="BROKEN TOO\n")
    chunks = list(read_log(path, chunk_rows=10))
    assert sum(len(chunk.turns) for chunk in chunks) == 30
    assert sum(len(chunk.rejects) for chunk in chunks) == 3
    assert pd.concat([chunk.turns for chunk in chunks])["unit"].notna().sum() == 1
    assert not scoring.is_score_table(path)


def test_long_numbers_keep_their_digits_beside_missing_ones(tmp_path):
    ids = pd.array([9007199254740993, 9007199254740992, None], dtype="Int64")
    pd.DataFrame({"interaction_id": ids, "speaker": "petugas", "officer_id": "P", "text": "Baik"}).to_parquet(
        tmp_path / "l.parquet"
    )
    assert turns_of(tmp_path / "l.parquet")["interaction_id"].tolist() == ["9007199254740993", "9007199254740992"]


@pytest.mark.parametrize(
    ("header", "row", "context"),
    [
        ("petugas,pesan,balasan", "P,Kok lama?,Maaf Bu", "Kok lama?"),
        ("tiket,pengirim,pesan,petugas,balasan", "T1,Ani,Kok lama?,P,Maaf Bu", "Kok lama?"),
    ],
)
def test_reply_logs_with_other_names(tmp_path, header, row, context):
    path = log(tmp_path, row + "\n", header=header + "\n")
    assert with_context(turns_of(path))["context"].tolist() == [context]


def test_row_numbers_are_not_taken_for_interactions(tmp_path):
    header = "id,no_panggilan,pembicara,petugas,isi\n"
    path = log(tmp_path, "1,C1,warga,,Halo\n2,C1,petugas,P,Selamat pagi\n", header=header)
    assert with_context(turns_of(path))["context"].tolist() == ["Halo"]
    path = log(tmp_path, "1,warga,,Halo\n2,petugas,P,Selamat pagi\n", header="id,pembicara,petugas,isi\n")
    with pytest.raises(LogError, match="numbers rows"):
        turns_of(path)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-21 14:05:00+07", "2026-11-21 14:05"),
        ("21-11-2026", "2026-11-21"),
        ("2026-11-21 14:05:00.12", "2026-11-21 14:05"),
        ("2026-11-21 14:05 UTC", "2026-11-21 14:05"),
        ('"Sabtu, 21 November 2026 14.05"', "2026-11-21 14:05"),
        ("21-Nov-2026", "2026-11-21"),
        ("21/11/26 08:00", "2026-11-21 08:00"),
    ],
)
def test_more_times_as_people_write_them(tmp_path, written, read):
    path = log(tmp_path, f"A,1,petugas,P,{written},Baik\nA,2,petugas,P,2026-11-21 14:05:00+08:00,Baik\n")
    assert turns_of(path)["at"].iloc[0] == pd.Timestamp(read)


@pytest.mark.parametrize("name", ["jam", "waktu"])
@pytest.mark.parametrize("date", ["21/11/2026", "2026-11-21 00:00:00", "2026-11-21T00:00:00+07:00"])
@pytest.mark.parametrize("clock", ["08.30", "08.30 WIB", "08:30:00.25+07", "pukul 8.30"])
def test_date_and_clock_in_columns_of_their_own(tmp_path, name, date, clock):
    path = log(tmp_path, f"A,petugas,P,Baik,{date},{clock}\n", header=f"tiket,peran,petugas,isi,tanggal,{name}\n")
    assert turns_of(path)["at"].iloc[0] == pd.Timestamp(2026, 11, 21, 8, 30)


def test_a_clock_without_a_date_is_no_time(tmp_path):
    path = log(tmp_path, "A,petugas,P,Baik,08.30\n", header="tiket,peran,petugas,isi,jam\n")
    assert turns_of(path)["at"].isna().all()


@pytest.mark.parametrize(
    ("name", "body", "header"), [("l.csv", "", HEADER), ("l.csv", "\n\n", HEADER), ("l.jsonl", "\n \n", "")]
)
def test_a_log_without_rows_says_so(model, tmp_path, name, body, header):
    path = log(tmp_path, body, name, header)
    for out in ("s.csv", "s.parquet"):
        with pytest.raises(LogError, match=r"no rows|no line"):
            scoring.score_file(path, tmp_path / out, model)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_padding_with_nul_is_not_utf_16(tmp_path):
    path = log(tmp_path, 'A,1,warga,,,"Halo\0\0"\nA,2,petugas,P,,Baik\n')
    assert turns_of(path)["text"].tolist() == ["Halo", "Baik"]


def test_odd_line_ends_inside_a_text_survive_json_lines(model, tmp_path):
    frame = pd.DataFrame({"officer_id": ["P"], "reply": ["satu\u2028dua\x85tiga\x0bempat"]})
    frame.to_parquet(tmp_path / "l.parquet")
    scoring.score_file(tmp_path / "l.parquet", tmp_path / "s.jsonl", model)
    assert scoring.read_scores(tmp_path / "s.jsonl")["text"].tolist() == frame["reply"].tolist()


def test_half_an_emoji_does_no_harm(model, tmp_path):
    path = log(tmp_path, json.dumps({"officer_id": "P", "reply": "Baik \ud83d Pak"}) + "\n", "l.jsonl", header="")
    scoring.score_file(path, tmp_path / "s.csv", model)
    assert model.predict(["a \ud83d"]).shape == (1, 8)
    model.explain("a \ud83d b", None)


def test_names_are_recognised_whatever_their_capitals(tmp_path):
    path = log(
        tmp_path, "A,ChatBot,,Halo,WhatsApp\nA,CS,P,Baik,WebChat\n", header="IdTiket,PERAN,IDPetugas,Isi,Kanal\n"
    )
    assert turns_of(path)[["speaker", "channel"]].to_numpy().tolist() == [["system", "chat"], ["officer", "chat"]]


def test_frames_with_odd_columns_and_values(model):
    doubled = pd.DataFrame([["A", "petugas", "P", "x", "y"]], columns=["id", "peran", "petugas", "text", "text"])
    assert from_frame(doubled).turns["text"].tolist() == ["x"]
    odd = pd.DataFrame({"officer_id": [1.0, np.inf, None], "reply": ["a", "b", "c"]}, index=[7, 7, 9])
    chunk = from_frame(odd)
    assert chunk.turns["officer_id"].tolist() == ["1", "inf"]
    assert len(chunk.rejects) == 1
    series = pd.Series(["Selamat pagi", None], index=[5, 3])
    assert model.predict(series).index.tolist() == [5, 3]
    assert model.predict(pd.Series([np.nan, np.nan])).shape == (2, 8)


def test_a_score_table_read_by_pandas_makes_a_report(model, tmp_path):
    scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model)
    report = etikanlp.officer_report(pd.read_csv(tmp_path / "s.csv"), model)
    assert len(report.officers) == 12
    report.to_html(tmp_path / "r.html")


@pytest.mark.parametrize(
    "text",
    [
        "No.081234567890",
        "nomor,081234567890",
        "081.234.567.890",
        "0812–3456–7890",
        "0812 - 3456 - 7890",
        "HP.0812-3456-7890",
    ],
)
def test_phone_numbers_are_masked_however_written(text):
    assert not any(c.isdigit() for c in mask(text))
    assert len(mask(text)) == len(text)


def test_words_of_a_flag_hold_no_piece_of_a_number(model):
    frame = pd.DataFrame({"officer_id": ["P"], "reply": ["dasar bodoh, NIK 3273 0145 6789 0001 saja nggak hafal"]})
    scores = etikanlp.score(frame, model)
    scores["unprofessional"] = True
    words = etikanlp.officer_report(scores, model).flags["words"].iloc[0]
    assert not any(c.isdigit() for c in words)


def test_pasted_runs_take_no_quadratic_time(model):
    import time

    start = time.perf_counter()
    for run in ("_" * 200_000, "ab_" * 70_000, "a" * 200_000, "1-" * 100_000):
        model.predict([run])
        mask(run)
    assert time.perf_counter() - start < 20, "minutes, when it was quadratic"


def test_bad_targets_end_in_one_sentence(cli, tmp_path):
    (tmp_path / "afile").write_text("x")
    for arguments in (
        ("score", EXAMPLE_LOG, "--out", tmp_path / "afile" / "s.csv"),
        ("report", EXAMPLE_LOG, "--out", tmp_path / "afile"),
        ("score", EXAMPLE_LOG, "--out", "s.csv", "--columns", "text=isi,text=petugas"),
        ("score", EXAMPLE_LOG, "--out", "s.csv", "--columns", "text=isi,officer_id=isi"),
    ):
        done = cli(*arguments, cwd=tmp_path, status=2, ETIKANLP_MODEL=str(BUNDLE))
        assert "Traceback" not in done.stderr
