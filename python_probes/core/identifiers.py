"""Identifying values (serial numbers, MAC addresses, machine-id) leave a host only as hashes.

The pattern is systemd's sd_id128_get_machine_app_specific(3): an HMAC keyed with the host's own
machine-id, which itself is never published. The same box gives the same hash on every run and to
every controller, and nobody who reads a document can try serial numbers against it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from .system import Note, System

_APPLICATION = b"dgx-spark-foundation"
_HEXADECIMAL_DIGITS = 32  # 128 bits
_SHORTEST_REDACTED = 6  # shorter values stand in ordinary text too
_SEPARATORS = re.compile(r"[:.-]+")
_ADDRESS = re.compile(r"(?i)(?:[0-9a-f]{2}){6,}")
# Whether it is one, ipaddress decides; the second kind has two colons or more and a digit.
_NETWORK_ADDRESS = re.compile(
    r"(?i)(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w|-\w)"
    r"|(?=[^:\s]*:[^:\s]*:)(?=\D*\d)[0-9a-f:]+(?:\.\d+){0,3}(?![\w:]))"
)
# A share's place on the network, as mount(8) takes it: `//user@host/share`, and all before the
# colon (or the equals sign of newer ceph) that precedes the path; several servers may stand there.
_SHARE = re.compile(r"(//)([^/\\]+)(?=[/\\]|$)|()([^/\s]+?)(?=:(?:/|[^/:]*$)|=/)")
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[.\d-][A-Za-z0-9._-]*")
# Fields whose numbers look like addresses: 9.10.2.21 is a cuDNN.
_OF_VERSIONS = re.compile(r"version|firmware|package|kernel|bios|build|revision")
# What firmware vendors leave in an unset field.
_PLACEHOLDERS = re.compile(
    r"(?i)^(|0+|none|n/?a|\[n/a\]|unknown|default string|to be filled by o\.?e\.?m\.?"
    r"|not specified|system serial number|(00:){5}00)$"
)


class Identifiers:
    """Hashes identifying values and removes their clear text from a finished document."""

    def __init__(self, system: System, note: Note) -> None:
        machine_id = system.read("/etc/machine-id") or ""
        product = system.read("/sys/class/dmi/id/product_uuid") or ""
        if not machine_id and not product:
            note(
                "weak_salt",
                "no /etc/machine-id and no DMI product_uuid: identifiers are hashed with a key "
                "that is not secret; create one with systemd-machine-id-setup",
            )
        self._secret = bool(machine_id or product)
        self._key = hmac.new(_APPLICATION, (machine_id or product).encode(), "sha256").digest()
        self.hashes: dict[str, str] = {}
        """By clear text what was hashed so far: never to be published."""

    def hash(self, value: str | None) -> str | None:
        """`hmac-sha256:` and 32 hexadecimal digits, or None for an absent or placeholder value."""
        if value is None or _PLACEHOLDERS.match(value.strip()):
            return None
        value = value.strip()
        if value in self.hashes:
            return self.hashes[value]
        message = value.encode()
        if not self._secret:
            # Trying all serial numbers must cost too much: RFC 7914's parameters, about 50 ms.
            message = hashlib.scrypt(message, salt=_APPLICATION, n=2**14, r=8, p=1)
        digest = hmac.new(self._key, message, hashlib.sha256).hexdigest()
        self.hashes[value] = f"hmac-sha256:{digest[:_HEXADECIMAL_DIGITS]}"
        return self.hashes[value]

    def hide_server(self, source: str) -> str:
        """What is mounted, with a server of the network and who mounts it as one hash.

        Local devices and names without a server stay as they are. Servers' names are hidden in
        the rest of the document, too, unless they may be ordinary words.
        """
        found = None if source.startswith("/dev/") else _SHARE.match(source)
        place = found and (found[2] or found[4])
        if not found or not place or place.startswith("hmac-sha256:"):
            return source
        for name in _SERVER_NAME.findall(place):
            self.hash(name)
        return f"{found[1] or ''}{self.hash(place)}{source[found.end() :]}"

    def redact(self, node: Any) -> Any:
        """A copy of a document in which every value hashed so far is replaced in every string.

        Addresses are found in every notation: `02:00:..`, `02-00-..`, and in `enx0200000000aa`.
        """
        # The longest first, since one may hold another.
        known = sorted(self.hashes.items(), key=lambda item: len(item[0]), reverse=True)
        patterns = [
            (_any_notation(clear), hashed)
            for clear, hashed in known
            if len(clear) >= _SHORTEST_REDACTED
        ]

        def redacted(text: str, _: str) -> str:
            for pattern, hashed in patterns:
                text = pattern.sub(hashed, text)
            return text

        return change_texts(node, redacted)


def change_texts(node: Any, change: Callable[[str, str], str], field: str = "") -> Any:
    """A copy of a document's part with `change(text, field name)` in place of every text."""
    if isinstance(node, dict):
        return {key: change_texts(value, change, key) for key, value in node.items()}
    if isinstance(node, list):
        return [change_texts(value, change, field) for value in node]
    return change(node, field) if isinstance(node, str) else node


def hide_network_addresses(text: str, field: str = "") -> str:
    """`text` with every IP address but the host's own loopback replaced by `(address)`.

    Commands that fail name resolvers and registries, which say where a host is. In a field of
    versions what looks like an address stays.
    """
    return text if _OF_VERSIONS.search(field) else _NETWORK_ADDRESS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return found[0]
    return found[0] if address.is_loopback or address.is_unspecified else "(address)"


def _any_notation(value: str) -> re.Pattern[str]:
    """Finds `value` whatever its case and separators, and an address without any or with others.

    LVM, for one, doubles the hyphens of a host's name. What is little more than separators is
    found as it is: the rest of it stands in ordinary text too.
    """
    bare = _SEPARATORS.sub("", value)
    if len(bare) < _SHORTEST_REDACTED:
        return re.compile(re.escape(value), re.IGNORECASE)
    words = bare if _ADDRESS.fullmatch(bare) else _SEPARATORS.split(value)
    return re.compile("[:.-]*".join(map(re.escape, filter(None, words))), re.IGNORECASE)
