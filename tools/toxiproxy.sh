#!/usr/bin/env bash
# Brings Toxiproxy, which gives the links of bench/cuts.py their round trip, under .deps/toxiproxy. Go's checksum database
# holds the version to its bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/parts.sh
version=v2.12.0

make_toxiproxy() {
  command -v go >/dev/null || fail "Toxiproxy is built with Go, and there is no go command"
  GOBIN=$out go install "github.com/Shopify/toxiproxy/v2/cmd/server@$version"
}
take_turns
part toxiproxy "$version" "building Toxiproxy for bench/cuts.py" make_toxiproxy
