"""Envelopes: assembled by anybody, verified by us, and read in one way only."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.canonical import sha256_digest
from registry_assets.errors import EnvelopeInvalid, SignatureInvalid, SigningError
from registry_assets.signing.dsse import (
    LARGEST_ENVELOPE,
    MOST_SIGNATURES,
    Envelope,
    EnvelopeSignature,
    pae,
    sign_envelope,
    verify_envelope,
)
from registry_assets.signing.keys import read_public_key
from registry_assets.signing.signers import generate_key, open_signer
from registry_assets.signing.sshsig import LONGEST_BLOB, SshSignature
from registry_assets.signing.statement import LARGEST_STATEMENT, MEDIA_TYPE, Statement, Subject
from registry_assets_tests.signing.openssh import signed, verified

NAMESPACE = "approval"
PAYLOAD = Statement(
    (Subject("flights:12", sha256_digest(b"a version")),),
    "https://example.org/approval/v1",
    {"pointer": "production"},
).to_bytes()


@pytest.fixture
def envelope(ed25519: Path) -> Envelope:
    """A statement, signed by an Ed25519 key."""
    return sign_envelope(PAYLOAD, open_signer(ed25519), namespace=NAMESPACE)


@pytest.fixture
def document(envelope: Envelope) -> dict[str, Any]:
    """The JSON of that envelope, for a test to change."""
    read: dict[str, Any] = json.loads(envelope.to_bytes())
    return read


def accepted(data: bytes) -> bool:
    """Whether bytes are an envelope of which each signature is good."""
    try:
        verify_envelope(Envelope.from_bytes(data), namespace=NAMESPACE)
    except SigningError:
        return False
    return True


def new_signature(folder: Path, payload: bytes = PAYLOAD) -> SshSignature:
    """A signature by a key that nobody had before."""
    text, public = generate_key()
    path = folder / public.blob.hex()
    path.touch(0o600)
    path.write_text(text)
    return open_signer(path).sign(pae(MEDIA_TYPE, payload), namespace=NAMESPACE)


def test_what_is_signed_is_as_dsse_says() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "


def test_each_kind_of_key_signs_an_envelope(key: Path) -> None:
    envelope = sign_envelope(PAYLOAD, open_signer(key), namespace=NAMESPACE)
    again = Envelope.from_bytes(envelope.to_bytes())
    assert again == envelope
    assert again.payload == PAYLOAD
    assert verify_envelope(again, namespace=NAMESPACE) == (read_public_key(key),)


def test_an_envelope_made_with_ssh_keygen_alone_is_verified(key: Path, tmp_path: Path) -> None:
    to_sign = tmp_path / "to_sign"
    to_sign.write_bytes(b"DSSEv1 28 application/vnd.in-toto+json %d " % len(PAYLOAD) + PAYLOAD)
    armor = signed(key, to_sign.read_bytes(), namespace=NAMESPACE)
    blob = "".join(armor.splitlines()[1:-1])
    written = json.dumps(
        {
            "payloadType": "application/vnd.in-toto+json",
            "payload": base64.b64encode(PAYLOAD).decode(),
            "signatures": [{"sig": blob, "keyid": read_public_key(key).fingerprint}],
        },
        indent=2,
    )
    envelope = Envelope.from_bytes(written.encode())
    assert verify_envelope(envelope, namespace=NAMESPACE) == (read_public_key(key),)
    assert envelope == Envelope.of(PAYLOAD, SshSignature.from_armor(armor))


def test_ssh_keygen_verifies_what_an_envelope_holds(envelope: Envelope, tmp_path: Path) -> None:
    (entry,) = envelope.signatures
    signature = SshSignature.from_blob(entry.sig)
    assert verified(
        tmp_path,
        pae(envelope.payload_type, envelope.payload),
        signature.to_armor(),
        signers=f'ana namespaces="{NAMESPACE}" {signature.public_key.line}\n',
        principal="ana",
        namespace=NAMESPACE,
    )


def test_several_people_sign_one_envelope_in_any_order(tmp_path: Path) -> None:
    signatures = [new_signature(tmp_path) for _ in range(MOST_SIGNATURES)]
    envelope = Envelope.of(PAYLOAD, *signatures)
    assert envelope == Envelope.of(PAYLOAD, *reversed(signatures))
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope
    found = verify_envelope(envelope, namespace=NAMESPACE)
    assert set(found) == {signature.public_key for signature in signatures}
    assert len(found) == MOST_SIGNATURES


def test_more_signatures_than_anybody_needs_are_refused(tmp_path: Path) -> None:
    signatures = [new_signature(tmp_path) for _ in range(MOST_SIGNATURES + 1)]
    with pytest.raises(EnvelopeInvalid, match="11 signatures, not 1 to 10"):
        Envelope.of(PAYLOAD, *signatures)
    with pytest.raises(EnvelopeInvalid, match="0 signatures, not 1 to 10"):
        Envelope.of(PAYLOAD)


def test_one_bad_signature_beside_good_ones_refuses_the_envelope(tmp_path: Path) -> None:
    good = new_signature(tmp_path)
    over_another = new_signature(tmp_path, PAYLOAD + b" ")
    with pytest.raises(SignatureInvalid, match="not of the key"):
        verify_envelope(Envelope.of(PAYLOAD, good, over_another), namespace=NAMESPACE)


def test_an_envelope_for_another_purpose_is_refused(envelope: Envelope) -> None:
    with pytest.raises(SignatureInvalid, match="made for approval, not for activation"):
        verify_envelope(envelope, namespace="activation")


def test_a_signature_over_another_payload_or_the_payload_alone_is_refused(
    envelope: Envelope, ed25519: Path
) -> None:
    with pytest.raises(SignatureInvalid):
        verify_envelope(Envelope(PAYLOAD + b" ", envelope.signatures), namespace=NAMESPACE)
    alone = open_signer(ed25519).sign(PAYLOAD, namespace=NAMESPACE)
    with pytest.raises(SignatureInvalid):
        verify_envelope(Envelope.of(PAYLOAD, alone), namespace=NAMESPACE)


def test_a_signature_under_the_name_of_another_key_is_refused(
    envelope: Envelope, another: Path
) -> None:
    (entry,) = envelope.signatures
    name = read_public_key(another).fingerprint
    renamed = Envelope(PAYLOAD, (EnvelopeSignature(name, entry.sig),))
    with pytest.raises(SignatureInvalid, match=f"is said to be of {name.replace('+', '.')}"):
        verify_envelope(renamed, namespace=NAMESPACE)


def test_one_key_counts_once(envelope: Envelope, another: Path, keys: dict[str, Path]) -> None:
    (entry,) = envelope.signatures
    with pytest.raises(EnvelopeInvalid, match="one key signed it twice"):
        Envelope(PAYLOAD, (entry, entry))
    name = read_public_key(another).fingerprint
    renamed = Envelope(PAYLOAD, (entry, EnvelopeSignature(name, entry.sig)))
    with pytest.raises(SignatureInvalid, match="is said to be of"):
        verify_envelope(renamed, namespace=NAMESPACE)
    # Each ECDSA signature is another: two of them are two files, and still one person.
    signer = open_signer(keys["ecdsa-256"])
    signatures = [signer.sign(pae(MEDIA_TYPE, PAYLOAD), namespace=NAMESPACE) for _ in range(2)]
    assert signatures[0] != signatures[1]
    with pytest.raises(EnvelopeInvalid, match="one key signed it twice"):
        Envelope.of(PAYLOAD, *signatures)


def test_no_byte_of_an_envelope_can_change(envelope: Envelope) -> None:
    data = envelope.to_bytes()
    assert accepted(data)
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 7
        assert not accepted(bytes(changed)), position


def test_a_cut_envelope_is_refused(envelope: Envelope) -> None:
    data = envelope.to_bytes()
    for length in range(len(data)):
        with pytest.raises(EnvelopeInvalid):
            Envelope.from_bytes(data[:length])


def test_an_envelope_in_another_order_and_spacing_is_the_same(
    envelope: Envelope, document: dict[str, Any]
) -> None:
    turned = dict(reversed(document.items()))
    for data in (json.dumps(turned, indent=4).encode(), b"\r\n\t " + envelope.to_bytes() + b"\n"):
        assert Envelope.from_bytes(data) == envelope


@pytest.mark.parametrize(
    "change",
    [
        {"payloadType": "application/json"},
        {"payloadType": MEDIA_TYPE.upper()},
        {"payloadType": MEDIA_TYPE + "\0"},
        {"payloadType": True},
        {"payloadType": None},
        {"payloadType": [MEDIA_TYPE]},
        {"payload": ""},
        {"payload": True},
        {"payload": None},
        {"payload": 1},
        {"payload": {}},
        {"payload": "AAA"},
        {"payload": "AA=="[:3]},
        {"payload": "AB=="},
        {"payload": "AAA=\n"},
        {"payload": "A A A="},
        {"payload": "AAA=AAA="},
        {"payload": "_-8="},
        {"payload": "\ud800"},
        {"payload": "\0"},
        {"payload": "\uff21\uff21\uff21\uff21"},
        {"signatures": []},
        {"signatures": {}},
        {"signatures": None},
        {"signatures": "SHA256"},
        {"signatures": [None]},
        {"signatures": [[]]},
        {"signatures": [{}]},
        {"more": 1},
        {"payloadtype": MEDIA_TYPE},
    ],
)
def test_an_envelope_that_says_something_else_is_refused(
    document: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(EnvelopeInvalid):
        Envelope.from_bytes(json.dumps({**document, **change}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"keyid": ""},
        {"keyid": None},
        {"keyid": True},
        {"keyid": "SHA256:"},
        {"keyid": "MD5:" + "a" * 43},
        {"keyid": "SHA256:" + "a" * 43 + "\n"},
        {"keyid": "SHA256:" + "a" * 42 + "\ud800"},
        {"keyid": "SHA256:" + "a" * 42 + "\0"},
        {"sig": ""},
        {"sig": None},
        {"sig": False},
        {"sig": "!"},
        {"sig": "AB=="},
        {"sig": "\ud800"},
        {"sig": base64.b64encode(bytes(LONGEST_BLOB + 1)).decode()},
        {"cert": ""},
    ],
)
def test_a_signature_in_another_form_is_refused(
    document: dict[str, Any], change: dict[str, Any]
) -> None:
    document["signatures"][0].update(change)
    with pytest.raises(EnvelopeInvalid):
        Envelope.from_bytes(json.dumps(document).encode())


def test_bytes_that_are_no_signature_are_found_by_verifying(document: dict[str, Any]) -> None:
    document["signatures"][0]["sig"] = base64.b64encode(b"SSHSIG").decode()
    envelope = Envelope.from_bytes(json.dumps(document).encode())
    with pytest.raises(SignatureInvalid, match="no signature of OpenSSH"):
        verify_envelope(envelope, namespace=NAMESPACE)


@pytest.mark.parametrize("key", ["payload", "payloadType", "signatures", "keyid", "sig"])
def test_a_key_that_stands_twice_is_refused(envelope: Envelope, key: str) -> None:
    data = envelope.to_bytes()
    name = f'"{key}":'.encode()
    assert data.count(name) == 1
    for value in (b'"AAAA"', b"[]", b"null"):
        with pytest.raises(EnvelopeInvalid, match="stands twice"):
            Envelope.from_bytes(data.replace(name, name + value + b"," + name))
    escaped = f'"\\u{ord(key[0]):04x}{key[1:]}":null,'.encode()
    with pytest.raises(EnvelopeInvalid, match="stands twice"):
        Envelope.from_bytes(data.replace(name, escaped + name))


@pytest.mark.parametrize(
    "value",
    [
        b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 100_000, b'{"a":' * 100_000,
        b"[" * 400_000 + b"]" * 400_000, b'"\\ud800"', b'"\xff"', b"\0", b"tru", b'"a\nb"',
    ],
)  # fmt: skip
def test_values_that_trip_readers_are_refused(envelope: Envelope, value: bytes) -> None:
    data = envelope.to_bytes()
    for hostile in (data.replace(b'"payload":', b'"payload":' + value + b","), value):
        with pytest.raises(EnvelopeInvalid):
            Envelope.from_bytes(hostile)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"0", b'""', b"\xef\xbb\xbf{}"])
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        Envelope.from_bytes(data)


def test_a_long_envelope_is_refused_before_it_is_read(envelope: Envelope) -> None:
    data = envelope.to_bytes()
    assert Envelope.from_bytes(data + b" " * (LARGEST_ENVELOPE - len(data))) == envelope
    for length in (LARGEST_ENVELOPE + 1, 10_000_000):
        with pytest.raises(EnvelopeInvalid, match="more than 1,048,576"):
            Envelope.from_bytes(data + b" " * (length - len(data)))


def test_the_longest_statement_fits_with_all_signatures() -> None:
    names = [f"SHA256:{'a' * 42}{letter}" for letter in "abcdefghij"]
    signatures = tuple(EnvelopeSignature(name, bytes(LONGEST_BLOB)) for name in names)
    envelope = Envelope(bytes(LARGEST_STATEMENT), signatures)
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope
    with pytest.raises(EnvelopeInvalid, match="payload has 524,289 bytes"):
        Envelope(bytes(LARGEST_STATEMENT + 1), signatures)


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_json_of_any_shape_is_never_more_than_refused(value: object) -> None:
    for shape in (value, {"payload": value, "payloadType": MEDIA_TYPE, "signatures": [value]}):
        with pytest.raises(EnvelopeInvalid):
            Envelope.from_bytes(json.dumps(shape).encode())
