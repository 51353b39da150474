# shellcheck shell=bash
# shellcheck disable=SC2154  # root comes from whoever sources this
# Shared by the scripts in this folder: find Python 3.11 and keep .venv as the requirements say.
# Sourced by bash with `root` set to the project's folder; needs no root rights and changes nothing outside it.

say() { printf '%s\n' "$*" >&2; }

# Leave with a sentence for a person.
give_up() {
  say "script/${0##*/}: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

is_python_311() {
  "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.11 python3 python \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.11*/bin/python /usr/local/bin/python3.11 /opt/python*/bin/python3.11; do
    if [ -n "$candidate" ] && is_python_311 "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  give_up "Python 3.11 is needed and was not found." \
    "Debian 12:    sudo apt-get install python3.11 python3.11-venv" \
    "Ubuntu 22.04: sudo apt-get install python3.11 python3.11-venv" \
    "Ubuntu 24.04: sudo add-apt-repository ppa:deadsnakes/ppa, then the same; or: pyenv install 3.11" \
    "If it is somewhere else, name it: PYTHON=/path/to/python3.11 script/${0##*/}"
}

# Print a Python 3.11 that starts quickly: ours if it is there.
quick_python() {
  local ours="$root/.venv/bin/python"
  if [ -x "$ours" ] && is_python_311 "$ours"; then echo "$ours"; else find_python; fi
}

make_venv() {
  local python=$1 venv=$2
  if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    "$python" -m venv "$venv"
  elif "$python" -m pip --version >/dev/null 2>&1; then # Debian parts ensurepip from Python
    "$python" -m venv --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install --quiet pip
  else
    give_up "this Python cannot make virtual environments." "sudo apt-get install python3.11-venv"
  fi
}

# A hash of all that decides what .venv holds. A path in it: an environment that was moved does not work.
requirements_hash() {
  { echo "$root"; "$1" --version; cat "$root"/requirements/*.txt; } | sha256sum | cut -c1-32
}

# Print pip's options that choose a build of torch: the CPU's, which is a tenth of the size, unless there is a GPU.
torch_options() {
  if [ -n "${TORCH_INDEX_URL:-}" ]; then
    echo "--extra-index-url $TORCH_INDEX_URL"
  elif ! { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1; } &&
    "$1" -c 'import urllib.request as r; r.urlopen("https://download.pytorch.org/whl/cpu/torch/", timeout=4)' \
      >/dev/null 2>&1; then
    echo "--extra-index-url https://download.pytorch.org/whl/cpu"
  fi # else the usual index decides; closed networks keep their own CPU wheel there
}

# ensure_environment SET: make .venv hold requirements/SET.txt (worker or dev); instant when it already does.
ensure_environment() {
  local set=$1 venv="$root/.venv" python wanted
  python=$(quick_python) || exit 1
  wanted=$(requirements_hash "$python")
  if [ "$(cat "$venv/.has-$set" 2>/dev/null)" = "$wanted" ]; then return; fi
  mkdir -p "$root/var"
  (
    if command -v flock >/dev/null 2>&1; then # two scripts at once would install over each other
      flock -n 9 || { say "Waiting for another installation into .venv …" && flock 9; }
    fi
    if [ "$(cat "$venv/.has-$set" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
    if [ ! -x "$venv/bin/python" ] || ! is_python_311 "$venv/bin/python" ||
      ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
      rm -rf "$venv"
      say "Making .venv with $("$python" --version) …"
      make_venv "$python" "$venv" || exit 1
    fi
    say "Installing requirements/$set.txt into .venv (once; a few minutes on a new machine) …"
    # shellcheck disable=SC2046  # the options are words
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-input \
      $(torch_options "$venv/bin/python") -r "$root/requirements/$set.txt" || exit 1
    printf '%s\n' "$wanted" >"$venv/.has-$set"
    if [ "$set" = dev ]; then printf '%s\n' "$wanted" >"$venv/.has-worker"; fi # dev holds worker
  ) 9>"$root/var/install.lock" || give_up "the installation failed; the lines above say why." \
    "It needs the network once. What is there already is kept: run this again."
}
