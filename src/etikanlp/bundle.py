"""Save and load a trained model as a folder: arrays in safetensors, everything else JSON, nothing executable.

``manifest.json`` is written last and names the SHA-256 of every other file; a bundle is read only if all of
them match. A bundle is built in a folder of its own and moved into place when complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from importlib import resources
from operator import lt
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from etikanlp.codebook import LABELS
from etikanlp.errors import BundleError
from etikanlp.model import Model
from etikanlp.weights import TermWeights, Weights

FORMAT: Final = 3
NAME: Final = "etikanlp-id"
ENVIRONMENT: Final = "ETIKANLP_MODEL"
MANIFEST: Final = "manifest.json"
_UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What JSON of another shape than that of a bundle brings about."""


def save(model: Model, folder: str | Path, documents: dict[str, str] | None = None) -> Path:
    """Write a bundle; the same model gives the same bytes.

    Parameters
    ----------
    model : Model
    folder : str or Path
        Made new; a bundle that is there already is replaced, and comes back if that is interrupted.
    documents : dict of str, optional
        Further text files by name, such as the model card.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BundleError
        If :func:`check_free` refuses the folder.
    """
    check_free(folder)
    place = Path(folder).resolve()  # where a link points to, not the link, is replaced
    place.parent.mkdir(parents=True, exist_ok=True)
    content = _content(model) | {name: text.encode() for name, text in (documents or {}).items()}
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".saving-") as building:
        new, old = Path(building) / "new", Path(building) / "old"
        new.mkdir()
        for name, data in content.items():
            (new / name).write_bytes(data)
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}
        (new / MANIFEST).write_bytes(_json({"format": FORMAT, "files": sums}))
        try:
            if place.exists():
                place.rename(old)
            new.rename(place)
        finally:
            if old.exists() and not place.exists():
                old.rename(place)
    return Path(folder)


def check_free(folder: str | Path) -> None:
    """See that a bundle may be saved here: in a folder that is new, empty or a bundle itself.

    Raises
    ------
    BundleError
        If something else is here, or the working folder is or lies inside it.
    """
    folder = Path(folder)
    if folder.is_symlink() and not folder.exists():
        raise BundleError(f"{folder} is a link to nothing; name another folder")
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).exists())):
        raise BundleError(f"{folder} exists and is not a model; name another folder")
    if Path.cwd().is_relative_to(folder.resolve()):
        raise BundleError(f"{folder} is the working folder or holds it, and cannot be replaced; name another folder")


def load(path: str | Path | None = None) -> Model:
    """Load a trained model.

    Parameters
    ----------
    path : str or Path, optional
        A bundle's folder. Default: the environment variable ``ETIKANLP_MODEL``, else ``models/`` of the working
        folder, else the bundle inside the installed package.

    Raises
    ------
    BundleError
        If there is no bundle, a file of it is missing, cut or altered, its parts do not fit together, or its format is
        not that of this version.
    """
    folder = find(path)
    content = _verified(folder)
    try:
        arrays = load_arrays(content["arrays.safetensors"])
        settings = json.loads(content["model.json"])
        terms = json.loads(content["terms.json"])
        return _model(arrays, settings, terms, json.loads(content["stems.json"]))
    except (*_UNREADABLE, SafetensorError) as error:
        raise BundleError(
            f"{folder}: its parts do not fit together ({error}); train it again: etikanlp train"
        ) from None


