// Command fc-timer is the Alibaba Function Compute function that a timer trigger starts. It synchronises everything, or
// what the trigger's payload names, and answers with the results document.
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
		ctx, role := readInvocation(ctx)
		return app.HandleTimer(ctx, tick, role)
	})
}

// readInvocation returns the context of an invocation, which names its request, and the credentials of the function's role
// as this invocation carries them: those in the
// environment are as old as the instance.
func readInvocation(ctx context.Context) (context.Context, wire.Role) {
	invocation, ok := fccontext.FromContext(ctx)
	if !ok {
		return ctx, wire.Role{}
	}
	c := invocation.Credentials
	return wire.WithRun(ctx, invocation.RequestID), wire.AlibabaRole(c.AccessKeyId, c.AccessKeySecret, c.SecurityToken)
}
