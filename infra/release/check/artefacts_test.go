// Package check opens every file of a release as those who install it do, and lints the workflows. It is a module of its
// own, so that none of that is in go.mod of the program: make test-modules and make release-check run it.
package check

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// wantProgram fails unless a file is this release's program for a system.
func (r release) wantProgram(what string, f file, system, arch string) {
	r.Helper()
	info, err := buildinfo.Read(bytes.NewReader(f.text))
	if err != nil {
		r.Errorf("%s: %v", what, err)
		return
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["GOOS"] != system || settings["GOARCH"] != arch || settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" || settings["-tags"] != "lambda.norpc" {
		r.Errorf("%s: %v", what, settings)
	}
	if !bytes.Contains(f.text, []byte(r.version)) {
		r.Errorf("%s: %s is not stamped in", what, r.version)
	}
	if f.mode.Perm() != 0o755 {
		r.Errorf("%s has mode %o", what, f.mode.Perm())
	}
	if system != runtime.GOOS || arch != runtime.GOARCH {
		return
	}
	program := filepath.Join(r.TempDir(), "jms-sync")
	if err := os.WriteFile(program, f.text, 0o755); err != nil {
		r.Fatal(err)
	}
	if said, err := exec.CommandContext(r.Context(), program, "version").Output(); err != nil || !strings.Contains(string(said), r.version) {
		r.Errorf("%s: version says %q, %v", what, said, err)
	}
}

// wantFiles fails unless files are there with mode 0644 and begin with a text.
func (r release) wantFiles(what string, files map[string]file, want map[string]string) {
	r.Helper()
	for name, begins := range want {
		f, there := files[name]
		text := f.text
		if strings.HasSuffix(name, ".gz") && there {
			g, err := gzip.NewReader(bytes.NewReader(text))
			if err == nil {
				text, err = io.ReadAll(g)
			}
			if err != nil {
				r.Errorf("%s: %s: %v", what, name, err)
			}
		}
		if !there || f.mode.Perm() != 0o644 || !bytes.Contains(text, []byte(begins)) {
			r.Errorf("%s: %s: there %v, mode %v, has no %q", what, name, there, f.mode, begins)
		}
	}
}

var secretShape = regexp.MustCompile(`LTAI[0-9A-Za-z]{12,}|AKIA[0-9A-Z]{16}|BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY|access_token=[0-9a-f]{32}`)

// wantNoSecrets fails if a file, programs left out, has what looks like a key.
func (r release) wantNoSecrets(what string, files map[string]file) {
	r.Helper()
	for name, f := range files {
		if base := path.Base(name); !strings.HasPrefix(base, "jms-sync") || strings.Contains(base, ".") && base != "jms-sync.exe" {
			if found := secretShape.Find(f.text); found != nil {
				r.Errorf("%s: %s holds %s", what, name, found)
			}
		}
		if strings.HasSuffix(name, ".env") || strings.HasSuffix(name, "/config.yaml") && !strings.Contains(name, "/examples/") {
			r.Errorf("%s: %s is somebody's", what, name)
		}
	}
}

// TestArchives: each system's archive has the program, what it says about itself, units and an example.
func TestArchives(t *testing.T) {
	t.Parallel()
	r := openRelease(t)
	name := regexp.MustCompile(`^jms-sync_` + regexp.QuoteMeta(r.version) + `_(linux|darwin|windows)_(amd64|arm64)\.(tar\.gz|zip)$`)
	opened := 0
	for _, archive := range append(r.names(".tar.gz"), r.names(".zip")...) {
		m := name.FindStringSubmatch(archive)
		if m == nil {
			continue
		}
		opened++
		files, root, suffix := r.unpack(archive), "jms-sync_"+r.version+"/", ""
		if m[1] == "windows" {
			suffix = ".exe"
		}
		r.wantProgram(archive, files[root+"jms-sync"+suffix], m[1], m[2])
		r.wantFiles(archive, files, map[string]string{
			root + "LICENSE": "Apache License", root + "README.md": "jms-sync", root + "README.en.md": "jms-sync", root + "CHANGELOG.md": "# Changelog",
			root + "man/man1/jms-sync.1": ".TH \"JMS-SYNC\" \"1\"", root + "man/zh_CN/man1/jms-sync.1": "名称", root + "man/man1/jms-sync-listen.1": ".TH",
			root + "completions/jms-sync.bash": "__start_jms-sync", root + "completions/_jms-sync": "#compdef jms-sync",
			root + "completions/jms-sync.fish": "complete -c jms-sync", root + "completions/jms-sync.ps1": "Register-ArgumentCompleter",
			root + "config.example.yaml": "jumpserver:", root + "host/jms-sync.service": "ExecStart=", root + "host/jms-sync.timer": "OnCalendar=", root + "host/jms-sync.cron": "MAILTO",
		})
		r.wantNoSecrets(archive, files)
	}
	if targets := strings.Fields(os.Getenv("TARGETS")); opened == 0 || len(targets) > 0 && opened != len(targets) {
		t.Errorf("%d archives, of %v", opened, targets)
	}
}

