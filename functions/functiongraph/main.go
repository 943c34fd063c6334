// Command functiongraph is the Huawei FunctionGraph function (custom runtime) that a TIMER or CTS trigger starts. A
// timer synchronises everything, or what its payload names; a CTS event creates, updates or deactivates the asset of the
// instance that it names within seconds.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/jms-sync/jms-sync/functions/internal/fgruntime"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

func main() {
	app := wire.NewFunction("functiongraph")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := fgruntime.Run(ctx, os.Environ(), func(ctx context.Context, in fgruntime.Invocation) (any, error) {
		kind, tick, err := trigger.ParseHuawei(in.Event)
		if err != nil {
			return nil, err
		}
		ctx = wire.WithRun(ctx, in.RequestID)
		role := wire.HuaweiRole(in.AccessKey, in.SecretKey, in.SecurityToken)
		if kind == trigger.InstanceChanged {
			return app.HandleEvent(ctx, wire.Huawei, in.Event, role)
		}
		return app.HandleTimer(ctx, tick, role)
	})
	app.Terminate()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
