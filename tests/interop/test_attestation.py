"""Other programs check what is signed here, and what they sign is checked here: securesystemslib, OpenSSL, OpenSSH."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # public, not listed.
from signers import make_key, make_run

from runtime.errors import InvalidKeyError, InvalidSignatureError
from runtime.evidence.envelope import Envelope, pre_authentication_encoding, sign_envelope
from runtime.evidence.statement import PAYLOAD_TYPE, Statement, attest, verify_attestation
from runtime.values.keys import PrivateKey, PublicKey

ADA, EVE = make_key("ada"), make_key("eve")
RUN = make_run()
ENVELOPE = attest(RUN, [ADA])

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
needs_openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine")


def _call(*words: object, data: bytes = b"") -> bytes:
    done = subprocess.run([str(word) for word in words], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class TestSecuresystemslib:
    """
    "Verified in tests by `securesystemslib`."
    """

    @staticmethod
    def _key(key: PublicKey) -> SSlibKey:
        return SSlibKey.from_crypto(load_pem_public_key(key.pem.encode()), keyid=key.key_id)

    def test_accepts_ours(self) -> None:
        """
        The file that is written here, under the same key id.
        """
        theirs = dsse.Envelope.from_dict(json.loads(ENVELOPE.raw))
        assert list(theirs.verify([self._key(ADA.public)], threshold=1)) == [ADA.public.key_id]
        assert theirs.pae() == pre_authentication_encoding(PAYLOAD_TYPE, ENVELOPE.payload)

    def test_refuses_ours_once_it_is_changed(self) -> None:
        """
        So what it accepted was really checked.
        """
        for changed in (attrs.evolve(ENVELOPE, payload=b"{}"), attrs.evolve(ENVELOPE, payload_type="text/plain")):
            with pytest.raises(VerificationError):
                dsse.Envelope.from_dict(json.loads(changed.raw)).verify([self._key(ADA.public)], threshold=1)

    def test_signs_what_is_accepted_here(self) -> None:
        """
        Its envelope, written canonically, holds under the key; and under no other.
        """
        theirs = dsse.Envelope(Statement.of_receipt(RUN.receipt).raw, PAYLOAD_TYPE, {})
        private = load_pem_private_key(ADA.to_pem().encode(), None)
        assert isinstance(private, Ed25519PrivateKey)
        theirs.sign(CryptoSigner(private, self._key(ADA.public)))
        raw = json.dumps(theirs.to_dict(), sort_keys=True, separators=(",", ":")).encode()
        envelope = Envelope.from_bytes(raw)
        assert envelope == ENVELOPE
        assert verify_attestation(envelope, RUN.receipt, [ADA.public]) == (ADA.public,)
        with pytest.raises(InvalidSignatureError):
            verify_attestation(envelope, RUN.receipt, [EVE.public])


@needs_openssl
class TestOpenssl:
    """
    "and by `openssl pkeyutl -verify -rawin`"
    """

    @staticmethod
    def _verify(folder: Path, key: PublicKey, envelope: Envelope) -> subprocess.CompletedProcess[bytes]:
        (folder / "key.pub").write_text(key.pem)
        (folder / "pae").write_bytes(pre_authentication_encoding(envelope.payload_type, envelope.payload))
        (folder / "sig").write_bytes(envelope.signatures[0].sig)
        words = [
            "openssl",
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "key.pub",
            "-rawin",
            "-in",
            "pae",
            "-sigfile",
            "sig",
        ]
        return subprocess.run(words, cwd=folder, capture_output=True, check=False)

    def test_accepts_ours(self, tmp_path: Path) -> None:
        """
        The signature over the encoding, under the public key as PEM.
        """
        done = self._verify(tmp_path, ADA.public, ENVELOPE)
        assert done.returncode == 0, done.stderr
        assert b"Verified Successfully" in done.stdout

    def test_refuses_another_key_and_another_byte(self, tmp_path: Path) -> None:
        """
        So what it accepted was really checked.
        """
        assert self._verify(tmp_path, EVE.public, ENVELOPE).returncode != 0
        assert self._verify(tmp_path, ADA.public, attrs.evolve(ENVELOPE, payload=b"{}")).returncode != 0

    def test_signs_what_is_accepted_here(self, tmp_path: Path) -> None:
        """
        With a key it made itself.
        """
        _call("openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "key.pem")
        key = PrivateKey.from_text((tmp_path / "key.pem").read_bytes())
        (tmp_path / "pae").write_bytes(pre_authentication_encoding(PAYLOAD_TYPE, ENVELOPE.payload))
        sig = _call("openssl", "pkeyutl", "-sign", "-inkey", tmp_path / "key.pem", "-rawin", "-in", tmp_path / "pae")
        assert sig == key.sign((tmp_path / "pae").read_bytes())
        signed = attrs.evolve(
            ENVELOPE, signatures=(attrs.evolve(ENVELOPE.signatures[0], keyid=key.public.key_id, sig=sig),)
        )
        assert verify_attestation(signed, RUN.receipt, [key.public]) == (key.public,)

    def test_reads_our_keys_and_names_them_alike(self, tmp_path: Path) -> None:
        """
        `openssl pkey` gives the public key of the private one, and the key id is the digest of its DER.
        """
        (tmp_path / "key.pem").write_text(ADA.to_pem())
        assert _call("openssl", "pkey", "-in", tmp_path / "key.pem", "-pubout").decode() == ADA.public.pem
        der = _call("openssl", "pkey", "-pubin", "-outform", "DER", data=ADA.public.pem.encode())
        assert hashlib.sha256(der).hexdigest() == ADA.public.key_id

    @pytest.mark.parametrize("algorithm", ["rsa", "ed448", "x25519"])
    def test_makes_keys_of_other_kinds_that_are_refused(self, algorithm: str) -> None:
        """
        The private one and the public one.
        """
        private = _call("openssl", "genpkey", "-algorithm", algorithm)
        with pytest.raises(InvalidKeyError, match="not Ed25519"):
            PrivateKey.from_text(private)
        with pytest.raises(InvalidKeyError, match="not Ed25519"):
            PublicKey.from_text(_call("openssl", "pkey", "-pubout", data=private))

    def test_makes_encrypted_keys_that_are_refused(self) -> None:
        """
        Nobody is there to type the pass phrase in.
        """
        private = _call("openssl", "genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:secret")
        with pytest.raises(InvalidKeyError, match="behind a pass phrase"):
            PrivateKey.from_text(private)


@needs_openssh
class TestOpenssh:
    """
    "or OpenSSH ed25519": the keys people have already.
    """

    @staticmethod
    def _make(folder: Path, kind: str = "ed25519", phrase: str = "") -> Path:
        path = folder / "id"
        _call("ssh-keygen", "-q", "-t", kind, "-N", phrase, "-C", "ada@laptop", "-f", path)
        return path

    def test_makes_keys_that_sign_here(self, tmp_path: Path) -> None:
        """
        The private file and the public line are one key.
        """
        path = self._make(tmp_path)
        key = PrivateKey.from_text(path.read_bytes())
        public = PublicKey.from_text(path.with_suffix(".pub").read_bytes())
        assert key.public == public
        assert verify_attestation(attest(RUN, [key]), RUN.receipt, [public]) == (public,)
        assert path.with_suffix(".pub").read_text() == f"{public.openssh} ada@laptop\n"

    def test_reads_our_public_line(self, tmp_path: Path) -> None:
        """
        `ssh-keygen -l` takes it for an Ed25519 key.
        """
        (tmp_path / "ada.pub").write_text(f"{ADA.public.openssh} ada\n")
        assert _call("ssh-keygen", "-l", "-f", tmp_path / "ada.pub").startswith(b"256 SHA256:")

    @pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
    def test_makes_keys_of_other_kinds_that_are_refused(self, tmp_path: Path, kind: str) -> None:
        """
        The private one and the public one.
        """
        path = self._make(tmp_path, kind)
        with pytest.raises(InvalidKeyError, match="not Ed25519"):
            PrivateKey.from_text(path.read_bytes())
        with pytest.raises(InvalidKeyError, match="not Ed25519"):
            PublicKey.from_text(path.with_suffix(".pub").read_bytes())

    def test_makes_encrypted_keys_that_are_refused(self, tmp_path: Path) -> None:
        """
        Nobody is there to type the pass phrase in.
        """
        with pytest.raises(InvalidKeyError, match="behind a pass phrase"):
            PrivateKey.from_text(self._make(tmp_path, phrase="secret").read_bytes())


def test_two_libraries_sign_the_same_bytes() -> None:
    """
    Ed25519 is deterministic, so equal envelopes come of equal keys, whoever signs.
    """
    assert sign_envelope(PAYLOAD_TYPE, ENVELOPE.payload, [PrivateKey.from_text(ADA.to_pem())]) == ENVELOPE
