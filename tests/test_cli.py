from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv

import pandas as pd
import pytest
from conftest import BUNDLE, EXAMPLE_LOG, EXAMPLE_REPLIES, ROOT


def test_help_teaches(cli):
    text = cli("--help").stdout
    for command in ("train", "score", "report", "evaluate", "explain", "corpus"):
        assert command in text
    assert "etikanlp report scores.parquet --out report.html" in text
    assert "interaction_id, speaker, text, officer_id" in cli("score", "--help").stdout


def test_score_then_report(cli, tmp_path):
    scores = tmp_path / "scores.parquet"
    scored = cli("score", EXAMPLE_LOG, "--out", scores)
    assert "1,182 rows in = 1,177 read + 5 rejected; 571 officer turns scored" in scored.stdout
    assert scored.stderr == "", "quiet when piped"
    assert len(pd.read_parquet(scores)) == 571
    assert len(pd.read_csv(tmp_path / "scores.parquet.rejects.csv")) == 5
    done = cli("report", scores, "--out", tmp_path / "r.html")
    assert "B-201" in done.stdout
    assert (tmp_path / "r.html").stat().st_size > 50_000
    done = cli("report", scores, "--out", tmp_path / "r.xlsx", "--lang", "en")
    assert (tmp_path / "r.xlsx").exists()


def test_report_straight_from_a_log(cli, tmp_path):
    folder = tmp_path / "laporan.2026"
    folder.mkdir()
    done = cli("report", EXAMPLE_REPLIES, "--out", folder)
    assert {path.name for path in folder.iterdir()} == {
        "replies.id.html",
        "replies.id.xlsx",
        "replies.scores.parquet",
    }
    assert f"report: {folder / 'replies.id.html'}" in done.stdout


def test_a_table_without_officer_turns_says_so(cli, tmp_path):
    (tmp_path / "s.jsonl").touch()
    assert "has no officer turn" in cli("report", tmp_path / "s.jsonl", "--out", tmp_path / "r.html", status=2).stderr


def test_report_before_and_after_a_date(cli, tmp_path):
    cli("report", EXAMPLE_LOG, "--out", tmp_path, "--before-after", "2026-11-12", "--tables", "csv")
    compared = pd.read_csv(tmp_path / "call_centre_week.tables/before_after.csv")
    assert compared.query("level == 'all'")["k_before"].sum() > 0
    done = cli("report", EXAMPLE_LOG, "--out", tmp_path, "--before-after", "1999-01-01", status=2)
    assert "--before-after" in done.stderr


def test_a_report_refuses_scores_of_another_prevalence(cli, tmp_path):
    scores = tmp_path / "s.parquet"
    cli("score", EXAMPLE_LOG, "--out", scores)
    refused = cli("report", scores, "--out", tmp_path / "r.html", "--prevalence", "0.003", status=2)
    assert "another --prevalence" in refused.stderr
    refused = cli("report", scores, "--out", tmp_path / "r.html", "--columns", "text=isi", status=2)
    assert "is a score table" in refused.stderr
    assert not (tmp_path / "r.html").exists()


def test_scoring_does_without_scikit_learn(tmp_path):
    """Half of the time a short log takes would be its import."""
    script = (
        "import sys\nfrom etikanlp.cli import main\nmain(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'sklearn', 'matplotlib', 'Sastrawi'}))"
    )
    command = [sys.executable, "-c", script, "score", EXAMPLE_LOG, "--out", tmp_path / "s.parquet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['Sastrawi']", "Sastrawi for the new words, nothing else"


def test_evaluate_and_explain(cli, tmp_path):
    one = ROOT / "data/annotated/w01.jsonl"
    done = cli("evaluate", one, "--json", tmp_path / "m.json")
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert metrics["turns"]["macro"]["f1"] > 0.5
    assert "interactions:" in done.stdout
    explained = cli("explain", "Kalau mau cepat ya ada uang rokoknya, Pak.", "--context", "Berapa lama?").stdout
    assert "* integrity_breach" in explained
    assert "(baseline)" in explained


def test_corpus_check_stats(cli, tmp_path):
    assert "no problem" in cli("corpus", "check").stdout
    assert "minimal pairs" in cli("corpus", "stats").stdout
    (tmp_path / "bad.jsonl").write_text('{"interaction_id": "x"}\n')
    assert "bad.jsonl:1: field 'channel' is missing" in cli("corpus", "check", tmp_path, status=2).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "absent.csv", "--out", "x.csv"], "no such file"),
        (["score", EXAMPLE_LOG, "--out", "x.doc"], "end the name with one of"),
        (["score", EXAMPLE_LOG, "--out", "x.csv", "--columns", "text"], "write column=name pairs"),
        (["score", EXAMPLE_LOG, "--out", "x.csv", "--columns", "text=tiada"], "has no column 'tiada'"),
        (["score", EXAMPLE_LOG, "--out", "x.csv", "--columns", "text=tiada,,"], "has no column 'tiada'"),
        (
            ["score", EXAMPLE_LOG, "--out", "x.csv", "--columns", "text=tiada", "--columns", "unit=x"],
            "no column 'tiada'",
        ),
        (["score", EXAMPLE_LOG, "--out", "x.csv", "--columns", "text=a", "--columns", "text=b"], "a column twice"),
        (["score", ROOT / "requirements.lock", "--out", "x.csv"], "unknown kind of file"),
        (["report", EXAMPLE_LOG, "--out", "x.pdf"], "end --out with .html or .xlsx"),
        (["explain", "x", "--model", "absent"], "train one"),
        (["train", "--corpus", "absent"], "no annotated file"),
        (["nonsense"], "No such command"),
    ],
)
def test_bad_input_ends_with_status_2_and_says_how_to_mend_it(cli, tmp_path, arguments, message):
    done = cli(*arguments, cwd=tmp_path, status=2, ETIKANLP_MODEL=str(BUNDLE))
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_current_model_is_not_trained_again(cli):
    assert "is current" in cli("train").stdout


def test_a_killed_run_leaves_nothing_that_looks_finished(model, tmp_path):
    big = tmp_path / "big.csv"
    header, *lines = EXAMPLE_LOG.read_text(encoding="utf-8").splitlines(keepends=True)
    big.write_text(header + "".join(lines) * 60, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "etikanlp", "score", big, "--out", tmp_path / "s.csv"],
        env={**os.environ, "ETIKANLP_MODEL": str(BUNDLE)},
    )
    while process.poll() is None and not list(tmp_path.glob(".s.csv.parts/*.parquet")):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (tmp_path / "s.csv").exists()


def test_wheel_carries_the_model_and_needs_no_network(tmp_path):
    """Build the wheel, install it into an empty environment outside the checkout, score with the network cut off."""
    subprocess.run(["make", "wheel"], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (ROOT / "dist").glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True, capture_output=True)
    # the dependencies come from this environment: what is tested is the package, not the registry
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    (next((tmp_path / "env/lib").glob("python3*")) / "site-packages/dependencies.pth").write_text(libraries)
    cut = "import socket; socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = None"
    script = (
        f"{cut}\nimport etikanlp, sys\nassert {str(tmp_path)!r} in etikanlp.__file__, etikanlp.__file__\n"
        f"scores = etikanlp.score(sys.argv[1])\nassert len(scores) == 571\nprint(etikanlp.officer_report(scores).officers.shape)"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ETIKANLP", "PYTHON"))}
    done = subprocess.run(
        [python, "-c", script, EXAMPLE_LOG],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(12,")
