"""What must not be shown: identifying stretches of a text masked in place, officers given pseudonyms.

Every character keeps its place, so that highlights stay where they are. Masking is a help to those who may see
reports, not anonymisation: a text can name a person in ways that no rule knows.
"""

from __future__ import annotations

import re

from etikanlp.privacy import addresses, names, numbers, speech
from etikanlp.privacy.pseudonyms import pseudonym, pseudonymise, read_key

__all__ = ["mask", "pseudonym", "pseudonymise", "read_key", "shown_as"]

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]")
_ALL_BUT_AT = re.compile(r"[^@\s]")


def mask(text: str) -> str:
    """Replace what identifies a person with ``•``, character by character; same length, idempotent.

    Masked are identity, tax, phone, card, account, customer, insurance and passport numbers, secrets (PIN, OTP), e-mail
    addresses, vehicle plates, street addresses with a house number or RT/RW, and names of persons; digits may be
    spoken as words. Punctuation and spaces stay, so that the shape of what was masked can be seen.

    Kept are sums, dates, hours, quantities, numbers of laws and letters, places, public call-centre numbers, and the
    numbers of tickets, reports, queues and shipments: a case must stay traceable.
    """
    while (masked := _once(text)) != text:  # what surrounds a mask can only be judged once the mask is there
        text = masked
    return text


def shown_as(text: str, masked: bool) -> str:
    """The text as a report shows it: masked, or as it is for those entitled."""
    return mask(text) if masked else text


def _once(text: str) -> str:
    parts, done = [], 0
    for start, end in sorted(span for room in (numbers, speech, names, addresses) for span in room.spans(text)):
        found = text[max(start, done) : end]
        what = _ALL_BUT_AT if "@" in found else _LETTERS_AND_DIGITS
        parts += [text[done:start], what.sub("•", found)]
        done = max(end, done)
    return "".join([*parts, text[done:]])
