"""What a decoder noticed and went on in spite of: never silent, never a guess."""

from enum import StrEnum


class Remark(StrEnum):
    """One deviation from the standard in a PDU that could still be read."""

    TEXT_CUT = "the user data ends before the length it announces"
    ODD_UCS2 = "the UCS-2 text has an odd number of octets; the last one was dropped"
    LONE_SURROGATE = "a surrogate has no partner; the other half may be in the next part"
    BAD_ESCAPE = "an escape is followed by a code outside the extension table"
    LONE_ESCAPE = "the text ends in an escape without its code"
    UNDEFINED_SEPTET = "a septet has no character in the announced locking shift table"
    UNKNOWN_LANGUAGE = "a national language is unknown; read with the default tables"
    HEADER_IGNORED = "the user data header does not fit its length; it was ignored"
    CONCAT_IGNORED = "a concatenation element makes no sense; read as a single message"
    ELEMENT_LENGTH = "an information element has the wrong length; kept uninterpreted"
    BYTE_ORDER_MARK = "a leading byte order mark was dropped"
    COMPRESSED = "the text is compressed; kept as octets"
    TRAILING_OCTETS = "octets follow the user data"
    OPTIONAL_CUT = "the optional fields end before the parameter indicator says so"
    RESERVED_MTI = "the reserved message type is read as a DELIVER (3GPP TS 23.040 §9.2.3.1)"
    RESERVED_DCS = "the data coding is reserved; read as GSM 7-bit (3GPP TS 23.038 §4)"


LOSSY = frozenset(
    {
        Remark.TEXT_CUT,
        Remark.ODD_UCS2,
        Remark.BAD_ESCAPE,
        Remark.LONE_ESCAPE,
        Remark.UNDEFINED_SEPTET,
        Remark.UNKNOWN_LANGUAGE,
        Remark.HEADER_IGNORED,
        Remark.COMPRESSED,
    }
)
"""Remarks after which the text may differ from what was typed."""
