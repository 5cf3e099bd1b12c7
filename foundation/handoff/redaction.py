"""What must not leave with a hand-off: who and where a host is.

Documents hold no serial number and no MAC address in clear. Here their hashes stay behind too, and
host names, user names, addresses, uuids and folders of users, since a bundle goes to people who
have no need to tell one owner's boxes from another's. Values are handed over field by field, so
that a new field of a document stays behind until someone adds it; this is for texts.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable

from ..core.errors import one_line

_FEWEST_DIGITS = 2
# What every Linux machine has; any other folder may be named after a user or a project.
_COMMON_FOLDERS = ("/proc", "/sys", "/usr", "/etc", "/dev/tty", "/dev/nvidia")
_HASH = re.compile(r"hmac-sha256:[0-9a-f]+")
_UUID = re.compile(r"(?i)(?:GPU-|MIG-)?[0-9a-f]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}")
_MAC = re.compile(r"(?i)(?<![0-9a-f:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,7}(?!:?[0-9a-f]|-[0-9a-f])")
_INTERFACE = re.compile(r"(?i)\benx[0-9a-f]{12}\b")  # named after its MAC address
# What may be an address: four numbers, also before a port or a colon; or what may be IPv6.
_NUMBERS = re.compile(
    r"(?i)(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)"
    r"|[0-9a-f:.]*[.:][0-9a-f:.]*[0-9a-f](?!\w|:[\w:]))(?:/\d{1,3}(?!\w))?"
)
_PATH = re.compile(r"(?<![\w.])(?:~[\w.-]*)?(?:/[\w.@%+~:,=-]+)+/?")
_NEXT_PATH = re.compile(r"[:,=](?=[/~])")  # where a list of paths goes on
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
        self._by_folded_name = {name.casefold(): alias for name, alias in self._aliases.items()}
        # A host calls itself by the first part of a name that has a domain.
        shorts = Counter(name.casefold().partition(".")[0] for name in names if "." in name)
        for name, alias in self._aliases.items():
            short = name.casefold().partition(".")[0]
            if not short.isdecimal() and short:
                known = alias if shorts[short] <= 1 else "<host>"
                self._by_folded_name.setdefault(short, known)
        longest_first = sorted(self._by_folded_name, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        # With its domain, which tells as much.
        self._names = (
            re.compile(rf"(?i)(?<!{_NAME_CHARACTER})({words})(?:\.[a-z][\w-]*)*(?!\w|-\w)")
            if words and not keep_names
            else None
        )

    def host(self, name: str) -> str:
        """The name of a host in the bundle."""
        return self._aliases[name]

    def text(self, text: str) -> str:
        """One line of text from a document, without what identifies."""
        clean = one_line(text, 2000)
        for pattern, word in (
            (_HASH, "<hash>"),
            (_UUID, "<uuid>"),
            (_MAC, "<address>"),
            (_INTERFACE, "<interface>"),
        ):
            clean = pattern.sub(word, clean)
        clean = _PATH.sub(lambda found: _folder(found[0]), clean)
        clean = _USER.sub("<user>", clean)
        clean = _NUMBERS.sub(lambda found: _address(found[0]), clean)
        if self._names is not None:
            clean = self._names.sub(lambda found: self._by_folded_name[found[1].casefold()], clean)
        return clean


def _folder(path: str) -> str:
    common = all(
        any(one == known or one.startswith(f"{known}/") for known in _COMMON_FOLDERS)
        for one in _NEXT_PATH.split(path)
    )
    return path if common and "/.." not in path else "<path>"


def _address(text: str) -> str:
    bare = text.rstrip(".:")
    try:
        ipaddress.ip_interface(bare)
    except ValueError:
        return text
    return "<address>" + text[len(bare) :]
