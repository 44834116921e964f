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
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from etikanlp.classifier import CalibratedMultiLabelClassifier
from etikanlp.codebook import LABELS
from etikanlp.errors import BundleError
from etikanlp.features import StemTfidfVectorizer, TurnFeatures
from etikanlp.model import Model

FORMAT: Final = 2
NAME: Final = "etikanlp-id"
ENVIRONMENT: Final = "ETIKANLP_MODEL"
MANIFEST: Final = "manifest.json"


def save(model: Model, folder: str | Path, documents: dict[str, str] | None = None) -> Path:
    """Write a bundle; the same model gives the same bytes.

    Parameters
    ----------
    model : Model
    folder : str or Path
        Made new; a bundle that is there already is replaced, any other folder is not.
    documents : dict of str, optional
        Further text files by name, such as the model card.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BundleError
        If the folder exists and is no bundle.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise BundleError(f"{folder} exists and is not a model; name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    content = _content(model) | {name: text.encode() for name, text in (documents or {}).items()}
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".saving-") as building:
        new = Path(building) / folder.name
        new.mkdir()
        for name, data in content.items():
            (new / name).write_bytes(data)
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(content.items())}
        (new / MANIFEST).write_bytes(_json({"format": FORMAT, "files": sums}))
        if folder.exists():
            folder.rename(Path(building) / "old")
        new.rename(folder)
    return folder


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
        If there is no bundle, a file of it is missing, cut or altered, or its format is newer than this version.
    """
    folder = find(path)
    content = _verified(folder)
    try:
        arrays = load_arrays(content["arrays.safetensors"])
        settings = json.loads(content["model.json"])
        terms = json.loads(content["terms.json"])
        return _model(arrays, settings, terms, json.loads(content["stems.json"]))
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
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
    text, context, classifier = model.features.text_, model.features.context_, model.classifier
    arrays = {
        "text_idf": text.idf_,
        "context_idf": context.idf_,
        # single precision: six digits of a weight are more than the corpus can tell
        "coef": np.ascontiguousarray(classifier.coef_, dtype=np.float32),
        "intercept": classifier.intercept_,
        "calibration": classifier.calibration_,
        "thresholds": classifier.thresholds_,
        "bands": classifier.bands_,
    }
    settings = {
        "labels": list(LABELS),
        "features": model.features.get_params(),
        "classifier": classifier.get_params(),
        "info": model.info,
    }
    return {
        "arrays.safetensors": save_arrays(arrays),
        "model.json": _json(settings),
        "terms.json": _json({"text": text.terms_.tolist(), "context": context.terms_.tolist()}),
        "stems.json": _json({**context.stems_, **text.stems_}),
    }


def _verified(folder: Path) -> dict[str, bytes]:
    """Contents of the bundle's files, checked against the manifest."""
    again = "restore it from its source or train it again: etikanlp train"
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        newer = int(manifest["format"]) > FORMAT
        sums = dict(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{folder / MANIFEST}: not a readable manifest ({error}); {again}") from None
    if newer:
        raise BundleError(
            f"{folder}: format {manifest['format']} is newer than this version reads ({FORMAT}); update etikanlp"
        )
    content = {}
    for name, expected in sums.items():
        if Path(name).name != name:
            raise BundleError(f"{folder / MANIFEST}: names a file outside the model, {name!r}; do not use this model")
        try:
            content[name] = (folder / name).read_bytes()
        except OSError:
            raise BundleError(f"{folder / name} is missing; {again}") from None
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
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings["features"].items()}
    features = TurnFeatures(**given)
    features.text_, features.context_ = features.vectorizers()
    _set_terms(features.text_, terms["text"], arrays["text_idf"], stems)
    _set_terms(features.context_, terms["context"], arrays["context_idf"], stems)
    classifier = CalibratedMultiLabelClassifier(**settings["classifier"])
    classifier.restore(
        *(arrays[name] for name in ("coef", "intercept", "calibration", "thresholds", "bands")),
    )
    n_features = len(terms["text"]) + len(terms["context"])
    if classifier.coef_.shape != (len(LABELS), n_features):
        raise ValueError(f"weights of shape {classifier.coef_.shape} for {n_features} terms")
    return Model(features, classifier, settings["info"])


def _set_terms(vectorizer: StemTfidfVectorizer, terms: list[str], idf: Any, stems: dict[str, str]) -> None:
    if len(terms) != len(idf):
        raise ValueError(f"{len(terms)} terms but {len(idf)} document frequencies")
    vectorizer.terms_ = np.array(terms, dtype=object)
    vectorizer.idf_ = np.asarray(idf, dtype=np.float64)
    vectorizer.stems_ = stems
