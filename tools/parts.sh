# For setup.sh and vendors.sh, which source it: parts of .deps, each made in a folder of its own and renamed into place
# when it is whole, each with a .version that says when to make it anew.
deps=$PWD/.deps
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { echo "setup: $*"; }
fail() { echo "setup: error: $*" >&2; exit 1; }
pin() { grep "^$1==" tools/wheels.txt; }

# Two runs at once wait for each other.
take_turns() {
  mkdir -p "$deps"
  exec 9>"$deps/lock"
  flock 9
}

# part NAME VERSION WHAT FUNCTION: unless .deps/NAME is of that version, runs FUNCTION with $out (the empty folder that
# becomes .deps/NAME) and $work (a folder to work in).
part() {
  local name=$1 version=$2 what=$3 make=$4
  [[ -f $deps/$name/.version && $(<"$deps/$name/.version") == "$version" ]] && return
  say "$what"
  local work=$deps/tmp/$name out=$deps/tmp/$name/out
  rm -rf "$work"
  mkdir -p "$out"
  "$make"
  printf '%s\n' "$version" >"$out/.version"
  rm -rf "${deps:?}/$name"
  mkdir -p "$(dirname "$deps/$name")"
  mv "$out" "$deps/$name"
  rm -rf "$work"
}

# fetch NAME [pip options]: the package pinned in wheels.txt, checked by its hash, into $work.
fetch() {
  pin "$1" >"$work/requirement.txt"
  "$deps/python/bin/python" -m pip download --quiet --no-deps --require-hashes --requirement "$work/requirement.txt" \
    --dest "$work" "${@:2}"
}
fetch_wheel() { fetch "$1" --only-binary=:all: --python-version 3.11; }