// TestPackages: deb and rpm install the same files, of root's, and start nothing.
func TestPackages(t *testing.T) {
	t.Parallel()
	r := openRelease(t)
	packages := append(r.names(".deb"), r.names(".rpm")...)
	if len(packages) == 0 {
		t.Fatal("no packages")
	}
	for _, name := range packages {
		files := r.unpack(name)
		arch := strings.TrimSuffix(strings.TrimSuffix(name[strings.LastIndex(name, "_")+1:], ".deb"), ".rpm")
		r.wantProgram(name, files["usr/bin/jms-sync"], "linux", arch)
		zsh := "usr/share/zsh/vendor-completions/_jms-sync"
		if strings.HasSuffix(name, ".rpm") {
			zsh = "usr/share/zsh/site-functions/_jms-sync"
		}
		r.wantFiles(name, files, map[string]string{
			"usr/lib/systemd/system/jms-sync.service": "ExecStart=/usr/bin/jms-sync ", "usr/lib/systemd/system/jms-sync.timer": "OnCalendar=",
			"usr/share/doc/jms-sync/copyright": "Apache License", "usr/share/doc/jms-sync/CHANGELOG.md": "# Changelog", "usr/share/doc/jms-sync/README.md": "jms-sync",
			"usr/share/doc/jms-sync/examples/config.yaml": "jumpserver:", "usr/share/doc/jms-sync/examples/jms-sync.cron": "/usr/bin/jms-sync ",
			"usr/share/man/man1/jms-sync.1.gz": ".TH \"JMS-SYNC\" \"1\"", "usr/share/man/zh_CN/man1/jms-sync.1.gz": "名称",
			"usr/share/bash-completion/completions/jms-sync": "__start_jms-sync", zsh: "#compdef jms-sync", "usr/share/fish/vendor_completions.d/jms-sync.fish": "complete -c jms-sync",
		})
		if dir := files["etc/jms-sync"]; !dir.mode.IsDir() || dir.mode.Perm() != 0o700 {
			t.Errorf("%s: /etc/jms-sync has mode %v", name, dir.mode)
		}
		for path, f := range files {
			if strings.Contains(string(f.text), "/usr/local/bin/jms-sync") && (strings.Contains(path, "systemd") || strings.Contains(path, "examples")) {
				t.Errorf("%s: %s names /usr/local", name, path)
			}
		}
		r.wantNoSecrets(name, files)
		r.wantScripts(name, files, arch)
	}
}

// wantScripts fails unless the scripts start nothing, stop the timer at a removal alone, and the package has its names.
func (r release) wantScripts(name string, files map[string]file, arch string) {
	r.Helper()
	post, pre, number := files["DEBIAN/postinst"].text, files["DEBIAN/prerm"].text, "0.0.0+"
	control := string(files["DEBIAN/control"].text)
	remove, upgrade := "remove", "upgrade"
	if strings.HasSuffix(name, ".rpm") {
		post, pre = files["RPM/postin"].text, files["RPM/preun"].text
		remove, upgrade = "0", "1"
		rpmArch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
		control = fmt.Sprintf("Architecture: %s\nVersion: %s\n", strings.Replace(string(files["RPM/arch"].text), rpmArch, arch, 1), files["RPM/version"].text)
		if string(files["RPM/buildhost"].text) != "localhost" || string(files["RPM/license"].text) != "Apache-2.0" {
			r.Errorf("%s: %s %s", name, files["RPM/buildhost"].text, files["RPM/license"].text)
		}
	}
	if strings.HasPrefix(r.version, "v") {
		number, _, _ = strings.Cut(r.version[1:], "-")
	}
	if !strings.Contains(control, "Architecture: "+arch+"\n") || !strings.Contains(control, "Version: "+number) {
		r.Errorf("%s: %s", name, control)
	}
	if got := r.runScript(post, "configure"); got != "daemon-reload\n" {
		r.Errorf("%s: postinstall does %q", name, got)
	}
	for arg, want := range map[string]string{remove: "disable --now jms-sync.timer\n", upgrade: ""} {
		if got := r.runScript(pre, arg); got != want {
			r.Errorf("%s: preremove %s does %q, want %q", name, arg, got, want)
		}
	}
}

