package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

const (
	cloudKey     = functiontest.CloudKey
	cloudSecret  = functiontest.CloudSecret
	roleSecret   = functiontest.RoleSecret
	roleToken    = functiontest.RoleToken
	cloudAccount = "1234567890123456"
)

// world is what the function meets, and the program beside it.
type world struct{ *functiontest.World }

func newWorld(t *testing.T, program functiontest.Program) *world {
	t.Helper()
	return &world{functiontest.New(t, functiontest.Host{Open: runtimetest.NewFC, TimerEvent: newTimerEvent}, program, cloudAccount)}
}

// newTimerEvent returns what Function Compute's timer sends.
func newTimerEvent(at time.Time, payload string) []byte {
	return fmt.Appendf(nil, `{"triggerTime":%q,"triggerName":"hourly","payload":%q}`, at.UTC().Format(time.RFC3339), payload)
}
