# Works with GNU make 3.81 (macOS) and later. Everything happens in .venv, var/ and media/.

PYTHON := .venv/bin/python

# Tests and benchmarks start hundreds of processes: compiled once, each of them imports in half the time.
export PYTHONDONTWRITEBYTECODE :=

# One more than there are cores: tests wait for disks, servers and browsers.
WORKERS = $$($(PYTHON) -c 'import os; print(os.cpu_count() + 1)')

.PHONY: help run demo test test-all test-servers coverage check torture drill bench messages lock venv venv-dev

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv ## The service on http://127.0.0.1:8000/ (PORT=8001 make run: on another port)
	@$(PYTHON) -m config.serve

demo: venv ## A made-up school to play with, also while `make run` is running
	@$(PYTHON) -m config.first_start && $(PYTHON) manage.py make_demo_school

test: venv-dev ## Every promise once, on a real PostgreSQL and a real S3 server (PYTEST="-k name": a part)
	@$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal $(PYTEST)

test-all: venv-dev ## The same and what repeats a proof: kills before every step, every format, all of S3 again
	@$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal --all $(PYTEST)

test-servers: venv-dev ## The servers of the tests, up until Ctrl-C: a single test in another terminal takes a second
	@$(PYTHON) -m testing.servers

coverage: venv-dev ## The same, with which lines it ran; takes a third longer
	@$(PYTHON) -m coverage erase
	@$(PYTHON) -m coverage run -m pytest -n $(WORKERS) --dist worksteal $(PYTEST); result=$$?; \
	  $(PYTHON) -m coverage combine --quiet; $(PYTHON) -m coverage report; exit $$result

check: venv-dev ## Style, types, layers, migrations and the settings of a deployment
	@$(PYTHON) -m testing.check

torture: venv-dev ## Kills, full disks, a sick S3, crowds: what was injected, and what was lost (Linux)
	@$(PYTHON) -m testing.faults

drill: venv-dev ## Disaster drills: what becomes of everybody's photo, right / wrong / left for a person
	@$(PYTHON) -m pytest -q -m drill --all students/tests

bench: venv-dev ## The speed, against the documented way, on this machine
	@$(PYTHON) -m bench

messages: venv-dev ## The sentences anew, for translation (needs GNU gettext)
	@$(PYTHON) manage.py makemessages -l fr --no-wrap --no-location --ignore .venv --ignore var --ignore 'testing/*' --ignore 'bench/*' --ignore 'profile_pictures/*'
	@$(PYTHON) manage.py compilemessages -l fr --ignore .venv

lock: venv-dev ## The requirements anew, with hashes, and a try at installing them into empty environments
	@sh config/lock.sh

venv:
	@sh config/venv.sh requirements.txt

venv-dev:
	@sh config/venv.sh requirements-dev.txt
