#!/usr/bin/env bash
# Brings the server that tests of the agent talk to: Triton Inference Server with its Python backend, which runs ONNX
# Runtime, under .deps/triton, pinned by hash. Tests start and stop it themselves, and skip where it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/parts.sh

# The backend's interpreter ignores the environment, but looks for modules in its own folder.
make_triton() {
  fetch_wheel nvidia-pytriton
  unzip -q "$work"/nvidia_pytriton-*.whl 'pytriton/tritonserver/*' 'nvidia_pytriton.libs/*' '*.dist-info/licenses/*' -d "$out"
  local server=$out/pytriton/tritonserver
  mv "$server/python_backend_stubs/3.11/triton_python_backend_stub" "$server/backends/python"
  rm -r "$server/python_backend_stubs"
  chmod +x "$server/bin/tritonserver" "$server/backends/python/triton_python_backend_stub"
  "$deps/python/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary=:all: --python-version 3.11 \
    --requirement tools/servers.txt --target "$server/backends/python"
}

if [[ $(uname -m) != x86_64 ]]; then
  say "no Triton Inference Server for $(uname -m)"
  exit 0
fi
take_turns
part triton "$(pin nvidia-pytriton) $(<tools/servers.txt)" "fetching Triton Inference Server for tests (90 MB)" make_triton
