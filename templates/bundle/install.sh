#!/bin/sh
# Installs handseal-ceremony from this folder alone, without a network and without root:
#   sh install.sh [FOLDER]     into FOLDER, or ~/handseal-ceremony
#   sh install.sh --check      only looks whether this folder is whole
# PYTHON names another interpreter than python3.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"

stop() {
  echo "install.sh: $1" >&2
  [ -z "${2:-}" ] || echo "hint: $2" >&2
  exit 1
}
is_for() { sed -n "s/^$1=//p" BUNDLE; }

[ -f BUNDLE ] && [ -f SHA256SUMS ] || stop "this folder is not a whole bundle" "copy it again"
if command -v sha256sum >/dev/null 2>&1; then check='sha256sum'; else check='shasum -a 256'; fi
$check --check --strict --quiet SHA256SUMS >&2 || stop "a file is not as it was packed: nothing was installed" \
  "take another copy, and ask where this one comes from"
sum=$($check SHA256SUMS | cut -c 1-64)
echo "Every file is as it was packed. Compare this number with the one the packer read out:"
echo "  $sum"
[ "${1:-}" != --check ] || exit 0

python=${PYTHON:-python3}
found=$("$python" -I -c 'import platform as p, sys
print("%d.%d %s-%s" % (*sys.version_info[:2], {"Linux": "linux", "Darwin": "macos"}.get(p.system(), p.system()), p.machine()))') ||
  stop "$python does not run" "install Python $(is_for python), or name it: PYTHON=/path/to/python3 sh install.sh"
wanted="$(is_for python) $(is_for platform)"
[ "$found" = "$wanted" ] || stop "this bundle is for Python $wanted, and $python is $found" \
  "ask for a bundle for this machine, or name another interpreter: PYTHON=python$(is_for python) sh install.sh"

folder=${1:-$HOME/handseal-ceremony}
[ ! -e "$folder" ] && [ ! -L "$folder" ] || stop "$folder exists already" "name another folder: sh install.sh FOLDER"
made=
trap '[ -n "$made" ] || rm -rf -- "$folder"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p -- "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd)
"$python" -I -m venv "$folder/venv" || stop "no virtual environment could be made" \
  "Debian and Ubuntu keep that in a package of its own: python3-venv"
# Only the wheels that lie here, only as their hashes say, whatever this machine's pip is told otherwise.
PIP_CONFIG_FILE=/dev/null "$folder/venv/bin/python" -I -m pip --isolated --disable-pip-version-check install --quiet \
  --no-index --no-deps --no-cache-dir --only-binary :all: --require-hashes --find-links wheels -r requirements.txt ||
  stop "the wheels could not be installed"
# The clinic's and the employer's programs need more than a ceremony does.
rm -f -- "$folder/venv/bin/handseal" "$folder/venv/bin/handseal-verify"
ln -s venv/bin/handseal-ceremony "$folder/handseal-ceremony"
# Of the papers only what was packed: one that somebody added bears no digest.
sed -n 's/^[0-9a-f]*  ceremony\///p' SHA256SUMS | while IFS= read -r paper; do
  mkdir -p -- "$folder/ceremony/$(dirname -- "$paper")"
  cp -- "ceremony/$paper" "$folder/ceremony/$paper"
done
"$folder/handseal-ceremony" --version
made=1
echo "Installed. Begin with:"
echo "  $folder/handseal-ceremony --help"
