// Command graphecho answers what the tests of runtimetest ask of it, on FunctionGraph's loop.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jms-sync/jms-sync/functions/internal/fgruntime"
)

type answer struct {
	In   fgruntime.Invocation
	Text string
	Left time.Duration
	Env  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := fgruntime.Run(ctx, os.Environ(), func(ctx context.Context, in fgruntime.Invocation) (any, error) {
		fmt.Println("got " + string(in.Event))
		switch string(in.Event) {
		case "fail":
			return nil, errors.New("plain error")
		case "panic":
			panic("at the disco")
		case "wait":
			<-ctx.Done()
			return nil, ctx.Err()
		}
		deadline, _ := ctx.Deadline()
		var mine []string
		for _, pair := range os.Environ() {
			if strings.HasPrefix(pair, "RUNTIME_") || strings.HasPrefix(pair, "COLOUR") {
				mine = append(mine, pair)
			}
		}
		return answer{In: in, Text: string(in.Event), Left: time.Until(deadline), Env: mine}, nil
	})
	fmt.Println("stopping", err)
}
