"""The fault table: every way the gateway is known to fail, as data, in one place.

Lamps, console, clerk's SMS, MQTT alarms and the printed card are all read from here, so that the number a clerk counts
on the red lamp is the number everywhere. The texts for people are Indonesian, plain ASCII for the serial console.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

NOT_RUNNING = "gateway_not_running"  # contract 4.10; raised by the watcher
NOT_RUNNING_ID = "SMS Gateway tidak dapat berjalan"  # the words of the procedure's own warning
NOT_RUNNING_EN = "The SMS gateway cannot run"


class Severity(StrEnum):
    """How bad it is, as the contract words it; the first two light the red lamp."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def rank(self) -> int:
        """Order for lists: the worst first."""
        return ("critical", "major", "minor").index(self.value)


class Fault(msgspec.Struct, frozen=True):
    """One row.

    `code` is the number of flashes. `alarm` is the contract's alarm code, empty for what only lamp and console show
    (without a broker nobody could be told). `stops` is the contract's cause when the fault means that this line (or,
    without a line, the gateway) cannot run.
    """

    code: int
    cause: str
    severity: Severity
    title: str  # Indonesian, as on the card
    means: str  # Indonesian cause
    means_en: str
    todo: tuple[str, str, str]  # Indonesian
    todo_en: tuple[str, str, str]
    alarm: str = ""
    stops: str = ""
    detector: str = ""  # how it is found, in English
    clerk: str = ""  # which notice the clerk gets by SMS when it stands for a quarter of an hour

    @property
    def lights(self) -> bool:
        """Tell whether the red lamp shows it."""
        return self.severity is not Severity.MINOR


# The notices of domain.md 3.2; a blackout has one of its own.
STOPPED, SERVER, CREDIT, VALIDITY = "stopped", "server", "credit", "validity"
CRITICAL, MAJOR, MINOR = Severity.CRITICAL, Severity.MAJOR, Severity.MINOR

