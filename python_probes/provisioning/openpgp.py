"""One certificate from an OpenPGP key file, as RFC 4880 and RFC 9580 define them.

So that a repository's key can be checked before it is trusted, on hosts without gpg too: apt
itself needs only gpgv. Programs differ in what they see in a file that is not quite in order, so
such a file is refused, and what apt gets to read is `Certificate.armored`, never the file itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_END = b"-----END PGP PUBLIC KEY BLOCK-----"
_LINE_BYTES = 48
_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY = 2, 6, 13, 14
_CERTIFICATE = (_SIGNATURE, _PUBLIC_KEY, _USER_ID, _PUBLIC_SUBKEY)
_SECRET = (5, 7)
_VERSION_4 = 4
_ONE_OCTET, _TWO_OCTETS, _FIVE_OCTETS = 192, 224, 255


class KeyFileError(ValueError):
    """The file is not one public key in order; the message is one line."""


@dataclass(frozen=True)
class Certificate:
    """A public key with its user IDs, subkeys and signatures.

    `fingerprint` is the primary key's, in upper case. Subkeys count only by a signature of the
    primary key, which gpgv and sqv check, so the fingerprint stands for all of it.
    """

    fingerprint: str
    packets: bytes

    def armored(self) -> bytes:
        """The certificate as text in the one form that every program reads alike."""
        lines = [
            base64.b64encode(self.packets[start : start + _LINE_BYTES])
            for start in range(0, len(self.packets), _LINE_BYTES)
        ]
        checksum = b"=" + base64.b64encode(_crc24(self.packets).to_bytes(3, "big"))
        return b"\n".join([_BEGIN, b"", *lines, checksum, _END, b""])


def certificate(content: bytes) -> Certificate:
    """The only certificate of a file, binary or armored.

    Raises KeyFileError for a file with anything beside it: another key or block, a secret key,
    text around the armor, packets of another kind; and for a key of another version than 4, whose
    fingerprint is made differently.
    """
    packets = _dearmored(content) if content.lstrip().startswith(b"-") else content
    keys = []
    for tag, body in _packets(packets):
        if tag in _SECRET:
            raise KeyFileError("the file holds a secret key")
        if tag not in _CERTIFICATE:
            raise KeyFileError(f"the file holds a packet of type {tag}, which a key does not need")
        if tag == _PUBLIC_KEY:
            keys.append(body)
        elif not keys:
            raise KeyFileError("the file does not begin with a public key")
    if len(keys) != 1:
        raise KeyFileError(f"the file holds {len(keys) or 'no'} OpenPGP public keys")
    key = keys[0]
    if key[:1] != bytes([_VERSION_4]):
        raise KeyFileError(f"the file holds a key of version {key[0] if key else 0}")
    # SHA-1 is what the format defines: RFC 4880, section 12.2.
    digest = hashlib.sha1(b"\x99" + len(key).to_bytes(2, "big") + key)  # noqa: S324
    return Certificate(digest.hexdigest().upper(), packets)


def _dearmored(content: bytes) -> bytes:
    """The packets of a file that is one block of armor and nothing else."""
    first, *lines = [line.rstrip(b"\r") for line in content.strip().split(b"\n")]
    if first != _BEGIN or not lines or lines.pop() != _END or b"" not in lines:
        raise KeyFileError("the file's armor is not one complete public key block")
    headers, body = lines[: lines.index(b"")], lines[lines.index(b"") + 1 :]
    if not all(b": " in header for header in headers):
        raise KeyFileError("the file's armor has a header that is not one")
    # The checksum guards against accidents of transmission; the fingerprint guards against more.
    if body and body[-1].startswith(b"="):
        body.pop()
    try:
        return base64.b64decode(b"".join(body), validate=True)
    except binascii.Error as error:
        raise KeyFileError(f"the file's armor is damaged: {error}") from error


def _crc24(content: bytes) -> int:
    """The checksum without which GnuPG 2.2 takes some armor for damaged: RFC 4880, section 6.1."""
    checksum = 0xB704CE
    for octet in content:
        checksum ^= octet << 16
        for _ in range(8):
            checksum = checksum << 1 ^ (0x1864CFB if checksum & 0x800000 else 0)
    return checksum & 0xFFFFFF


def _packets(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet, old format and new: RFC 4880, section 4.2."""
    position = 0
    while position < len(content):
        head = content[position]
        if not head & 0x80:
            raise KeyFileError("the file is not an OpenPGP file")
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
