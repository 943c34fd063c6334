// Command echo answers what the tests of runtimetest ask of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type answer struct {
	Event    string
	Context  fccontext.FcContext
	Left     time.Duration
	Begin    time.Time
	End      time.Time
	Settings []string
}

func main() {
	fc.RegisterInitializerFunction(func(context.Context) {
		fmt.Println("initialized")
	})
	fc.RegisterPreStopFunction(func(context.Context) {
		fmt.Println("stopping")
	})
	fc.Start(func(ctx context.Context, event []byte) (any, error) {
		begin := time.Now()
		fmt.Println("got " + string(event))
		fmt.Fprintln(os.Stderr, "warned of "+string(event))
		what, rest, _ := strings.Cut(string(event), " ")
		switch what {
		case "fail":
			return nil, errors.New("plain error")
		case "panic":
			panic("at the disco")
		case "exit":
			os.Exit(3)
		case "sleep":
			d, err := time.ParseDuration(rest)
			if err != nil {
				return nil, err
			}
			time.Sleep(d)
		}
		in, _ := fccontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return answer{
			Event: string(event), Context: *in, Left: deadline.Sub(begin), Begin: begin, End: time.Now(),
			Settings: os.Environ(),
		}, nil
	})
}
