<?php
/*
 * The reference backend in PHP: one SQLite file, mosquitto's own command line clients, no library.
 *
 *     export KENTONGAN_PASSWORD=...
 *     php examples/php/backend.php run   county.db 3404 broker.example 8883 backend-3404 ca.crt
 *     php examples/php/backend.php reply county.db 3404 TICKET-ID "Laporan Anda sudah kami teruskan."
 *     php examples/php/backend.php ping  county.db 3404 kec-depok-01
 *     php examples/php/backend.php list  county.db
 *
 * Needs php-cli with PDO's SQLite (Debian: php-cli php-sqlite3) and mosquitto-clients. The database is the truth.
 * `mosquitto_sub` keeps the session (-c, QoS 1) and acknowledges a message when it has printed it; a crash in the
 * instant between loses nothing, because the gateway offers every ticket again until its ticket_ack. Commands are
 * published from a table, the same bytes, until the answer is there.
 */
declare(strict_types=1);

const RETRY_S = [30, 60, 300, 900, 3600];  // the last one repeats
const GAP_WAIT_S = 60;  // tickets overtake each other; a hole that stays this long is one
const ASK_S = 900;  // a reply without an end for so long is asked about: its event may have died with the broker

function database(string $path): PDO
{
    $db = new PDO("sqlite:$path", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 5]);
    $db->exec('PRAGMA journal_mode = WAL');
    $db->exec('CREATE TABLE IF NOT EXISTS ticket (ticket_id TEXT, revision INTEGER, gateway TEXT, store_id TEXT,
        seq INTEGER, number TEXT, body TEXT, PRIMARY KEY (ticket_id, revision))');
    $db->exec('CREATE INDEX IF NOT EXISTS ticket_seq ON ticket (store_id, seq)');
    $db->exec('CREATE TABLE IF NOT EXISTS reply (command_id TEXT PRIMARY KEY, status TEXT, revision INTEGER,
        final INTEGER)');
    $db->exec('CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, topic TEXT, body TEXT, due INTEGER,
        tries INTEGER DEFAULT 0)');
    return $db;
}

function ask(PDO $db, string $query, array $values): PDOStatement
{
    $statement = $db->prepare($query);
    $statement->execute($values);
    return $statement;
}

/* Put a command into the outbox, within the caller's transaction; its bytes never change afterwards. */
function queue(PDO $db, string $id, string $topic, array $body, int $delay_s = 0): void
{
    $json = json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
    ask($db, 'INSERT INTO outbox (id, topic, body, due) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET due = excluded.due', [$id, $topic, $json, time() + $delay_s]);
}

/* Ask later what has become of a reply; its end, should it come by itself, takes the question away. */
function ask_later(PDO $db, string $base, string $command_id): void
{
    $id = substr("ask:$command_id", 0, 64);
    queue($db, $id, "$base/command/get",
        ['schema' => 'get/1', 'command_id' => $id, 'what' => 'reply', 'id' => $command_id], ASK_S);
}

/* Store the ticket once; acknowledge it every time it comes. */
function on_ticket(PDO $db, string $base, array $ticket): void
{
    ['ticket_id' => $key, 'revision' => $revision, 'store_id' => $store, 'seq' => $seq] = $ticket;
    $last = ask($db, 'SELECT max(seq) FROM ticket WHERE store_id = ? AND seq < ?', [$store, $seq])->fetchColumn();
    $new = ask($db, 'INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING', [
        $key, $revision, $ticket['gateway_id'], $store, $seq, $ticket['ticket_number'] ?? '',
        json_encode($ticket, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE),
    ])->rowCount();
    $first = ask($db, 'SELECT min(rowid) FROM ticket WHERE ticket_id = ?', [$key])->fetchColumn();
    queue($db, "ack:$key:$revision", "$base/command/ticket_ack", [
        'schema' => 'ticket_ack/1', 'ticket_id' => $key, 'revision' => $revision, 'status' => 'accepted',
        'backend_ticket' => sprintf('LPR-%06d', $first),
    ]);
    if ($new && $last !== null && $last < $seq - 1) {
        $id = sprintf('gap:%s:%d-%d', $store, $last + 1, $seq - 1);
        queue($db, $id, "$base/command/resend", ['schema' => 'resend/1', 'command_id' => $id,
            'select' => ['by' => 'seq', 'from_seq' => $last + 1, 'to_seq' => $seq - 1], 'include' => ['tickets']],
            GAP_WAIT_S);
    }
}

