from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from conftest import BUNDLE, EXAMPLE_LOG, EXAMPLE_REPLIES

import etikanlp
from etikanlp import scoring
from etikanlp.codebook import LABELS
from etikanlp.errors import LogError
from etikanlp.parts import Parts

HOSTILE = [
    '=HYPERLINK("http://x","klik")',
    "+62 812",
    "-1+1",
    "@SUM(A1)",
    "'=1",
    "<script>alert(1)</script>",
    "biasa\nsaja",
    "satu\rdua",
    "satu\r\ndua",
    '"kutip", koma;',
    "\u202ekanan",
]


def test_score_table_is_as_the_contract_says(scores):
    names = [name for label in LABELS for name in (f"p_{label}", label)] + [f"review_{label}" for label in LABELS]
    assert scores.columns.tolist()[-24:] == names
    assert (scores[[f"p_{label}" for label in LABELS]].dtypes == "float32").all()
    assert (scores[[*LABELS, *(f"review_{label}" for label in LABELS)]].dtypes == bool).all()
    assert len(scores) == 571
    assert len(scores.attrs["rejects"]) == 5


def test_frame_and_file_are_scored_alike(model, scores):
    frame = pd.read_csv(EXAMPLE_LOG, on_bad_lines="skip", dtype=str)
    pd.testing.assert_frame_equal(etikanlp.score(frame, model), scores)


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx", "jsonl"])
def test_every_kind_of_file_reads_back_the_same(model, scores, tmp_path, kind):
    summary = scoring.score_file(EXAMPLE_LOG, tmp_path / f"s.{kind}", model, chunk_rows=100)
    assert (summary.rows, summary.rows_read, summary.rows_rejected) == (1182, 1177, 5)
    assert summary.officer_turns == 571
    back = scoring.read_scores(summary.out)
    pd.testing.assert_frame_equal(back, scores.drop(columns=[]), check_exact=False, rtol=1e-6)
    assert scoring.is_score_table(summary.out)
    assert not scoring.is_score_table(EXAMPLE_LOG)
    rejects = pd.read_csv(summary.rejects)
    assert rejects.columns.tolist() == ["row", "column", "reason", "original"]
    assert len(rejects) == 5


@pytest.fixture
def hostile(tmp_path):
    frame = pd.DataFrame(
        {
            "id": [f"i{n}" for n in range(len(HOSTILE))],
            "pembicara": "petugas",
            "petugas": "=cmd|'/c calc'!A1",
            "isi": HOSTILE,
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    return tmp_path / "log.parquet"


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx", "jsonl"])
def test_hostile_text_comes_back_as_it_was(model, hostile, tmp_path, kind):
    summary = scoring.score_file(hostile, tmp_path / f"s.{kind}", model)
    back = scoring.read_scores(summary.out)
    assert back["text"].tolist() == HOSTILE
    assert set(back["officer_id"]) == {"=cmd|'/c calc'!A1"}


def test_no_cell_of_a_spreadsheet_is_a_formula(model, hostile, tmp_path):
    scoring.score_file(hostile, tmp_path / "s.xlsx", model)
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "s.xlsx").active.iter_rows() for cell in row]
    assert all(cell.data_type != "f" and cell.hyperlink is None for cell in cells)
    scoring.score_file(hostile, tmp_path / "s.csv", model)
    written = pd.read_csv(tmp_path / "s.csv", dtype=str, keep_default_na=False)
    assert not written["text"].str.match(r"[=+\-@]").any()
    assert not written["officer_id"].str.startswith("=").any()


def test_an_interrupted_run_leaves_nothing_that_looks_finished(model, tmp_path):
    def stop(rows):
        raise KeyboardInterrupt

    (tmp_path / "s.csv").write_text("yesterday's")
    with pytest.raises(KeyboardInterrupt):
        scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model, progress=stop, chunk_rows=100)
    assert {path.name for path in tmp_path.iterdir()} == {"s.csv", ".s.csv.parts"}
    assert (tmp_path / "s.csv").read_text() == "yesterday's"
    scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model)
    assert {path.name for path in tmp_path.iterdir()} == {"s.csv", "s.csv.rejects.csv"}


