# ruff: noqa: INP001, D103 - a script's own room, where a step's title says what it does
"""The steps of the commissioning, the same scenarios as on the emulated board; each gives what was seen."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from meja import Bench, Later, Missed

from kentongan.daemon.flashcard_report import STANDING
from kentongan.queue.numbers import format_number, parse_number

READY_S = 90  # from the plug to "can receive", decisions of the product
TICKET_S, REPLY_S, FAULT_S, OVER_S = 60.0, 120.0, 420.0, 600.0
MODEM_CODE, SERVER_CODE = 2, 7
BOOT_ID = "sys/kernel/random/boot_id"  # below /proc
SIGNAL_S = 75.0  # asked for once a minute
BITE_S = 45.0  # WatchdogSec, the time to die, the next start
SMS_EACH_CUT = 5
CUTS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the sheet."""

    title: str
    act: Callable[[Bench], str]
    root: bool = False

    @property
    def name(self) -> str:
        """Name it on the command line."""
        return self.act.__name__


def menyala(bench: Bench) -> str:
    bench.wait("jalur siap dan server terhubung", lambda: _serves(bench), READY_S * 2)
    with suppress(Missed):  # some modems tell it a while after they are ready; the sheet shows what it is
        bench.wait("sinyal terbaca", lambda: bench.present().lines[0].signal_dbm is not None, SIGNAL_S)
    status = bench.present()
    age_s = max(status.steady_ms - line.state_steady_ms for line in status.lines if line.state == "ready") / 1000
    took_s = float((bench.kernel / "uptime").read_text().split()[0]) - age_s
    bench.yes(
        "Tunggu satu menit, lalu lihat keempat lampu. "
        "Apakah LISTRIK, KARTU dan SERVER berkedip singkat tiap 3 detik, dan GANGGUAN padam?"
    )
    line = status.lines[0]
    what = f"{line.model or 'modem'}, {line.operator or 'operator ?'}, sinyal {line.signal_dbm} dBm, SIM ...{line.sim}"
    slow = "" if took_s <= READY_S else f"; LAMBAT, seharusnya {READY_S} detik"
    return f"siap menerima {took_s:.0f} detik sesudah listrik; {what}{slow}"


def sms_masuk(bench: Bench) -> str:
    before = _ids(bench)
    took_s, number = _one_sms(bench, bench.word())
    bench.memo["tiket"] = number
    if _acknowledged(bench, before):
        bench.yes(f"Tunggu satu menit. Apakah telepon kedua menerima SMS jawaban yang memuat nomor {number}?")
        return f"tiket {number} setelah {took_s:.1f} detik; jawaban otomatis tiba"
    return f"tiket {number} setelah {took_s:.1f} detik; tanpa jawaban otomatis"


def balasan(bench: Bench) -> str:
    before = _ids(bench)
    told = bench.memo.get("tiket", "yang terakhir")
    bench.person.do(f"Di aplikasi kabupaten, balas tiket {told} dengan satu SMS pendek")

    def sent() -> bool:
        return any(row["state"] == "sent" for row in bench.rows("outbox") if row.get("message_id") not in before)

    took_s = bench.wait("balasan terkirim", sent, REPLY_S)
    bench.yes("Tunggu satu menit. Apakah balasan itu tiba di telepon kedua, dan hanya satu kali?")
    return f"terkirim {took_s:.1f} detik sesudah perintah"


def modem_diam(bench: Bench) -> str:
    """Silence the modem. Where only the board's own key can do it, the gateway may be quicker than the lamp."""
    since_ms = bench.present().lines[0].state_steady_ms
    bench.person.do(
        "Buat modem diam; listrik alat tetap hidup. Modem USB: cabut modemnya. Papan dengan kabel atau jumper serial: "
        "lepas yang di kaki [8]. Papan lain: tekan tombol dayanya (PWRKEY) dua detik, sampai lampu papan padam"
    )
    try:
        raised_s = bench.wait("gangguan 2", lambda: MODEM_CODE in bench.codes() or _revived(bench, since_ms), FAULT_S)
        lit = MODEM_CODE in bench.codes()
        if lit:
            bench.flashes(MODEM_CODE)
    finally:
        bench.person.do("Pasang kembali modem, kabel atau jumper. Papan yang dimatikan dengan tombol: biarkan saja")
    over_s = bench.wait("modem bekerja lagi", lambda: _serves(bench) and MODEM_CODE not in bench.codes(), OVER_S)
    _one_sms(bench, bench.word())
    if not lit:
        return f"alat sendiri menghidupkan modem lagi dalam {raised_s:.0f} detik, tanpa gangguan; SMS lagi jadi tiket"
    return f"kode 2 setelah {raised_s:.0f} detik, selesai {over_s:.0f} detik sesudahnya; SMS lagi jadi tiket"


