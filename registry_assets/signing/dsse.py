"""DSSE envelopes: a statement's bytes, and signatures of OpenSSH keys over them.

Each signature is one of `ssh-keygen -Y sign` in its binary form, over what DSSE calls the
pre-authentication encoding, so that the type of the payload is signed with it.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from registry_assets.canonical import canonical_json
from registry_assets.errors import EnvelopeInvalid, SignatureInvalid
from registry_assets.signing.documents import list_in, read_object, with_keys
from registry_assets.signing.keys import PublicKey
from registry_assets.signing.sshsig import LONGEST_BLOB, SshSignature, verify
from registry_assets.signing.statement import LARGEST_STATEMENT, MEDIA_TYPE
from registry_assets.signing.wire import Malformed, from_base64, to_base64

if TYPE_CHECKING:
    from registry_assets.signing.signers import Signer

LARGEST_ENVELOPE = 1 << 20
"""The greatest length of an envelope, in bytes."""

MOST_SIGNATURES = 10

_KEYS = ("payload", "payloadType", "signatures")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_HINT = "Ask whoever signed for the file as it was written."


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """One signature in an envelope, not yet verified: its key's fingerprint, and SSHSIG."""

    keyid: str
    sig: bytes

    def __post_init__(self) -> None:
        if not isinstance(self.keyid, str) or not _FINGERPRINT.fullmatch(self.keyid):
            raise _invalid("the keyid of a signature is no fingerprint (SHA256:…) of a key")
        if not 0 < len(self.sig) <= LONGEST_BLOB:
            raise _invalid(f"a signature in it has {len(self.sig):,} bytes")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Signed bytes with their type; signatures are kept in the order of their keyids.

    Law: `Envelope.from_bytes(envelope.to_bytes()) == envelope`.
    """

    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]
    payload_type: str = MEDIA_TYPE

    def __post_init__(self) -> None:
        if self.payload_type != MEDIA_TYPE:
            raise _invalid(f"its payloadType is not {MEDIA_TYPE}")
        if not 0 < len(self.payload) <= LARGEST_STATEMENT:
            raise _invalid(f"its payload has {len(self.payload):,} bytes")
        signatures = tuple(sorted(self.signatures, key=lambda each: each.keyid))
        if not 0 < len(signatures) <= MOST_SIGNATURES:
            raise _invalid(f"it has {len(signatures)} signatures, not 1 to {MOST_SIGNATURES}")
        if len({each.keyid for each in signatures}) < len(signatures):
            raise _invalid("one key signed it twice")
        object.__setattr__(self, "signatures", signatures)

    @classmethod
    def of(cls, payload: bytes, *signatures: SshSignature) -> Self:
        """Put a payload and its signatures, wherever they were made, into an envelope."""
        return cls(
            payload,
            tuple(
                EnvelopeSignature(each.public_key.fingerprint, each.to_blob())
                for each in signatures
            ),
        )

    def to_bytes(self) -> bytes:
        """Write the envelope as canonical JSON."""
        return canonical_json(
            {
                "payload": to_base64(self.payload),
                "payloadType": self.payload_type,
                "signatures": [
                    {"keyid": each.keyid, "sig": to_base64(each.sig)} for each in self.signatures
                ],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read an envelope, whoever wrote it; nothing in it is verified by that.

        Raises:
            EnvelopeInvalid: it is none, or could be read in more than one way.
        """
        try:
            document = read_object(data, keys=_KEYS, limit=LARGEST_ENVELOPE)
            entries = list_in(
                document["signatures"], least=1, most=MOST_SIGNATURES, what="signatures"
            )
            return cls(
                _decoded(document["payload"]),
                tuple(_signature(each) for each in entries),
                document["payloadType"],
            )
        except Malformed as error:
            raise _invalid(str(error)) from error


def pae(payload_type: str, payload: bytes) -> bytes:
    """Give the bytes that are signed for a payload: DSSE's pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(statement: bytes, signer: "Signer", *, namespace: str) -> Envelope:
    """Sign the bytes of a statement, and put both into an envelope.

    Raises:
        KeyUnusable: the signer cannot sign now.
    """
    return Envelope.of(statement, signer.sign(pae(MEDIA_TYPE, statement), namespace=namespace))


def verify_envelope(envelope: Envelope, *, namespace: str) -> tuple[PublicKey, ...]:
    """Give the keys that signed an envelope for a purpose; each of its signatures must be good.

    Raises:
        SignatureInvalid: one of them is not.
    """
    signed = pae(envelope.payload_type, envelope.payload)
    return tuple(_verified(each, signed, namespace=namespace) for each in envelope.signatures)


def _verified(entry: EnvelopeSignature, signed: bytes, *, namespace: str) -> PublicKey:
    key = verify(SshSignature.from_blob(entry.sig), signed, namespace=namespace)
    if key.fingerprint != entry.keyid:
        raise SignatureInvalid(
            f"A signature of {key.fingerprint} is said to be of {entry.keyid}.", hint=_HINT
        )
    return key


def _signature(value: object) -> EnvelopeSignature:
    entry = with_keys(value, ("keyid", "sig"))
    return EnvelopeSignature(entry["keyid"], _decoded(entry["sig"]))


def _decoded(value: object) -> bytes:
    if not isinstance(value, str):
        raise Malformed("base64 is expected in it where something else stands")
    return from_base64(value)


def _invalid(reason: str) -> EnvelopeInvalid:
    return EnvelopeInvalid(f"This is no envelope that is read here: {reason}.", hint=_HINT)
