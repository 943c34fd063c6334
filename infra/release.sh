#!/usr/bin/env bash
# Writes a release into the folder $1. make release gives GO, VERSION, EPOCH, TARGETS and PACKAGES.
set -euo pipefail
umask 022
export SOURCE_DATE_EPOCH=$EPOCH LC_ALL=C
out=$1
name=jms-sync_$VERSION
cyclonedx=v1.10.0
tool=$PWD/bin/cyclonedx-gomod-$cyclonedx
[ -x "$tool/cyclonedx-gomod" ] || GOBIN=$tool $GO install "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$cyclonedx"
$GO build -o bin/pack ./infra/pack
$GO build -C infra/release/check -o "$PWD/bin/nfpm" github.com/goreleaser/nfpm/v2/cmd/nfpm
rm -rf "$out" dist/build
mkdir -p "$out"

build() { # OS ARCH PROGRAM
	CGO_ENABLED=0 GOOS=$1 GOARCH=$2 $GO build -trimpath -tags lambda.norpc -ldflags "-s -w -X main.version=$VERSION" -o "$3" ./functions/local
}

# What a program is made of, read from the program itself; without a serial number and a time, which would
# differ each time.
bill() { # PROGRAM NAME
	"$tool/cyclonedx-gomod" bin -json -noserial -notimestamp -std -version "$VERSION" -output "$out/$2.cdx.json" "$1"
}

# What the program says about itself: manual pages and completions.
here=dist/build/here/jms-sync
build "$($GO env GOHOSTOS)" "$($GO env GOHOSTARCH)" "$here"
"$here" man dist/build/man
mkdir -p dist/build/completions
"$here" completion bash >dist/build/completions/jms-sync.bash
"$here" completion zsh >dist/build/completions/_jms-sync
"$here" completion fish >dist/build/completions/jms-sync.fish
"$here" completion powershell >dist/build/completions/jms-sync.ps1
said=()
for file in dist/build/man/man1/* dist/build/man/zh_CN/man1/* dist/build/completions/*; do
	said+=("$file=${file#dist/build/}")
done

# A version that deb and rpm order rightly: v1.2.3, v1.2.3-rc.1 before it, what comes after a tag behind it.
version=${VERSION#v}
case $VERSION in
v[0-9]*-*-g*) version=${version/-/+} version=${version//-/.} ;;
v[0-9]*) version=${version/-/\~} version=${version//-/.} ;;
*) version=0.0.0+${VERSION//-/.} ;;
esac

# The files of a package, as they are installed.
stage() { # PROGRAM FOLDER COMPLETIONS-OF-ZSH
	rm -rf "$2"
	install -D -m 755 "$1" "$2/usr/bin/jms-sync"
	for unit in service timer; do
		install -D -m 644 infra/host/jms-sync.$unit "$2/usr/lib/systemd/system/jms-sync.$unit"
		sed -i 's|/usr/local/bin/|/usr/bin/|' "$2/usr/lib/systemd/system/jms-sync.$unit"
	done
	doc=$2/usr/share/doc/jms-sync
	install -D -m 644 LICENSE "$doc/copyright"
	install -m 644 CHANGELOG.md README.md "$doc"
	install -m 644 docs/README.en.md "$doc/README.en.md"
	install -D -m 644 infra/host/config.example.yaml "$doc/examples/config.yaml"
	install -m 644 infra/host/jms-sync.cron "$doc/examples/jms-sync.cron"
	sed -i 's|/usr/local/bin/|/usr/bin/|' "$doc/examples/jms-sync.cron"
	for page in man1 zh_CN/man1; do
		mkdir -p "$2/usr/share/man/$page"
		cp dist/build/man/"$page"/*.1 "$2/usr/share/man/$page"
		gzip -9 -n "$2/usr/share/man/$page"/*.1
	done
	install -D -m 644 dist/build/completions/jms-sync.bash "$2/usr/share/bash-completion/completions/jms-sync"
	install -D -m 644 dist/build/completions/_jms-sync "$2/usr/share/zsh/$3/_jms-sync"
	install -D -m 644 dist/build/completions/jms-sync.fish "$2/usr/share/fish/vendor_completions.d/jms-sync.fish"
	find "$2" -exec touch -h -d "@$EPOCH" {} +
}

formula=()
for target in $TARGETS; do
	os=${target%/*} arch=${target#*/} suffix='' kind=tar.gz
	if [ "$os" = windows ]; then suffix=.exe kind=zip; fi
	program=dist/build/${os}_$arch/jms-sync$suffix
	build "$os" "$arch" "$program"
	bin/pack archive -o "$out/${name}_${os}_$arch.$kind" -root "$name" -epoch "$EPOCH" \
		"$program" LICENSE CHANGELOG.md README.md docs/README.en.md=README.en.md "${said[@]}" \
		infra/host/config.example.yaml=config.example.yaml \
		infra/host/jms-sync.{service=host/jms-sync.service,timer=host/jms-sync.timer,cron=host/jms-sync.cron}
	bill "$program" "${name}_${os}_$arch"
	if [ "$os" != windows ]; then formula+=("$out/${name}_${os}_$arch.$kind"); fi
	if [ "$os" = linux ]; then
		for kind in deb rpm; do
			zsh=vendor-completions
			if [ $kind = rpm ]; then zsh=site-functions; fi
			stage "$program" "dist/build/stage" $zsh
			STAGE=dist/build/stage PACKAGE_ARCH=$arch PACKAGE_VERSION=$version \
				bin/nfpm package --config infra/release/nfpm.yaml --packager $kind --target "$out/${name}_${os}_$arch.$kind"
		done
	fi
done

for package in $PACKAGES; do
	function=$(basename "$package" .zip)
	cp "$package" "$out/${name}_$function.zip"
	bill "dist/$function/bootstrap" "${name}_$function"
done

# The chart, whose image is the one of this version.
rm -rf dist/build/chart
mkdir -p dist/build/chart
cp -r infra/helm/. dist/build/chart
rm -rf dist/build/chart/check dist/build/chart/ci
sed -i "s/^version: .*/version: ${version/\~/-}/; s/^appVersion: .*/appVersion: \"$VERSION\"/" dist/build/chart/Chart.yaml
chart=()
while IFS= read -r file; do
	chart+=("dist/build/chart/$file=$file")
done < <(cd dist/build/chart && find . -type f | sed 's|^\./||' | sort)
bin/pack archive -o "$out/${name}_helm.tar.gz" -root jms-sync -epoch "$EPOCH" "${chart[@]}"

if [ ${#formula[@]} -gt 0 ]; then
	bin/pack formula -o "$out/jms-sync.rb" -version "$VERSION" "${formula[@]}"
fi
bin/pack sums -o "$out/SHA256SUMS" "$out"/*
cat "$out/SHA256SUMS"
