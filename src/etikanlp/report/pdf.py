"""The page of one officer on paper: A4 PDF, printed by the Chromium of the system.

Chromium, since the page is made for it and tested in it: the PDF is what the screen shows, tagged for screen readers,
and no further library is needed. It reaches no network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from etikanlp.codebook import Language
from etikanlp.errors import ReportError
from etikanlp.report.html import render
from etikanlp.tables import unfinished

if TYPE_CHECKING:
    from etikanlp.report import OfficerReport

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "msedge")
_OPTIONS: Final = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_PATIENCE: Final = 120
"""Seconds a browser may take for one page."""


def write(report: OfficerReport, path: Path, officer: str, lang: Language) -> Path:
    """Print the page of one officer; the file appears under its name only when complete.

    Raises
    ------
    ReportError
        If there is no such officer, or no browser to print with, or it fails.
    """
    known = report.officers["officer_id"].tolist()
    if officer not in known:
        some = ", ".join(known[:5])
        raise ReportError(f"no officer {officer!r} in this report; it has {len(known)}, for example {some}")
    page = render(report, lang, [officer], alone=True)
    with tempfile.TemporaryDirectory() as folder, unfinished(path) as part:
        source = Path(folder, "officer.html")
        source.write_text(page, encoding="utf-8")
        _print(source, part, folder)
        part.write_bytes(_undated(part.read_bytes()))
        return part.replace(path)


def _print(source: Path, path: Path, folder: str) -> None:
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        raise ReportError("a PDF is printed by Chromium, and there is none here; on Debian: apt install chromium")
    options = [*_OPTIONS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={path.resolve()}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium has no sandbox for root; the page is our own and runs no script
    try:
        done = subprocess.run(  # noqa: S603 - the browser of the system, on a file of ours
            [browser, *options, source.as_uri()], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReportError(f"{browser} did not finish within {_PATIENCE} s; try again with less else running") from None
    if done.returncode or not path.exists():
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ReportError(f"{browser} could not print the page ({said}); check that it starts from a terminal")


def _undated(pdf: bytes) -> bytes:
    """The same file with the time of printing set to 2000, so that the same report gives the same bytes."""
    return re.sub(rb"(?<=Date \(D:)\d{14}", b"20000101000000", pdf)
