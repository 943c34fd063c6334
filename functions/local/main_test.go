package main

import (
	"os"
	"strings"
	"testing"
)

// TestMain lets the test binary stand for bin/jms-sync: started by a script of the quick start, whose arguments are never
// those of a test, it is the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		main()
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		_ = os.Unsetenv(name) // of whoever runs the tests
	}
	os.Exit(m.Run())
}
