from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import etikanlp
from etikanlp import corpus, training
from etikanlp.weights import weights_of

ROOT = Path(__file__).parent.parent
EXAMPLE_LOG = ROOT / "data/examples/call_centre_week.csv"
EXAMPLE_REPLIES = ROOT / "data/examples/replies.csv"
BUNDLE = ROOT / "models/etikanlp-id"


@pytest.fixture(scope="session")
def model() -> etikanlp.Model:
    """The trained bundle; `make test` trains it first."""
    return etikanlp.load(BUNDLE)


@pytest.fixture(scope="session")
def fitted():
    """Features and classifier fitted on a few corpus files, and the model of their weights."""
    files = [corpus.read(ROOT / "data/annotated" / f"w{number:02}.jsonl") for number in range(1, 9)]
    turns = pd.concat(files, ignore_index=True)
    features, classifier = training.estimators()
    classifier.fit(features.fit_transform(turns), turns[list(etikanlp.LABELS)].to_numpy(int), groups=turns["writer"])
    return features, classifier, etikanlp.Model(weights_of(features, classifier))


@pytest.fixture(scope="session")
def scores(model):
    return etikanlp.score(EXAMPLE_LOG, model)


@pytest.fixture(scope="session")
def report(scores, model):
    return etikanlp.officer_report(scores, model)


@pytest.fixture(scope="session")
def cli():
    """Run the command line as a user does; gives the finished process."""

    def run(*arguments: object, cwd: Path = ROOT, status: int = 0, **environment: str):
        import os

        done = subprocess.run(
            [sys.executable, "-m", "etikanlp", *map(str, arguments)],
            cwd=cwd, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **environment},
        )  # fmt: skip
        assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium of the system."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium to run the browser tests")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-quic", "--disable-background-networking"],
        )
        yield launched
        launched.close()
