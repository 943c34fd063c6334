// Command fc-event is the Alibaba Function Compute function that EventBridge (or CloudMonitor)
// starts when an instance changes: its asset is made, updated or closed within seconds.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

func main() {
	app := wire.Function("fc-event")
	fc.RegisterPreStopFunction(app.Stop)
	fc.Start(func(ctx context.Context, event []byte) (any, error) {
		return app.Event(ctx, wire.Alibaba, event, role(ctx))
	})
}

// role gives the credentials of the function's role, as this invocation carries them.
func role(ctx context.Context) wire.Role {
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return wire.Role{}
	}
	c := invocation.Credentials
	return wire.AlibabaRole(c.AccessKeyId, c.AccessKeySecret, c.SecurityToken)
}
