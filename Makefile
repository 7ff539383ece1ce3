# Everything a clone needs, it sets up by itself: `make demo` and `make test` are the two to know.
# Nothing is left outside this folder but Debian packages (mosquitto, python3-venv), installed only where they are missing.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

SETUP := sh scripts/setup.sh
RUN := .venv/bin/python
# `make demo ONCE=1` plays one story without a keyboard; `make demo ARGS="..."` hands on any option of `kentongan demo`.
ONCE ?=
ARGS ?=
# Where memory has room and may run programs, the tests' databases live there: the disk's fsyncs are half of their time.
MEMORY := $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 {print $$4}')" -gt 500000 ] && ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && echo /dev/shm)
TESTS := $(if $(MEMORY),TMPDIR=$(MEMORY) PYTEST_DEBUG_TEMPROOT=$(MEMORY))
# `make test` plays each library set in rooms beside each other, the longest first: the tests wait more than they compute.
ROOMS := system daemon others mqtt at
FILES := $(wildcard tests/test_*.py)
$(foreach room,$(filter-out others,$(ROOMS)),$(eval FILES_$(room) := $(filter tests/test_$(room)%,$(FILES))))
FILES_others := $(filter-out $(foreach room,$(ROOMS),$(FILES_$(room))),$(FILES))
NEWEST := $(ROOMS:%=room-newest-%)
DEBIAN13 := $(ROOMS:%=room-debian13-%)
AT_ONCE ?= $(shell echo $$(($$(nproc) + 1)))

.PHONY: $(NEWEST) $(DEBIAN13) help demo test test-newest test-debian13 lint docs fault-run field-life format bench bench-store chaos crash power userland contract deb image hw-test hw-test-fast hw-test-dry power-cuts hostile-cards clean modem-faults vectors fuzz fuzz-commands scale latency-tls idle-tls e50 node-red traps

help: ## say what can be made
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 24

demo: ## the real program on a virtual modem, live (ONCE=1: one story, no keyboard)
	@$(SETUP) broker run
	@$(RUN) -m kentongan.daemon demo $(if $(ONCE),--once) $(ARGS)

test: ## the tests, on the newest libraries and, beside them, on Debian 13's
	@$(SETUP) broker witnesses dev debian13
	@$(MAKE) --no-print-directory --keep-going -j$(AT_ONCE) --output-sync=target \
		$(if $(ARGS),test-newest test-debian13,$(foreach room,$(ROOMS),room-newest-$(room) room-debian13-$(room)))

$(NEWEST): room-newest-%:
	@$(TESTS) $(RUN) -m pytest -q -p no:cacheprovider $(FILES_$*)

$(DEBIAN13): room-debian13-%:
	@$(TESTS) .venv-debian13/bin/python -m pytest -q -p no:cacheprovider $(FILES_$*)

test-newest: ## the tests on the newest libraries alone
	@$(SETUP) broker witnesses dev
	$(TESTS) $(RUN) -m pytest -q $(ARGS)

test-debian13: ## the tests on the versions of libraries that Debian 13 ships
	@$(SETUP) broker witnesses debian13
	$(TESTS) .venv-debian13/bin/python -m pytest -q -p no:cacheprovider $(ARGS)

lint: ## style, format and types
	@$(SETUP) dev
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

docs: ## the pages and the card that are made from the program's own tables
	@$(SETUP) run
	$(RUN) -m kentongan.daemon.card docs
	$(RUN) scripts/panduan.py
	$(RUN) scripts/gambar.py

format: ## lay the code out as `make lint` wants it
	@$(SETUP) dev
	$(RUN) -m ruff check --fix-only --select I .
	$(RUN) -m ruff format .

bench: ## measure latency, start, memory, idling, traffic and the codec; writes benchmarks/RESULTS.md (five minutes)
	@$(SETUP) broker dev
	$(RUN) benchmarks/latency.py --write
	$(RUN) benchmarks/idle.py --write
	$(RUN) benchmarks/traffic.py --write
	$(RUN) benchmarks/bench_pdu.py --write
	$(RUN) benchmarks/bench_modem.py --write

modem-faults: ## every fault of the virtual modem on three modems; writes docs/modem.md
	@$(SETUP) dev
	$(RUN) benchmarks/modem_faults.py

vectors: ## count the PDU codec's vectors by what they call (a minute)
	@$(SETUP) dev
	$(RUN) benchmarks/count_vectors.py

# Short by default; `make fuzz INPUTS=5000000` takes some minutes.
INPUTS ?= 200000
fuzz: ## throw INPUTS inputs at the PDU decoder and at the AT engine, and look for surprises
	@$(SETUP) dev
	$(RUN) benchmarks/fuzz_pdu.py --inputs $(INPUTS)
	$(RUN) benchmarks/fuzz_engine.py --inputs $(INPUTS)

