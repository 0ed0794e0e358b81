#!/usr/bin/env bash
# Brings vendors' own compilers, which `shoehorn check` asks when they are there (docs/judges.md): under .deps/vendors,
# pinned by hash. They are not free software: Qualcomm's licence lies beside what was unpacked.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/parts.sh

make_onnxruntime_qnn() {
  fetch_wheel onnxruntime-qnn
  unzip -q "$work"/onnxruntime_qnn-*.whl -d "$out"
}

if [[ $(uname -m) != x86_64 ]]; then
  say "no vendor's compiler exists for $(uname -m)"
  exit 0
fi
take_turns
part vendors/onnxruntime-qnn "$(pin onnxruntime-qnn)" "fetching Qualcomm's compiler for the Snapdragon HTP (98 MB)" make_onnxruntime_qnn
