"""Examples of what a backend asks."""

from msgspec import Struct

from kentongan.mqtt import payloads
from kentongan.mqtt.examples_names import REPLY, SENDER, TICKET

COMMANDS: dict[str, tuple[Struct, ...]] = {
    "ticket_ack": (
        payloads.TicketAck(
            ticket_id=TICKET,
            revision=1,
            status="accepted",
            backend_ticket="LPR-2026-000123",
            backend_id="sleman-lapor",
        ),
        payloads.TicketAck(ticket_id=TICKET, status="refused", reason="spam"),
    ),
    "reply": (
        payloads.Reply(
            command_id=REPLY,
            issued_at="2026-02-03T09:17:01+07:00",
            ticket_id=TICKET,
            text="Laporan Anda no. LPR-2026-000123 sudah diteruskan ke Dinas PU.",
            expires_at="2026-02-04T09:17:01+07:00",
            delivery_report=True,
            ref="LPR-2026-000123/1",
        ),
        payloads.Reply(command_id="uji-langsung-1", to="+6281234567890", text="Uji", max_parts=1, priority="urgent"),
    ),
    "reply_cancel": (payloads.ReplyCancel(command_id="cancel-77", target_command_id=REPLY),),
    "resend": (
        payloads.Resend(
            command_id="restore-2026-02-04",
            select=payloads.BySeq(from_seq=900),
            include=("tickets", "replies"),
            limit=500,
        ),
        payloads.Resend(command_id="r2", select=payloads.Unacknowledged()),
        payloads.Resend(command_id="r3", select=payloads.ByTime(since="2026-02-01T00:00:00+07:00")),
        payloads.Resend(command_id="r4", select=payloads.ByIds(ticket_ids=(TICKET,))),
    ),
    "get": (
        payloads.Get(command_id="g1", what="diagnostics"),
        payloads.Get(command_id="g2", what="reply", id=REPLY),
    ),
    "ping": (payloads.Ping(command_id="p1", echo="halo"),),
    "erase": (
        payloads.Erase(command_id="e1", sender_ref=SENDER, reason="permintaan subjek data"),
        payloads.Erase(command_id="e2", ticket_ids=(TICKET,)),
    ),
    "notify": (
        payloads.Notify(
            command_id="n1",
            role="koordinator",
            text="Tiket DPK-001-042-4 belum ditindaklanjuti.",
            ticket_id=TICKET,
            expires_at="2026-02-03T17:00:00+07:00",
        ),
        payloads.Notify(command_id="n2", to="+6281100001234", text="Uji pemberitahuan"),
    ),
    "broadcast": (
        payloads.Broadcast(
            command_id="banjir-2026-02-03",
            text="Air Kali Code naik. Warga bantaran mohon bersiap.",
            to=("+6281234567890", "+6281234567891"),
            expires_at="2026-02-03T17:00:00+07:00",
        ),
    ),
    "broadcast_cancel": (payloads.BroadcastCancel(command_id="bc1", target_command_id="banjir-2026-02-03"),),
    "ticket_change": (
        payloads.TicketChange(command_id="t1", ticket_id=TICKET, categories=("energi",)),
        payloads.TicketChange(
            command_id="t2",
            ticket_id=TICKET,
            link=payloads.Linked(system="SP4N-LAPOR", id="1916449"),
            close="selesai ditangani",
        ),
    ),
    "release": (payloads.Release(command_id="q1", quarantine_id="7f3a9c1e-61"),),
    "report_ack": (payloads.ReportAck(command_id="rep1", period="2026-01"),),
}
