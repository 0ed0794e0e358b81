#!/usr/bin/env bash
# The demo: makes the plates when they are not there yet, then fits the reader to its spec.
# Ends with the verdict and the path of the report; the exit status is that of the fit (0: the spec is met).
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/bin/shoehorn
maker=build/bin/make_plates

# Plates that an older generator made are made anew.
made=demo/plates/made_by
if [[ ! -f $made || $(<"$made") != "$(sha256sum <"$maker")" ]]; then
  echo "demo: making number plates"
  "$maker" demo/plates
  sha256sum <"$maker" >"$made"
fi

echo "demo: $program fit demo/plates.toml -o demo/out/plates"
exec "$program" fit demo/plates.toml -o demo/out/plates --force
