"""Reads ``texts.tsv`` and measures masking on it: ``python tests/privacy/measure.py [part]`` lists every miss."""

from __future__ import annotations

import re
import sys
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from etikanlp.privacy import mask

_MARK = re.compile(r"\[\[([A-Z]+):(.*?)\]\]")
NUMBERS = ("NIK", "NPWP", "HP", "KARTU", "REK", "PLG", "BPJS", "PASPOR", "RM", "KODE")


class Marked(NamedTuple):
    """A text as it reaches the mask, and the stretches that have to go: start, end, kind."""

    part: int
    text: str
    spans: list[tuple[int, int, str]]


def read() -> list[Marked]:
    """The marked texts."""
    marked = []
    for line in Path(__file__).with_name("texts.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        part, _, raw = line.split("\t")
        text, spans = "", []
        done = 0
        raw = raw.replace("\\n", "\n")
        for match in _MARK.finditer(raw):
            text += raw[done : match.start()]
            spans.append((len(text), len(text) + len(match[2]), match[1]))
            text += match[2]
            done = match.end()
        marked.append(Marked(int(part), text + raw[done:], spans))
    return marked


def judge(texts: list[Marked]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every marked stretch with whether each letter and digit of it is masked, and every mask with whether it is right.

    A mask is a run of masked words with nothing but spaces and punctuation between; it is right when no letter or digit of it lies
    outside the marked stretches.
    """
    found, masks = [], []
    for marked in texts:
        masked = mask(marked.text)
        gone = [a != b for a, b in zip(marked.text, masked, strict=True)]
        wanted = [False] * len(gone)
        for start, end, kind in marked.spans:
            wanted[start:end] = [True] * (end - start)
            covered = all(gone[i] for i in range(start, end) if marked.text[i].isalnum())
            found.append((kind, covered, marked.text[start:end], masked))
        visible = [i for i, char in enumerate(marked.text) if char.isalnum()]
        for is_gone, run in groupby(visible, key=lambda i: gone[i]):
            if is_gone:
                places = list(run)
                masks.append((all(wanted[i] for i in places), marked.text[places[0] : places[-1] + 1], masked))
    return (
        pd.DataFrame(found, columns=["kind", "covered", "stretch", "masked"]),
        pd.DataFrame(masks, columns=["right", "stretch", "masked"]),
    )


if __name__ == "__main__":
    chosen = [t for t in read() if len(sys.argv) < 2 or t.part == int(sys.argv[1])]
    found, masks = judge(chosen)
    kinds = found.assign(group=found["kind"].where(~found["kind"].isin(NUMBERS), "numbers"))
    print(found.groupby("kind")["covered"].agg(["sum", "size", "mean"]).round(3))
    print(kinds.groupby("group")["covered"].agg(["sum", "size", "mean"]).round(3))
    print(f"texts {len(chosen)}, masks {len(masks)}, wrong {(~masks['right']).sum()}")
    for row in found[~found["covered"]].itertuples():
        print(f"MISSED {row.kind} {row.stretch!r}: {row.masked!r}")
    for row in masks[~masks["right"]].itertuples():
        print(f"WRONG {row.stretch!r}: {row.masked!r}")
