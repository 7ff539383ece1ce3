import pytest
from core_bench import CITIZEN, deliver

from kentongan.at import pdu
from kentongan.daemon.answers import Answers, Template
from kentongan.daemon.numbers import party
from kentongan.daemon.screen import is_one_time_code, screen

ONE_TIME_CODES = [
    "Kode verifikasi WhatsApp Anda: 482-913. Jangan berikan kode ini kepada siapa pun.",
    "Your WhatsApp code: 482-913. You can also tap on this link to verify your phone",
    "<#> Kode WhatsApp Anda: 482-913 Jangan bagikan kode ini 4sgLq1p5sV6",
    "Akun WhatsApp Anda sedang didaftarkan pada perangkat baru. Kode: 482913. Jangan bagikan kode kepada siapa pun",
    "Telegram code: 48291. You can also tap on this link to log in",
    "Kode masuk Telegram Anda 48291. Jangan berikan kode ini kepada orang lain",
    "Login code: 48291. Do not give this code to anyone, even if they say they are from Telegram!",
    "G-482913 is your Google verification code.",
    "G-482913 adalah kode verifikasi Google Anda.",
    "482913 is your Facebook confirmation code",
    "482913 adalah kode konfirmasi Facebook Anda",
    "482 913 is your Instagram code. Don't share it.",
    "Use 482913 as your security code",
    "Kode OTP Anda 482913. Berlaku 5 menit.",
    "OTP: 482913",
    "482913 adalah OTP Anda untuk transaksi Rp250.000 di Tokopedia",
    "JANGAN BERIKAN KODE INI KE SIAPAPUN. Kode rahasia Anda: 4829",
    "Kode akses Gojek Anda 4829",
    "Kode Grab Anda: 482913",
    "Your Grab activation code is 482913",
    "Kode verifikasi Shopee: 482913. Jangan beri tahu siapapun termasuk pihak Shopee.",
    "RAHASIA. Kode Tokopedia kamu 482913",
    "Kode aktivasi BRImo Anda adalah 482913",
    "BCA: kode otorisasi dan OTP Anda 482913",
    "Your verification code is 4829",
    "Your one-time password is 482913",
    "One time code 482913 for sign in",
    "482913 is the code to access your account",
    "Kode keamanan akun Anda: 48291",
    "Kode login MyTelkomsel: 482913",
    "Gunakan kode verifikasi 482913 untuk mendaftar",
    "Registration code 482913, valid for 10 minutes",
    "Jangan informasikan kode ini: 482913",
    "Never share your code with anyone. 482913",
    "DANA: Kode verifikasi kamu 4829",
    "Kode OVO 482913 (jangan dibagikan)",
]
COMPLAINTS = [
    "jln ds sabbang rsk parah tlg diperbaiki",
    "Lampu jalan di Jl. Kaliurang km 5 mati sudah 3 hari",
    "tolong pak, kode pos 91966 salah di KTP saya",
    "listrik padam sejak 23112026 jam 0815, token 20 digit tidak masuk",
    "saya lapor no tiket 2041937 belum ditanggapi",
    "NIK 7322010101900001 belum keluar di dukcapil",
    "harga pupuk 150000 per sak, mohon ditinjau",
    "Bidan tdk ada di pustu ds Salulemo RT 0203",
    "kode etik pegawai mohon ditegakkan",
    "tolong stop truk pasir lewat depan sekolah 081234567890",
    "petugas samsat minta 50000, saya ada fotonya",
    "rekening air pdam 123456 naik terus",
    "bantuan bpnt 200000 dipotong 20000",
    "jembatan gantung putus di dusun 4, 45 kk terisolir",
    "mohon verifikasi data bansos ibu saya, sudah 2 tahun",
]


@pytest.mark.parametrize("text", ONE_TIME_CODES)
def test_a_one_time_code_is_recognised_in_both_languages(text):
    assert is_one_time_code(text)


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_complaint_with_digits_is_not_a_one_time_code(text):
    assert not is_one_time_code(text)


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_persons_words_never_keep_their_complaint_out(text):
    message = pdu.decode(deliver(text)).tpdu
    assert screen(message, party(CITIZEN), own_numbers=frozenset()) is None


@pytest.mark.parametrize(
    ("sender", "own", "code", "reason"),
    [
        ("TELKOMSEL", (), 0x00, "operator"),
        ("4444", (), 0x00, "short_code"),
        (CITIZEN, (), 0x10, "class_0"),
        (CITIZEN, (), 0xC8, "waiting"),
        (CITIZEN, (), 0xD8, "waiting"),
        (CITIZEN, (CITIZEN,), 0x00, "own"),
    ],
)
def test_what_the_carrier_or_the_sender_is_keeps_a_message_out(sender, own, code, reason):
    message = pdu.decode(deliver("halo", sender=sender, code=code)).tpdu
    who = party(message.originator.text, alphanumeric=message.originator.is_alphanumeric)
    found = screen(message, who, own_numbers=frozenset(own))
    assert (found.reason, found.keep_body) == (reason, True)


@pytest.mark.parametrize("template", Template)
def test_two_gateways_do_not_talk_to_each_other(template):
    text = Answers(True, "Kominfo Rembang").text(template, "RB1-000-017-4")
    message = pdu.decode(deliver(text)).tpdu
    assert screen(message, party(CITIZEN), own_numbers=frozenset()).reason == "gateway"


@pytest.mark.parametrize(
    ("port", "reason"), [(2948, "wap_push"), (49999, "provisioning"), (9204, "card"), (9205, "card")]
)
def test_messages_for_a_program_keep_out(port, reason):
    ports = pdu.Ports(port, 9200, 16)
    tpdu = pdu.Deliver(
        pdu.address_of(CITIZEN), 0, pdu.dcs_of(0x04), pdu.scts_of(0, 0), pdu.write_octets(b"\x01", (ports,))
    )
    assert screen(tpdu, party(CITIZEN), own_numbers=frozenset()).reason == reason


@pytest.mark.parametrize(("pid", "reason"), [(0x40, "type_0"), (0x7D, "sim_download"), (0x7F, "sim_download")])
def test_protocol_identifiers_that_are_for_the_modem_keep_out(pid, reason):
    tpdu = pdu.Deliver(
        pdu.address_of(CITIZEN), pid, pdu.dcs_of(0x00), pdu.scts_of(0, 0), pdu.write_text("x", pdu.Alphabet.GSM7)
    )
    assert screen(tpdu, party(CITIZEN), own_numbers=frozenset()).reason == reason
