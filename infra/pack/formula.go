package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const releases = "https://github.com/jms-sync/jms-sync/releases/download/"

// archiveName matches the archive of a system that Homebrew serves.
var archiveName = regexp.MustCompile(`^jms-sync_(.+)_(darwin|linux)_(amd64|arm64)\.tar\.gz$`)

// writeFormula writes Homebrew's formula of a release, with the SHA-256 of the archives.
func writeFormula(out, version string, archives []string) error {
	if version == "" {
		return fmt.Errorf("formula: -version is needed")
	}
	systems := map[string]map[string]string{"darwin": {}, "linux": {}}
	for _, file := range archives {
		m := archiveName.FindStringSubmatch(filepath.Base(file))
		if m == nil || m[1] != version {
			return fmt.Errorf("formula: %s is no archive of %s for macOS or Linux", file, version)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		systems[m[2]][m[3]] = fmt.Sprintf("      url %q\n      sha256 %q\n", releases+version+"/"+filepath.Base(file), fmt.Sprintf("%x", sha256.Sum256(text)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `class JmsSync < Formula
  desc "Syncs cloud instances to JumpServer assets"
  homepage "https://github.com/jms-sync/jms-sync"
  version %q
  license "Apache-2.0"

`, strings.TrimPrefix(version, "v"))
	for _, system := range [][2]string{{"darwin", "macos"}, {"linux", "linux"}} {
		writeSystem(&b, system[1], systems[system[0]])
	}
	b.WriteString(`  def install
    bin.install "jms-sync"
    man1.install Dir["man/man1/*.1"]
    (man/"zh_CN/man1").install Dir["man/zh_CN/man1/*.1"]
    bash_completion.install "completions/jms-sync.bash" => "jms-sync"
    zsh_completion.install "completions/_jms-sync"
    fish_completion.install "completions/jms-sync.fish"
    pkgshare.install "config.example.yaml"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/jms-sync version")
  end
end
`)
	return os.WriteFile(out, []byte(b.String()), 0o644)
}

// writeSystem writes where the archives of a system are.
func writeSystem(b *strings.Builder, name string, archives map[string]string) {
	if len(archives) == 0 {
		return
	}
	fmt.Fprintf(b, "  on_%s do\n", name)
	for _, arch := range [][2]string{{"amd64", "on_intel"}, {"arm64", "on_arm"}} {
		if text := archives[arch[0]]; text != "" {
			fmt.Fprintf(b, "    %s do\n%s    end\n", arch[1], text)
		}
	}
	b.WriteString("  end\n\n")
}
