"""PDU codec (3GPP TS 23.040 and 23.038): pure; refuses with `PduError` and remarks what it had to overlook."""

from kentongan.at.errors import NotEncodable, PduError, PduTruncated, PduUnsupported, TooLong
from kentongan.at.pdu.address import Address, Npi, Ton, address_of, name_of
from kentongan.at.pdu.codec import Decoded, Encoded, decode, encode
from kentongan.at.pdu.dcs import Alphabet, Dcs, Mwi, Waiting, dcs_of
from kentongan.at.pdu.explain import Field, explain
from kentongan.at.pdu.national import Language
from kentongan.at.pdu.remark import LOSSY, Remark
from kentongan.at.pdu.reports import DeliverReport, SubmitReport, decode_deliver_report, decode_submit_report
from kentongan.at.pdu.scts import Scts, scts_of
from kentongan.at.pdu.segment import Segmented, SubmitPdu, segment, split
from kentongan.at.pdu.tpdu import Deliver, Delivery, OptionalFields, StatusReport, Submit, Tpdu, delivery_of
from kentongan.at.pdu.transliterate import Change, transliterate
from kentongan.at.pdu.udh import (
    Concat,
    Element,
    EmailHeader,
    HeaderSource,
    Hyperlink,
    LockingShift,
    OtherElement,
    Ports,
    ReplyAddress,
    SingleShift,
    SmscControl,
    SpecialMessage,
)
from kentongan.at.pdu.user_data import UserData, write_octets, write_text
from kentongan.at.pdu.validity import AbsoluteValidity, EnhancedValidity, RelativeValidity, Validity, relative

__all__ = [
    "LOSSY",
    "AbsoluteValidity",
    "Address",
    "Alphabet",
    "Change",
    "Concat",
    "Dcs",
    "Decoded",
    "Deliver",
    "DeliverReport",
    "Delivery",
    "Element",
    "EmailHeader",
    "Encoded",
    "EnhancedValidity",
    "Field",
    "HeaderSource",
    "Hyperlink",
    "Language",
    "LockingShift",
    "Mwi",
    "NotEncodable",
    "Npi",
    "OptionalFields",
    "OtherElement",
    "PduError",
    "PduTruncated",
    "PduUnsupported",
    "Ports",
    "RelativeValidity",
    "Remark",
    "ReplyAddress",
    "Scts",
    "Segmented",
    "SingleShift",
    "SmscControl",
    "SpecialMessage",
    "StatusReport",
    "Submit",
    "SubmitPdu",
    "SubmitReport",
    "Ton",
    "TooLong",
    "Tpdu",
    "UserData",
    "Validity",
    "Waiting",
    "address_of",
    "dcs_of",
    "decode",
    "decode_deliver_report",
    "decode_submit_report",
    "delivery_of",
    "encode",
    "explain",
    "name_of",
    "relative",
    "scts_of",
    "segment",
    "split",
    "transliterate",
    "write_octets",
    "write_text",
]
