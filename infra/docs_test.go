package infra

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`^#{1,6} +(.*)$`)
	fence    = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")
	span     = regexp.MustCompile("`([^`\n]+)`")
	variable = regexp.MustCompile(`\b(?:DEPLOY|JMS_SYNC)_[A-Z0-9_]*[A-Z0-9]`)
	target   = regexp.MustCompile(`^\s*make ([a-z][a-z0-9-]*)`)
	// setting matches a setting that a document names in a span: sync.guard.percent, and what follows.
	setting = regexp.MustCompile(`^(jumpserver|sync|notification|log|timeout|environment)\.([a-z_]+(?:\.[a-z_]+)*)`)
)

// readDocuments returns every document for people by its path: the entry, docs, and the READMEs of the tree.
func readDocuments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name == "bin" || name == "dist" || name == ".git" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		base := path.Base(name)
		if path.Ext(name) == ".md" && (path.Dir(name) == "docs" || strings.HasPrefix(base, "README")) {
			found[name] = string(readRepoFile(t, filepath.Join(root, name)))
		}
		return nil
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d documents were found: %v", len(found), err)
	}
	return found
}

// headingAnchors returns the names that GitHub gives to the headings of a document.
func headingAnchors(document string) map[string]bool {
	found := map[string]bool{}
	for line := range strings.Lines(fence.ReplaceAllString(document, "")) {
		m := heading.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])
		found[slug] = true
	}
	return found
}

// brokenLinks returns the relative links of a document that lead nowhere.
func brokenLinks(name string, all map[string]string) []string {
	var broken []string
	for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(all[name], ""), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		to := name
		if file != "" {
			to = path.Join(path.Dir(name), file)
		}
		_, err := os.Stat(filepath.Join(root, to))
		if all[to] == "" && err != nil || strings.HasPrefix(to, "..") {
			broken = append(broken, m[1])
			continue
		}
		if anchor != "" && !headingAnchors(all[to])[anchor] {
			broken = append(broken, m[1])
		}
	}
	return broken
}

// TestLinks: every relative link of every document leads to a file, and its anchor to a heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := readDocuments(t)
	links := 0
	for name, document := range all {
		links += len(link.FindAllString(document, -1))
		for _, to := range brokenLinks(name, all) {
			t.Errorf("%s: %s leads nowhere", name, to)
		}
	}
	if links < 100 {
		t.Errorf("only %d links were found: the search is broken", links)
	}
	made := map[string]string{"docs/x.md": "# 网域与网关（zone）\n[a](#网域与网关zone) [b](#gone) [c](gone.md) [d](../README.md#jms-sync) [e](https://x/y)\n", "README.md": "# jms-sync\n"}
	if got := strings.Join(brokenLinks("docs/x.md", made), " "); got != "#gone gone.md" {
		t.Errorf("broken are %q", got)
	}
}

// codeTexts returns the lines of a document's code blocks, and its code spans.
func codeTexts(document string) []string {
	var all []string
	for _, m := range fence.FindAllStringSubmatch(document, -1) {
		all = append(all, strings.Split(m[2], "\n")...)
	}
	for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(document, ""), -1) {
		all = append(all, m[1])
	}
	return all
}

// TestTargets: the Makefile has every target that documents name.
func TestTargets(t *testing.T) {
	t.Parallel()
	makefile := string(readRepoFile(t, root+"/Makefile"))
	for name, document := range readDocuments(t) {
		for _, text := range codeTexts(document) {
			m := target.FindStringSubmatch(text)
			if m != nil && !regexp.MustCompile(`(?m)^`+m[1]+`:`).MatchString(makefile) {
				t.Errorf("%s: there is no make %s", name, m[1])
			}
		}
	}
}

