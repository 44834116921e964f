"""Finished chunks of an unfinished run: what lets it go on after a crash instead of starting again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from etikanlp.errors import LogError


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
        self._token = uuid4().hex
        described = json.dumps(run, sort_keys=True).encode()
        description = folder / "run.json"
        if not (resume and description.is_file() and description.read_bytes() == described):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            description.write_bytes(described)
        self._owner.write_text(self._token, encoding="ascii")

    def __contains__(self, number: int) -> bool:
        try:
            pq.read_metadata(self._path(number))
        except (OSError, pa.ArrowException):  # not there, or cut when the power failed
            return False
        return True

    def check(self) -> None:
        """Raise :class:`LogError` if another run with the same output has taken the folder over."""
        if not self._is_ours():
            raise LogError(f"{self._folder}: another run writes the same scores; name another file for one of the two")

    def scratch(self, name: str) -> Path:
        """Where this run, and no other, may write a file until it is finished."""
        return self._folder / f"{self._token[:8]}.{name}"

    def write(self, number: int, table: bytes) -> None:
        """Add a part, as :func:`packed` gives it; after a crash in the middle of this it is simply not there."""
        self.check()
        half = self.scratch("half-written")
        half.write_bytes(table)
        half.replace(self._path(number))

    def read(self, number: int) -> pd.DataFrame:
        """A part, as it was written."""
        self.check()
        return pd.read_parquet(self._path(number), dtype_backend="pyarrow")

    def remove(self) -> None:
        """Delete the folder; the run is finished."""
        if self._is_ours():
            shutil.rmtree(self._folder)

    @property
    def _owner(self) -> Path:
        return self._folder / "owner"

    def _is_ours(self) -> bool:
        return self._owner.is_file() and self._owner.read_bytes() == self._token.encode()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:07d}.parquet"