// runScript runs a script of a package on a machine with systemd, and returns what it asks of systemctl.
func (r release) runScript(script []byte, arg string) string {
	r.Helper()
	if runtime.GOOS == "windows" {
		r.Skip("scripts are for Linux")
	}
	dir := r.TempDir()
	stub := "#!/bin/sh\necho \"$@\" >>'" + dir + "/asked'\n"
	if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte(stub), 0o755); err != nil {
		r.Fatal(err)
	}
	text := strings.ReplaceAll(string(script), "/run/systemd/system", dir)
	cmd := exec.CommandContext(r.Context(), "/bin/sh", "-c", text, "script", arg)
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
	if said, err := cmd.CombinedOutput(); err != nil {
		r.Errorf("%v: %s", err, said)
	}
	asked, _ := os.ReadFile(filepath.Join(dir, "asked"))
	return string(asked)
}

// TestSums: every file of the release but the list itself is in the list, with its sum.
func TestSums(t *testing.T) {
	t.Parallel()
	r := openRelease(t)
	listed := map[string]string{}
	for line := range strings.Lines(string(r.read("SHA256SUMS"))) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		listed[name] = sum
	}
	for _, name := range r.names("") {
		if name != "SHA256SUMS" && listed[name] != fmt.Sprintf("%x", sha256.Sum256(r.read(name))) {
			t.Errorf("%s: the list says %q", name, listed[name])
		}
		delete(listed, name)
	}
	if len(listed) > 0 {
		t.Errorf("listed and not there: %v", listed)
	}
	formula := string(r.read("jms-sync.rb"))
	at := regexp.MustCompile(`url "https://github\.com/jms-sync/jms-sync/releases/download/([^/"]+)/([^"]+)"\n\s+sha256 "([0-9a-f]{64})"`).FindAllStringSubmatch(formula, -1)
	if len(at) == 0 || strings.Count(formula, "url ") != len(at) {
		t.Errorf("%d archives in the formula: %s", len(at), formula)
	}
	for _, m := range at {
		if m[1] != r.version || m[3] != fmt.Sprintf("%x", sha256.Sum256(r.read(m[2]))) {
			t.Errorf("the formula is wrong about %s", m[2])
		}
	}
	if strings.Count(formula, " do\n")+2 != strings.Count(formula, "end\n") { // class and def end too
		t.Errorf("the formula's blocks do not end: %s", formula)
	}
}

// TestBills: each program has a bill of materials that names its modules.
func TestBills(t *testing.T) {
	t.Parallel()
	r := openRelease(t)
	bills := r.names(".cdx.json")
	if len(bills) < 2 {
		t.Fatalf("%v", bills)
	}
	for _, name := range bills {
		var bill struct {
			BomFormat string
			Metadata  struct {
				Component struct{ Name, Version string }
			}
			Components []struct{ Name, Version, Purl string }
		}
		if err := json.Unmarshal(r.read(name), &bill); err != nil {
			t.Fatal(err)
		}
		if bill.BomFormat != "CycloneDX" || bill.Metadata.Component.Version != r.version || len(bill.Components) < 10 {
			t.Errorf("%s: %s %+v, %d components", name, bill.BomFormat, bill.Metadata, len(bill.Components))
		}
	}
}

// TestChart: the chart's archive is one chart of this version, without our tests.
func TestChart(t *testing.T) {
	t.Parallel()
	r := openRelease(t)
	files := r.unpack("jms-sync_" + r.version + "_helm.tar.gz")
	r.wantFiles("chart", files, map[string]string{"jms-sync/Chart.yaml": `appVersion: "` + r.version + `"`, "jms-sync/values.yaml": "image:", "jms-sync/values.schema.json": "schema",
		"jms-sync/templates/cronjob.yaml": "CronJob", "jms-sync/templates/NOTES.txt": "kubectl", "jms-sync/templates/_helpers.tpl": "define", "jms-sync/.helmignore": "check/"})
	for name := range files {
		if strings.Contains(name, "/check/") || strings.Contains(name, "/ci/") {
			t.Errorf("%s is ours", name)
		}
	}
}
