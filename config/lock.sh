#!/bin/sh
# Locks the requirements anew, with hashes for every platform, and shows that they install from nothing:
# sh config/lock.sh [--check]   (--check locks nothing and only installs)
set -eu

oldest=3.11
newest=3.14
uv=".venv/bin/python -m uv"

if [ "${1:-}" != --check ]; then
	for name in requirements-installer requirements requirements-dev; do
		# Extras stay: an installer that verifies hashes refuses `coverage` where `coverage[toml]` is asked for.
		$uv pip compile --quiet --upgrade --generate-hashes --universal --python-version "$oldest" --no-strip-extras \
			--no-emit-index-url --no-emit-find-links "$name.in" -o "$name.txt"
	done
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in "$oldest" "$newest"; do
	echo "Installing into an empty environment of Python $version, without a cache."
	# Wheels of that version, whether or not its interpreter is on this machine; pyvips has none and needs none.
	$uv pip install --quiet --no-cache --require-hashes --python-version "$version" --target "$folder/$version" \
		--only-binary :all: --no-binary pyvips -r requirements-dev.txt
done
# And once as `make run` and `make test` do it, with this machine's Python and pip.
cp requirements*.txt "$folder"
cp -R config "$folder/config"
(cd "$folder" && unset VIRTUAL_ENV VENV_IS_LOCKED && PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 sh config/venv.sh requirements-dev.txt)
echo "The locked requirements install."
