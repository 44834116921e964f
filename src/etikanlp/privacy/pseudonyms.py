"""Pseudonyms for officers: the same key gives the same pseudonym, without the key nobody can tell whose it is."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from etikanlp.errors import EtikaError

SHORTEST_KEY: Final = 16
"""Bytes: half the length of the digest, the least that FIPS 198 (2002) allows for an HMAC key."""

_PART: Final = re.compile(r"(?<!\w)[^\W_]{4,}(?!\w)")
_DIGIT: Final = re.compile(r"\d")

_LENGTH: Final = 7  # base32 characters, 5 bits each


def pseudonym(officer_id: str, key: bytes | str) -> str:
    """A short name for an officer: ``P-`` and 35 bits of HMAC-SHA-256 (RFC 2104) in base32 (RFC 4648).

    Among n officers two share a pseudonym with probability about n² / 2³⁶ (the birthday bound): 1.5 in 100,000 for
    1,000 officers, 0.15 % for 10,000. Officer ids are few and guessable, so whoever has the key can find out whose a
    pseudonym is; the key is the secret.

    Parameters
    ----------
    officer_id : str
        Taken as it is, letter case and all.
    key : bytes or str
        At least 16 bytes; a string counts in UTF-8.

    Raises
    ------
    ValueError
        If the key is shorter.
    """
    secret = key.encode() if isinstance(key, str) else key
    if len(secret) < SHORTEST_KEY:
        raise ValueError(f"the key has {len(secret)} bytes; at least {SHORTEST_KEY} are needed: openssl rand -hex 32")
    digest = hmac.digest(secret, officer_id.encode("utf-8", "surrogatepass"), "sha256")
    return "P-" + base64.b32encode(digest)[:_LENGTH].decode()


def pseudonymise(scores: pd.DataFrame, key: bytes | str) -> pd.DataFrame:
    """Replace officers by pseudonyms, in ``officer_id`` and, as whole words, wherever else an id stands.

    In ``interaction_id`` and ``unit`` the pseudonym stands in the id's place. In texts the id is masked in place
    (``•``), so that highlights stay where they are; an id without digits may be a name, so every part of it that has
    at least four letters is masked too. An id that is an ordinary short number or word would blank other words too;
    ids of one character are left in texts.

    Parameters
    ----------
    scores : DataFrame
        A score table: ``officer_id``, and if there are any ``interaction_id``, ``unit``, ``text`` and ``context``.
    key : bytes or str
        As for :func:`pseudonym`.

    Returns
    -------
    DataFrame
        A copy, with the same rows, columns and ``attrs``.

    Raises
    ------
    ValueError
        If the key is too short, or two officers of this table would share a pseudonym.
    """
    ids = scores["officer_id"].dropna().astype(str).unique().tolist()
    names = {officer: pseudonym(officer, key) for officer in ids}
    if len(set(names.values())) < len(names):
        raise ValueError("two officers would share a pseudonym; use another key")
    out = scores.copy(deep=False)
    out["officer_id"] = scores["officer_id"].map(names)
    whole = [officer for officer in ids if len(officer) > 1]
    if whole:
        named = {officer.lower(): name for officer, name in names.items()}
        pattern = _any_of(whole)
        for column in ("interaction_id", "unit"):
            if column in out:
                out[column] = out[column].map(
                    lambda said: pattern.sub(lambda match: named[match.group().lower()], said), na_action="ignore"
                )
        parts = [part for officer in whole if not _DIGIT.search(officer) for part in _PART.findall(officer)]
        anywhere = _any_of([*whole, *parts])
        for column in ("text", "context"):
            if column in out:
                out[column] = out[column].map(lambda said: _blank(anywhere, said), na_action="ignore")
    return out


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words or phrases, the longest first, between what are no letters or digits."""
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def read_key(path: str | Path) -> bytes:
    """The key a file holds, without the white space around it.

    Raises
    ------
    EtikaError
        If it is shorter than 16 bytes.
    """
    key = Path(path).read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise EtikaError(
            f"the key in {path} has {len(key)} bytes; at least {SHORTEST_KEY} are needed, for example: "
            f"openssl rand -hex 32 > {path}"
        )
    return key


def _blank(pattern: re.Pattern[str], said: str) -> str:
    return pattern.sub(lambda match: re.sub(r"[^\W_]", "•", match.group()), said)
