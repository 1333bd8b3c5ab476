#!/bin/sh
# Takes the pictures in docs/images from the running program.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
go build -o "$work/yinzheng" ./cmd/yinzheng
"$work/yinzheng" demo --once --dir "$work/out" >/dev/null
pdftoppm -r 60 -png -singlefile "$work/out/birth-registration.pdf" docs/images/certificate

"$work/yinzheng" demo --listen 127.0.0.1:18931 >"$work/demo.log" &
demo=$!
trap 'kill $demo; rm -rf "$work"' EXIT
until grep -q 'Stop with' "$work/demo.log"; do sleep 0.1; done
url=$(grep -o 'http://127.0.0.1:18931/v/.*#.*' "$work/demo.log" | head -n 1)
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync \
	--hide-scrollbars --user-data-dir="$work/profile" --window-size=496,702 --virtual-time-budget=5000 --screenshot="$PWD/docs/images/verify.png" "$url" >/dev/null 2>&1
