#!/usr/bin/env bash
# Makes the release in the folder $1, of version $2, a second time: from a clone in another folder, with an
# empty build cache, another umask and another time zone. Both must have the same checksums.
set -euo pipefail
first=$(cd "$1" && pwd)
if [ -n "$(git status --porcelain)" ]; then
	echo 'release-check: there are changes that are in no commit, which no clone can have' >&2
	exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
git clone -q --no-hardlinks . "$work/elsewhere/source"
cd "$work/elsewhere/source"
TZ=Asia/Shanghai GOCACHE="$work/cache" make release VERSION="$2" TARGETS="$TARGETS" >/dev/null
if ! diff "$first/SHA256SUMS" dist/release/SHA256SUMS; then
	echo 'release-check: the two releases differ' >&2
	exit 1
fi
echo "release-check: $(wc -l <dist/release/SHA256SUMS) files, made twice, are the same"
