// Command fc-timer is the Alibaba Function Compute function that a timer trigger starts: it
// synchronises everything, or what the trigger's payload names, and answers the results document.
package main

import (
	"context"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

func main() {
	app := wire.NewFunction("fc-timer")
	fc.Start(func(ctx context.Context, event []byte) (any, error) {
		tick, err := trigger.ParseFCTimer(event)
		if err != nil {
			return nil, err
		}
		return app.HandleTimer(ctx, tick, invocationRole(ctx))
	})
}

// invocationRole gives the credentials of the function's role: those of the invocation, as those in the
// environment are as old as the instance.
func invocationRole(ctx context.Context) wire.Role {
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return wire.Role{}
	}
	c := invocation.Credentials
	return wire.AlibabaRole(c.AccessKeyId, c.AccessKeySecret, c.SecurityToken)
}
