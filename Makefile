# Everything a user or a developer asks for, from a bare machine on. `make` alone lists it.
.PHONY: help setup vendors servers build test demo bench bench-agent bench-cuts bench-kill bench-targets peers sanitize lint clean

help:
	@echo "make setup     bring the dependencies (.deps and, when missing, system packages)"
	@echo "make vendors   bring vendors' own compilers, which judge models (98 MB, optional, their licences)"
	@echo "make servers   bring the server that tests of the agent talk to (90 MB, optional)"
	@echo "make build     set up, configure and compile: build/bin/shoehorn"
	@echo "make test      build and run all tests (unit, golden, e2e)"
	@echo "make demo      fit a number-plate reader to its spec, from model to report"
	@echo "make bench     compare with other tools, side by side (bench/peers)"
	@echo "make bench-targets  what targets take of real models, before and after repair, by rules and by judge"
	@echo "make bench-agent  five minutes of the agent over a recorded drive with three kills (root)"
	@echo "make bench-cuts  every cut of three models end to end over four recorded drives (root)"
	@echo "make bench-kill  kill a fit at 20 random moments; it must go on each time"
	@echo "make sanitize  the whole test suite under AddressSanitizer and UBSan"
	@echo "make lint      formatting and the dependency law"
	@echo "make clean     delete what was built; .deps stays"

setup:
	@tools/setup.sh

vendors: setup
	@tools/vendors.sh

servers: setup
	@tools/servers.sh

build: setup
	@tools/build.sh release

test: build vendors servers
	ctest --preset release

demo: setup
	@tools/build.sh release shoehorn make_plates
	demo/run.sh

peers:
	@bench/peers/install.sh

bench: build
	bench/peers/run.sh

bench-targets: build vendors
	python3 bench/targets.py build/bin/shoehorn --disagreements docs/disagreements.md

bench-agent: build servers
	bench/agent.sh

bench-cuts: build servers
	@tools/toxiproxy.sh
	python3 bench/cuts.py

bench-kill: build
	bench/kill_fit.sh demo/specs/kws.toml

sanitize: setup vendors servers
	@tools/build.sh asan
	ctest --preset asan

lint: setup
	tools/lint.sh

clean:
	rm -rf build build-asan
