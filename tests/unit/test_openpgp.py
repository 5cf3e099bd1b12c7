"""What is taken from a key file, against what gpg says of keys that it made and apt reads."""

import itertools
import subprocess

import pytest

from python_probes.provisioning import openpgp
from python_probes.provisioning.openpgp import KeyFileError, certificate

# How apt's apt-key takes keys from armor, in apt 2.4 to 2.7.
AWK = """/^-----BEGIN/{ x = 1; }
/^$/{ if (x == 1) { x = 2; }; }
/^[^=-]/{ if (x == 2) { print $0; }; }
/^-----END/{ x = 0; }"""


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
    made.gpg("--passphrase", "", "--quick-add-key", made.fingerprints()[0], "ed25519", "sign")
    made.make("two")
    yield made
    subprocess.run(["gpgconf", "--homedir", made._home, "--kill", "all"], check=False)


@pytest.fixture
def one(keyring):
    """The first key as gpg armors it; it signs with a subkey."""
    return keyring.gpg("--armor", "--export", keyring.fingerprints()[0])


@pytest.fixture
def two(keyring):
    return keyring.gpg("--armor", "--export", keyring.fingerprints()[1])


@pytest.mark.parametrize("armor", [["--armor"], []])
def test_a_key_has_the_fingerprint_that_gpg_says_and_all_its_packets(keyring, armor):
    name = keyring.fingerprints()[0]
    found = certificate(keyring.gpg(*armor, "--export", name))
    assert found == openpgp.Certificate(name, keyring.gpg("--export", name))


def test_what_is_written_is_read_alike_by_apt_gpg_and_this_reader(keyring, one, tmp_path):
    found = certificate(one)
    (tmp_path / "key.asc").write_bytes(found.armored())
    text = subprocess.run(
        ["awk", AWK, tmp_path / "key.asc"], check=True, capture_output=True
    ).stdout
    by_apt = subprocess.run(["base64", "-d"], input=text, check=True, capture_output=True).stdout
    assert by_apt == found.packets
    assert keyring.gpg("--dearmor", "--output", "-", tmp_path / "key.asc") == found.packets
    assert certificate(found.armored()) == found


def with_header(armor):
    return armor.replace(b"\n\n", b"\nVersion: GnuPG v1.4.12 (GNU/Linux)\nComment: \n\n", 1)


def without_checksum(armor):
    *lines, _, end = armor.splitlines()
    return b"\n".join([*lines, end])


@pytest.mark.parametrize(
    "written",
    [
        with_header,
        without_checksum,
        lambda armor: armor.replace(b"\n", b"\r\n"),
        lambda armor: b"\n" + armor + b"\n\n",
    ],
)
def test_another_way_to_write_a_key_gives_the_same_file(one, written):
    assert certificate(written(one)).armored() == certificate(one).armored()


@pytest.mark.parametrize(
    "joined",
    [
        lambda one, two: one + two,
        lambda one, two: two.replace(b"BLOCK-----\n", b"BLOCK----- \n", 1) + one,
        lambda one, two: one + two.replace(b"BLOCK-----\n", b"BLOCK-----\t\n", 1),
        lambda one, two: one.replace(b"\n\n", b"\n" + two + b"\n", 1),
        lambda one, two: with_header(one).replace(b"Comment: ", two.strip()),
        lambda one, two: one.replace(b"BLOCK-----\n", b"BLOCK-----\x0b\n", 1) + one,
        lambda one, two: one + certificate(two).packets,
        lambda one, two: certificate(one).packets + two,
        lambda one, two: certificate(one).packets + certificate(two).packets,
        lambda one, two: openpgp.Certificate(
            "", certificate(one).packets + certificate(two).packets
        ).armored(),
        lambda one, two: b"a comment\n" + one,
        lambda one, two: one + b"a comment\n",
        lambda one, two: b"\0" + one,
        lambda one, two: one + b"\0",
        lambda one, two: one.replace(b"\n\n", b"\n \n", 1),
        lambda one, two: one.replace(b"-----BEGIN", b"- -----BEGIN", 1),
    ],
)
def test_a_key_is_refused_with_anything_beside_it(one, two, joined):
    with pytest.raises(KeyFileError):
        certificate(joined(one, two))


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\xca\x03PGP", "type 10"),  # a marker
        (b"\xcc\x01\x00", "type 12"),  # a keyring's trust in the key
        (b"\xd1\x01\x00", "type 17"),  # a user attribute: a picture
        (b"\xfd\x01\x00", "type 61"),  # GnuPG's comment
        (b"\xc7\x01\x04", "secret"),  # a secret subkey
    ],
)
def test_a_packet_that_a_key_does_not_need_is_refused(one, packet, reason):
    with pytest.raises(KeyFileError, match=reason):
        certificate(certificate(one).packets + packet)


def test_one_changed_bit_is_another_key(keyring, one):
    content = bytearray(certificate(one).packets)
    content[10] ^= 1
    assert certificate(bytes(content)).fingerprint != keyring.fingerprints()[0]


def test_a_secret_key_is_refused(keyring):
    with pytest.raises(KeyFileError, match="secret"):
        certificate(keyring.gpg("--passphrase", "", "--export-secret-keys"))


BODY = b"\x04" + bytes(5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no OpenPGP public key"),
        (b"<html>not found</html>", "not an OpenPGP file"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "not one complete"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA", "not one complete"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----",
            "armor is damaged",
        ),
        (b"\x98\x0a\x04", "middle of a key"),
        (b"\x98\x01\x06", "version 6"),
        (b"\x98\x00", "version 0"),
        (b"\xb4\x01x\x98\x06" + BODY, "does not begin with"),
        (b"\x9b\x00", "indeterminate"),
        (b"\xc6\xe1\x00", "partial"),
    ],
)
def test_what_is_not_a_key_file_is_named(content, reason):
    with pytest.raises(KeyFileError, match=reason):
        certificate(content)


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
    plain = certificate(b"\x98\x06" + BODY)
    assert certificate(head + BODY).fingerprint == plain.fingerprint


def test_a_new_length_of_two_octets_is_read():
    body = b"\x04" + bytes(299)
    length = bytes([((300 - 192) >> 8) + 192, (300 - 192) & 255])
    plain = certificate(b"\x99" + (300).to_bytes(2, "big") + body)
    assert certificate(b"\xc6" + length + body).fingerprint == plain.fingerprint
