<?php
/*
 * The reference backend in PHP: one SQLite file, mosquitto's own command line clients, no library.
 *
 *     KENTONGAN_PASSWORD=... php examples/php/backend.php run   county.db 3404 broker.example 8883 backend-3404 ca.crt
 *     php examples/php/backend.php reply county.db 3404 TICKET-ID "Laporan Anda sudah kami teruskan."
 *     php examples/php/backend.php list  county.db
 *
 * The database is the truth. `mosquitto_sub` keeps the session (-c, QoS 1) and acknowledges a message when it has printed
 * it; a crash in the instant between loses nothing, because the gateway offers every ticket again until its ticket_ack.
 * Commands are published from a table, the same bytes, until the answer is there.
 */
declare(strict_types=1);

const RETRY_S = [30, 60, 300, 900, 3600];

function database(string $path): PDO
{
    $db = new PDO("sqlite:$path", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 5]);
    $db->exec('PRAGMA journal_mode = WAL');
    $db->exec('CREATE TABLE IF NOT EXISTS ticket (ticket_id TEXT, revision INTEGER, gateway TEXT, number TEXT,
        body TEXT, PRIMARY KEY (ticket_id, revision))');
    $db->exec('CREATE TABLE IF NOT EXISTS reply (command_id TEXT PRIMARY KEY, status TEXT, revision INTEGER,
        final INTEGER)');
    $db->exec('CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, topic TEXT, body TEXT, due INTEGER,
        tries INTEGER DEFAULT 0)');
    return $db;
}

