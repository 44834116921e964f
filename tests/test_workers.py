from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import BUNDLE, EXAMPLE_LOG

from etikanlp import scoring
from etikanlp.errors import LogError


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    """The example log ninety times over, its interactions told apart; 106 000 rows, some of them broken."""
    header, *lines = EXAMPLE_LOG.read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path_factory.mktemp("log") / "log.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(header)
        for n in range(90):
            file.writelines(f"{n}-{line}" for line in lines)
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_result_does_not_depend_on_the_number_of_processes(model, tmp_path, kind):
    runs = {
        n: scoring.score_file(EXAMPLE_LOG, tmp_path / f"{n}.{kind}", model, chunk_rows=100, n_jobs=n) for n in (1, 2, 3)
    }
    assert runs[1][:4] == runs[2][:4] == runs[3][:4]
    assert runs[1].out.read_bytes() == runs[2].out.read_bytes() == runs[3].out.read_bytes()
    assert runs[1].rejects.read_bytes() == runs[2].rejects.read_bytes() == runs[3].rejects.read_bytes()


def test_a_log_that_breaks_off_ends_the_workers(model, tmp_path):
    log = tmp_path / "log.csv"
    rows = [f"a,{turn},petugas,P,Baik" for turn in range(400, 0, -1)]
    log.write_text("\n".join(["id,giliran,pembicara,petugas,isi", *rows]), encoding="utf-8")
    with pytest.raises(LogError, match="sort the log"):
        scoring.score_file(log, tmp_path / "s.csv", model, chunk_rows=100, n_jobs=3)
    assert not (tmp_path / "s.csv").exists()


@pytest.fixture(scope="module")
def whole(model, long_log):
    """An undisturbed run."""
    return scoring.score_file(long_log, long_log.with_name("whole.jsonl"), model)


def workers_of(parent):
    """Children of a process that is still there, by id (Linux)."""
    return [
        int(child)
        for task in Path(f"/proc/{parent}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def runs(process):
    """Whether a process of this id is there and not merely waiting to be buried (Linux)."""
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_points_a_run_ends_as_if_undisturbed(whole, long_log, tmp_path, seed):
    out, chance, kills = tmp_path / "killed.jsonl", random.Random(seed), 0
    command = [sys.executable, "-m", "etikanlp", "score", long_log, "--out", out, "--jobs", "2", "--resume"]
    environment = {**os.environ, "ETIKANLP_MODEL": str(BUNDLE)}
    parts = tmp_path / f".{out.name}.parts"
    for n_parts in sorted(chance.sample(range(1, 6), 3)):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        # the point is counted in finished chunks, and then some: a kill before the first of them would prove little
        while process.poll() is None and len(list(parts.glob("*.parquet"))) < n_parts:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.3)
        workers = workers_of(process.pid) if process.poll() is None else []
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        if process.returncode == 0:
            break
        assert not out.exists()
        patience = time.monotonic() + 60
        while any(map(runs, workers)) and time.monotonic() < patience:
            time.sleep(0.1)
        assert not any(map(runs, workers)), "workers end with the run"
    assert kills > 0
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert out.read_bytes() == whole.out.read_bytes()
    assert (tmp_path / f"{out.name}.rejects.csv").read_bytes() == whole.rejects.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"killed.jsonl", "killed.jsonl.rejects.csv"}
