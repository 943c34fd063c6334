// Command lambdaecho answers what the tests of runtimetest ask of it, on the real SDK of Lambda.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type answer struct {
	Event   string
	Context lambdacontext.LambdaContext
	Left    time.Duration
	Filler  string
}

func main() {
	var options []lambda.Option
	if os.Getenv("DEAF") == "" {
		options = append(options, lambda.WithEnableSIGTERM(func() {
			fmt.Println("stopping")
			if os.Getenv("STUBBORN") == "" {
				os.Exit(0)
			}
		}))
	}
	lambda.StartWithOptions(func(ctx context.Context, event string) (any, error) {
		fmt.Println("got " + event)
		filler := ""
		switch event {
		case "fail":
			return nil, errors.New("plain error")
		case "panic":
			panic("at the disco")
		case "much":
			filler = strings.Repeat("x", 7<<20)
		}
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return answer{Event: event, Context: *lc, Left: time.Until(deadline), Filler: filler}, nil
	}, options...)
}
