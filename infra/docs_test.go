package infra

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	variable = regexp.MustCompile(`\b(?:DEPLOY|JMS_SYNC)_[A-Z_]+\b`)
	target   = regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
)

// TestDocuments: files that are linked to exist, targets of make and variables that are named exist,
// and both languages name the same.
func TestDocuments(t *testing.T) {
	t.Parallel()
	makefile, yaml := string(read(t, root+"/Makefile")), string(read(t, root+"/s.yaml"))
	for _, pair := range [][2]string{{root + "/docs/deploy.md", root + "/docs/deploy.en.md"}, {"README.md", "README.en.md"}} {
		var named [2]map[string]bool
		for i, file := range pair {
			document := string(read(t, file))
			for _, m := range link.FindAllStringSubmatch(document, -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
			for _, m := range target.FindAllStringSubmatch(document, -1) {
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s: there is no make %s", file, m[1])
				}
			}
			named[i] = map[string]bool{}
			for _, name := range variable.FindAllString(document, -1) {
				named[i][name] = true
				if name != config.VarConfig && name != config.VarState && !strings.Contains(yaml, "'"+name+"'") {
					t.Errorf("%s: s.yaml knows no %s", file, name)
				}
			}
		}
		for i := range named {
			for name := range named[i] {
				if !named[1-i][name] {
					t.Errorf("%s names %s, %s does not", pair[i], name, pair[1-i])
				}
			}
		}
	}
}

// TestEveryDeployVariableIsDocumented compares the table of docs/deploy.md with s.yaml.
func TestEveryDeployVariableIsDocumented(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"deploy.md", "deploy.en.md"} {
		document := string(read(t, root+"/docs/"+file))
		for _, m := range envCall.FindAllStringSubmatch(string(read(t, root+"/s.yaml")), -1) {
			row := "| `" + m[1] + "` | `" + m[2] + "` |"
			if strings.HasPrefix(m[1], "DEPLOY_") && !strings.Contains(document, row) {
				t.Errorf("%s lacks %s", file, row)
			}
		}
	}
}
