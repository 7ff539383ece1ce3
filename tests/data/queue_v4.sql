BEGIN TRANSACTION;
CREATE TABLE climb (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL UNIQUE,
        rung TEXT NOT NULL,
        tries INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT;
CREATE TABLE command (
        command_id TEXT NOT NULL UNIQUE,
        command TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        response BLOB NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT;
INSERT INTO "command" VALUES('c1','reply','f',X'7B7D',21601000);
INSERT INTO "command" VALUES('c2','reply','f',X'7B7D',21601000);
CREATE TABLE early_report (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        reference INTEGER NOT NULL,
        recipient TEXT NOT NULL,
        delivered INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT;
CREATE TABLE fact (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        value TEXT NOT NULL,
        wall_ms INTEGER NOT NULL,
        steady_ms INTEGER NOT NULL
    ) STRICT;
CREATE TABLE hold (
        sender_ref TEXT PRIMARY KEY,
        wall_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE incident (
        id INTEGER PRIMARY KEY,
        cause TEXT NOT NULL,
        line TEXT NOT NULL,
        began_ms INTEGER NOT NULL,
        began_steady_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        ended_steady_ms INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
CREATE TABLE message (
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
    , anytime INTEGER NOT NULL DEFAULT 0, refused_ms INTEGER) STRICT;
INSERT INTO "message" VALUES(1,'c1','','','a','+6281234567890','Terima kasih.','gsm7',1,'sending',2,0,0,1,1770021601000,21601000,108001000,86400000,NULL,'','',0,NULL,0,NULL);
INSERT INTO "message" VALUES(2,'c2','','','a','+6285200001111','Terima kasih.','gsm7',1,'queued',1,0,0,0,1770021601000,21601000,108001000,86400000,NULL,'','',0,NULL,0,NULL);
CREATE TABLE message_part (
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
    ) STRICT;
INSERT INTO "message_part" VALUES(1,1,1,21,'01','sending','a',1,21601000,NULL);
INSERT INTO "message_part" VALUES(2,2,1,21,'01','queued','a',0,NULL,NULL);
CREATE TABLE part (
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
    , sender_ref TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "part" VALUES(1,X'7A1BB0EB5B5CEB9C156AB7281B2B6F4F','a',1000,'0011AA',1,1,1,X'6469746572696D61','gsm7',0,X'',NULL,0,'','','');
INSERT INTO "part" VALUES(2,X'C71CF7EAB9585B107D1D7AEB63A10DB8','a',7201000,'0011AA',2,1,1,X'646974617761726B616E','gsm7',0,X'',NULL,0,'','','');
INSERT INTO "part" VALUES(3,X'107FB0EF55029C2041182467C32776FA','a',14401000,'0011AA',3,1,1,X'6D656E756E676775','gsm7',0,X'',NULL,0,'','','');
INSERT INTO "part" VALUES(4,X'D711D2E759969028267E23E99EE3E93D','a',21601000,'0011AA',4,1,1,X'7361747520','gsm7',0,X'',NULL,0,'','','');
INSERT INTO "part" VALUES(5,X'340B81D4A4078F748432930723F1B9B7','a',21601000,'',NULL,0,0,X'','binary',0,X'',NULL,0,'one_time_code','+6281234567890','');
CREATE TABLE rung (
        id INTEGER PRIMARY KEY,
        line TEXT NOT NULL,
        rung TEXT NOT NULL,
        climbed INTEGER NOT NULL DEFAULT 0,
        succeeded INTEGER NOT NULL DEFAULT 0,
        UNIQUE (line, rung)
    ) STRICT;
CREATE TABLE spool (
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
    ) STRICT;
INSERT INTO "spool" VALUES(2,2,7229254,'ticket','019c1ca6-84e8-7000-8000-000000000002','kentongan.ticket.v1',X'',X'',1,2);
INSERT INTO "spool" VALUES(3,2,14401000,'ticket','019c1d14-61e8-7000-8000-000000000003','kentongan.ticket.v1',X'',X'',0,3);
INSERT INTO "spool" VALUES(4,2,21609000,'ticket','019c1d82-3ee8-7000-8000-000000000004','kentongan.ticket.v1',X'',X'',0,4);
INSERT INTO "spool" VALUES(5,0,21601000,'response','r-c1','response',X'7B7D',X'',0,NULL);
INSERT INTO "spool" VALUES(6,1,21601000,'reply','c1-1','reply',X'63312071756575656420312046616C7365',X'',0,NULL);
INSERT INTO "spool" VALUES(7,1,21601000,'reply','c1-2','reply',X'63312073656E64696E6720322046616C7365',X'',0,NULL);
INSERT INTO "spool" VALUES(8,0,21601000,'response','r-c2','response',X'7B7D',X'',0,NULL);
INSERT INTO "spool" VALUES(9,1,21601000,'reply','c2-1','reply',X'63322071756575656420312046616C7365',X'',0,NULL);
CREATE TABLE store (
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
    , pdus_until INTEGER NOT NULL DEFAULT 0, quarantine_until INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "store" VALUES(1,'832da0d4',1770000001000,1,4,21601000,1770021601000,1,1,0,0,0,0);
CREATE TABLE tally (
        id INTEGER PRIMARY KEY,
        period TEXT NOT NULL,
        name TEXT NOT NULL,
        count INTEGER NOT NULL,
        UNIQUE (period, name)
    ) STRICT;
CREATE TABLE ticket (
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
    ) STRICT;
INSERT INTO "ticket" VALUES(1,'019c1c38-a7e8-7000-8000-000000000001','019c1c38-a7e8-7000-8000-000000000001','LU2-000-001-2','a','+6281234567890','+6281234567890','s_q1X7c0b3kTn2',1,1,1,1,1,0,0,1000,1770000001000,1,'complaint','new','[]','accepted',0,'B-1','',1000);
INSERT INTO "ticket" VALUES(2,'019c1ca6-84e8-7000-8000-000000000002','019c1ca6-84e8-7000-8000-000000000002','LU2-000-002-0','a','+6281234567890','+6281234567890','s_q1X7c0b3kTn2',1,1,1,1,1,0,0,7201000,1770007201000,1,'complaint','new','[]','offered',0,'','',NULL);
INSERT INTO "ticket" VALUES(3,'019c1d14-61e8-7000-8000-000000000003','019c1d14-61e8-7000-8000-000000000003','LU2-000-003-6','a','+6281234567890','+6281234567890','s_q1X7c0b3kTn2',1,1,0,0,1,0,0,14401000,1770014401000,1,'complaint','new','[]','pending',0,'','',NULL);
INSERT INTO "ticket" VALUES(4,'019c1d82-3ee8-7000-8000-000000000004','019c1d82-3ee8-7000-8000-000000000004','LU2-000-004-8','a','+6281234567890','+6281234567890','s_q1X7c0b3kTn2',1,1,0,0,2,8,5,21601000,1770021601000,1,'complaint','new','[]','pending',0,'','',NULL);
CREATE TABLE void_number (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL
    ) STRICT;
CREATE INDEX ticket_number ON ticket (number);
CREATE INDEX ticket_sender ON ticket (sender_ref, opened_steady_ms);
CREATE INDEX ticket_closed ON ticket (closed_steady_ms) WHERE state IN ('accepted', 'refused');
CREATE INDEX part_ticket ON part (ticket_seq) WHERE ticket_seq IS NOT NULL;
CREATE INDEX spool_due ON spool (lane, due_ms);
CREATE INDEX spool_ticket ON spool (ticket_seq) WHERE ticket_seq IS NOT NULL;
CREATE UNIQUE INDEX message_command ON message (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX message_open ON message (line, priority, id) WHERE state IN ('queued', 'sending');
CREATE INDEX message_recipient ON message (recipient) WHERE state IN ('queued', 'sending');
CREATE INDEX message_expires ON message (expires_ms) WHERE state IN ('queued', 'sending');
CREATE INDEX message_settles ON message (settles_ms) WHERE settles_ms IS NOT NULL;
CREATE INDEX message_part_message ON message_part (message_id, sequence);
CREATE INDEX message_part_begun ON message_part (line, begun_ms) WHERE begun_ms IS NOT NULL;
CREATE INDEX message_part_awaiting ON message_part (line, reference)
        WHERE reference IS NOT NULL AND state IN ('sent', 'uncertain');
CREATE INDEX message_part_sending ON message_part (state) WHERE state = 'sending';
CREATE INDEX message_ticket ON message (ticket_id) WHERE ticket_id != '';
CREATE INDEX message_closed ON message (closed_steady_ms)
        WHERE closed_steady_ms IS NOT NULL AND recipient != '';
CREATE INDEX part_quarantine ON part (sender_ref) WHERE ticket_seq IS NULL;
CREATE INDEX incident_open ON incident (line) WHERE ended_ms IS NULL;
CREATE INDEX incident_cause ON incident (cause, line, began_steady_ms);
CREATE INDEX message_broadcast ON message (ref) WHERE priority = 4;
COMMIT;
