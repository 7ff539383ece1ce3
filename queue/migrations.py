"""The schema, version by version; each step is one transaction, and `PRAGMA user_version` says where a file stands.

Refuses a file written by a newer program. Statements are written by hand: STRICT tables, and an index for every query
of the running program.
"""

from kentongan.queue.errors import SchemaTooNew, StoreCorrupt
from kentongan.queue.models import File

VERSION_1 = (
    """CREATE TABLE store (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        store_id TEXT NOT NULL,
        born_ms INTEGER NOT NULL,
        running INTEGER NOT NULL,
        counter INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL,
        synced INTEGER NOT NULL,
        quarantined INTEGER NOT NULL DEFAULT 0,
        sent INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE void_number (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE ticket (
        seq INTEGER PRIMARY KEY,
        ticket_id TEXT NOT NULL UNIQUE,
        event_id TEXT NOT NULL,
        number TEXT NOT NULL,
        line TEXT NOT NULL,
        sender_number TEXT NOT NULL,
        sender_address TEXT NOT NULL,
        sender_ref TEXT NOT NULL,
        replyable INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        published_revision INTEGER NOT NULL DEFAULT 0,
        shown INTEGER NOT NULL DEFAULT 0,
        total INTEGER NOT NULL,
        concat_width INTEGER NOT NULL,
        concat_reference INTEGER NOT NULL,
        opened_steady_ms INTEGER NOT NULL,
        received_ms INTEGER NOT NULL,
        synced INTEGER NOT NULL,
        kind TEXT NOT NULL,
        thread TEXT NOT NULL,
        notes TEXT NOT NULL,
        state TEXT NOT NULL,
        answered INTEGER NOT NULL DEFAULT 0,
        backend_ticket TEXT NOT NULL DEFAULT '',
        backend_id TEXT NOT NULL DEFAULT '',
        closed_steady_ms INTEGER
    ) STRICT""",
    "CREATE INDEX ticket_number ON ticket (number)",
    "CREATE INDEX ticket_sender ON ticket (sender_ref, opened_steady_ms)",
    """CREATE INDEX ticket_closed ON ticket (closed_steady_ms) WHERE state IN ('accepted', 'refused')""",
    """CREATE TABLE part (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        line TEXT NOT NULL,
        steady_ms INTEGER NOT NULL,
        pdu_hex TEXT NOT NULL,
        ticket_seq INTEGER REFERENCES ticket (seq),
        revision INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        text BLOB NOT NULL,
        encoding TEXT NOT NULL,
        lossy INTEGER NOT NULL,
        data BLOB NOT NULL,
        smsc_ms INTEGER,
        smsc_offset_min INTEGER NOT NULL,
        reason TEXT NOT NULL,
        sender TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX part_ticket ON part (ticket_seq) WHERE ticket_seq IS NOT NULL",
    """CREATE TABLE spool (
        id INTEGER PRIMARY KEY,
        lane INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        channel TEXT NOT NULL,
        event_id TEXT NOT NULL,
        event_type TEXT NOT NULL,
        body BLOB NOT NULL,
        correlation BLOB NOT NULL,
        attempt INTEGER NOT NULL DEFAULT 0,
        ticket_seq INTEGER REFERENCES ticket (seq)
    ) STRICT""",
    "CREATE INDEX spool_due ON spool (lane, due_ms)",
    "CREATE INDEX spool_ticket ON spool (ticket_seq) WHERE ticket_seq IS NOT NULL",
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        command_id TEXT,
        ticket_id TEXT NOT NULL,
        ref TEXT NOT NULL,
        line TEXT NOT NULL,
        recipient TEXT NOT NULL,
        text TEXT NOT NULL,
        encoding TEXT NOT NULL,
        priority INTEGER NOT NULL,
        state TEXT NOT NULL,
        revision INTEGER NOT NULL,
        final INTEGER NOT NULL,
        delivery_report INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        accepted_ms INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        validity_ms INTEGER NOT NULL,
        settles_ms INTEGER,
        reason_code TEXT NOT NULL DEFAULT '',
        reason_message TEXT NOT NULL DEFAULT '',
        reason_retryable INTEGER NOT NULL DEFAULT 0,
        closed_steady_ms INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX message_command ON message (command_id) WHERE command_id IS NOT NULL",
    """CREATE INDEX message_open ON message (line, priority, id) WHERE state IN ('queued', 'sending')""",
    """CREATE INDEX message_recipient ON message (recipient) WHERE state IN ('queued', 'sending')""",
    """CREATE INDEX message_expires ON message (expires_ms) WHERE state IN ('queued', 'sending')""",
    """CREATE INDEX message_settles ON message (settles_ms) WHERE settles_ms IS NOT NULL""",
    """CREATE TABLE message_part (
        id INTEGER PRIMARY KEY,
        message_id INTEGER NOT NULL REFERENCES message (id),
        sequence INTEGER NOT NULL,
        tpdu_octets INTEGER NOT NULL,
        pdu_hex TEXT NOT NULL,
        state TEXT NOT NULL,
        line TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        begun_ms INTEGER,
        reference INTEGER
    ) STRICT""",
    "CREATE INDEX message_part_message ON message_part (message_id, sequence)",
    "CREATE INDEX message_part_begun ON message_part (line, begun_ms) WHERE begun_ms IS NOT NULL",
    """CREATE INDEX message_part_awaiting ON message_part (line, reference)
        WHERE reference IS NOT NULL AND state IN ('sent', 'uncertain')""",
    "CREATE INDEX message_part_sending ON message_part (state) WHERE state = 'sending'",
    """CREATE TABLE early_report (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        reference INTEGER NOT NULL,
        recipient TEXT NOT NULL,
        delivered INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE command (
        command_id TEXT NOT NULL UNIQUE,
        command TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        response BLOB NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT""",
)
VERSION_2 = (
    "ALTER TABLE message ADD COLUMN anytime INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE message ADD COLUMN refused_ms INTEGER",
    "CREATE INDEX message_ticket ON message (ticket_id) WHERE ticket_id != ''",
    """CREATE INDEX message_closed ON message (closed_steady_ms)
        WHERE closed_steady_ms IS NOT NULL AND recipient != ''""",
    "ALTER TABLE part ADD COLUMN sender_ref TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX part_quarantine ON part (sender_ref) WHERE ticket_seq IS NULL",
    # Parts up to these identifiers have been looked at: raw PDUs, and bodies in quarantine.
    "ALTER TABLE store ADD COLUMN pdus_until INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE store ADD COLUMN quarantine_until INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE hold (
        sender_ref TEXT PRIMARY KEY,
        wall_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
VERSION_3 = (
    """CREATE TABLE incident (
        id INTEGER PRIMARY KEY,
        cause TEXT NOT NULL,
        line TEXT NOT NULL,
        began_ms INTEGER NOT NULL,
        began_steady_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        ended_steady_ms INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX incident_open ON incident (line) WHERE ended_ms IS NULL",
    "CREATE INDEX incident_cause ON incident (cause, line, began_steady_ms)",
    """CREATE TABLE climb (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL UNIQUE,
        rung TEXT NOT NULL,
        tries INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE rung (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        rung TEXT NOT NULL,
        climbed INTEGER NOT NULL DEFAULT 0,
        succeeded INTEGER NOT NULL DEFAULT 0,
        UNIQUE (line, rung)
    ) STRICT""",
    """CREATE TABLE fact (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL,
        wall_ms INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT""",
)
VERSION_4 = (
    """CREATE TABLE tally (
        id INTEGER PRIMARY KEY,
        period TEXT NOT NULL,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        UNIQUE (period, name)
    ) STRICT""",
    "CREATE INDEX message_broadcast ON message (ref) WHERE priority = 4",
)
VERSION_5 = (
    """CREATE TABLE wish (
        sender_ref TEXT PRIMARY KEY,
        level TEXT NOT NULL,
        wall_ms INTEGER NOT NULL,
        answered INTEGER NOT NULL,
        answered_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE part ADD COLUMN hint_ms INTEGER",
    "ALTER TABLE part ADD COLUMN read_ms INTEGER",
    "CREATE INDEX message_accepted ON message (accepted_ms)",
)
MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5)


def version(file: File) -> int:
    """Read a file's version, 0 for a new one; inside `reading`. Raises `SchemaTooNew`, and `StoreCorrupt` for none."""
    found = file.number("PRAGMA user_version")
    if found < 0 or (not found and file.has("store")):
        raise StoreCorrupt(f"{file.path}: the schema's version is lost")
    if found > len(MIGRATIONS):
        raise SchemaTooNew(str(file.path), found, len(MIGRATIONS))
    return found


def migrate(file: File) -> int:
    """Bring a file up to date, one transaction per version; returns the version it had (0: it was new)."""
    with file.reading():
        found = version(file)
    for number, statements in enumerate(MIGRATIONS[found:], start=found + 1):
        with file.writing():
            for statement in statements:
                file.run(statement)
            file.run(f"PRAGMA user_version = {number}")
    return found
