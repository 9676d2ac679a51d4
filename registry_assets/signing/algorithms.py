"""What Ed25519 and ECDSA compute, over the bytes that `sshsig` prepares.

Imports cryptography at its head, so it is imported inside functions only: reading commands pass
through this package, and compute nothing.
"""

from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry_assets.signing.wire import mpint

PrivateKey: TypeAlias = Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_CURVES = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
_HASHES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}


def is_on_curve(point: bytes, *, curve: str) -> bool:
    """Tell whether bytes are a point of a curve, by OpenSSH's name of it."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)
    except ValueError:
        return False
    return True


def verifies_ed25519(point: bytes, signature: bytes, signed: bytes) -> bool:
    """Tell whether a signature of 64 bytes is of that key over those bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(point).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def verifies_ecdsa(point: bytes, numbers: tuple[int, int], signed: bytes, *, curve: str) -> bool:
    """Tell whether the two numbers of a signature are of that key over those bytes."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[curve], point)
    try:
        public.verify(utils.encode_dss_signature(*numbers), signed, _ecdsa(public.curve))
    except InvalidSignature:
        return False
    return True


def raw_signature(private: PrivateKey, signed: bytes) -> bytes:
    """Sign as SSH writes it: of Ed25519 its 64 bytes, of ECDSA two numbers, others each time."""
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(signed)
    der = private.sign(signed, _ecdsa(private.curve))
    return b"".join(map(mpint, utils.decode_dss_signature(der)))


def public_line(private: PrivateKey) -> str:
    """Write the public half of a private key in OpenSSH's form.

    Raises:
        ValueError: it is of a curve that OpenSSH does not have.
    """
    public = private.public_key()
    form = serialization.PublicFormat.OpenSSH
    return public.public_bytes(serialization.Encoding.OpenSSH, form).decode()


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    return ec.ECDSA(_HASHES[curve.name])
