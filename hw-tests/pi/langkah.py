# ruff: noqa: INP001, D103 - a script's own room, where a step's title says what it does
"""The steps of the commissioning, the same scenarios as on the emulated board; each gives what was seen."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meja import Bench, Later, Missed

from kentongan.daemon.flashcard_report import STANDING
from kentongan.queue.numbers import format_number, parse_number

READY_S = 90  # from the plug to "can receive", decisions of the product
TICKET_S, REPLY_S, FAULT_S, OVER_S = 60.0, 120.0, 420.0, 600.0
BITE_S = 45.0  # WatchdogSec, the time to die, the next start
SMS_EACH_CUT = 5
CUTS = 3
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SPARE = 1_048_576  # octets left free by the full partition


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
    bench.wait("jalur siap", lambda: _ready(bench), READY_S * 2)
    status = bench.status()
    if status is None:
        raise Missed("program tidak menjawab")
    age_s = max(status.steady_ms - line.state_steady_ms for line in status.lines if line.state == "ready") / 1000
    took_s = float(Path("/proc/uptime").read_text().split()[0]) - age_s
    bench.yes("Apakah lampu LISTRIK, KARTU dan SERVER berkedip singkat tiap 3 detik, dan lampu GANGGUAN padam?")
    line = status.lines[0]
    what = f"{line.model or 'modem'}, {line.operator or 'operator ?'}, sinyal {line.signal_dbm} dBm, SIM ...{line.sim}"
    slow = "" if took_s <= READY_S else f"; LAMBAT, seharusnya {READY_S} detik"
    return f"siap menerima {took_s:.0f} detik sesudah listrik; {what}{slow}"


def sms_masuk(bench: Bench) -> str:
    text = bench.word()
    took_s, number = _one_sms(bench, text)
    bench.yes(f"Apakah telepon kedua menerima jawaban berisi nomor tiket {number}, atau jawaban otomatis dimatikan?")
    bench.memo["tiket"] = number
    return f"tiket {number} setelah {took_s:.1f} detik"


def balasan(bench: Bench) -> str:
    before = {row.get("message_id") for row in bench.rows("outbox")}
    bench.person.do(f"Balas tiket {bench.memo.get('tiket', 'terakhir')} dari aplikasi kabupaten: satu SMS pendek")

    def sent() -> list[object]:
        return [row for row in bench.rows("outbox") if row.get("message_id") not in before and row["state"] == "sent"]

    took_s = bench.wait("balasan terkirim", sent, REPLY_S)
    bench.yes("Apakah telepon kedua menerima balasan itu tepat satu kali?")
    return f"terkirim {took_s:.1f} detik sesudah perintah"


def modem_diam(bench: Bench) -> str:
    return _fault(bench, 2, "Cabut modem (USB) atau kabel serialnya (papan)", "Pasang kembali modem")


def kartu_sim(bench: Bench) -> str:
    return _fault(bench, 3, "Keluarkan kartu SIM dari modem", "Pasang kembali kartu SIM yang sama")


def antena(bench: Bench) -> str:
    return _fault(bench, 4, "Lepas antena, tutup modem dengan kertas aluminium", "Pasang kembali antena")


def jaringan(bench: Bench) -> str:
    texts = [bench.word() for _ in range(3)]
    bench.person.do("Cabut kabel jaringan alat (atau matikan Wi-Fi)")
    bench.wait("server hilang", lambda: (found := bench.status()) and found.link.state == "offline", FAULT_S)
    for text in texts:
        bench.person.do(f"Kirim SMS dari telepon kedua dengan isi: {text}")
    bench.wait("SMS diterima tanpa server", lambda: all(map(bench.arrived, texts)), TICKET_S * 2)
    bench.person.do("Pasang kembali jaringan")

    def accepted() -> bool:
        return all(row["state"] == "accepted" for text in texts for row in bench.arrived(text))

    took_s = bench.wait("ketiganya diterima aplikasi", accepted, OVER_S)
    _once(bench, texts)
    return f"3 SMS disimpan tanpa server, diterima aplikasi {took_s:.0f} detik sesudah jaringan kembali"


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
        return f"{done} kali dicabut, {done * SMS_EACH_CUT} SMS: 0 hilang, 0 ganda, nomor terus naik"
    texts = [bench.word() for _ in range(SMS_EACH_CUT)]
    bench.memo |= {"listrik_sms": ",".join(texts), "listrik_nomor": str(bench.highest())}
    listing = "\n".join(f"    {text}" for text in texts)
    raise Later(
        f"Putus listrik {done + 1} dari {CUTS}. Kirim {SMS_EACH_CUT} SMS ini dari telepon kedua:\n{listing}\n"
        "Sesudah SMS ketiga CABUT LISTRIK alat, kirim sisanya, tunggu 10 detik, pasang lagi."
    )


def anjing_penjaga(bench: Bench) -> str:
    status = bench.status()
    if status is None:
        raise Missed("program tidak menjawab")
    os.kill(status.pid, signal.SIGSTOP)
    text = bench.word()
    bench.person.do(f"Program dibekukan. Kirim SMS dari telepon kedua dengan isi: {text}")

    def back() -> bool:
        found = bench.status()
        return found is not None and found.pid != status.pid

    took_s = bench.wait("program dihidupkan lagi oleh sistem", back, BITE_S)
    bench.wait("SMS itu menjadi tiket", lambda: bench.arrived(text), OVER_S)
    _once(bench, [text])
    return f"hidup lagi setelah {took_s:.0f} detik; SMS tidak hilang"


def papan_membeku(bench: Bench) -> str:
    """Let the kernel die; panic and the board's own watchdog start it again without anybody's hand."""
    before, now = bench.memo.get("boot", ""), BOOT_ID.read_text().strip()
    if not before:
        bench.memo["boot"] = now
        raise Later(
            "Di alat, ketik:  echo c | sudo tee /proc/sysrq-trigger\n"
            "Sistem membeku dan hidup lagi SENDIRI. Jangan mencabut listrik; tunggu 3 menit."
        )
    if before == now:
        raise Missed("alat tidak hidup ulang")
    bench.yes("Apakah alat hidup lagi tanpa listrik dicabut?")
    text = bench.word()
    _one_sms(bench, text)
    return "hidup lagi sendiri; SMS menjadi tiket"


def penuh(bench: Bench) -> str:
    filler = bench.state / "uji-penuh"
    room = os.statvfs(bench.state)
    handle = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
    text = bench.word()
    try:
        os.posix_fallocate(handle, 0, max(room.f_bavail * room.f_frsize - SPARE, 1))
        bench.wait("gangguan 6", lambda: 6 in bench.codes(), FAULT_S)
        bench.flashes(6)
        bench.person.do(f"Kirim SMS dari telepon kedua dengan isi: {text}")
    finally:
        os.close(handle)
        filler.unlink()
    bench.wait("SMS itu menjadi tiket", lambda: bench.arrived(text), OVER_S)
    took_s = bench.wait("gangguan 6 selesai", lambda: 6 not in bench.codes(), OVER_S)
    _once(bench, [text])
    return f"kode 6; SMS tidak hilang; pulih {took_s:.0f} detik sesudah ada ruang"


def pengaturan_salah(bench: Bench) -> str:
    if "salah" not in bench.memo:
        bench.memo["salah"] = "ya"
        raise Later(
            "Matikan alat, pasang kartu pada komputer, tulis  zona_waktu = WIBB  di KONFIGURASI.txt,\n"
            "pasang lagi pada alat, hidupkan."
        )
    status = bench.status()
    if status is None or status.config.state != "rejected":
        raise Missed("pengaturan yang salah tidak ditolak")
    bench.flashes(8)
    text = bench.word()
    _one_sms(bench, text)
    return f"ditolak ({status.config.detail}); alat tetap bekerja"


def pengaturan_benar(bench: Bench) -> str:
    if "benar" not in bench.memo:
        bench.memo["benar"] = "ya"
        raise Later("Matikan alat, perbaiki zona_waktu di KONFIGURASI.txt, hidupkan, tunggu 4 menit.")
    status = bench.status()
    if status is None or status.config.state != "ok":
        raise Missed("pengaturan masih ditolak")
    said = (bench.card / "HASIL.txt").read_text(encoding="utf-8-sig")
    if "DITERIMA" not in said:
        raise Missed("HASIL.txt tidak menyebut DITERIMA")
    bench.yes("Apakah sandi di KONFIGURASI.txt sudah menjadi (tersimpan)?")
    return f"HASIL.txt: DITERIMA{', dengan keadaan alat' if STANDING in said else ''}"


def tulis_ulang(bench: Bench) -> str:
    """After a new flash nothing of this sheet is on the card: the person has the last number."""
    told = bench.memo.get("terakhir") or bench.person.answer("Nomor tiket terakhir pada lembar lama?")
    last = parse_number(told)
    if last is None:
        raise Missed(f"{told!r} bukan nomor tiket")
    text = bench.word()
    _, number = _one_sms(bench, text)
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


def _ready(bench: Bench) -> bool:
    found = bench.status()
    return found is not None and any(line.state == "ready" for line in found.lines)


def _one_sms(bench: Bench, text: str) -> tuple[float, str]:
    bench.person.do(f"Kirim SMS dari telepon kedua dengan isi: {text}")
    took_s = bench.wait("SMS menjadi tiket", lambda: bench.arrived(text), TICKET_S)
    return took_s, str(_once(bench, [text])[0])


def _once(bench: Bench, texts: list[str]) -> list[str]:
    """Make sure that each SMS is exactly one ticket; gives the numbers."""
    found = [bench.arrived(text) for text in texts]
    for text, rows in zip(texts, found, strict=True):
        if len({row["ticket_id"] for row in rows}) != 1:
            raise Missed(f"SMS {text!r} menjadi {len(rows)} tiket")
    return [str(rows[0]["number"]) for rows in found]


def _fault(bench: Bench, code: int, break_it: str, mend_it: str) -> str:
    bench.person.do(break_it)
    raised_s = bench.wait(f"gangguan {code}", lambda: code in bench.codes(), FAULT_S)
    bench.flashes(code)
    bench.person.do(mend_it)
    over_s = bench.wait(f"gangguan {code} selesai", lambda: code not in bench.codes(), OVER_S)
    text = bench.word()
    _one_sms(bench, text)
    return f"kode {code} setelah {raised_s:.0f} detik, selesai {over_s:.0f} detik sesudah dipasang; SMS lagi jadi tiket"