ROWS = (
    # -- 1: the program ------------------------------------------------------------------------------------------------
    Fault(
        1,
        "daemon_stopped",
        CRITICAL,
        "PROGRAM BERHENTI",
        "program gateway tidak berjalan",
        "the gateway's program does not run",
        ("tunggu 2 menit, alat mencoba sendiri", "cabut listrik 10 detik, pasang lagi", "masih merah: panggil teknisi"),
        ("wait 2 minutes, it restarts by itself", "unplug the power for 10 seconds", "still red: call the technician"),
        NOT_RUNNING,
        "daemon_hung",
        detector="the watcher finds no such process for 12 s",
        clerk=STOPPED,
    ),
    Fault(
        1,
        "daemon_hung",
        CRITICAL,
        "PROGRAM MACET",
        "program gateway hidup tetapi tidak bekerja",
        "the gateway's program is alive but does nothing",
        ("tunggu 2 menit, alat mencoba sendiri", "cabut listrik 10 detik, pasang lagi", "masih merah: panggil teknisi"),
        ("wait 2 minutes, it restarts by itself", "unplug the power for 10 seconds", "still red: call the technician"),
        NOT_RUNNING,
        "daemon_hung",
        detector="the watcher sees no new status document for 20 s, systemd no WATCHDOG=1",
        clerk=STOPPED,
    ),
    Fault(
        1,
        "daemon_crash_loop",
        CRITICAL,
        "PROGRAM TERUS JATUH",
        "program gateway mulai lalu berhenti berulang kali",
        "the gateway's program starts and fails again and again",
        ("catat jam kejadian", "panggil teknisi, minta lihat log", "kalau perlu: pasang kartu SD cadangan"),
        ("note the time", "call the technician and ask for the log", "if need be: put in the spare SD card"),
        NOT_RUNNING,
        "daemon_crash_loop",
        detector="the watcher counts four starts within ten minutes",
        clerk=STOPPED,
    ),
    # -- 2: the modem --------------------------------------------------------------------------------------------------
    Fault(
        2,
        "modem_absent",
        CRITICAL,
        "MODEM TIDAK ADA",
        "modem tidak terpasang atau kabelnya lepas",
        "the modem is not plugged in, or its cable is loose",
        ("periksa kabel atau papan modem", "cabut lalu pasang lagi modem", "masih merah: ganti modem"),
        ("check the modem's cable or board", "unplug the modem and plug it in again", "still red: replace the modem"),
        "line_not_running",
        "modem_not_responding",
        detector="the port cannot be opened for 10 s",
        clerk=STOPPED,
    ),
    Fault(
        2,
        "modem_busy",
        CRITICAL,
        "MODEM DIPAKAI PROGRAM LAIN",
        "port modem sedang dipakai program lain",
        "another program holds the modem's port",
        ("hentikan program lain (ModemManager, gammu, getty)", "hidupkan ulang alat", "masih merah: panggil teknisi"),
        ("stop the other program (ModemManager, gammu, getty)", "restart the box", "still red: call the technician"),
        "line_not_running",
        "modem_not_responding",
        detector="the port is open in another program for 10 s",
        clerk=STOPPED,
    ),
    Fault(
        2,
        "modem_hilink",
        CRITICAL,
        "MODEM TIDAK COCOK (HILINK)",
        "modem USB bekerja sebagai kartu jaringan, tidak bisa SMS",
        "the USB modem is in HiLink mode, a network card without a command port",
        (
            "ganti dengan modem yang cocok (E173, E3131, ME909s)",
            "atau minta teknisi mengubah modem ke mode stick",
            "setelah diganti, tunggu 1 menit",
        ),
        (
            "use a modem that fits (E173, E3131, ME909s)",
            "or have a technician switch it to stick mode",
            "then wait 1 minute",
        ),
        "line_not_running",
        "modem_not_responding",
        detector="USB ids 12d1:14db, 14dc or 1f01 without a serial port for 10 s",
        clerk=STOPPED,
    ),
    Fault(
        2,
        "modem_not_responding",
        CRITICAL,
        "MODEM TIDAK MENJAWAB",
        "modem terpasang tetapi tidak menjawab",
        "the modem is there but does not answer",
        ("tunggu 5 menit, alat mencoba sendiri", "cabut listrik alat 10 detik", "masih merah: ganti modem"),
        ("wait 5 minutes, it is being restarted", "unplug the box for 10 seconds", "still red: replace the modem"),
        "line_not_running",
        "modem_not_responding",
        detector="no answer to AT at a poll each minute, or no start within 25 s",
        clerk=STOPPED,
    ),
    # -- 3: the SIM ----------------------------------------------------------------------------------------------------
    Fault(
        3,
        "sim_missing",
        CRITICAL,
        "KARTU SIM TIDAK ADA",
        "kartu SIM tidak terbaca",
        "the SIM cannot be read",
        ("buka tutup, periksa kartu SIM", "lap kartu, pasang lagi sampai bunyi klik", "masih merah: coba kartu di HP"),
        ("open the lid, check the SIM", "wipe it and push it in until it clicks", "still red: try the SIM in a phone"),
        "line_not_running",
        "sim_missing",
        detector="+CPIN? and CME 10, 13, 15 for 12 s; a send refused with CMS 310, 313",
        clerk=STOPPED,
    ),
    Fault(
        3,
        "sim_pin_required",
        CRITICAL,
        "KARTU SIM TERKUNCI PIN",
        "kartu SIM meminta PIN",
        "the SIM asks for its PIN",
        ("pasang kartu di HP", "matikan kunci PIN di pengaturan HP", "pasang kembali di alat"),
        ("put the SIM into a phone", "switch the PIN lock off in its settings", "put it back into the box"),
        "line_not_running",
        "sim_pin_required",
        detector="+CPIN: SIM PIN",
        clerk=STOPPED,
    ),
    Fault(
        3,
        "sim_puk_required",
        CRITICAL,
        "KARTU SIM TERBLOKIR PUK",
        "PIN salah tiga kali, kartu SIM meminta PUK",
        "three wrong PINs: the SIM asks for its PUK",
        ("jangan coba PIN lagi", "cari PUK di bungkus kartu atau gerai operator", "buka di HP, lalu pasang kembali"),
        ("try no further PIN", "find the PUK on the SIM's cover or at the operator", "unlock it in a phone first"),
        "line_not_running",
        "sim_pin_required",
        detector="+CPIN: SIM PUK",
        clerk=STOPPED,
    ),
    Fault(
        3,
        "sim_locked",
        CRITICAL,
        "KARTU DITOLAK MODEM",
        "modem terkunci untuk operator lain",
        "the modem is locked to another operator",
        ("pakai kartu dari operator modem ini", "atau pakai modem yang tidak terkunci", "panggil teknisi"),
        ("use a SIM of this modem's operator", "or use a modem without lock", "call the technician"),
        "line_not_running",
        "sim_pin_required",
        detector="+CPIN: PH-...",
        clerk=STOPPED,
    ),
    Fault(
        3,
        "sim_foreign",
        MAJOR,
        "KARTU SIM DIGANTI",
        "kartu SIM lain: SMS masuk diterima, balasan ditahan",
        "another SIM than the accepted one: it receives, replies are held",
        (
            "pasang kembali kartu SIM yang lama",
            "atau terima kartu baru, di konsol: terima sim",
            "ragu: panggil teknisi",
        ),
        ("put the old SIM back", "or accept the new one: kentongan sim terima", "in doubt: call the technician"),
        "sim_foreign",
        detector="the ICCID is not the one that was accepted for the line",
    ),
    # -- 4: the network ------------------------------------------------------------------------------------------------
    Fault(
        4,
        "network_searching",
        MAJOR,
        "MENCARI JARINGAN",
        "kartu belum terdaftar di jaringan operator",
        "the SIM is not registered at the network yet",
        ("periksa antena", "pindahkan alat dekat jendela", "tunggu 5 menit"),
        ("check the antenna", "move the box near a window", "wait 5 minutes"),
        detector="+CREG 0, 2 or 4 for 22 s",
    ),
    Fault(
        4,
        "network_not_registered",
        CRITICAL,
        "TIDAK ADA JARINGAN",
        "kartu tidak terdaftar di jaringan lebih dari 5 menit",
        "the SIM has not been registered for more than 5 minutes",
        (
            "periksa antena dan sinyal HP operator yang sama",
            "pindahkan alat dekat jendela",
            "masih merah: cek masa aktif",
        ),
        (
            "check the antenna, and a phone of that operator",
            "move the box near a window",
            "still red: is the SIM valid?",
        ),
        "line_not_running",
        "network_not_registered",
        detector="+CREG 0, 2 or 4 for 5 minutes",
        clerk=STOPPED,
    ),
    Fault(
        4,
        "network_denied",
        CRITICAL,
        "DITOLAK JARINGAN",
        "operator menolak kartu ini",
        "the operator refuses this SIM",
        ("cek masa aktif dan registrasi kartu", "coba kartu di HP", "hubungi gerai operator"),
        ("check the SIM's validity and registration", "try the SIM in a phone", "ask the operator"),
        "line_not_running",
        "network_not_registered",
        detector="+CREG 3",
        clerk=STOPPED,
    ),
    Fault(
        4,
        "path_broken",
        CRITICAL,
        "SMS TIDAK SAMPAI",
        "SMS uji ke nomor sendiri tiga kali tidak kembali",
        "three test messages to our own number did not come back",
        ("kirim SMS dari HP ke nomor layanan", "cabut listrik 10 detik, pasang lagi", "masih merah: hubungi operator"),
        ("send an SMS from a phone to the number", "unplug the power for 10 seconds", "still red: ask the operator"),
        "line_not_running",
        "network_not_registered",
        detector="the SMS to our own number fails three times",
        clerk=STOPPED,
    ),
    Fault(
        4,
        "neighbour_silent",
        MINOR,
        "ALAT TETANGGA DIAM",
        "alat tetangga tidak membalas SMS ronda dua kali",
        "a paired gateway did not answer two rounds",
        ("telepon petugas alat tetangga", "minta lihat lampu di sana", "kalau di sana baik: panggil teknisi"),
        ("call the office of the other box", "have its lamps looked at", "all well there: call the technician"),
        "neighbour_silent",
        detector="two rounds of the night watch unanswered",
    ),
    # -- 5: sending ----------------------------------------------------------------------------------------------------
    Fault(
        5,
        "credit_or_barred",
        MAJOR,
        "KARTU TIDAK BISA KIRIM",
        "pulsa habis ATAU masa tenggang; SMS warga tetap diterima",
        "no credit or grace period; citizens' SMS still arrive",
        ("isi pulsa hari ini", "cek masa aktif kartu", "lampu merah padam setelah satu SMS terkirim"),
        ("top up today", "check the SIM's validity", "the red lamp goes out after one SMS was sent"),
        "reply_failures",
        detector="CMS and CME codes of a send, each operator's disguises of an empty account",
        clerk=CREDIT,
    ),
    Fault(
        5,
        "smsc_missing",
        MAJOR,
        "NOMOR PUSAT SMS KOSONG",
        "nomor pusat layanan SMS tidak ada di kartu",
        "the SIM has no service centre number",
        ("pasang kartu di HP", "isi nomor pusat SMS dari operator", "pasang kembali di alat"),
        ("put the SIM into a phone", "enter the operator's service centre number", "put it back into the box"),
        "reply_failures",
        detector="CMS 330, an empty +CSCA",
    ),
    Fault(
        5,
        "cannot_send",
        MAJOR,
        "SMS KELUAR DITOLAK",
        "modem atau operator menolak SMS keluar",
        "the modem or the operator refuses outgoing SMS",
        ("isi pulsa dan cek masa aktif", "coba kirim SMS dengan kartu ini di HP", "masih merah: panggil teknisi"),
        ("top up and check the validity", "try to send with this SIM in a phone", "still red: call the technician"),
        "reply_failures",
        detector="any other refusal of every send",
    ),
    Fault(
        5,
        "credit_low",
        MINOR,
        "PULSA HAMPIR HABIS",
        "pulsa tinggal sedikit",
        "the credit is nearly used up",
        ("isi pulsa hari ini", "catat sisa pulsa dengan perintah PULSA", "atur isi ulang berkala"),
        ("top up today", "read the balance with the command PULSA", "arrange regular top-ups"),
        "credit_low",
        detector="the balance asked by USSD covers fewer than 20 SMS, until 40",
        clerk=CREDIT,
    ),
    Fault(
        5,
        "credit_draining",
        MINOR,
        "PULSA BOCOR",
        "pulsa berkurang lebih banyak dari SMS yang dikirim",
        "the balance falls faster than our own sends explain",
        ("cek langganan konten di kartu ini", "hentikan lewat gerai operator", "catat pulsa setiap hari"),
        ("look for premium content on this SIM", "have the operator stop it", "write the balance down daily"),
        "credit_draining",
        detector="the balance fell by more than twice the price of our sends",
    ),
    Fault(
        5,
        "sim_expiring",
        MINOR,
        "MASA AKTIF HAMPIR HABIS",
        "masa aktif kartu habis dalam 14 hari",
        "the SIM's validity ends within 14 days",
        ("isi ulang kartu sekarang", "cek masa aktif sesudahnya", "lewat masa tenggang, kartu hangus"),
        ("top up now", "check the validity afterwards", "after the grace period the number is lost"),
        "sim_expiring",
        detector="the date in the operator's USSD answer",
        clerk=VALIDITY,
    ),
    Fault(
        5,
        "text_filtered",
        MINOR,
        "TEKS DISARING OPERATOR",
        "teks otomatis tidak sampai, operator menyaringnya",
        "an automatic text does not arrive, the operator filters it",
        ("ganti nama kantor di pengaturan", "uji lagi, di konsol: uji kenari", "hubungi gerai operator"),
        ("change the office's name in the settings", "test again: uji kenari", "ask the operator"),
        "text_filtered",
        detector="each automatic text goes to our own number once a week; lost twice while plain ones come",
    ),
    # -- 6: full -------------------------------------------------------------------------------------------------------
    Fault(
        6,
        "storage_unavailable",
        CRITICAL,
        "KARTU SD TIDAK BISA DITULIS",
        "kartu SD penuh, rusak atau terkunci",
        "the SD card is full, broken or read-only",
        (
            "cabut listrik 10 detik, pasang lagi",
            "masih merah: pasang kartu SD cadangan",
            "simpan kartu lama untuk teknisi",
        ),
        ("unplug the power for 10 seconds", "still red: put in the spare SD card", "keep the old card"),
        NOT_RUNNING,
        "storage_unavailable",
        detector="a transaction fails for 5 s",
        clerk=STOPPED,
    ),
    Fault(
        6,
        "disk_low",
        MAJOR,
        "PENYIMPANAN HAMPIR PENUH",
        "ruang kartu SD hampir habis",
        "the SD card is nearly full",
        ("panggil teknisi minggu ini", "ekspor laporan bulan lalu", "siapkan kartu SD yang lebih besar"),
        ("call the technician this week", "export last month's report", "get a larger SD card"),
        "disk_low",
        detector="free space below 100 MB, until above 150 MB",
    ),
    Fault(
        6,
        "sim_memory_full",
        MAJOR,
        "MEMORI KARTU SIM PENUH",
        "memori SMS di kartu penuh, SMS baru tertahan di operator",
        "the SIM's memory is full, new SMS wait at the operator",
        ("tunggu 2 menit, alat mengosongkan sendiri", "cabut listrik 10 detik", "masih merah: hapus SMS lewat HP"),
        ("wait 2 minutes, it is being emptied", "unplug the power for 10 seconds", "still red: delete SMS in a phone"),
        "sim_memory_full",
        detector="+CPMS, asked every 20 s: used equals total, and 4 s later nothing could be freed",
    ),
    Fault(
        6,
        "storage_read_only",
        CRITICAL,
        "KARTU SD TERKUNCI",
        "kartu SD hanya bisa dibaca",
        "the file system was remounted read-only",
        (
            "cabut listrik 10 detik, pasang lagi",
            "masih merah: pasang kartu SD cadangan",
            "simpan kartu lama untuk teknisi",
        ),
        ("unplug the power for 10 seconds", "still red: put in the spare SD card", "keep the old card"),
        NOT_RUNNING,
        "storage_unavailable",
        detector="the flags of the store's file system",
        clerk=STOPPED,
    ),
    Fault(
        6,
        "disk_failing",
        MAJOR,
        "KARTU SD RUSAK",
        "kartu SD melaporkan kesalahan",
        "the file system reports errors of the SD card",
        ("siapkan kartu SD cadangan", "panggil teknisi minggu ini", "jangan cabut listrik tanpa perlu"),
        ("prepare the spare SD card", "call the technician this week", "do not unplug without need"),
        "disk_failing",
        detector="the file system's own count of errors",
    ),
    Fault(
        6,
        "store_salvaged",
        MAJOR,
        "DATA PERNAH RUSAK",
        "data di kartu SD rusak dan sudah diselamatkan",
        "the database was damaged; what could be read was saved, the damaged file is kept",
        ("panggil teknisi minggu ini", "minta pengelola server cek laporan", "siapkan kartu SD cadangan"),
        ("call the technician this week", "have the server's keeper check the tickets", "prepare the spare SD card"),
        "store_salvaged",
        detector="a file kentongan.db.damaged-N lies beside the store, until a technician takes it away",
    ),
    Fault(
        6,
        "store_filling",
        MINOR,
        "LAPORAN MENUMPUK",
        "ruang untuk laporan sudah terpakai 60 persen",
        "six tenths of the space given to the store are used",
        (
            "cek apakah aplikasi menerima laporan",
            "hubungi pengelola aplikasi",
            "mulai 80 persen isi laporan lama dihapus",
        ),
        (
            "see whether the application takes the tickets",
            "call the application's keeper",
            "from 80 percent on, old texts that were acknowledged are erased",
        ),
        "store_filling",
        detector="rows use 60 percent of the space given, until below 50",
    ),
    # -- 7: the broker and the backend ---------------------------------------------------------------------------------
    Fault(
        7,
        "broker_unreachable",
        MAJOR,
        "TIDAK TERHUBUNG KE SERVER",
        "server tidak terjangkau; SMS warga tetap diterima dan disimpan",
        "the server cannot be reached; citizens' SMS are still taken and kept",
        ("cek internet dan router kantor", "cek kabel LAN atau kuota", "masih merah: hubungi pengelola server"),
        (
            "check the office's internet and router",
            "check the cable or the data plan",
            "still red: call the server's keeper",
        ),
        detector="no connection for 20 s, counted from its last word: DNS, refused, silent, no answer, no route",
        clerk=SERVER,
    ),
    Fault(
        7,
        "broker_refused",
        MAJOR,
        "SERVER MENOLAK ALAT",
        "nama, sandi atau sertifikat tidak diterima server",
        "the server does not accept the name, password or certificate",
        (
            "hubungi pengelola server",
            "minta cek nama dan sandi alat ini",
            "cek tanggal alat dan masa berlaku sertifikat",
        ),
        ("call the server's keeper", "have this box's name and password checked", "check date and certificate"),
        detector="no connection for 20 s: certificate, name, password, protocol",
        clerk=SERVER,
    ),
    Fault(
        7,
        "duplicate_client",
        MAJOR,
        "ADA ALAT KEMBAR",
        "alat lain memakai nama yang sama di server",
        "another box uses the same name at the server",
        ("cari alat lain dengan nama yang sama", "matikan salah satu", "panggil teknisi untuk ganti nama"),
        ("find the other box of the same name", "switch one off", "have the technician rename it"),
        "duplicate_client",
        detector="three connections in a row taken over within a minute each",
        clerk=SERVER,
    ),
    Fault(
        7,
        "mqtt_not_authorized",
        MAJOR,
        "SERVER MENOLAK LAPORAN",
        "server tidak mengizinkan alat ini menulis",
        "the server does not let this box publish",
        ("hubungi pengelola server", "minta cek hak akses alat ini", "laporan warga tetap tersimpan di alat"),
        ("call the server's keeper", "have this box's access rules checked", "the tickets are kept here"),
        "mqtt_not_authorized",
        detector="PUBACK 135",
        clerk=SERVER,
    ),
    Fault(
        7,
        "no_backend_subscribed",
        MAJOR,
        "APLIKASI TIDAK MENDENGARKAN",
        "server hidup tetapi tidak ada aplikasi yang menerima laporan",
        "the server runs but no application takes the tickets",
        ("hubungi pengelola aplikasi", "minta hidupkan ulang aplikasi", "laporan warga tetap tersimpan di alat"),
        ("call the application's keeper", "have the application restarted", "the tickets are kept here"),
        "no_backend_subscribed",
        detector="PUBACK 16",
        clerk=SERVER,
    ),
    Fault(
        7,
        "backend_silent",
        MAJOR,
        "APLIKASI TIDAK MENJAWAB",
        "aplikasi belum mengakui laporan lebih dari 15 menit",
        "tickets were offered but not acknowledged for more than 15 minutes",
        ("hubungi pengelola aplikasi", "minta hidupkan ulang aplikasi", "laporan warga tetap tersimpan di alat"),
        ("call the application's keeper", "have the application restarted", "the tickets are kept here"),
        "backend_silent",
        detector="oldest ticket without ticket_ack for 15 minutes, in office hours",
        clerk=SERVER,
    ),
    Fault(
        7,
        "clock_unsynced",
        MINOR,
        "JAM BELUM DISETEL",
        "jam alat belum cocok dengan jam internet",
        "the clock has not been set from the network",
        ("cek internet kantor", "minta izinkan NTP (UDP 123) di router", "jam laporan bisa keliru sampai tersambung"),
        ("check the office's internet", "allow NTP (UDP 123) in the router", "times may be wrong until then"),
        "clock_unsynced",
        detector="the kernel's clock is not kept by NTP ten minutes after the start",
    ),
    Fault(
        7,
        "clock_skew",
        MINOR,
        "JAM BERBEDA",
        "jam alat dan jam server berbeda lebih dari 5 menit",
        "the clocks of this box and of the county's system differ by more than 5 minutes",
        ("cek internet kantor", "minta izinkan NTP (UDP 123) di router", "minta pengelola server cek jam server"),
        ("check the office's internet", "allow NTP (UDP 123) in the router", "have the server's clock checked"),
        "clock_skew",
        detector="a command's issued_at is 5 minutes off",
    ),
    Fault(
        7,
        "clock_disagrees",
        MINOR,
        "JAM BEDA DARI OPERATOR",
        "jam alat dan jam operator seluler jauh berbeda",
        "the clocks of this box and of the mobile network differ widely",
        ("lihat jam, di konsol: waktu", "cek internet kantor", "minta izinkan NTP (UDP 123) di router"),
        ("look at the clock on the console", "check the office's internet", "allow NTP (UDP 123) in the router"),
        "clock_skew",
        detector="the modem's network time is 10 minutes off ours, or a day off a clock kept by NTP",
    ),
    Fault(
        7,
        "message_blocked",
        MINOR,
        "PESAN TERLALU BESAR",
        "satu pesan terlalu besar untuk server dan tertahan di alat",
        "a message is too large for the broker and is kept here",
        ("hubungi pengelola server", "minta naikkan batas ukuran pesan", "pesan tetap tersimpan di alat"),
        ("call the server's keeper", "have the limit on message size raised", "the message is kept here"),
        "message_blocked",
        detector="PUBACK 149, or a packet above the broker's limit",
    ),
    Fault(
        7,
        "certificate_expiring",
        MINOR,
        "SERTIFIKAT HAMPIR HABIS",
        "sertifikat server, CA atau alat habis dalam 30 hari",
        "the certificate of broker, CA or this box ends within 30 days",
        (
            "hubungi pengelola server",
            "minta perbarui (di konsol: jaringan)",
            "lewat tanggal itu alat tidak bisa tersambung",
        ),
        (
            "call the server's keeper",
            "have it renewed (on the console: jaringan)",
            "after that day no connection is possible",
        ),
        "certificate_expiring",
        detector="the broker's, the authority's and our own certificate, read at each connect",
    ),
    # -- 8: the configuration ------------------------------------------------------------------------------------------
    Fault(
        8,
        "config_rejected",
        MAJOR,
        "PENGATURAN SALAH",
        "berkas pengaturan salah, alat memakai pengaturan lama",
        "the new configuration is wrong, the last good one is in force",
        ("baca HASIL.txt di kartu SD", "perbaiki KONFIGURASI.txt", "hidupkan ulang alat"),
        ("read HASIL.txt on the SD card", "correct KONFIGURASI.txt", "restart the box"),
        "config_rejected",
        detector="the new configuration was refused at the start",
    ),
    # -- 9: power and heat ---------------------------------------------------------------------------------------------
    Fault(
        9,
        "power_undervoltage",
        MAJOR,
        "LISTRIK KURANG",
        "tegangan listrik alat terlalu rendah",
        "the supply voltage is too low",
        ("pakai adaptor asli 5 V 3 A", "pakai kabel yang pendek dan tebal", "jangan pakai USB komputer"),
        ("use the original 5 V 3 A adapter", "use a short and thick cable", "do not use a computer's USB port"),
        "power_undervoltage",
        detector="the Pi's throttle flag, the modem's UNDER-VOLTAGE or a battery below 3.6 V",
    ),
    Fault(
        9,
        "power_undervoltage_stop",
        CRITICAL,
        "LISTRIK KURANG, MODEM MATI",
        "tegangan listrik terlalu rendah sehingga modem mati",
        "the supply voltage is so low that the modem fails",
        ("pakai adaptor asli 5 V 3 A", "pakai kabel yang pendek dan tebal", "jangan pakai USB komputer"),
        ("use the original 5 V 3 A adapter", "use a short and thick cable", "do not use a computer's USB port"),
        "line_not_running",
        "power_undervoltage",
        detector="the same while the modem does not answer",
        clerk=STOPPED,
    ),
    Fault(
        9,
        "overheated",
        MAJOR,
        "ALAT TERLALU PANAS",
        "suhu alat di atas 80 derajat",
        "the box is hotter than 80 degrees",
        (
            "jauhkan dari matahari dan benda panas",
            "bersihkan debu di lubang udara",
            "beri jarak 10 cm di sekeliling alat",
        ),
        ("move it out of the sun and away from heat", "clean the air holes", "leave 10 cm of room around it"),
        "overheated",
        detector="processor at 80 degrees, until below 70; the modem's +CMTE",
    ),
    Fault(
        9,
        "power_overvoltage",
        MAJOR,
        "LISTRIK BERLEBIH",
        "tegangan listrik modem terlalu tinggi",
        "the modem's supply voltage is too high",
        ("cabut adaptor, pakai adaptor asli", "jangan pakai charger cepat", "masih merah: ganti papan modem"),
        ("use the original adapter", "use no fast charger", "still red: replace the modem's board"),
        "power_overvoltage",
        detector="the modem's OVER-VOLTAGE",
    ),
    Fault(
        9,
        "modem_restarting",
        MAJOR,
        "MODEM MATI-HIDUP SENDIRI",
        "modem restart sendiri tiga kali dalam 30 menit, periksa listrik",
        "the modem restarted by itself three times in 30 minutes, mostly for want of power",
        ("pakai adaptor asli 5 V 3 A", "pakai kabel yang pendek dan tebal", "masih merah: ganti modem"),
        ("use the original 5 V 3 A adapter", "use a short and thick cable", "still red: replace the modem"),
        "modem_restarting",
        detector="three boot banners that nobody asked for within 30 minutes",
    ),
    Fault(
        9,
        "mains_lost",
        MAJOR,
        "LISTRIK PADAM",
        "listrik PLN padam, alat memakai baterai",
        "the mains is off, the box runs on its battery",
        ("tunggu listrik menyala", "jangan cabut alat", "lebih dari 4 jam: nyalakan genset"),
        ("wait for the mains", "do not unplug the box", "after 4 hours: start the generator"),
        "mains_lost",
        detector="the mains-sense pin",
    ),
)


