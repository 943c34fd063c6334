// Command fc-event is the Alibaba Function Compute function that EventBridge (or CloudMonitor) starts when an instance
// changes. It creates, updates or deactivates the instance's asset within seconds.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

func main() {
	app := wire.NewFunction("fc-event")
	fc.RegisterPreStopFunction(app.Flush)
	fc.Start(func(ctx context.Context, event []byte) (any, error) {
		ctx, role := readInvocation(ctx)
		return app.HandleEvent(ctx, wire.Alibaba, event, role)
	})
}

// readInvocation returns the context of an invocation, which names its request, and the credentials of the function's role
// as this invocation carries them.
func readInvocation(ctx context.Context) (context.Context, wire.Role) {
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return ctx, wire.Role{}
	}
	c := invocation.Credentials
	return wire.WithRun(ctx, invocation.RequestID), wire.AlibabaRole(c.AccessKeyId, c.AccessKeySecret, c.SecurityToken)
}