def kartu_sim(bench: Bench) -> str:
    return _fault(
        bench,
        3,
        "Keluarkan kartu SIM dari modem. Bila perlu, cabut dulu modem USB dan pasang lagi tanpa kartu",
        "Pasang kembali kartu SIM yang sama",
    )


def antena(bench: Bench) -> str:
    return _fault(
        bench,
        4,
        "Lepas antena, lalu bungkus modem rapat-rapat: kertas biasa dulu, di luarnya dua lapis kertas aluminium",
        "Buka bungkusnya dan pasang kembali antena",
    )


def jaringan(bench: Bench) -> str:
    """Cut the way to the server; on SSH nobody can be asked meanwhile, so that all of it is said before."""
    texts = [text for text in bench.memo.get("jaringan_sms", "").split(",") if text]
    if not texts:
        bench.wait("server terhubung", lambda: bench.present().link.state == "online", TICKET_S)
        texts = [bench.word() for _ in range(3)]
        bench.memo["jaringan_sms"] = ",".join(texts)
        raise Later(
            "Catat atau foto layar ini, lalu kerjakan berurutan (sambungan SSH ikut putus, tidak apa-apa):\n"
            "  1. Cabut kabel jaringan alat, atau matikan Wi-Fi kantor.\n"
            "  2. Tunggu sampai lampu SERVER padam, paling lama dua menit. Hitung kedipan lampu GANGGUAN, catat.\n"
            f"  3. Kirim tiga SMS ini dari telepon kedua:\n{_listing(texts)}\n"
            "  4. Tunggu satu menit.\n"
            "  5. Pasang kembali jaringan, tunggu sampai lampu SERVER berkedip singkat lagi."
        )
    bench.wait("server terhubung lagi", lambda: (found := bench.status()) and found.link.state == "online", OVER_S)
    since_ms = bench.present().link.since_ms
    bench.wait("ketiga SMS diterima", lambda: all(map(bench.arrived, texts)), OVER_S)

    def accepted() -> bool:
        return all(row["state"] == "accepted" for text in texts for row in bench.arrived(text))

    bench.wait("ketiganya diterima aplikasi kabupaten", accepted, OVER_S)
    _once(bench, texts)
    late = [text for text in texts if not _received_before(bench, text, since_ms)]
    if late:
        bench.memo["jaringan_sms"] = ""
        raise Missed(f"SMS {', '.join(late)} baru tiba sesudah server terhubung; ulangi dan tunggu lebih lama")
    bench.counted(SERVER_CODE, "Ketika jaringan tercabut, berapa kali lampu GANGGUAN berkedip menurut catatan Anda?")
    return "3 SMS disimpan selama server tidak ada; sesudahnya ketiganya diterima aplikasi, tidak ada yang ganda"


def listrik(bench: Bench) -> str:
    """Cut the power in traffic; what was sent before a cut is looked for after it."""
    done = int(bench.memo.get("listrik", "0"))
    waiting = [text for text in bench.memo.get("listrik_sms", "").split(",") if text]
    if waiting:
        bench.wait("SMS menjadi tiket sesudah listrik kembali", lambda: all(map(bench.arrived, waiting)), OVER_S)
        _once(bench, waiting)
        if bench.highest() < int(bench.memo["listrik_nomor"]):
            raise Missed("nomor tiket mundur")
        done += 1
        bench.memo |= {"listrik": str(done), "listrik_sms": ""}
    if done >= CUTS:
        return f"{done} kali dicabut, {done * SMS_EACH_CUT} SMS: 0 hilang, 0 ganda, nomor tidak mundur"
    texts = [bench.word() for _ in range(SMS_EACH_CUT)]
    bench.memo |= {"listrik_sms": ",".join(texts), "listrik_nomor": str(bench.highest())}
    raise Later(
        f"Putus listrik {done + 1} dari {CUTS}. Catat atau foto layar ini.\n"
        f"Kirim {SMS_EACH_CUT} SMS ini dari telepon kedua:\n{_listing(texts)}\n"
        "Segera sesudah SMS ketiga CABUT LISTRIK alat, kirim sisanya, tunggu 10 detik, pasang lagi, tunggu 3 menit."
    )


