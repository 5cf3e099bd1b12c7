"""The fingerprints of the keys in an OpenPGP file, as RFC 4880 and RFC 9580 define them.

So that a repository's key can be checked before it is trusted, on hosts without gpg too: apt
itself needs only gpgv.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

_ARMOR = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*\s*\r?\n(.*?)"
    rb"-----END PGP PUBLIC KEY BLOCK-----",
    re.DOTALL,
)
_CHECKSUM = re.compile(rb"^=[A-Za-z0-9+/]{4}\s*$", re.MULTILINE)
_PUBLIC_KEY, _SECRET_KEY = 6, 5
_VERSION_4 = 4
_ONE_OCTET, _TWO_OCTETS, _FIVE_OCTETS = 192, 224, 255


class KeyFileError(ValueError):
    """The file holds no keys that can be read; the message is one line."""


def primary_fingerprints(content: bytes) -> list[str]:
    """The fingerprint of every primary key in the file, in upper case, in their order.

    Subkeys are bound to their primary key by its own signature and are not listed. Raises
    KeyFileError for a file without keys, with a secret key, or with keys of another version
    than 4, whose fingerprints are made differently.
    """
    fingerprints = []
    for tag, body in _packets(_binary(content)):
        if tag == _SECRET_KEY:
            raise KeyFileError("the file holds a secret key")
        if tag == _PUBLIC_KEY:
            if body[:1] != bytes([_VERSION_4]):
                raise KeyFileError(f"the file holds a key of version {body[0] if body else 0}")
            # SHA-1 is what the format defines: RFC 4880, section 12.2.
            digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body)  # noqa: S324
            fingerprints.append(digest.hexdigest().upper())
    if not fingerprints:
        raise KeyFileError("the file holds no OpenPGP public key")
    return fingerprints


def _binary(content: bytes) -> bytes:
    if b"-----BEGIN PGP" not in content:
        return content
    blocks = _ARMOR.findall(content)
    if not blocks:
        raise KeyFileError("the file's armor is not a complete public key block")
    try:
        return b"".join(
            base64.b64decode(b"".join(_CHECKSUM.sub(b"", block).split()), validate=True)
            for block in blocks
        )
    except binascii.Error as error:
        raise KeyFileError(f"the file's armor is damaged: {error}") from error


def _packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet, old format and new: RFC 4880, section 4.2."""
    position = 0
    while position < len(content):
        head = content[position]
        if not head & 0x80:
            raise KeyFileError("the file is no OpenPGP file")
        tag, length, position = (
            _new_length(content, position) if head & 0x40 else _old_length(content, position)
        )
        body = content[position : position + length]
        if len(body) != length:
            raise KeyFileError("the file ends in the middle of a key")
        yield tag, body
        position += length


def _old_length(content: bytes, position: int) -> tuple[int, int, int]:
    head = content[position]
    octets = {0: 1, 1: 2, 2: 4}.get(head & 3)
    if octets is None:
        raise KeyFileError("the file holds a packet of indeterminate length")
    first = position + 1
    length = int.from_bytes(content[first : first + octets], "big")
    return (head >> 2) & 15, length, first + octets


def _new_length(content: bytes, position: int) -> tuple[int, int, int]:
    tag = content[position] & 63
    octet = content[position + 1] if position + 1 < len(content) else 0
    if octet < _ONE_OCTET:
        return tag, octet, position + 2
    if octet < _TWO_OCTETS:
        second = int.from_bytes(content[position + 2 : position + 3], "big")
        return tag, ((octet - _ONE_OCTET) << 8) + second + _ONE_OCTET, position + 3
    if octet == _FIVE_OCTETS:
        return tag, int.from_bytes(content[position + 2 : position + 6], "big"), position + 6
    raise KeyFileError("the file holds a packet of partial length")
