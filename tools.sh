#!/bin/sh
# Sees to it that the programs the tests use are there: independent readers of
# what Yinzheng writes, and a browser. Installs them on Debian and Ubuntu as
# root; elsewhere it says what is missing.
set -eu

want="npm:npm chromium:chromium pdfsig:poppler-utils pdftotext:poppler-utils qpdf:qpdf mutool:mupdf-tools zbarimg:zbar-tools openssl:openssl mvn:maven java:default-jdk-headless cc:gcc"
packages=""
missing=""
for w in $want; do
	if ! command -v "${w%%:*}" >/dev/null 2>&1; then
		missing="$missing ${w%%:*}"
		packages="$packages ${w##*:}"
	fi
done
[ -e /usr/share/fonts/truetype/hanazono/HanaMinB.ttf ] || { missing="$missing HanaMin"; packages="$packages fonts-hanazono"; }
[ -e /usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf ] || { missing="$missing LXGW-WenKai"; packages="$packages fonts-lxgw-wenkai"; }
[ -x /usr/sbin/exim4 ] || { missing="$missing exim4"; packages="$packages exim4-daemon-light"; } # not on everybody's path
[ -z "$missing" ] && exit 0

echo "tools: missing:$missing"
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # one word a package
	apt-get install -y -qq --no-install-recommends $packages >/dev/null
	exit 0
fi
echo "tools: the tests need them; on Debian: sudo apt-get install$packages" >&2
exit 1
