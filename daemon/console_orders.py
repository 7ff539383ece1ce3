"""The commands of the technician's console, Indonesian with English aliases. Pure."""

import re
from collections.abc import Callable

from kentongan.daemon import faults, overview, printouts
from kentongan.daemon.console import Ask, Bye, LampTest, Order, Say, Session, Step, refused
from kentongan.daemon.printouts import fit
from kentongan.daemon.status import Status

PAGE = 200  # rows asked for at once
SHOWN = 40  # lines of the talk with the modem: a screen and a half
NUMBER = re.compile(r"\+?[0-9]{8,15}")  # whether an SMS may go there, the gateway decides
TEST_TEXT = "Uji SMS dari GW-{prefix}. Abaikan pesan ini."


def _status(session: Session, _words: list[str]) -> Step:
    box = session.box
    return session.status(lambda found: printouts.status(found, box.office, box.broker, box.zone))


def _faults(session: Session, words: list[str]) -> Step:
    if not words:
        return session.status(lambda found: overview.faults_of(found.faults, session.box.zone))
    code = int(words[0]) if words[0].isdecimal() else 0
    if code not in faults.CARD:
        return Say(("Tulis nomor gangguannya, 1 sampai 9:  gangguan 5",))

    def view(found: Status) -> list[str]:
        standing = [fault for fault in found.faults if fault.code == code]
        if standing:
            return overview.faults_of(standing, session.box.zone)
        return [f"Gangguan {code} sekarang tidak ada. Kalau nanti lampu merah berkedip {code} kali:", *_page(code)]

    return session.status(view)


def _modem(session: Session, _words: list[str]) -> Step:
    return session.status(lambda found: printouts.modem(found, session.box.zone))


def _queue(session: Session, _words: list[str]) -> Step:
    def then(found: Status) -> Step:
        def view(rows: object) -> list[str]:
            return printouts.queue(found, printouts.rows_of(rows), session.box.zone)

        return session.ask({"request": "outbox", "limit": PAGE}, view)

    return session.status_then(then)


def _ticket(session: Session, words: list[str]) -> Step:
    zone = session.box.zone
    if not words:
        request = {"request": "tickets", "limit": 10}
        return session.ask(request, lambda answer: printouts.tickets(printouts.rows_of(answer), zone))
    request = {"request": "ticket", "number": " ".join(words)[:40]}
    return session.ask(request, lambda answer: printouts.ticket(answer if isinstance(answer, dict) else {}, zone))


def _credit(session: Session, _words: list[str]) -> Step:
    return session.status(lambda found: printouts.credit(found, session.box.zone))


def _journal(session: Session, words: list[str]) -> Step:
    limit = min(PAGE, max(1, int(words[0]))) if words and words[0].isdecimal() else 20
    request = {"request": "journal", "limit": limit}
    return session.ask(request, lambda answer: printouts.journal(printouts.rows_of(answer), session.box.zone))


def _clock(session: Session, _words: list[str]) -> Step:
    return session.status(lambda found: printouts.clock(found, session.box.zone))


def _network(session: Session, _words: list[str]) -> Step:
    return session.status(printouts.network)


def _history(session: Session, _words: list[str]) -> Step:
    def view(answer: object) -> list[str]:
        found = answer if isinstance(answer, dict) else {}
        incidents, rungs = (printouts.rows_of(found.get(name)) for name in ("incidents", "rungs"))
        return printouts.history(incidents, rungs, session.box.zone)

    return session.ask({"request": "incidents", "limit": 15}, view)


def _recording(session: Session, words: list[str]) -> Step:
    *line, limit = words if words and words[-1].isdecimal() else [*words, f"{SHOWN}"]
    request = {"request": "trace", "line": line[0][:16] if line else ""}

    def view(answer: object) -> list[str]:
        heard = [str(each) for each in answer] if isinstance(answer, list) else []
        return heard[-min(PAGE, max(1, int(limit[:4]))) :]

    return session.ask(request, view)


def _test_sms(session: Session, words: list[str]) -> Step:
    if len(words) != 1 or not NUMBER.fullmatch(words[0]):
        return Say(("Tulis nomornya:  uji sms 081234567890",))
    request = {"request": "send", "to": words[0], "text": TEST_TEXT.format(prefix=session.box.prefix)}
    step = session.ask(request, lambda _answer: ["SMS uji masuk antrian. Lihat hasilnya:  antrian"])
    return session.asks_first("Kirim 1 SMS uji, biaya 1 SMS.", step)