// TestNamedSettings: every variable and every setting that a document names exists.
func TestNamedSettings(t *testing.T) {
	t.Parallel()
	yaml := string(readRepoFile(t, root+"/s.yaml"))
	paths, variables := map[string]bool{}, map[string]bool{config.EnvConfig: true, config.EnvState: true, config.EnvEventToken: true}
	for _, s := range config.Settings(cloudlist.Clouds()) {
		variables[s.Env] = true
		for p := s.Path; p != "."; p = strings.TrimSuffix(p, path.Ext(p)) { // its groups too
			paths[p], paths[strings.TrimSuffix(p, "[]")] = true, true
			if path.Ext(p) == "" {
				break
			}
		}
	}
	index := regexp.MustCompile(`^(JMS_SYNC_(?:CLOUDS|NOTIFICATION_CHANNELS)_)\d+(_)`)
	for name, document := range readDocuments(t) {
		for _, v := range variable.FindAllString(document, -1) {
			known := variables[index.ReplaceAllString(v, "${1}<n>${2}")] || strings.Contains(yaml, "'"+v+"'")
			if !known && !strings.HasPrefix(v, "JMS_SYNC_TEST_") && v != "JMS_SYNC_CLOUDS" && v != "JMS_SYNC_NOTIFICATION_CHANNELS" && v != "JMS_SYNC" {
				t.Errorf("%s: nothing knows the variable %s", name, v)
			}
		}
		for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(document, ""), -1) {
			if s := setting.FindString(m[1]); s != "" && !paths[s] {
				t.Errorf("%s: there is no setting %s", name, s)
			}
		}
	}
}

// TestSamples: every sample of settings in a document is a configuration, or a part of one, that config.Load accepts. A
// sample of another file begins with a comment that names that file.
func TestSamples(t *testing.T) {
	t.Parallel()
	checked := 0
	heredoc := regexp.MustCompile(`(?ms)^cat > config\.yaml <<'(\w+)'\n(.*?)^\w+$`)
	for name, document := range readDocuments(t) {
		var samples []string
		for _, m := range fence.FindAllStringSubmatch(document, -1) {
			switch {
			case m[1] == "yaml" && !strings.HasPrefix(m[2], "# s.yaml") && !strings.HasPrefix(m[2], "# expect.yaml"):
				samples = append(samples, m[2])
			case m[1] == "sh":
				for _, h := range heredoc.FindAllStringSubmatch(m[2], -1) {
					samples = append(samples, h[2])
				}
			}
		}
		for _, sample := range samples {
			if err := loadSample(t.Context(), sample); err != nil {
				t.Errorf("%s:\n%s%v", name, sample, err)
			}
			checked++
		}
	}
	if checked < 15 {
		t.Errorf("only %d samples were found: the search is broken", checked)
	}
	if err := loadSample(t.Context(), "sync: {gaurd: {percent: 10}}\n"); err == nil {
		t.Error("a key that does not exist is taken")
	}
}

// loadSample loads a sample as the program would, with the groups that it leaves out.
func loadSample(ctx context.Context, sample string) error {
	whole := bytes.NewBufferString(sample)
	if !strings.HasPrefix(sample, "jumpserver:") && !strings.Contains(sample, "\njumpserver:") {
		whole.WriteString("jumpserver: {url: 'https://jms.example.com', access_key_id: '${JMS_KEY_ID}', access_key_secret: x}\n")
	}
	if !strings.HasPrefix(sample, "clouds:") && !strings.Contains(sample, "\nclouds:") {
		whole.WriteString("clouds: [{type: aliyun, name: a}]\n")
	}
	env := []string{"JMS_KEY_ID=11111111-2222-4333-8444-555555555555", "DINGTALK_WEBHOOK=https://oapi.dingtalk.com/robot/send?access_token=x"}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)\}`).FindAllStringSubmatch(sample, -1) {
		if m[1] != "JMS_KEY_ID" && m[1] != "DINGTALK_WEBHOOK" {
			value := "dummy-value-of-at-least-32-characters"
			if strings.HasSuffix(m[1], "_WEBHOOK") {
				value = "https://robot.example.com/hook?key=x"
			}
			env = append(env, m[1]+"="+value)
		}
	}
	_, err := config.Load(ctx, config.Source{Clouds: cloudlist.Clouds(), File: "sample.yaml", Env: env, ReadFile: func(string) ([]byte, error) { return whole.Bytes(), nil }})
	return err
}
