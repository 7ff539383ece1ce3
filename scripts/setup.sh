#!/bin/sh
# Set up what make needs, once; say nothing when it is there.
#
#   setup.sh broker      mosquitto, from the distribution's packages
#   setup.sh witnesses   openssl for the TLS tests, ssh-keygen for a signed image; gammu, gammu-smsd and smstools, that the simulator must convince;
#                        PHP and mosquitto's clients, for the backend in PHP
#   setup.sh run         .venv with what the program needs
#   setup.sh dev         .venv with what tests and checkers need as well, and the link tree for mypy
#   setup.sh debian13    .venv-debian13 with the versions of libraries that Debian 13 ships
#
# pip and apt are used as this machine has them configured; no index, mirror or proxy is named here.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'kentongan: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Run a long step: one line before it, its output only if it fails.
step() {
    say "$1 ..."
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        die "failed: $*"
    fi
}

# -- Debian packages ---------------------------------------------------------------------------------------------------

# Say how to become root: nothing when we are, sudo where it works, else fail.
root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    fi
    command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || { [ -t 2 ] && sudo -v; }; } && printf sudo
}

install_packages() {
    as_root=$1
    shift
    set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    $as_root "$@" || { $as_root apt-get update -qq && $as_root "$@"; }
}

# Install packages without letting a service start: invoke-rc.d and systemd's helper both ask policy-rc.d first.
# The answer "not allowed" (101) stands only during this one call, and an administrator's own policy is not touched.
install_quietly() {
    as_root=$1
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        install_packages "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    status=0
    install_packages "$@" || status=$?
    $as_root rm -f "$policy"
    return "$status"
}

need_package() { # package, what it is for
    command -v apt-get >/dev/null 2>&1 || die "$1 is missing ($2): install it with your distribution's tools, then run make again"
    as_root=$(root) || die "$1 is missing ($2): run 'apt-get install $1' as root, then make again"
    step "installing Debian's $1 ($2)" install_quietly "$as_root" "$1"
}

broker() {
    # Debian keeps the broker in /usr/sbin, which is not on every user's PATH.
    PATH=$PATH:/usr/local/sbin:/usr/sbin command -v mosquitto >/dev/null && return
    need_package mosquitto "the MQTT broker of the demo and the tests"
    # We start brokers of our own, as child processes; the package's service shall not come up at the next boot either.
    if command -v systemctl >/dev/null 2>&1; then
        as_root=$(root)
        $as_root systemctl disable mosquitto.service >/dev/null 2>&1 || say "mosquitto.service could not be disabled"
    fi
}

# The TLS tests make their certificates with openssl; the foreign programs' tests say so where those are missing.
witnesses() {
    command -v openssl >/dev/null || need_package openssl "certificates for the TLS tests"
    command -v ssh-keygen >/dev/null || need_package openssh-client "the signature of an image"
    PATH=$PATH:/usr/sbin
    gammu=0 php=0
    command -v gammu >/dev/null && command -v gammu-smsd >/dev/null && command -v smsd >/dev/null && gammu=1
    command -v mosquitto_sub >/dev/null && command -v php >/dev/null && php -m | grep -q '^pdo_sqlite$' && php=1
    [ "$gammu$php" = 11 ] && return
    command -v apt-get >/dev/null 2>&1 && as_root=$(root) || {
        say "gammu, gammu-smsd, smstools, php or mosquitto-clients are missing: their tests will be skipped"
        return 0
    }
    [ "$gammu" = 1 ] || step "installing Debian's gammu, gammu-smsd and smstools (witnesses of the simulator)" \
        install_quietly "$as_root" gammu gammu-smsd smstools
    [ "$php" = 1 ] || step "installing Debian's php and mosquitto-clients (the backend in PHP is run)" \
        install_quietly "$as_root" php-cli php-sqlite3 mosquitto-clients
}

# -- Python ------------------------------------------------------------------------------------------------------------

find_python() {
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    die "Python 3.11 or newer is missing (Debian 12 and newer have it): install python3, then run make again"
}

# What an environment was made from; another value means that it is made again.
fingerprint() {
    { "$python" -c 'import sys; print(sys.version, sys.executable)'; pwd; cat setup.py pyproject.toml "$@"; } | cksum
}

link_tree() {
    mkdir -p .typing/kentongan
    for folder in at queue mqtt daemon; do
        [ -L ".typing/kentongan/$folder" ] || ln -s "../../$folder" ".typing/kentongan/$folder"
    done
}

# environment FOLDER STAMP FILES pip-arguments...: make or refresh a virtual environment.
environment() {
    folder=$1
    stamp=$1/$2
    files=$3
    shift 3
    # shellcheck disable=SC2086 # a list of our own file names without spaces
    now=$(fingerprint $files)
    [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need_package python3-venv "Debian splits it from python3"
    [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1 ||
        step "making the virtual environment $folder" "$python" -m venv --clear "$folder"
    rm -f "$folder"/.made-*
    step "installing the libraries into $folder" "$folder/bin/python" -m pip install --disable-pip-version-check -q "$@"
    printf '%s\n' "$now" >"$stamp"
}

for wanted in "$@"; do
    case $wanted in
        broker) broker ;;
        witnesses) witnesses ;;
        run)
            find_python
            # What serves the tests serves the demo.
            [ -e .venv/.made-dev ] && wanted=dev
            ;;
        dev | debian13) find_python ;;
        *) die "setup.sh: unknown '$wanted'" ;;
    esac
    case $wanted in
        run) environment .venv .made-run "requirements/run.txt" -r requirements/run.txt -e . ;;
        dev)
            link_tree
            environment .venv .made-dev "requirements/run.txt requirements/test.txt requirements/dev.txt" \
                -r requirements/dev.txt -e .
            ;;
        debian13)
            environment .venv-debian13 .made-debian13 "requirements/debian13.txt requirements/test.txt" \
                -r requirements/debian13.txt -r requirements/test.txt -e .
            ;;
    esac
done
