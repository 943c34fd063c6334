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
		return app.HandleEvent(ctx, wire.Alibaba, event, invocationRole(ctx))
	})
}

// invocationRole returns the credentials of the function's role as this invocation carries them.
func invocationRole(ctx context.Context) wire.Role {
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return wire.Role{}
	}
	c := invocation.Credentials
	return wire.AlibabaRole(c.AccessKeyId, c.AccessKeySecret, c.SecurityToken)
}