@pytest.mark.parametrize("chunks_done", [1, 4, 11])
def test_a_killed_run_goes_on_without_losing_or_doubling_a_turn(model, tmp_path, chunks_done):
    whole = scoring.score_file(EXAMPLE_LOG, tmp_path / "whole.jsonl", model, chunk_rows=100)
    killed = tmp_path / "killed.jsonl"
    script = f"""
import os, signal, etikanlp
from etikanlp import scoring
left = [{chunks_done}]
def progress(rows):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
scoring.score_file({str(EXAMPLE_LOG)!r}, {str(killed)!r}, etikanlp.load({str(BUNDLE)!r}), progress=progress, chunk_rows=100)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert not killed.exists()
    judged = []
    monitored = replace(model)
    object.__setattr__(monitored, "predict_proba", lambda *given: judged.append(1) or model.predict_proba(*given))
    resumed = scoring.score_file(EXAMPLE_LOG, killed, monitored, chunk_rows=100, resume=True)
    assert len(judged) == 12 - chunks_done, "chunks finished before the kill are not scored again"
    assert resumed[:4] == whole[:4]
    assert killed.read_bytes() == whole.out.read_bytes()
    assert resumed.rejects.read_bytes() == whole.rejects.read_bytes()


def test_parts_of_another_run_are_not_taken_up(model, tmp_path):
    def stop(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scoring.score_file(EXAMPLE_LOG, tmp_path / "s.parquet", model, progress=stop, chunk_rows=100)
    rare = scoring.score_file(
        EXAMPLE_LOG, tmp_path / "s.parquet", model.at_prevalence(0.001), chunk_rows=100, resume=True
    )
    expected = etikanlp.score(EXAMPLE_LOG, model.at_prevalence(0.001))
    pd.testing.assert_frame_equal(scoring.read_scores(rare.out), expected)


def test_old_rejects_do_not_outlive_a_clean_run(model, tmp_path):
    (tmp_path / "s.csv.rejects.csv").write_text("old")
    summary = scoring.score_file(EXAMPLE_REPLIES, tmp_path / "s.csv", model)
    assert summary.rejects is None
    assert not (tmp_path / "s.csv.rejects.csv").exists()


def test_customer_turns_are_never_judged(model):
    frame = pd.DataFrame(
        {
            "id": ["a", "a"],
            "pembicara": ["warga", "petugas"],
            "petugas": ["", "P"],
            "isi": ["dasar petugas goblok", "Baik, Pak."],
        }
    )
    scored = etikanlp.score(frame, model)
    assert scored["text"].tolist() == ["Baik, Pak."]
    assert scored["context"].tolist() == ["dasar petugas goblok"]


def test_a_log_without_officer_turns_gives_an_empty_table(model):
    frame = pd.DataFrame({"id": ["a"], "pembicara": ["warga"], "petugas": [""], "isi": ["halo"]})
    scored = etikanlp.score(frame, model)
    assert len(scored) == 0
    assert scored.columns.tolist() == list(scoring.SCORE_COLUMNS)


def test_unknown_endings_are_refused(model, tmp_path):
    with pytest.raises(LogError, match=r"\.parquet, \.csv"):
        scoring.score_file(EXAMPLE_LOG, tmp_path / "s.doc", model)
    with pytest.raises(LogError, match="not a score table"):
        scoring.read_scores(EXAMPLE_LOG)


@pytest.mark.parametrize("resume", [False, True])
def test_of_two_runs_with_one_output_the_first_stops(model, tmp_path, resume):
    started = []

    def start_another(rows):
        """When the first run has done a chunk, the second begins; the first goes on when the second has ended."""
        if not started:
            started.append(True)
            scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model, chunk_rows=100 if resume else 300, resume=resume)

    with pytest.raises(LogError, match="another run writes the same scores"):
        scoring.score_file(EXAMPLE_LOG, tmp_path / "s.csv", model, progress=start_another, chunk_rows=100)
    assert {path.name for path in tmp_path.iterdir()} == {"s.csv", "s.csv.rejects.csv"}
    back, expected = scoring.read_scores(tmp_path / "s.csv"), etikanlp.score(EXAMPLE_LOG, model)
    pd.testing.assert_frame_equal(back, expected, rtol=1e-6)


def test_a_run_that_lost_its_folder_leaves_the_others_alone(tmp_path):
    first, second = (Parts(tmp_path / "parts", {"log": name}, resume=False) for name in "ab")
    with pytest.raises(LogError, match="another run"):
        first.write(0, b"")
    first.remove()
    second.write(0, b"")
    second.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damaged", ["0000000.parquet", "run.json"])
def test_what_a_power_failure_cut_counts_as_not_there(model, tmp_path, damaged):
    def stop(rows):
        raise KeyboardInterrupt

    out = tmp_path / "s.parquet"
    with pytest.raises(KeyboardInterrupt):
        scoring.score_file(EXAMPLE_LOG, out, model, progress=stop, chunk_rows=100)
    part = tmp_path / ".s.parquet.parts" / damaged
    part.write_bytes(b"\xff" + part.read_bytes()[:50])
    assert scoring.score_file(EXAMPLE_LOG, out, model, chunk_rows=100, resume=True).officer_turns == 571
    pd.testing.assert_frame_equal(scoring.read_scores(out), etikanlp.score(EXAMPLE_LOG, model))


def test_parts_of_another_version_are_not_taken_up(model, tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr(scoring, "Parts", lambda folder, run, resume: runs.append(run) or Parts(folder, run, resume))
    for version in ("1", "2"):
        monkeypatch.setattr(scoring, "version", lambda package, version=version: version)
        scoring.score_file(EXAMPLE_REPLIES, tmp_path / "s.csv", model)
    assert runs[0] != runs[1]


def test_a_table_saved_again_by_an_indonesian_excel(model, tmp_path):
    expected = etikanlp.score(EXAMPLE_REPLIES, model)
    expected[["text", "context"]] = "Baik – é"
    saved = expected.assign(at=expected["at"].astype("datetime64[s]"))
    as_there = {"sep": ";", "decimal": ",", "encoding": "cp1252", "date_format": "%d/%m/%Y %H.%M"}
    saved.to_csv(tmp_path / "s.csv", index=False, **as_there)
    pd.testing.assert_frame_equal(scoring.read_scores(tmp_path / "s.csv"), scoring.typed(expected), rtol=1e-6)


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx", "jsonl"])
def test_a_table_without_turns_is_read_back(model, tmp_path, kind):
    (tmp_path / "log.csv").write_text("id,pembicara,petugas,isi\na,warga,,halo\n", encoding="utf-8")
    summary = scoring.score_file(tmp_path / "log.csv", tmp_path / f"s.{kind}", model)
    assert scoring.is_score_table(summary.out)
    assert scoring.read_scores(summary.out).empty
