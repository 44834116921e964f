"""Scoring speed against named peers, each in a process of its own, in turn; writes RESULTS.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from etikanlp import corpus
from etikanlp.text import tokenize

HERE = Path(__file__).parent
PACKAGES = HERE / ".peers"
"""Where peers that the project itself does not need are installed, each in a folder of its own."""

# name shown: way in peers.py, share of the texts it gets (per mille; the slow ones get a sample), package needed
PEERS: dict[str, tuple[str, int, list[str]]] = {
    "etikanlp": ("etikanlp", 1000, []),
    "Sastrawi 1.0.1 per text, TF-IDF, linear": ("sastrawi", 4, ["--no-deps", "Sastrawi==1.0.1"]),
    "PySastrawi per text, TF-IDF, linear": ("sastrawi", 1000, []),
    "TF-IDF, linear, no stemming": ("none", 1000, []),
    "fastText, supervised, one against all": ("fasttext", 1000, ["--no-deps", "fasttext-wheel"]),
    "spaCy textcat_multilabel": ("spacy", 100, ["spacy"]),
    "Arrow: split, dictionary-encode": ("floor", 1000, []),
}

LOGS = (10_000, 100_000, 1_000_000, 10_000_000)

STARTS = {
    "`etikanlp --help`": ["--help"],
    "`etikanlp score`, ten rows": ["score", "{log}", "--out", "{out}", "--jobs", "1"],
    "`etikanlp explain`, one turn": ["explain", "Mohon maaf, Bu, kami yang salah catat."],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=50_000, help="texts scored (default 50 000)")
    parser.add_argument("--rounds", type=int, default=3, help="warm rounds; the median counts (default 3)")
    parser.add_argument(
        "--parquet", help="score the texts in the column 'text' of this file too, and make logs of them"
    )
    parser.add_argument(
        "--offline", action="store_true", help="install nothing: leave out the peers that are not there"
    )
    parser.add_argument("--only", help="peers whose name contains this; writes nothing")
    parser.add_argument("--logs", type=int, nargs="*", default=LOGS, help="lengths of the logs scored end to end")
    arguments = parser.parse_args()
    loads = {"turns of the corpus, over and over": corpus.read("data/annotated")["text"].tolist()}
    if arguments.parquet:
        messages = pd.read_parquet(arguments.parquet, columns=["text"])["text"].fillna("").tolist()
        loads |= {"messages of a file": messages}
    sections = [f"# Speed\n\n{os.cpu_count()} cores. The columns: [README](../README.md)."]
    for name, texts in loads.items():
        repeated = (texts * (arguments.texts // len(texts) + 1))[: arguments.texts]
        measured = {
            peer: measure(
                way, repeated[: max(len(repeated) * share // 1000, 100)], arguments.rounds, package, arguments.offline
            )
            for peer, (way, share, package) in PEERS.items()
            if (arguments.only or "") in peer
        }
        sections.append(f"## {len(repeated):,} {name}\n\n{peers_table(measured)}")
    if not arguments.only:
        sections.append(f"## Whole logs of {name}\n\n{logs_table(texts, arguments.logs)}")
        sections.append(f"## Starting\n\n{starts_table(arguments.rounds)}")
        sections.append(f"Training on the corpus, measuring itself included: {training():.0f} s.")
        (HERE / "RESULTS.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print("\n\n".join(sections))


def measure(way: str, texts: list[str], rounds: int, package: list[str], offline: bool) -> dict[str, Any] | str:
    """What peers.py says of a way, or why it says nothing."""
    environment = dict(os.environ)
    if package:
        folder = PACKAGES / way / package[-1]
        if not folder.exists() and not offline:
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *package]
            subprocess.run(install, check=False)
        if not folder.exists():
            return "not installed"
        environment["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(texts, file)
        file.flush()
        command = [sys.executable, str(HERE / "peers.py"), way, file.name, "--rounds", str(rounds)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return json.loads(done.stdout.splitlines()[-1]) | {"words": len(tokenize(texts).ids), "texts": len(texts)}


def peers_table(measured: dict[str, dict[str, Any] | str]) -> str:
    lines = [
        "| way | texts | ready, s | cold, thousand tokens/s | warm, thousand tokens/s "
        "| time ÷ etikanlp's, cold | warm | one reply, ms | peak memory, MB |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    own = measured.get("etikanlp")
    for name, m in measured.items():
        if isinstance(m, str):
            lines.append(f"| {name} | {m} |" + " |" * 7)
            continue
        rate = {how: m["words"] / m[how] / 1000 for how in ("cold", "warm")}
        ratio = (
            [f"{own['words'] / own[how] / 1000 / rate[how]:.2f}" for how in ("cold", "warm")]
            if isinstance(own, dict)
            else ["", ""]
        )
        lines.append(
            f"| {name} | {m['texts']:,} | {m['ready']:.1f} | {rate['cold']:,.1f} | {rate['warm']:,.1f} | {ratio[0]} | "
            f"{ratio[1]} | {1000 * m['one']:.2f} | {m['peak_mb']:,.0f} |"
        )
    return "\n".join(lines)


def logs_table(texts: list[str], lengths: list[int]) -> str:
    """`etikanlp score` end to end: start, model, reading, scoring, writing."""
    lines = [
        "| log, turns | processes | seconds | turns/s | processor seconds | peak memory of all, MB |",
        "| --: | --: | --: | --: | --: | --: |",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for length in lengths:
            log = Path(folder) / "log.parquet"
            write_log(texts, length, log)
            for jobs in dict.fromkeys((1, os.cpu_count() or 1)):
                seconds, processor, peak = scored(log, Path(folder) / "scores.parquet", jobs)
                lines.append(
                    f"| {length:,} | {jobs} | {seconds:.1f} | {length / seconds:,.0f} | {processor:.1f} | {peak:,.0f} |"
                )
    return "\n".join(lines)


def write_log(texts: list[str], length: int, path: Path) -> None:
    """Officer turns, four to an interaction, the texts over and over."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part, writer = 100_000, None
    for start in range(0, length, part):
        numbers = range(start, min(start + part, length))
        columns = {
            "interaction_id": [str(n // 4) for n in numbers],
            "turn": [n % 4 + 1 for n in numbers],
            "speaker": ["officer"] * len(numbers),
            "text": [texts[n % len(texts)] for n in numbers],
            "officer_id": [f"P{n // 40 % 500}" for n in numbers],
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def scored(log: Path, out: Path, jobs: int) -> tuple[float, float, float]:
    """Seconds, processor seconds, and the highest sum of the memory of all processes (RSS; Linux), in MB."""
    command = [sys.executable, "-m", "etikanlp", "score", str(log), "--out", str(out), "--jobs", str(jobs)]
    before, start, peak = os.times(), time.perf_counter(), 0.0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(resident, family(process.pid))))
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"scoring failed: {' '.join(command)}")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, processor, peak


