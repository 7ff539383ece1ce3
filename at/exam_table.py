"""The twenty questions in their order (modem.md 11), and what their answers make of a modem."""

from dataclasses import dataclass
from enum import StrEnum

from kentongan.at import pdu
from kentongan.at.dialect import SIM800
from kentongan.at.dialogue import Procedure
from kentongan.at.errors import PduError
from kentongan.at.exam import (
    Basis,
    Check,
    Finding,
    Ground,
    Mark,
    capacity,
    empty_slot,
    escape,
    more_messages,
    notification,
    port_name,
    quiet,
    supply,
)
from kentongan.at.exam_sending import delivery_report, notices, references, ussd
from kentongan.at.procedures import ask
from kentongan.at.results import USABLE_REGISTRATIONS, StoreFill


def names(ground: Ground) -> Procedure[Finding]:
    """19: look for a sender with a name among what lies in the memory."""
    yield from ask("AT", "")
    for entry in ground.basis.slots or ():
        try:
            tpdu = pdu.decode(entry.pdu_hex).tpdu
        except PduError:
            continue
        if isinstance(tpdu, pdu.Deliver) and tpdu.originator.is_alphanumeric:
            return Finding(Mark.PASSED, f"terbaca: {tpdu.originator.text!r}")
    return Finding(Mark.UNTESTED, "belum ada SMS dari pengirim bernama di kartu")


SEND = "ulangi dengan --boleh-kirim --nomor NOMOR (nomor kartu ini sendiri; biaya 2 SMS)"
CHECKS = (
    Check(1, "pemberitahuan SMS masuk (CNMI)", "", notification),
    Check(2, "baca tempat kosong (CMGR)", "", empty_slot),
    Check(3, "batal dari prompt (ESC)", "", escape),
    Check(4, "SMS kelas 0 (flash)", "kirim SMS flash dari HP, lihat baris +CMT atau +CMTI"),
    Check(5, "nomor acuan kirim (MR)", SEND, references, sends=True),
    Check(6, "jawaban +CMGS terlambat", "cabut antena di tengah kirim, amati 240 detik"),
    Check(7, "memori SIM penuh", "isi SIM sampai penuh, kirim satu SMS lagi, hapus satu, catat kapan SMS masuk"),
    Check(8, "baris tambahan Huawei (CURC)", "", quiet),
    Check(9, "sambungan dipertahankan (CMMS)", "", more_messages),
    Check(10, "tombol daya (PWRKEY)", "ukur pin STATUS, kirim AT sebelum dan sesudah pulsa"),
    Check(11, "keadaan modem setelah Pi menyala", "hidupkan ulang Pi, lihat lampu modem, lalu ulangi ujian"),
    Check(12, "ukuran memori dan nomor tempat", "", capacity),
    Check(13, "USSD", "ulangi dengan --ussd KODE, misalnya '*888#' (Telkomsel)", ussd),
    Check(14, "nama port", "", port_name),
    Check(15, "lama kirim terpanjang", "cabut antena, kirim, catat detik sampai jawaban"),
    Check(16, "tegangan modem", "", supply),
    Check(17, "port yang memberitahu SMS masuk", SEND, notices, sends=True),
    Check(18, "laporan kirim", SEND, delivery_report, sends=True),
    Check(19, "pengirim bernama", "minta SMS dari operator (mis. kirim INFO ke nomor layanan), lalu ulangi", names),
    Check(20, "telepon masuk saat mengirim", "telepon kartu ini dari HP saat gateway mengirim SMS panjang"),
)


class Grade(StrEnum):
    """The verdict, in the certificate's words."""

    SUPPORTED = "didukung"
    SEND_ONLY = "hanya kirim"
    RECEIVE_ONLY = "hanya terima"
    UNSUITABLE = "tidak cocok"
    UNDECIDED = "belum dapat dinilai"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the modem is fit for, and why."""

    grade: Grade
    reasons: tuple[str, ...]


WITHOUT_2G = {"51009": "Smartfren", "51028": "Smartfren"}
"""Networks of the country that a 2G modem can never register with (modem.md 10.3)."""


def judge(basis: Basis, findings: dict[int, Finding], ground: Ground) -> Verdict:
    """Say what the modem is fit for; what it lacks is named."""
    if basis.sim != "READY":
        return Verdict(Grade.UNDECIDED, (f"kartu SIM belum bisa dipakai: {basis.sim}",))
    if not basis.pdu_mode:
        return Verdict(Grade.UNSUITABLE, ("mode PDU ditolak (AT+CMGF=0)",))
    if ground.prompts is None:
        return Verdict(Grade.UNDECIDED, ("modem berhenti menjawab di tengah ujian: periksa daya, lalu ulangi",))
    deaf, mute = _cannot_receive(basis), _cannot_send(basis, findings, ground)
    if deaf and mute:
        return Verdict(Grade.UNSUITABLE, (*deaf, *mute))
    if deaf:
        return Verdict(Grade.SEND_ONLY, tuple(deaf))
    if mute:
        return Verdict(Grade.RECEIVE_ONLY, tuple(mute))
    name = WITHOUT_2G.get(basis.imsi[:5])
    if name and basis.dialect is SIM800:
        return Verdict(
            Grade.UNSUITABLE, (f"kartu {name} hanya punya 4G, modem ini hanya 2G: pakai kartu operator lain",)
        )
    if basis.registration not in USABLE_REGISTRATIONS:
        return Verdict(Grade.UNDECIDED, (f"kartu belum terdaftar di jaringan (CREG {basis.registration})",))
    return Verdict(Grade.SUPPORTED, ("menerima, menyimpan dan mengirim SMS sesuai kebutuhan gateway",))


def _cannot_receive(basis: Basis) -> list[str]:
    reasons = []
    if not basis.mt:
        reasons.append("modem menyatakan tidak menerima SMS (CSMS)")
    if not isinstance(basis.fill, StoreFill):
        reasons.append(f"tidak ada memori SMS: {basis.fill.why}")
    elif basis.slots is None:
        reasons.append("isi memori SMS tidak bisa dibaca (CMGL)")
    return reasons


def _cannot_send(basis: Basis, findings: dict[int, Finding], ground: Ground) -> list[str]:
    reasons = []
    if not basis.mo:
        reasons.append("modem menyatakan tidak mengirim SMS (CSMS)")
    if ground.prompts is False:
        reasons.append("perintah kirim ditolak (CMGS)")
    if not basis.centre:
        reasons.append("nomor pusat SMS (SMSC) kosong di kartu")
    if findings[5].mark is Mark.FAILED:
        reasons.append(f"SMS uji gagal: {findings[5].text}")
    return reasons