def anjing_penjaga(bench: Bench) -> str:
    pid = bench.present().pid
    back: list[float] = []

    def watch() -> None:
        with suppress(Missed):
            back.append(bench.wait("program lain", lambda: _other_life(bench, pid), BITE_S))

    os.kill(pid, signal.SIGSTOP)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    text = bench.word()
    bench.person.do(f"Program baru saja dibekukan. Kirim SMS dari telepon kedua dengan isi: {text}")
    watcher.join()
    if not back:
        raise Missed(f"program tidak dihidupkan lagi oleh sistem dalam {BITE_S:.0f} detik")
    bench.wait("SMS itu menjadi tiket", lambda: bench.arrived(text), OVER_S)
    _once(bench, [text])
    return f"hidup lagi {back[0]:.0f} detik sesudah dibekukan; SMS tidak hilang"


def papan_membeku(bench: Bench) -> str:
    """Let the kernel die; panic and the board's own watchdog start it again without anybody's hand."""
    before, now = bench.memo.get("boot", ""), (bench.kernel / BOOT_ID).read_text().strip()
    if not before:
        bench.memo["boot"] = now
        raise Later(
            "Di alat, sebagai root, ketik:  echo c > /proc/sysrq-trigger\n"
            "Sistem membeku dan hidup lagi SENDIRI. Jangan mencabut listrik; tunggu 3 menit."
        )
    if before == now:
        bench.memo["boot"] = ""
        raise Missed("alat tidak hidup ulang; ulangi langkah ini")
    bench.yes("Apakah alat hidup lagi tanpa listriknya dicabut?")
    _, number = _one_sms(bench, bench.word())
    return f"hidup lagi sendiri; SMS menjadi tiket {number}"


def penuh(bench: Bench) -> str:
    text = bench.word()
    with bench.full():
        bench.person.do(f"Kartu baru saja dibuat penuh. Kirim SMS dari telepon kedua dengan isi: {text}")
        bench.wait("gangguan 6", lambda: 6 in bench.codes(), FAULT_S)
        bench.flashes(6)
    took_s = bench.wait("gangguan 6 selesai", lambda: bench.status() and 6 not in bench.codes(), OVER_S)
    bench.wait("SMS itu menjadi tiket", lambda: bench.arrived(text), OVER_S)
    _once(bench, [text])
    return f"kode 6; SMS tidak hilang; pulih {took_s:.0f} detik sesudah ada ruang"


def pengaturan_salah(bench: Bench) -> str:
    if "salah" not in bench.memo:
        bench.memo["salah"] = "ya"
        raise Later(
            "Cabut listrik alat, pasang kartu SD pada komputer, buka KONFIGURASI.txt, ganti satu baris menjadi\n"
            "    zona_waktu = WIBB\n"
            "simpan, Eject, pasang kartu pada alat, hidupkan, tunggu 4 menit."
        )
    status = bench.present()
    if status.config.state != "rejected":
        del bench.memo["salah"]
        raise Missed("pengaturan yang salah tidak ditolak; ulangi langkah ini")
    bench.flashes(8)
    _one_sms(bench, bench.word())
    return f"ditolak ({status.config.detail}); alat tetap bekerja"


def pengaturan_benar(bench: Bench) -> str:
    if "benar" not in bench.memo:
        bench.memo["benar"] = "ya"
        raise Later(
            "Cabut listrik alat, pasang kartu SD pada komputer. Buka HASIL.txt: di situ tertulis DITOLAK dan baris\n"
            "yang salah. Perbaiki zona_waktu di KONFIGURASI.txt, simpan, Eject, pasang pada alat, hidupkan,\n"
            "tunggu 4 menit."
        )
    if bench.present().config.state != "ok":
        del bench.memo["benar"]
        raise Missed("pengaturan masih ditolak; perbaiki lagi dan ulangi langkah ini")
    said = (bench.card / "HASIL.txt").read_text(encoding="utf-8-sig")
    if "DITERIMA" not in said:
        raise Missed("HASIL.txt tidak menyebut DITERIMA")
    bench.yes("Ketika kartu di komputer: apakah HASIL.txt menyebut baris yang salah?")
    bench.yes("Apakah server_sandi di KONFIGURASI.txt sudah menjadi (tersimpan)?")
    return f"HASIL.txt: DITERIMA{', dengan keadaan alat' if STANDING in said else ''}"


