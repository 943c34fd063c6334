#!/usr/bin/env bash
# Writes a release into the folder $1. make release gives GO, VERSION, EPOCH, TARGETS and PACKAGES.
set -euo pipefail
out=$1
name=jms-sync_$VERSION
cyclonedx=v1.10.0
tool=$PWD/bin/cyclonedx-gomod-$cyclonedx
[ -x "$tool/cyclonedx-gomod" ] || GOBIN=$tool $GO install "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$cyclonedx"
$GO build -o bin/pack ./infra/pack
rm -rf "$out"
mkdir -p "$out"

# What a program is made of, read from the program itself; without a serial number and a time, which would
# differ each time.
bill() { # PROGRAM NAME
	"$tool/cyclonedx-gomod" bin -json -noserial -notimestamp -std -version "$VERSION" -output "$out/$2.cdx.json" "$1"
}

for target in $TARGETS; do
	os=${target%/*} arch=${target#*/} suffix='' kind=tar.gz
	if [ "$os" = windows ]; then suffix=.exe kind=zip; fi
	program=dist/build/${os}_$arch/jms-sync$suffix
	CGO_ENABLED=0 GOOS=$os GOARCH=$arch $GO build -trimpath -tags lambda.norpc -ldflags "-s -w -X main.version=$VERSION" -o "$program" ./functions/local
	bin/pack archive -o "$out/${name}_${os}_$arch.$kind" -root "$name" -epoch "$EPOCH" \
		"$program" LICENSE CHANGELOG.md README.md docs/README.en.md=README.en.md \
		infra/host/jms-sync.{service=host/jms-sync.service,timer=host/jms-sync.timer,cron=host/jms-sync.cron}
	bill "$program" "${name}_${os}_$arch"
done

for package in $PACKAGES; do
	function=$(basename "$package" .zip)
	cp "$package" "$out/${name}_$function.zip"
	bill "dist/$function/bootstrap" "${name}_$function"
done

bin/pack sums -o "$out/SHA256SUMS" "$out/$name"*
cat "$out/SHA256SUMS"
