package wire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// mostBytes bounds a function's binary, as its zip is loaded at every cold start.
const mostBytes = 20 << 20

// TestFunctionsStaySmall: text/template and html/template call methods by name, so that the
// linker can drop none; net/rpc brings them. None of the functions may know them, nor grow large.
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
			if !slices.Contains(all, "net/http") {
				t.Errorf("these are not the dependencies of a function: %v", all)
			}
			program, err := runtimetest.Build(t.Context(), t.TempDir(), folder, runtimetest.Flags{})
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(program)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.1f MB", float64(info.Size())/(1<<20))
			if info.Size() > mostBytes {
				t.Errorf("the binary has %d bytes, the most is %d", info.Size(), mostBytes)
			}
		})
	}
	if checked == 0 {
		t.Error("no function was found")
	}
}