def _test_own(session: Session, _words: list[str]) -> Step:
    step = session.ask({"request": "probe", "way": "own"}, _begun("Nomor layanan belum diatur (public_number)."))
    return session.asks_first("Kirim 1 SMS ke nomor sendiri, biaya 1 SMS.", step)


def _test_credit(session: Session, _words: list[str]) -> Step:
    return session.ask({"request": "probe", "way": "credit"}, _begun("Kode cek pulsa kartu ini tidak dikenal."))


def _test_canary(session: Session, _words: list[str]) -> Step:
    step = session.ask({"request": "probe", "way": "texts"}, _begun("Nomor layanan belum diatur (public_number)."))
    return session.asks_first("Kirim semua teks otomatis ke nomor sendiri, satu SMS tiap teks.", step)


def _begun(otherwise: str) -> Callable[[object], list[str]]:
    def view(answer: object) -> list[str]:
        begun = isinstance(answer, dict) and answer.get("begun")
        return ["Uji dimulai. Tunggu sebentar, lalu lihat hasilnya:  status" if begun else otherwise]

    return view


def _test_lamps(_session: Session, _words: list[str]) -> Step:
    return LampTest()


def _test_texts(session: Session, _words: list[str]) -> Step:
    return Say(fit(session.box.text_faults or ("Semua teks otomatis lolos uji penyaring operator.",)))


def _test_mqtt(session: Session, _words: list[str]) -> Step:
    return session.status(printouts.server)


def _report(session: Session, words: list[str]) -> Step:
    month = _month(words)
    if month is None:
        return Say(("Tulis nomor bulannya:  laporan bulan 10",))

    def then(found: Status) -> Step:
        period, start_ms, end_ms = printouts.month_of(month, found.at_ms, session.box.zone)
        request = {"request": "month", "period": period, "start_ms": start_ms, "end_ms": end_ms}
        troubles = {"request": "incidents", "limit": 1000, "since_ms": start_ms}

        def outages(answer: object) -> Step:
            figures = answer if isinstance(answer, dict) else {}

            def view(found: object) -> list[str]:
                rows = printouts.rows_of(found.get("incidents")) if isinstance(found, dict) else []
                mine = [row for row in rows if printouts.number(row, "began_ms") < end_ms]
                return printouts.report(period, figures, mine)

            return refused(answer) or session.ask(troubles, view)

        return Ask(request, outages)

    return session.status_then(then)


def _export(session: Session, words: list[str]) -> Step:
    month = _month(words)
    if month is None:
        return Say(("Tulis nomor bulannya:  ekspor bulan 10",))

    def then(found: Status) -> Step:
        _, start_ms, end_ms = printouts.month_of(month, found.at_ms, session.box.zone)
        return Say((printouts.CSV_HEAD,), _tickets_of(session, 0, start_ms, end_ms))

    return session.status_then(then)


def _tickets_of(session: Session, before: int, start_ms: int, end_ms: int) -> Step:
    def then(answer: object) -> Step:
        if said := refused(answer):
            return said
        rows = printouts.rows_of(answer)
        mine = [row for row in rows if start_ms <= printouts.number(row, "received_ms") < end_ms]
        lines = fit((printouts.csv_row(row, session.box.zone) for row in mine), printouts.CSV_WIDTH)
        older = rows and printouts.number(rows[-1], "received_ms") >= start_ms
        more = _tickets_of(session, printouts.number(rows[-1], "seq"), start_ms, end_ms) if older else None
        return Say(lines, more)

    return Ask({"request": "tickets", "limit": PAGE, "before": before}, then)


def _month(words: list[str]) -> int | None:
    """Read `bulan 10` or `10`; nothing is this month."""
    rest = words[1:] if words and words[0].lower() in {"bulan", "month"} else words
    if not rest:
        return 0
    return int(rest[0]) if rest[0].isdecimal() and 1 <= int(rest[0]) <= 12 else None


def _cycle(session: Session, words: list[str]) -> Step:
    request = {"request": "cycle_power", "line": words[0][:16] if words else ""}
    step = session.ask(request, lambda _answer: ["Listrik modem diputus dan disambung lagi. Tunggu 1 menit."])
    return session.asks_first("Listrik modem akan diputus sebentar.", step)


