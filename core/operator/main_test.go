package operator_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage less often: worlds are small and make much of it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
