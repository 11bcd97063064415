#!/bin/sh
# Sees that .venv exists and holds what the file of locked requirements says: sh config/venv.sh requirements.txt
# Does nothing, and quickly, when that is so already.
set -eu

requirements=$1
stamp=.venv/installed-$requirements
unfinished=.venv/unfinished

# The versions for which every locked requirement has a wheel (config/lock.sh tries the oldest and the newest).
supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'

works() { # the interpreter is there, of a supported version, and has its pip
	.venv/bin/python -c "import pip; $supported" 2>/dev/null
}

find_python() {
	seen=
	for name in python3 python3.14 python3.13 python3.12 python3.11; do
		"$name" -c "$supported" 2>/dev/null || continue
		seen=$name
		if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
			echo "$name"
			return
		fi
	done
	if [ -n "$seen" ]; then
		echo "$seen cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv" >&2
	else
		echo "Python 3.11 to 3.14 is needed. On Debian: sudo apt install python3 python3-venv;" \
			"on macOS: brew install python@3.14" >&2
	fi
	return 1
}

wanted() { # what the installer and the requirements are, as one checksum
	.venv/bin/python -c '
import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())' \
		requirements-installer.txt "$1"
}

is_there() {
	[ ! -e "$unfinished" ] && works && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted "$requirements")" ]
}

if is_there; then
	exit 0
fi

# One at a time: what another make has half installed looks like what a cut installation left behind.
if [ -z "${VENV_IS_LOCKED:-}" ]; then
	python=$(find_python)
	VENV_IS_LOCKED=yes exec "$python" -c '
import fcntl, os, sys
lock = os.open(".venv.lock", os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print("Another make is installing into .venv: waiting for it.", flush=True)
    fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock, True)  # held until this script ends, however it ends
os.execvp("sh", ["sh", *sys.argv[1:]])' "$0" "$requirements"
fi

if [ -e "$unfinished" ] || ! works; then
	python=$(find_python)
	if [ -e .venv ]; then
		echo "The .venv here is half-made, broken or of an old Python: making it anew."
	else
		echo "Making .venv, the Python environment of this service."
	fi
	"$python" -m venv --clear .venv
fi

if is_there; then
	exit 0
fi
hash=$(wanted "$requirements")

echo "Installing $requirements into .venv; the first time this takes some seconds."
# Stays behind when the installation is cut short, and then the next one starts from nothing.
touch "$unfinished"
rm -f .venv/installed-*
# uv installs in seconds what takes pip a minute. It does not read pip's settings, so a mirror that is set there is
# passed on.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
	-r requirements-installer.txt
mirror=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null) || mirror=${PIP_INDEX_URL:-}
if [ -n "$mirror" ] && [ -z "${UV_DEFAULT_INDEX:-}" ]; then
	export UV_DEFAULT_INDEX="$mirror"
fi
VIRTUAL_ENV=.venv .venv/bin/python -m uv pip install --quiet --compile-bytecode --require-hashes -r "$requirements"
echo "$hash" >"$stamp"
if [ "$requirements" = requirements-dev.txt ]; then
	wanted requirements.txt >.venv/installed-requirements.txt # the smaller list is part of the larger
fi
rm "$unfinished"
