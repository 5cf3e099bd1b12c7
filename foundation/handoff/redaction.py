"""What must not leave with a hand-off: who and where a host is.

Documents hold no serial number and no MAC address in clear. Here their hashes stay behind too, and
host names, user names, addresses, uuids and folders of users, since a bundle goes to people who
have no need to tell one owner's boxes from another's. Values are handed over field by field, so
that a new field of a document stays behind until someone adds it; this is for texts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from ..errors import one_line

_FEWEST_DIGITS = 2
# What every Linux machine has; any other folder may be named after a user or a project.
_COMMON_FOLDERS = ("/proc", "/sys", "/usr", "/etc", "/dev/tty", "/dev/nvidia")
_HASH = re.compile(r"hmac-sha256:[0-9a-f]+")
_UUID = re.compile(r"(?i)(?:GPU-|MIG-)?[0-9a-f]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}")
_MAC = re.compile(r"(?i)(?<![0-9a-f:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,7}(?![0-9a-f:-])")
_NUMBERS = re.compile(r"(?i)(?<![\w.:])[0-9a-f:.]*[.:][0-9a-f:.]*[0-9a-f](?:/\d{1,3})?(?![\w:])")
_PATH = re.compile(r"(?<![\w.])~?(?:/[\w.@%+~:,=-]+)+/?")
_USER = re.compile(r"[\w.-]+@[\w.-]+")
_NAME_CHARACTER = r"[\w.-]"


class Redaction:
    """Aliases of the hosts of one bundle, and texts without what identifies.

    With `keep_names` hosts keep the names that the inventory gives them; the rest goes all the
    same.
    """

    def __init__(self, hosts: Iterable[str], keep_names: bool = False) -> None:
        names = sorted(hosts)
        digits = max(_FEWEST_DIGITS, len(str(len(names))))
        self._aliases = {
            name: name if keep_names else f"host-{number:0{digits}}"
            for number, name in enumerate(names, 1)
        }
        longest_first = sorted(names, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        self._names = (
            re.compile(rf"(?i)(?<!{_NAME_CHARACTER})(?:{words})(?!\w|-\w|\.\w)")
            if words and not keep_names
            else None
        )
        self._by_folded_name = {name.casefold(): alias for name, alias in self._aliases.items()}

    def host(self, name: str) -> str:
        """The name of a host in the bundle."""
        return self._aliases[name]

    def text(self, text: str) -> str:
        """One line of text from a document, without what identifies."""
        clean = one_line(text, 2000)
        for pattern, word in ((_HASH, "<hash>"), (_UUID, "<uuid>"), (_MAC, "<address>")):
            clean = pattern.sub(word, clean)
        clean = _PATH.sub(lambda found: _folder(found[0]), clean)
        clean = _USER.sub("<user>", clean)
        clean = _NUMBERS.sub(lambda found: _address(found[0]), clean)
        if self._names is not None:
            clean = self._names.sub(lambda found: self._by_folded_name[found[0].casefold()], clean)
        return clean


def _folder(path: str) -> str:
    common = any(path == known or path.startswith(f"{known}/") for known in _COMMON_FOLDERS)
    return path if common else "<path>"


def _address(text: str) -> str:
    bare = text.rstrip(".:")
    try:
        ipaddress.ip_interface(bare)
    except ValueError:
        return text
    return "<address>" + text[len(bare) :]
