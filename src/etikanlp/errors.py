"""What can go wrong that a user can mend; every message says how."""

from __future__ import annotations


class EtikaError(Exception):
    """Base of the errors below; the command line prints the message and ends with status 2."""


class LogError(EtikaError):
    """A log cannot be read at all."""


class CorpusError(EtikaError):
    """An annotated file breaks the codebook's format."""


class ReportError(EtikaError):
    """A report cannot be rendered as asked."""


class BundleError(EtikaError):
    """A model bundle is missing, cut, altered or of another format."""