def _restart(session: Session, _words: list[str]) -> Step:
    step = session.ask({"request": "restart"}, lambda _answer: ["Program dimulai ulang. Tunggu setengah menit."])
    return session.asks_first("Program gateway akan dimulai ulang.", step)


def _accept_sim(session: Session, words: list[str]) -> Step:
    request = {"request": "accept_sim", "line": words[0][:16] if words else ""}
    step = session.ask(request, lambda _answer: ["Kartu diterima. Balasan yang ditahan akan dikirim."])
    return session.asks_first("Kartu SIM yang terpasang akan dipakai untuk menjawab warga.", step)


def _page_of_card(_session: Session, words: list[str]) -> Step:
    code = int(words[0]) if words and words[0].isdecimal() else 0
    if code not in faults.CARD:
        return Say(("Tulis jumlah kedip lampu merah:  kartu 5",))
    return Say(fit(_page(code)))


def _page(code: int) -> list[str]:
    page = faults.CARD[code]
    return [f"{code}  {page.heading}", *(f"  {n}) {step}" for n, step in enumerate(page.todo, 1))]


def _help(_session: Session, _words: list[str]) -> Step:
    lines = [f"  {order.names[0]:<14} {order.help}{'  *' if order.changes else ''}" for order in ORDERS]
    return Say(fit([*lines, "* perlu kata servis"]))


def _bye(_session: Session, _words: list[str]) -> Step:
    return Bye()


ORDERS = (
    Order(("status",), "keadaan alat dalam satu layar", _status),
    Order(("gangguan", "faults"), "gangguan sekarang dan langkahnya, atau satu saja:  gangguan 5", _faults),
    Order(("modem",), "apa kata modem", _modem),
    Order(("jaringan", "network"), "operator dan server", _network),
    Order(("antrian", "antrean", "queue"), "apa yang menunggu", _queue),
    Order(("tiket", "ticket", "tickets"), "sepuluh terakhir, atau  tiket LU2-041-937-1", _ticket),
    Order(("pulsa", "credit", "balance"), "pulsa dan masa aktif", _credit),
    Order(("waktu", "time"), "jam alat", _clock),
    Order(("log", "journal"), "catatan terakhir, misalnya  log 50", _journal),
    Order(("riwayat", "history"), "gangguan yang lalu dan pemulihannya", _history),
    Order(("rekaman", "trace"), "percakapan dengan modem, misalnya  rekaman 100", _recording),
    Order(("laporan", "report"), "angka bulan ini, atau  laporan bulan 10", _report),
    Order(("ekspor", "export"), "CSV satu bulan lewat kabel:  ekspor bulan 10", _export),
    Order(("kartu", "card"), "arti kedip lampu merah, misalnya  kartu 5", _page_of_card),
    Order(("uji lampu", "test lamps"), "semua lampu menyala satu detik", _test_lamps),
    Order(("uji teks", "test texts"), "teks otomatis terhadap penyaring operator", _test_texts),
    Order(("uji mqtt", "test mqtt"), "hubungan ke server", _test_mqtt),
    Order(("uji pulsa", "test credit"), "tanya pulsa ke operator", _test_credit, changes=True),
    Order(("uji sendiri", "test own"), "SMS ke nomor sendiri", _test_own, changes=True),
    Order(("uji kenari", "test canary"), "semua teks otomatis ke nomor sendiri", _test_canary, changes=True),
    Order(("uji sms", "test sms"), "SMS uji:  uji sms 081234567890", _test_sms, changes=True),
    Order(("terima sim", "accept sim"), "pakai kartu SIM yang terpasang", _accept_sim, changes=True),
    Order(("putus modem", "cycle modem"), "putus listrik modem sebentar", _cycle, changes=True),
    Order(("mulai ulang", "restart"), "mulai ulang program", _restart, changes=True),
    Order(("buka", "unlock"), "buka dengan kata servis", Session.unlock),
    Order(("kunci", "lock"), "tutup lagi", Session.lock),
    Order(("bantuan", "help", "?"), "daftar ini", _help),
    Order(("keluar", "exit", "quit"), "selesai", _bye),
)
