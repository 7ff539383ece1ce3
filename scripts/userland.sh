#!/bin/sh
# Prove a clean clone in a clean Debian: `make test` and `make demo ONCE=1` in a folder made by mmdebstrap or debootstrap.
#
#   userland.sh 12 13        as root; writes docs/userland/debian-12.txt and debian-13.txt
#
# The folder gets git, make, python3 and nothing else of ours; what more is needed, make installs there by itself.
# The machine's own access to the package registries (name servers, certificates, pip's settings) is lent to the folder
# for the run and is left out of the transcript. KEEP=1 keeps the folder.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

die() { printf 'kentongan: %s\n' "$*" >&2; exit 1; }

suite_of() {
    case $1 in
        12) echo bookworm ;;
        13) echo trixie ;;
        *) die "unknown Debian release '$1' (12 and 13 are known)" ;;
    esac
}

bootstrap() { # suite folder
    include=git,make,python3,ca-certificates
    if command -v mmdebstrap >/dev/null 2>&1; then
        mmdebstrap --quiet --variant=minbase --include="$include" "$1" "$2"
    elif command -v debootstrap >/dev/null 2>&1; then
        debootstrap --variant=minbase --include="$include" "$1" "$2"
    else
        die "mmdebstrap is missing: apt-get install mmdebstrap"
    fi
}

# An installer names the machine's own loopback; a bare bootstrap does not.
name_loopback() { # folder
    printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$1/etc/hosts"
}

# Lend the machine's way to the registries: it is deleted with the folder.
lend() { # folder
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
    env | grep -E '^(PIP_CERT|PIP_INDEX_URL|PIP_DEFAULT_TIMEOUT|SSL_CERT_FILE|https?_proxy|no_proxy)=' >"$1/root/lent" || :
}

# What runs inside, with an environment of its own; the words after `$` in the transcript are the commands as typed.
inside() {
    cat <<'EOF'
set -u
set -a; . /root/lent; set +a
cd /root/kentongan
failed=0
play() {
    printf '\n$ %s\n' "$*"
    begin=$(date +%s)
    status=0
    "$@" </dev/null || status=$?
    [ "$status" = 0 ] || failed=1
    printf '(exit status %s, %s s)\n' "$status" "$(($(date +%s) - begin))"
}
printf '$ cat /etc/debian_version; python3 -V; git log -1 --format=%%h\n'
cat /etc/debian_version; python3 -V; git log -1 --format=%h
play make test
play make demo ONCE=1
printf '\n$ git status --short    (nothing is left behind in the clone)\n'
git status --short
printf '$ ps    (no process is left behind)\n'
for entry in /proc/[0-9]*; do
    name=$(tr '\0' ' ' 2>/dev/null <"$entry/cmdline") || continue
    case $name in *mosquitto* | *kentongan*daemon* | *backend.py*) printf '%s\n' "$name"; failed=1 ;; esac
done
[ "$failed" = 0 ] && printf '\nboth green\n'
exit "$failed"
EOF
}

# Leave out what belongs to this machine and not to the project.
strip() {
    sed -u -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e '/^WARNING: .*pip/d' -e "s/$(hostname)/machine/g" -e 's/\r$//'
}

prove() { # release
    suite=$(suite_of "$1")
    folder=$(mktemp -d)
    trap 'rm -rf --one-file-system "$folder"' EXIT
    transcript=$root/docs/userland/debian-$1.txt
    mkdir -p "$root/docs/userland"
    bootstrap "$suite" "$folder"
    name_loopback "$folder"
    lend "$folder"
    git clone -q --no-hardlinks "$root" "$folder/root/kentongan"
    inside >"$folder/root/inside"
    # Private mounts and processes: when the shell inside ends, nothing of either is left.
    status=0
    {
        printf 'A clean Debian %s (%s, minbase with git, make and python3), a clean clone.\n\n' "$1" "$suite"
        unshare --mount --pid --fork --kill-child sh -c '
            mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev" &&
            exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 CI=true \
                sh /root/inside' sh "$folder" 2>&1 || echo "*** FAILED"
    } | strip | tee "$transcript"
    grep -q '^both green$' "$transcript" || status=1
    if [ -n "${KEEP:-}" ]; then
        trap - EXIT
        printf 'kentongan: kept %s\n' "$folder" >&2
    else
        rm -rf --one-file-system "$folder"
        trap - EXIT
    fi
    return "$status"
}

[ "$(id -u)" = 0 ] || die "run as root: a clean Debian is made with chroot"
[ "$#" -gt 0 ] || die "usage: userland.sh RELEASE ..."
failed=0
for release in "$@"; do
    prove "$release" || failed=1
done
exit "$failed"
