# Everything a developer does. Each target sets up what it needs; see packaging/dev.

.PHONY: run test coverage demo screenshots bench soak check setup deb installed
.DEFAULT_GOAL := run

# Compiling all of vmdesk at each start takes a fifth of its time, and no user's vmdesk does that.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(shell id -u),0)
AS_USER = packaging/dev/as-user
endif

run: setup
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec .venv/bin/vmdesk; \
	else echo "There is no display, so this is the demo." && $(MAKE) --no-print-directory demo; fi

setup: packages
	@packaging/dev/make-venv

.PHONY: packages
packages:
	@packaging/dev/install-packages

ifdef AS_USER

coverage demo screenshots deb: packages
	@$(AS_USER) $@

bench: packages
	@$(AS_USER) $@ ONLY=$(ONLY) QUICK=$(QUICK)

soak: packages
	@$(AS_USER) $@ MINUTES=$(MINUTES) SEED=$(SEED)

test: packages
	@$(AS_USER) test
	@$(MAKE) --no-print-directory installed

else

test: check
	@packaging/dev/run-tests

# Which lines no test runs, in programs that tests start too; it fails below what was reached before.
coverage: setup
	@rm -f .coverage*
	xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/coverage run -m pytest
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report --fail-under=98
	.venv/bin/coverage report --include='vmdesk/core/*' --fail-under=100

demo: setup
	xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/python -m tests.e2e.demo demo

screenshots: setup
	xvfb-run -a -s "-screen 0 3200x2000x24" .venv/bin/python -m tests.e2e.screenshots resources/screenshots

# All of it takes half an hour. ONLY=bundles measures one subject, QUICK=1 smaller files.
bench: setup
	.venv/bin/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

# Faults at random for an hour, or MINUTES=; SEED= repeats a run. The log is bench/soak.log.
soak: setup
	@rm -f bench/soak.log
	VMDESK_SOAK=$(or $(MINUTES),60) VMDESK_SEED=$(SEED) xvfb-run -a -s "-screen 0 1600x1000x24" \
		.venv/bin/pytest tests/faults --timeout 0 -o faulthandler_timeout=0 -s

# A Debian package, in dist/, for the distribution that it is built on.
deb: setup
	.venv/bin/python packaging/deb/build.py dist

endif

# The Debian package in a fresh Debian: installed, used by a person, and removed.
installed: deb
	@packaging/deb/try-installed dist

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
