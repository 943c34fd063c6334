package wire_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// TestEveryLineNamesTheRequest: all lines of an invocation name its request once, also those of the client that
// invocations share.
func TestEveryLineNamesTheRequest(t *testing.T) {
	t.Parallel()
	e := newEstate(t, storagetest.OSS)
	e.store.RequireToken(storagetest.GoodToken)
	e.write("")
	var lines bytes.Buffer
	app := wire.NewApp("test", wire.NewLoader("", e.environ()), func(config.Config) (*slog.Logger, error) {
		return logs.NewConsole(logs.Settings{Level: "DEBUG", Console: &lines})
	})
	for _, id := range []string{"req-1", "req-2"} {
		lines.Reset()
		if _, err := app.HandleTimer(wire.WithRun(t.Context(), id), trigger.Timer{FiredAt: time.Now()}, roleOf(wire.Alibaba)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(lines.String(), "jumpserver call") || !strings.Contains(lines.String(), "run finished") {
			t.Errorf("not all is logged:\n%s", &lines)
		}
		for line := range strings.Lines(lines.String()) {
			if strings.Count(line, " run="+id) != 1 || strings.Count(line, " run=") != 1 {
				t.Errorf("%s", line)
			}
		}
	}
}
