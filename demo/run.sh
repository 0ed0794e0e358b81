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

# 1.8 times the speed takes a processor that multiplies int8 in one instruction. Without it a careful engineer asks for what
# the rest can give: at least a fifth faster and never larger. The accuracy asked for is the same.
spec=demo/plates.toml
if [[ $(uname -m) == x86_64 ]] && ! grep -q -m1 -E 'avx512_vnni|avx_vnni' /proc/cpuinfo; then
  spec=demo/plates_without_vnni.toml
  sed -e 's/^speedup = .*/speedup = 1.2/' -e 's/^size_ratio = .*/size_ratio = 1.0/' \
    -e 's/^# it has to read plates.*/# it has to read plates on one core of a processor without VNNI, at least 1.2 times faster than it comes and as well as before./' \
    demo/plates.toml >"$spec"
  echo "demo: this processor has no VNNI: 1.8 times faster at half the size ($(basename demo/plates.toml)) is out of its reach;"
  echo "demo: $spec asks for 1.2 times instead, at any size up to the original's"
fi

echo "demo: $program fit $spec -o demo/out/plates"
exec "$program" fit "$spec" -o demo/out/plates --force