class Page(msgspec.Struct, frozen=True):
    """What the card to print says of a number, whatever its sub-cause: plain words, three steps."""

    heading: str
    todo: tuple[str, str, str]


CARD: Mapping[int, Page] = {
    1: Page(
        "PROGRAM", ("tunggu 2 menit, alat mencoba sendiri", "cabut listrik 10 detik, pasang lagi", "panggil teknisi")
    ),
    2: Page(
        "MODEM", ("periksa kabel atau papan modem", "cabut listrik 10 detik, lalu tunggu 5 menit", "panggil teknisi")
    ),
    3: Page(
        "KARTU SIM",
        (
            "buka tutup, periksa kartu SIM",
            "lap kartu, pasang lagi sampai bunyi klik",
            "coba kartu di HP, PIN harus mati",
        ),
    ),
    4: Page(
        "JARINGAN OPERATOR",
        ("periksa antena", "pindahkan alat dekat jendela, tunggu 5 menit", "cek masa aktif kartu"),
    ),
    5: Page(
        "TIDAK BISA KIRIM SMS",
        ("isi pulsa hari ini", "cek masa aktif kartu", "tenang: SMS warga TETAP diterima"),
    ),
    6: Page(
        "PENYIMPANAN",
        (
            "tunggu 2 menit, alat mengosongkan sendiri",
            "cabut listrik 10 detik, pasang lagi",
            "pasang kartu SD cadangan",
        ),
    ),
    7: Page(
        "SERVER",
        ("cek internet dan router kantor", "cek kabel LAN atau kuota", "hubungi pengelola server"),
    ),
    8: Page(
        "PENGATURAN",
        ("baca HASIL.txt di kartu SD", "perbaiki KONFIGURASI.txt", "hidupkan ulang alat"),
    ),
    9: Page(
        "LISTRIK ATAU PANAS",
        ("pakai adaptor asli 5 V 3 A", "pakai kabel yang pendek dan tebal", "jauhkan dari panas, bersihkan debu"),
    ),
}

TABLE: Mapping[str, Fault] = {row.cause: row for row in ROWS}
UNKNOWN = TABLE["daemon_hung"]  # what a cause of a newer version is shown as


def of(cause: str) -> Fault:
    """Find a row by its cause; a cause this version does not know is the program's own fault."""
    return TABLE.get(cause, UNKNOWN)
