#!/bin/sh
# A step around a deployment (infra/__main__.py), with whichever name Python has on this machine.
# setup.ps1 does the same on Windows.
set -u
cd "$(dirname "$0")/../.." || exit 1

for python in python3 python; do
  if command -v "$python" >/dev/null 2>&1; then
    exec "$python" dev.py setup "$@"
  fi
done
echo "There is no Python here: install Python 3.11 to 3.14, then run: python dev.py setup $*" >&2
exit 1
