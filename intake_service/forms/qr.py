"""The QR code on a form, for both presses."""

import segno

#: Whatever the mask, a QR code reads; to weigh all eight (ISO/IEC 18004) takes 4 of the 5.5 ms that one costs.
_MASK = 2


def code_of(address: str) -> segno.QRCode:
    """The QR code that leads to an address; a seventh of it may be soiled."""
    return segno.make_qr(address, error="m", mask=_MASK)
