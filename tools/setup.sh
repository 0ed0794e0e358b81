#!/usr/bin/env bash
# Brings everything that Shoehorn is built on: Debian packages (only when one is missing) and, under .deps, libonnx,
# ONNX Runtime, OpenVINO, public models and ONNX's own tests, each pinned by hash. What is there is not touched again:
# a second run takes a fraction of a second. A run that was killed leaves nothing half done: each part is made in a
# folder of its own and renamed into place when it is whole. Python is used here and never when Shoehorn runs.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/parts.sh
headers='com.github.asus4.onnxruntime@0.4.9'  # the npm package that holds ONNX Runtime's headers
headers_hash='e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d'

listed() { sed 's/#.*//' "$1" | tr -s ' \n' ' '; }

install_system_packages() {
  local wanted missing
  read -ra wanted <<<"$(listed tools/apt-packages.txt)"
  # dpkg-query fails when it does not know a package, which is no error here.
  missing=$(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(
    { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null || true; } |
      sed -n 's/^ii  *//p' | sort -u))
  [[ -n $missing ]] || return 0
  say "installing system packages:" $missing
  local root=()
  if [[ $EUID != 0 ]]; then
    command -v sudo >/dev/null || fail "not root and no sudo; install these by hand:" $missing
    root=(sudo)
  fi
  "${root[@]}" apt-get -qq update
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
}

# A virtual environment remembers its own path, so this one part is made in place; its version is written last.
make_python() {
  local version
  version=$(<tools/python.txt)
  [[ -f $deps/python/.version && $(<"$deps/python/.version") == "$version" ]] && return
  say "making the environment of the set-up's own programs"
  rm -rf "$deps/python"
  python3 -m venv "$deps/python"
  "$deps/python/bin/pip" install --quiet --no-deps --require-hashes --requirement tools/python.txt
  printf '%s\n' "$version" >"$deps/python/.version"
}

make_onnx() {
  fetch onnx --no-binary=onnx --no-build-isolation
  tar -xzf "$work"/onnx-*.tar.gz -C "$work"
  local log=$work/log.txt
  {
    "$deps/python/bin/cmake" -S "$work"/onnx-*/ -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_INSTALL_PREFIX="$out" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DONNX_ML=ON \
      -DONNX_BUILD_PYTHON=OFF -DONNX_GEN_PB_TYPE_STUBS=OFF -DONNX_USE_PROTOBUF_SHARED_LIBS=ON \
      -DPython3_EXECUTABLE="$deps/python/bin/python" &&
      ninja -C "$work/build" install
  } >"$log" 2>&1 || { tail -30 "$log"; fail "libonnx did not build"; }
}

make_onnxruntime() {
  fetch_wheel onnxruntime
  unzip -q -j "$work"/onnxruntime-*.whl 'onnxruntime/capi/libonnxruntime*.so*' -d "$out/lib"
  (cd "$out/lib" && for name in libonnxruntime.so libonnxruntime.so.1; do ln -sf libonnxruntime.so.[0-9]*.[0-9]* $name; done)
  (cd "$work" && npm pack --silent "$headers" >/dev/null && echo "$headers_hash  $(ls ./*.tgz)" | sha256sum --check --quiet)
  mkdir "$out/include"
  tar -xzf "$work"/*.tgz -C "$out/include" --strip-components=7 --wildcards \
    '*/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers/*.h'
}

make_openvino() {
  fetch_wheel openvino
  unzip -q "$work"/openvino-*.whl -d "$out"
}

make_models() {
  local package
  for package in rapidocr-onnxruntime silero-vad magika; do fetch_wheel $package; done
  unzip -q -j "$work"/rapidocr_onnxruntime-*.whl '*.onnx' -d "$out"
  unzip -q -j "$work"/silero_vad-*.whl '*.onnx' -d "$out"
  unzip -q -j "$work"/magika-*.whl 'magika/models/standard_v3_3/model.onnx' -d "$out"
  mv "$out/model.onnx" "$out/magika_standard_v3_3.onnx"
  unzip -q -j "$work"/magika-*.whl '*/content_types_kb.min.json' '*/standard_v3_3/config.min.json' -d "$out/magika"
}

make_backend_tests() {
  "$deps/python/bin/pip" install --quiet --no-deps --require-hashes --requirement tools/backend_tests.txt \
    --target "$work/site"
  PYTHONPATH=$work/site "$deps/python/bin/python" tools/backend_tests.py "$out"
}

# The libraries inside report.html; package-lock.json holds their hashes.
make_page() {
  cp src/report/page/package.json src/report/page/package-lock.json "$out"
  (cd "$out" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
}

for program in python3 npm; do
  command -v $program >/dev/null || fail "'$program' is missing: install it first (Debian: apt-get install python3 npm)"
done
take_turns
install_system_packages
make_python
part onnxruntime "$(pin onnxruntime) $headers" "fetching ONNX Runtime and its headers (180 MB)" make_onnxruntime
part openvino "$(pin openvino)" "fetching OpenVINO (60 MB)" make_openvino
part models "$(pin rapidocr-onnxruntime) $(pin silero-vad) $(pin magika)" "fetching public models (42 MB)" make_models
part backend-tests "$(<tools/backend_tests.txt)" "writing ONNX's backend tests out" make_backend_tests
part page "$(sha256sum <src/report/page/package-lock.json)" "fetching the libraries of the report's page (10 MB)" make_page
part onnx "$(pin onnx)" "building libonnx from source (minutes)" make_onnx
