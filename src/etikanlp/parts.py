"""Finished chunks of an unfinished run: what lets it go on after a crash instead of starting again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd


def packed(table: pd.DataFrame) -> bytes:
    """A table as a worker hands it over: Parquet."""
    return table.to_parquet(index=False)


class Parts:
    """Numbered tables in a folder of their own, each there whole or not at all.

    Parameters
    ----------
    folder : Path
        Where they lie while the run is unfinished.
    run : dict
        What the parts are parts of. Parts of another run are never taken up.
    resume : bool
        Keep what an earlier, interrupted attempt at the same run has finished.
    """

    def __init__(self, folder: Path, run: dict[str, Any], resume: bool) -> None:
        self._folder = folder
        described = json.dumps(run, sort_keys=True)
        description = folder / "run.json"
        if not (resume and description.is_file() and description.read_text(encoding="utf-8") == described):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            description.write_text(described, encoding="utf-8")

    def __contains__(self, number: int) -> bool:
        return self._path(number).is_file()

    def write(self, number: int, table: bytes) -> None:
        """Add a part, as :func:`packed` gives it; after a crash in the middle of this it is simply not there."""
        half = self._folder / "half-written"
        half.write_bytes(table)
        half.replace(self._path(number))

    def read(self, number: int) -> pd.DataFrame:
        """A part, as it was written."""
        return pd.read_parquet(self._path(number), dtype_backend="pyarrow")

    def remove(self) -> None:
        """Delete the folder; the run is finished."""
        shutil.rmtree(self._folder)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:07d}.parquet"