/* Stop repeating a command that was answered, unless the answer is 'not now'. */
function on_response(PDO $db, string $base, array $response): void
{
    if (($response['error']['retryable'] ?? false) === true) {
        return;
    }
    ask($db, 'DELETE FROM outbox WHERE id = ?', [$response['command_id']]);
    if ($response['command'] === 'get' && isset($response['result'])) {  // the answer to ask_later
        on_reply($db, $base, $response['result']);
        return;
    }
    ask($db, 'UPDATE reply SET status = ?, final = ? WHERE command_id = ? AND revision = 0',
        [$response['status'], (int) ($response['status'] === 'rejected'), $response['command_id']]);
}

/* Keep the newest state of a reply; a lower revision came late. */
function on_reply(PDO $db, string $base, array $event): void
{
    ask($db, 'INSERT INTO reply VALUES (?, ?, ?, ?) ON CONFLICT (command_id) DO UPDATE SET status = excluded.status,
        revision = excluded.revision, final = excluded.final WHERE excluded.revision > revision',
        [$event['command_id'], $event['status'], $event['revision'], (int) $event['final']]);
    if ($event['final']) {
        ask($db, 'DELETE FROM outbox WHERE id = ?', [substr("ask:{$event['command_id']}", 0, 64)]);
    } else {
        ask_later($db, $base, $event['command_id']);
    }
}

/* Bring one message into the database, all of it or nothing. */
function store(PDO $db, string $topic, string $payload): void
{
    [, , $county, $gateway, $kind, $name] = explode('/', $topic) + array_fill(0, 6, '');
    $document = json_decode($payload, true, 16, JSON_THROW_ON_ERROR);
    if ($kind !== 'event' || !is_array($document)
        || [$document['county_id'] ?? '', $document['gateway_id'] ?? ''] !== [$county, $gateway]) {
        return;  // the topic is the authority on who speaks
    }
    $base = implode('/', array_slice(explode('/', $topic), 0, 4));
    $db->beginTransaction();
    try {
        match ($name) {
            'ticket' => on_ticket($db, $base, $document),
            'response' => on_response($db, $base, $document),
            'reply' => on_reply($db, $base, $document),
            default => null,
        };
        $db->commit();
    } catch (Throwable $error) {
        $db->rollBack();
        throw $error;
    }
    echo "$name ", $document['ticket_number'] ?? $document['status'] ?? '', "\n";
}

/* Publish what is due from the outbox and set the time of the next try. */
function pump(PDO $db, Clients $clients): void
{
    $rows = ask($db, 'SELECT id, topic, body, tries FROM outbox WHERE due <= ? ORDER BY due LIMIT 20', [time()]);
    foreach ($rows->fetchAll(PDO::FETCH_ASSOC) as $row) {
        $command = ['mosquitto_pub', '-V', '5', '-q', '1', '-t', $row['topic'], '-s'];  // never retained, no expiry
        $process = proc_open($command, [0 => ['pipe', 'r']], $pipes, null, $clients->environment);
        fwrite($pipes[0], $row['body']);  // on no command line, where every user could read it
        fclose($pipes[0]);
        $taken = proc_close($process) === 0;
        if ($taken && str_starts_with($row['id'], 'ack:')) {
            ask($db, 'DELETE FROM outbox WHERE id = ?', [$row['id']]);  // lost? the ticket comes again
            continue;
        }
        $wait_s = RETRY_S[min($row['tries'], count(RETRY_S) - 1)];
        ask($db, 'UPDATE outbox SET due = ?, tries = tries + 1 WHERE id = ?', [time() + $wait_s, $row['id']]);
    }
}

/* Where and as whom mosquitto's clients log in: in files of ours alone, for a password on a command line is public. */
final class Clients
{
    public readonly array $environment;

