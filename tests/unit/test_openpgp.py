"""Fingerprints of the keys in a file, against what gpg itself says of keys that it made."""

import itertools
import subprocess

import pytest

from python_probes.provisioning import openpgp


class Keyring:
    """A gpg home of the test's own."""

    def __init__(self, home):
        home.mkdir(mode=0o700)
        self._home = home

    def gpg(self, *arguments):
        return subprocess.run(
            ["gpg", "--batch", "--quiet", "--homedir", self._home, *arguments],
            check=True,
            capture_output=True,
        ).stdout

    def make(self, name):
        self.gpg("--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never")

    def fingerprints(self):
        listing = self.gpg("--list-keys", "--with-colons").decode().splitlines()
        following = dict(itertools.pairwise(listing))
        return [following[line].split(":")[9] for line in listing if line.startswith("pub:")]


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    # gpg-agent's socket must have a short path.
    made = Keyring(tmp_path_factory.mktemp("k") / "g")
    made.make("one")
    made.make("two")
    yield made
    made.gpg("--version")
    subprocess.run(["gpgconf", "--homedir", made._home, "--kill", "all"], check=False)


@pytest.mark.parametrize("armor", [["--armor"], []])
def test_every_key_has_the_fingerprint_that_gpg_says(keyring, armor):
    content = keyring.gpg(*armor, "--export")
    assert openpgp.primary_fingerprints(content) == keyring.fingerprints()
    assert len(keyring.fingerprints()) == 2


def test_two_armored_blocks_in_one_file_are_both_read(keyring):
    content = b"# a comment\n" + b"".join(
        keyring.gpg("--armor", "--export", fingerprint) for fingerprint in keyring.fingerprints()
    )
    assert openpgp.primary_fingerprints(content) == keyring.fingerprints()


def test_one_changed_bit_is_another_key(keyring):
    content = bytearray(keyring.gpg("--export", keyring.fingerprints()[0]))
    content[10] ^= 1
    assert openpgp.primary_fingerprints(bytes(content)) != keyring.fingerprints()[:1]


def test_a_secret_key_is_refused(keyring):
    with pytest.raises(openpgp.KeyFileError, match="secret"):
        openpgp.primary_fingerprints(keyring.gpg("--passphrase", "", "--export-secret-keys"))


BODY = b"\x04" + bytes(5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no OpenPGP public key"),
        (b"<html>not found</html>", "no OpenPGP file"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA", "not a complete"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----",
            "armor is damaged",
        ),
        (b"\x98\x0a\x04", "middle of a key"),
        (b"\x98\x01\x06", "version 6"),
        (b"\x98\x00", "version 0"),
        (b"\x9b\x00", "indeterminate"),
        (b"\xc6\xe1\x00", "partial"),
    ],
)
def test_what_is_no_key_file_is_named(content, reason):
    with pytest.raises(openpgp.KeyFileError, match=reason):
        openpgp.primary_fingerprints(content)


@pytest.mark.parametrize(
    "head",
    [
        b"\x98\x06",  # old format, one octet
        b"\x99\x00\x06",
        b"\x9a\x00\x00\x00\x06",
        b"\xc6\x06",  # new format
        b"\xc6\xff\x00\x00\x00\x06",
    ],
)
def test_every_way_to_write_a_length_is_read(head):
    plain = openpgp.primary_fingerprints(b"\x98\x06" + BODY)
    assert openpgp.primary_fingerprints(head + BODY) == plain


def test_a_new_length_of_two_octets_is_read():
    body = b"\x04" + bytes(299)
    length = bytes([((300 - 192) >> 8) + 192, (300 - 192) & 255])
    assert openpgp.primary_fingerprints(b"\xc6" + length + body) == openpgp.primary_fingerprints(
        b"\x99" + (300).to_bytes(2, "big") + body
    )
