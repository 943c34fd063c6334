package wire_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFunctionsStaySmall: text/template and html/template call methods by name, so that the linker can drop none;
// net/rpc brings them. No function may link them or grow large.
func TestFunctionsStaySmall(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("../../*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, file := range mains {
		folder := filepath.Dir(file)
		name := filepath.Base(folder)
		if name == "local" { // runs on a host, and has cobra
			continue
		}
		checked++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", folder).Output()
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Fields(string(out))
			for _, banned := range []string{"text/template", "html/template", "net/rpc", "github.com/johannesboyne/gofakes3"} {
				if slices.Contains(all, banned) {
					t.Errorf("%s is among the dependencies", banned)
				}
			}
			for _, dependency := range all {
				if strings.HasPrefix(dependency, "github.com/jms-sync/") && strings.HasSuffix(dependency, "test") {
					t.Errorf("%s, an emulator, is among the dependencies", dependency)
				}
			}
			if !slices.Contains(all, "net/http") {
				t.Errorf("these are not the dependencies of a function: %v", all)
			}
			// Its own test builds it and checks its size: linking it here again would cost seconds.
			test, err := os.ReadFile(filepath.Join(folder, "main_test.go"))
			if err != nil || !bytes.Contains(test, []byte("functiontest.Build(t)")) {
				t.Errorf("no test of its own builds and weighs the function: %v", err)
			}
		})
	}
	if checked < 4 {
		t.Errorf("%d functions were found", checked)
	}
}