fuzz-commands: ## throw 200,000 hostile commands at a whole core; writes benchmarks/RESULTS.md (seven minutes)
	@$(SETUP) dev
	$(RUN) benchmarks/fuzz_commands.py --write

scale: ## 300 whole gateways on one broker, killed in the middle; writes benchmarks/RESULTS.md (four minutes)
	@$(SETUP) broker dev
	$(RUN) benchmarks/scale.py --write

latency-tls: ## a ticket's way over TLS to the backend's acknowledgement; writes benchmarks/RESULTS.md (half a minute)
	@$(SETUP) broker dev
	$(RUN) benchmarks/latency_tls.py --write

idle-tls: ## an idle hour over TLS, octet by octet; writes benchmarks/RESULTS.md (an hour, idle)
	@$(SETUP) broker dev
	$(RUN) benchmarks/idle_tls.py --write

traps: ## make every mistake of docs/traps.md in a copy of the program: its test must fail (five minutes)
	@$(SETUP) broker witnesses dev
	$(RUN) benchmarks/traps.py

node-red: ## install Node-RED by npm into build/node-red and hold the example's flow to the acceptance list (five minutes)
	@$(SETUP) broker dev
	npm install --no-audit --no-fund --prefix build/node-red node-red@4 node-red-node-sqlite@1
	npm rebuild --prefix build/node-red sqlite3
	KENTONGAN_NODE_RED=$(CURDIR)/build/node-red $(RUN) -m pytest -q -s tests/test_examples_nodered.py

fault-run: ## strike the appliance with 57 ways of not running; writes docs/faults.md (root for four; a quarter of an hour)
	@$(SETUP) broker dev
	$(RUN) benchmarks/fault_run.py --at-once 6 --write
	$(RUN) -m kentongan.daemon.card docs

field-life: ## thirty days in the field in accelerated time: no false alarm, none missed; writes benchmarks/RESULTS.md (four minutes)
	@$(SETUP) dev
	$(RUN) benchmarks/field_life.py --write

chaos: ## kill the gateway 200 times under traffic; writes benchmarks/RESULTS.md (ten minutes)
	@$(SETUP) broker dev
	$(RUN) benchmarks/chaos.py --write

bench-store: ## a million messages, a backlog of 100,000, octets beside gammu-smsd; writes benchmarks/RESULTS.md (nine minutes)
	@$(SETUP) witnesses dev
	$(RUN) benchmarks/bench_store.py cost growth backlog gammu --stored 1000000 --waiting 100000 --write

e50: ## 300 tickets and replies under 90 kills of gateway, backend and broker; writes benchmarks/RESULTS.md (four minutes)
	@$(SETUP) broker dev
	$(RUN) benchmarks/e50.py --write

crash: ## end a gateway at every step it takes and 1,000 times at random; writes benchmarks/RESULTS.md (five minutes)
	@$(SETUP) dev
	$(RUN) benchmarks/crash.py --write

power: ## cut the power at every operation on the disk, three ways; writes benchmarks/RESULTS.md (ten minutes, idle machine)
	@$(SETUP) dev
	$(RUN) benchmarks/power.py --write

userland: ## prove a clean clone in clean Debian 12 and 13 folders (root; half an hour)
	sh scripts/userland.sh 12 13

contract: ## write the published contract anew from the payload types
	@$(SETUP) run
	$(RUN) -m kentongan.mqtt.contract contract

deb: ## build the Debian packages into dist/
	sh debian/build

image: ## build the SD card's image, build/kentongan-VERSION-arm64.img.xz (root; about twenty minutes)
	sh image/build

hw-test: ## boot the image on an emulated Raspberry Pi 3 and play sixteen scenarios (about an hour; ARGS=--cuts=10)
	@$(SETUP) broker run
	$(RUN) hw-tests/board/run.py build $(ARGS)

hw-test-fast: ## prove the package and its units under a real systemd (root; a few minutes)
	sh hw-tests/fast/run

hw-test-dry: ## play the commissioning of a real Pi dry, to its sheet; writes docs/appliance.md (root; five minutes)
	@$(SETUP) broker dev
	$(RUN) hw-tests/dry/play.py --write

CUTS ?= 100
power-cuts: ## cut the power of an emulated PC CUTS times in traffic; writes docs/appliance.md (root; an hour)
	sh hw-tests/power/run --cuts $(CUTS) --write

hostile-cards: ## start the emulated PC with damaged and hostile cards; writes docs/appliance.md (root; twenty minutes)
	sh hw-tests/power/run cards --write

clean: ## remove all that make made in this folder
	rm -rf .venv .venv-debian13 .typing build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