def tulis_ulang(bench: Bench) -> str:
    """After a new flash nothing of the old sheet is on the card: the person has the last number."""
    if "terakhir" in bench.memo:
        raise Missed("kartu ini belum ditulis ulang: lembar lama masih ada di dalamnya")
    told = bench.person.answer("Nomor tiket terakhir pada lembar lama?").strip()
    last = parse_number(told)
    if last is None:
        raise Missed(f"{told!r} bukan nomor tiket; ulangi, tulis seperti LU2-041-937-1")
    _, number = _one_sms(bench, bench.word(), keep=False)
    found = parse_number(number)
    if found is None or found.counter <= last.counter:
        raise Missed(f"tiket {number} tidak lebih besar dari {told}")
    return f"tiket {number} lebih besar dari {format_number(last.prefix, last.counter)}"


STEPS = (
    Step("Alat menyala dan siap menerima", menyala),
    Step("SMS masuk menjadi tiket", sms_masuk),
    Step("Balasan kabupaten tiba sekali", balasan),
    Step("Modem diam: 2 kedip, lalu pulih", modem_diam),
    Step("Kartu SIM dikeluarkan: 3 kedip", kartu_sim),
    Step("Tanpa sinyal: 4 kedip", antena),
    Step("Tanpa jaringan ke server", jaringan),
    Step("Listrik dicabut saat SMS datang", listrik),
    Step("Program dibekukan", anjing_penjaga, root=True),
    Step("Sistem membeku: hidup lagi sendiri", papan_membeku),
    Step("Penyimpanan penuh: 6 kedip", penuh, root=True),
    Step("KONFIGURASI.txt salah: 8 kedip", pengaturan_salah),
    Step("KONFIGURASI.txt diperbaiki", pengaturan_benar),
)
AFTER_FLASH = Step("Kartu ditulis ulang: nomor tiket terus naik", tulis_ulang)


def _serves(bench: Bench) -> bool:
    found = bench.status()
    return found is not None and found.link.state == "online" and any(line.state == "ready" for line in found.lines)


def _other_life(bench: Bench, pid: int) -> bool:
    found = bench.status()
    return found is not None and found.pid != pid


def _revived(bench: Bench, since_ms: int) -> bool:
    """Tell whether the line has left its state and is ready again."""
    found = bench.status()
    return found is not None and found.lines[0].state == "ready" and found.lines[0].state_steady_ms > since_ms


def _ids(bench: Bench) -> set[object]:
    return {row.get("message_id") for row in bench.rows("outbox")}


def _acknowledged(bench: Bench, before: set[object]) -> bool:
    """Tell whether the gateway has answered by itself since then."""
    return bool(_ids(bench) - before)


def _received_before(bench: Bench, text: str, moment_ms: int) -> bool:
    return all(int(str(row["received_ms"])) < moment_ms for row in bench.arrived(text))


def _listing(texts: list[str]) -> str:
    return "\n".join(f"         {text}" for text in texts)


def _one_sms(bench: Bench, text: str, *, keep: bool = True) -> tuple[float, str]:
    """Let one SMS come; gives the seconds and the ticket's number, which the sheet keeps as the last one."""
    bench.person.do(f"Kirim SMS dari telepon kedua dengan isi: {text}")
    took_s = bench.wait("SMS menjadi tiket", lambda: bench.arrived(text), TICKET_S)
    number = _once(bench, [text])[0]
    bench.memo |= {"terakhir": number} if keep else {}
    return took_s, number


def _once(bench: Bench, texts: list[str]) -> list[str]:
    """Make sure that each SMS is exactly one ticket; gives the numbers."""
    found = [bench.arrived(text) for text in texts]
    for text, rows in zip(texts, found, strict=True):
        if len({row["ticket_id"] for row in rows}) != 1:
            raise Missed(f"SMS {text!r} menjadi {len(rows)} tiket")
    return [str(rows[0]["number"]) for rows in found]


def _fault(bench: Bench, code: int, break_it: str, mend_it: str) -> str:
    bench.person.do(break_it)
    try:
        raised_s = bench.wait(f"gangguan {code}", lambda: code in bench.codes(), FAULT_S)
        bench.flashes(code)
    finally:
        bench.person.do(mend_it)
    over_s = bench.wait(f"gangguan {code} selesai", lambda: _serves(bench) and code not in bench.codes(), OVER_S)
    _one_sms(bench, bench.word())
    return f"kode {code} setelah {raised_s:.0f} detik, selesai {over_s:.0f} detik sesudah dipasang; SMS lagi jadi tiket"