    public function __construct(string $folder, string $host, string $port, string $user, string $ca)
    {
        is_dir($folder) || mkdir($folder, 0700);
        $lines = ["-h $host", "-p $port", "-u $user", '-P ' . getenv('KENTONGAN_PASSWORD')];
        $lines = $ca === '' ? $lines : [...$lines, "--cafile $ca"];
        foreach (['mosquitto_pub', 'mosquitto_sub'] as $name) {
            file_put_contents("$folder/$name", implode("\n", $lines) . "\n");
        }
        $this->environment = ['XDG_CONFIG_HOME' => $folder, 'PATH' => (string) getenv('PATH')];
    }
}

function run(PDO $db, string $county, Clients $clients, string $user): void
{
    $filters = [];
    foreach (['ticket', 'response', 'reply'] as $name) {  // one filter per kind, none overlapping
        array_push($filters, '-t', "kentongan/v1/$county/+/event/$name");
    }
    // It dies with us: an orphan would go on taking messages under our name, into nowhere.
    $command = ['setpriv', '--pdeathsig', 'KILL', 'mosquitto_sub', '-V', '5', '-c', '-x', '604800', '-i', $user,
        '-q', '1', ...$filters, '-F', '%t %p'];
    while (true) {
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes, null, $clients->environment);
        echo "listening\n";
        stream_set_blocking($pipes[1], false);
        $heard = '';
        while (!feof($pipes[1])) {
            $read = [$pipes[1]];
            $write = $except = null;
            stream_select($read, $write, $except, 0, 500_000);
            $heard .= (string) fread($pipes[1], 65536);
            $lines = explode("\n", $heard);
            $heard = array_pop($lines);  // what has not ended yet
            foreach ($lines as $line) {
                try {
                    [$topic, $payload] = explode(' ', $line, 2) + ['', ''];
                    store($db, $topic, $payload);
                } catch (JsonException | TypeError $error) {
                    echo 'not understood: ', $error->getMessage(), "\n";
                }
            }
            pump($db, $clients);
        }
        proc_close($process);
        sleep(2);
    }
}

/* Queue an SMS to the citizen of a ticket. */
function reply(PDO $db, string $county, string $ticket_id, string $text): string
{
    $gateway = ask($db, 'SELECT gateway FROM ticket WHERE ticket_id = ?', [$ticket_id])->fetchColumn();
    $count = ask($db, 'SELECT count(*) FROM reply WHERE command_id LIKE ?', ["$ticket_id:%"])->fetchColumn();
    $id = "$ticket_id:" . ($count + 1);
    $base = "kentongan/v1/$county/$gateway";
    $db->beginTransaction();
    ask($db, "INSERT INTO reply VALUES (?, 'new', 0, 0)", [$id]);
    queue($db, $id, "$base/command/reply",
        ['schema' => 'reply/1', 'command_id' => $id, 'ticket_id' => $ticket_id, 'text' => $text, 'delivery_report' => true]);
    ask_later($db, $base, $id);
    $db->commit();
    return $id;
}

[, $verb, $path] = $argv + ['', '', 'county.db'];
$db = database($path);
switch ($verb) {
    case 'run':
        [$county, $host, $port, $user, $ca] = array_slice($argv, 3) + ['3404', '127.0.0.1', '1883', 'backend-3404', ''];
        run($db, $county, new Clients("$path.login", $host, $port, $user, $ca), $user);
        // no break: run never ends
    case 'reply':
        echo reply($db, $argv[3], $argv[4], $argv[5]), "\n";
        break;
    case 'ping':
        $id = 'ping:' . hrtime(true);
        queue($db, $id, "kentongan/v1/$argv[3]/$argv[4]/command/ping",
            ['schema' => 'ping/1', 'command_id' => $id, 'echo' => 'halo']);
        echo "$id\n";
        break;
    case 'list':
        $tables = ['ticket' => 'ticket_id, revision, number', 'reply' => 'command_id, status', 'outbox' => 'id, tries'];
        foreach ($tables as $table => $columns) {
            foreach ($db->query("SELECT $columns FROM $table", PDO::FETCH_NUM) as $row) {
                echo $table, ' ', implode(' ', $row), "\n";
            }
        }
        break;
    default:
        fwrite(STDERR, "usage: backend.php run|reply|ping|list DATABASE ...\n");
        exit(2);
}