function queue(PDO $db, string $id, string $topic, array $body): void
{
    $db->prepare('INSERT INTO outbox (id, topic, body, due) VALUES (?, ?, ?, 0)
        ON CONFLICT (id) DO UPDATE SET due = 0')->execute([$id, $topic, json_encode($body, JSON_THROW_ON_ERROR)]);
}

function on_ticket(PDO $db, string $base, array $ticket): void
{
    $key = $ticket['ticket_id'];
    $db->prepare('INSERT INTO ticket VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')->execute([
        $key, $ticket['revision'], $ticket['gateway_id'], $ticket['ticket_number'] ?? '',
        json_encode($ticket, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE),
    ]);
    $first = $db->prepare('SELECT min(rowid) FROM ticket WHERE ticket_id = ?');
    $first->execute([$key]);
    queue($db, "ack:$key:{$ticket['revision']}", "$base/command/ticket_ack", [
        'schema' => 'ticket_ack/1', 'ticket_id' => $key, 'revision' => $ticket['revision'], 'status' => 'accepted',
        'backend_ticket' => sprintf('LPR-%06d', $first->fetchColumn()),
    ]);
}

function on_response(PDO $db, array $response): void
{
    if (($response['error']['retryable'] ?? false) === true) {
        return;  // not now: the outbox repeats it
    }
    $db->prepare('DELETE FROM outbox WHERE id = ?')->execute([$response['command_id']]);
    $db->prepare('UPDATE reply SET status = ?, final = ? WHERE command_id = ? AND revision = 0')->execute(
        [$response['status'], (int) ($response['status'] === 'rejected'), $response['command_id']]);
}

function on_reply(PDO $db, array $event): void
{
    $db->prepare('INSERT INTO reply VALUES (?, ?, ?, ?) ON CONFLICT (command_id) DO UPDATE SET status = excluded.status,
        revision = excluded.revision, final = excluded.final WHERE excluded.revision > revision')->execute(
        [$event['command_id'], $event['status'], $event['revision'], (int) $event['final']]);
}

function store(PDO $db, string $topic, string $payload): void
{
    [, , $county, $gateway, $kind, $name] = explode('/', $topic) + array_fill(0, 6, '');
    $document = json_decode($payload, true, 16, JSON_THROW_ON_ERROR);
    if ($kind !== 'event' || [$document['county_id'], $document['gateway_id']] !== [$county, $gateway]) {
        return;  // the topic is the authority on who speaks
    }
    $base = implode('/', array_slice(explode('/', $topic), 0, 4));
    $db->beginTransaction();
    match ($name) {
        'ticket' => on_ticket($db, $base, $document),
        'response' => on_response($db, $document),
        'reply' => on_reply($db, $document),
        default => null,
    };
    $db->commit();
    echo "$name ", $document['ticket_number'] ?? $document['status'] ?? '', "\n";
}

function pump(PDO $db, array $login): void
{
    $due = $db->prepare('SELECT id, topic, body, tries FROM outbox WHERE due <= ? ORDER BY due LIMIT 20');
    $due->execute([time()]);
    foreach ($due->fetchAll(PDO::FETCH_ASSOC) as $row) {
        $command = ['mosquitto_pub', '-V', '5', '-q', '1', ...$login, '-t', $row['topic'], '-s'];
        $process = proc_open($command, [0 => ['pipe', 'r']], $pipes);  // the text never stands on a command line
        fwrite($pipes[0], $row['body']);
        fclose($pipes[0]);
        $taken = proc_close($process) === 0;
        if ($taken && str_starts_with($row['id'], 'ack:')) {
            $db->prepare('DELETE FROM outbox WHERE id = ?')->execute([$row['id']]);  // lost? the ticket comes again
            continue;
        }
        $wait = RETRY_S[min($row['tries'], count(RETRY_S) - 1)];
        $db->prepare('UPDATE outbox SET due = ?, tries = tries + 1 WHERE id = ?')->execute([time() + $wait, $row['id']]);
    }
}

function run(PDO $db, string $county, string $host, string $port, string $user, string $ca): void
{
    $login = ['-h', $host, '-p', $port, '-u', $user, '-P', (string) getenv('KENTONGAN_PASSWORD')];
    $login = $ca === '' ? $login : [...$login, '--cafile', $ca];
    $filters = [];
    foreach (['ticket', 'response', 'reply'] as $name) {  // one filter per kind, none overlapping
        array_push($filters, '-t', "kentongan/v1/$county/+/event/$name");
    }
    while (true) {
        $command = ['mosquitto_sub', '-V', '5', '-c', '-x', '604800', '-i', $user, '-q', '1', ...$login, ...$filters, '-F', '%t %p'];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        stream_set_blocking($pipes[1], false);
        while (!feof($pipes[1])) {
            $read = [$pipes[1]];
            $write = $except = null;
            stream_select($read, $write, $except, 1);
            while (($line = fgets($pipes[1])) !== false) {
                try {
                    [$topic, $payload] = explode(' ', rtrim($line, "\n"), 2) + ['', ''];
                    store($db, $topic, $payload);
                } catch (JsonException | TypeError $error) {
                    echo 'not understood: ', $error->getMessage(), "\n";
                }
            }
            pump($db, $login);
        }
        proc_close($process);
        sleep(2);
    }
}

[, $verb, $path] = $argv + ['', '', 'county.db'];
$db = database($path);
switch ($verb) {
    case 'run':
        run($db, $argv[3] ?? '3404', $argv[4] ?? '127.0.0.1', $argv[5] ?? '1883', $argv[6] ?? 'backend-3404', $argv[7] ?? '');
        // no break: run never ends
    case 'reply':
        $ticket = $db->prepare('SELECT gateway FROM ticket WHERE ticket_id = ?');
        $ticket->execute([$argv[4]]);
        $count = $db->query('SELECT count(*) FROM reply')->fetchColumn();
        $id = "$argv[4]:" . ($count + 1);
        $db->prepare("INSERT INTO reply VALUES (?, 'new', 0, 0)")->execute([$id]);
        queue($db, $id, "kentongan/v1/$argv[3]/" . $ticket->fetchColumn() . '/command/reply',
            ['schema' => 'reply/1', 'command_id' => $id, 'ticket_id' => $argv[4], 'text' => $argv[5], 'delivery_report' => true]);
        echo "$id\n";
        break;
    case 'list':
        foreach (['ticket' => 'ticket_id, revision, number', 'reply' => 'command_id, status', 'outbox' => 'id, tries'] as $table => $columns) {
            foreach ($db->query("SELECT $columns FROM $table", PDO::FETCH_NUM) as $row) {
                echo $table, ' ', implode(' ', $row), "\n";
            }
        }
        break;
    default:
        fwrite(STDERR, "usage: backend.php run|reply|list DATABASE ...\n");
        exit(2);
}