def find(path: str | Path | None = None) -> Path:
    """Folder of the bundle that :func:`load` would read.

    Raises
    ------
    BundleError
        If there is none.
    """
    named = path if path is not None else os.environ.get(ENVIRONMENT)
    if named is not None:
        if not (Path(named) / MANIFEST).is_file():
            raise BundleError(
                f"{named}: no model here ({MANIFEST} is missing); train one: etikanlp train --out {named}"
            )
        return Path(named)
    inside = Path(str(resources.files(__package__))) / "models" / NAME
    for folder in (Path("models") / NAME, inside):
        if (folder / MANIFEST).is_file():
            return folder
    raise BundleError(
        f"no trained model in {Path('models') / NAME} nor inside the package; train one: etikanlp train, "
        f"or point {ENVIRONMENT} at a model's folder"
    )


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _content(model: Model) -> dict[str, bytes]:
    weights = model.weights
    arrays = {
        # single precision: six digits of a weight are more than the corpus can tell
        "text": np.ascontiguousarray(weights.text.values, dtype=np.float32),
        "context": np.ascontiguousarray(weights.context.values, dtype=np.float32),
        "baseline": weights.baseline,
        "thresholds": weights.thresholds,
        "bands": weights.bands,
    }
    settings = {
        "labels": list(LABELS),
        "text": _ranges(weights.text),
        "context": _ranges(weights.context),
        "info": model.info,
    }
    return {
        "arrays.safetensors": save_arrays(arrays),
        "model.json": _json(settings),
        "terms.json": _json({"text": weights.text.terms, "context": weights.context.terms}),
        "stems.json": _json({**weights.context.stems, **weights.text.stems}),
    }


def _ranges(weights: TermWeights) -> dict[str, Any]:
    return {name: getattr(weights, name) for name in ("word_ngram_range", "char_ngram_range", "length_offset")}


def _verified(folder: Path) -> dict[str, bytes]:
    """Contents of the bundle's files, checked against the manifest."""
    again = "restore it from its source or train it again: etikanlp train"
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        made_as = int(manifest["format"])
        sums = {**manifest["files"]}
    except _UNREADABLE as error:
        raise BundleError(f"{folder / MANIFEST}: not a readable manifest ({error}); {again}") from None
    if made_as != FORMAT:
        mend = "newer than this version reads; update etikanlp" if made_as > FORMAT else f"older; {again}"
        raise BundleError(f"{folder}: format {made_as}, where this version reads {FORMAT}, is {mend}")
    content = {}
    for name, expected in sums.items():
        if Path(name).name != name:
            raise BundleError(f"{folder / MANIFEST}: names a file outside the model, {name!r}; do not use this model")
        try:
            content[name] = (folder / name).read_bytes()
        except (OSError, ValueError):  # what the manifest says may be no name at all
            raise BundleError(f"{folder}: {name!r} is missing; {again}") from None
        if hashlib.sha256(content[name]).hexdigest() != expected:
            raise BundleError(f"{folder / name} was cut or altered (its SHA-256 differs from the manifest); {again}")
    for name in ("arrays.safetensors", "model.json", "terms.json", "stems.json"):
        if name not in content:
            raise BundleError(f"{folder / MANIFEST} does not name {name}; {again}")
    return content


def _model(
    arrays: dict[str, Any], settings: dict[str, Any], terms: dict[str, list[str]], stems: dict[str, str]
) -> Model:
    if tuple(settings["labels"]) != LABELS:
        raise ValueError(f"labels {settings['labels']} are not the codebook's")
    shapes = {"baseline": (len(LABELS),), "thresholds": (len(LABELS),), "bands": (len(LABELS), 2)}
    shapes |= {part: (len(terms[part]), len(LABELS)) for part in ("text", "context")}
    numbers = {}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} of shape {arrays[name].shape}, not {shape}")
        numbers[name] = arrays[name].astype(np.float64)
        if not np.isfinite(numbers[name]).all():
            raise ValueError(f"{name} holds what is no number")
        if name in {"thresholds", "bands"} and not ((numbers[name] >= 0) & (numbers[name] <= 1)).all():
            raise ValueError(f"{name} outside 0 to 1")
    "".join(stems.values()).encode()  # fails if one is no text, or half a character
    for part in terms.values():
        "".join(part).encode()
        if not all(map(lt, part, part[1:])):
            raise ValueError("terms are not sorted")
    text, context = (
        TermWeights(terms[part], numbers[part], stems, **_given(settings[part])) for part in ("text", "context")
    )
    baseline, thresholds, bands = (numbers[name] for name in ("baseline", "thresholds", "bands"))
    return Model(Weights(text, context, baseline, thresholds, bands), {**settings["info"]})


def _given(ranges: dict[str, Any]) -> dict[str, Any]:
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in ranges.items()}
    for low, high in filter(None, (given["word_ngram_range"], given["char_ngram_range"])):
        range(low, high)  # fails if one is no whole number
    if not np.isfinite(given["length_offset"]):
        raise ValueError("length_offset is no number")
    return given