def family(process: int) -> list[int]:
    """A process and all its descendants."""
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [process, *(one for child in children for one in family(child))]


def resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def starts_table(rounds: int) -> str:
    """Whole processes, from the shell's point of view; the fastest of the rounds, as start-up is all disk and noise."""
    lines = ["| command | seconds |", "| --- | --: |"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "ten.csv"
        log.write_text(
            "interaction_id,speaker,text,officer_id\n"
            + "".join(f"{n},petugas,Baik Bu nomor {n} sudah kami terima.,P{n}\n" for n in range(10)),
            encoding="utf-8",
        )
        for name, arguments in STARTS.items():
            filled = [part.format(log=log, out=Path(folder) / "scores.parquet") for part in arguments]
            command = [sys.executable, "-m", "etikanlp", *filled]
            seconds = []
            for _ in range(rounds + 1):
                start = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                seconds.append(time.perf_counter() - start)
            lines.append(f"| {name} | {min(seconds):.2f} |")
    script = "import time, etikanlp; s = time.perf_counter(); etikanlp.load(); print(time.perf_counter() - s)"
    alone = "import etikanlp.bundle; " + script
    loading = subprocess.run([sys.executable, "-c", alone], check=True, capture_output=True, text=True).stdout
    lines.append(f"| `etikanlp.load()`, libraries imported before | {float(loading):.2f} |")
    return "\n".join(lines)


def training() -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        command = [sys.executable, "-m", "etikanlp", "train", "--out", f"{folder}/model"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
