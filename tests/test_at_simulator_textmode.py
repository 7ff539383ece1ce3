"""Text mode, for the programs that want it."""

from modem_bench import DELIVER, Bench

from kentongan.at.pdu import decode

OK = b"\r\nOK\r\n"
STAMP = b'"26/11/23,15:04:05+28"'


def texting(**options) -> Bench:
    bench = Bench(**options)
    bench.ask("AT+CMGF=1")
    return bench


def test_messages_are_listed_and_read_as_words():
    bench = texting()
    bench.modem.deliver(DELIVER)
    bench.heard()
    head = b'"REC UNREAD","+6281234567890","",' + STAMP + b"\r\nTOLONG\r\n"
    assert bench.ask('AT+CMGL="ALL"') == b"\r\n+CMGL: 1," + head + OK
    assert bench.ask("AT+CMGR=1") == b"\r\n+CMGR: " + head.replace(b"UNREAD", b"READ") + OK
    assert bench.ask('AT+CMGL="REC UNREAD"') == OK
    assert bench.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 304\r\n"


def test_a_text_is_sent_to_a_number_with_a_report_when_asked_for():
    bench = texting()
    bench.ask("AT+CNMI=2,1,0,1,0")
    bench.ask("AT+CSMP=49,167,0,0")
    assert bench.ask('AT+CMGS="+6281234567890"') == b"\r\n> "
    assert bench.send(b"Terima kasih\x1a") == b"\r\n+CMGS: 42\r\n\r\nOK\r\n"
    (submitted,) = bench.modem.submitted()
    tpdu = decode(submitted.pdu_hex).tpdu
    assert (tpdu.destination.text, tpdu.user_data.text) == ("+6281234567890", "Terima kasih")
    assert bench.wait(1.0).startswith(b'\r\n+CDS: 6,42,"+6281234567890",145,"26/11/23,')


def test_ucs2_comes_and_goes_as_hex():
    bench = texting()
    bench.modem.sms("+6281234567890", "Siap 👍")
    assert b"00530069006100700020D83DDC4D" in bench.heard() + bench.ask('AT+CMGL="ALL"')
    bench.ask('AT+CSCS="UCS2"')
    number = "+62812".encode("utf-16-be").hex().upper()
    bench.ask(f'AT+CMGS="{number}"')
    bench.send("Siap 👍".encode("utf-16-be").hex().upper().encode() + b"\x1a")
    assert decode(bench.modem.submitted()[0].pdu_hex).tpdu.user_data.text == "Siap 👍"


def test_a_text_that_does_not_fit_is_refused():
    bench = texting()
    bench.ask('AT+CMGS="+62812"')
    assert bench.send(b"x" * 161 + b"\x1a") == b"\r\n+CMS ERROR: 305\r\n"


def test_a_flash_message_is_words_on_the_wire():
    bench = texting()
    bench.modem.sms("INFO", "Sisa pulsa", flash=True)
    assert bench.heard() == b'\r\n+CMT: "INFO","",' + STAMP + b"\r\nSisa pulsa\r\n"


def test_what_cannot_be_read_is_shown_as_hex_and_stored_submits_have_no_time():
    bench = texting()
    bench.modem.deliver("00FF")
    bench.heard()
    assert bench.ask("AT+CMGR=1") == b'\r\n+CMGR: "REC UNREAD","",""\r\n00FF\r\n' + OK
    bench.ask("AT+CMGF=0")
    bench.ask("AT+CMGW=28")
    bench.send(b"0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603\x1a")
    bench.ask("AT+CMGF=1")
    assert bench.ask("AT+CMGR=2") == b'\r\n+CMGR: "STO UNSENT","+6281234567890",""\r\nHalo Kentongan\r\n' + OK


def test_a_stored_report_is_listed_with_its_reference():
    bench = Bench("me909s")
    bench.ask("AT+CNMI=2,1,0,2,0")
    bench.submit()
    assert b'+CDSI: "SM",0' in bench.wait(1.0)
    bench.ask("AT+CMGF=1")
    assert b'"REC UNREAD",6,42,"+6281234567890",145,' in bench.ask("AT+CMGR=0")
