// Command lambda is the AWS Lambda function that a schedule or an EC2 event of EventBridge starts. A schedule
// synchronises everything, or what its payload names; an event creates, updates or deactivates the asset of the instance
// that it names within seconds.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

func main() {
	app := wire.NewFunction("lambda")
	stop := func() {
		app.Terminate()
		os.Exit(0) // otherwise the platform waits for the rest of the shutdown phase
	}
	lambda.StartWithOptions(func(ctx context.Context, event json.RawMessage) (any, error) {
		if invocation, ok := lambdacontext.FromContext(ctx); ok {
			ctx = wire.WithRun(ctx, invocation.AwsRequestID)
		}
		kind, tick, err := trigger.ParseAWS(event)
		if err != nil {
			return nil, err
		}
		if kind == trigger.InstanceChanged {
			return app.HandleEvent(ctx, wire.AWS, event, wire.AWSRole())
		}
		return app.HandleTimer(ctx, tick, wire.AWSRole())
	}, lambda.WithEnableSIGTERM(stop))
}
