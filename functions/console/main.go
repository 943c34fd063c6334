// Command console is the function that serves the console: on Alibaba Function Compute by an HTTP trigger (custom runtime),
// on AWS Lambda by a function URL that streams its answers. Which of them it runs on, the environment says.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdaurl"

	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// version is set when a release is built.
var version = "dev"

func main() {
	app := wire.NewFunction("console")
	s := newServer(app, version)
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		lambdaurl.Start(s.onLambda(), lambda.WithEnableSIGTERM(app.Terminate))
		return
	}
	if err := serveFC(s.onFC()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serveFC serves HTTP where Function Compute's custom runtime asks for it
// (https://help.aliyun.com/zh/functioncompute/fc/user-guide/custom-runtime-overview).
func serveFC(h http.Handler) error {
	port := os.Getenv("FC_SERVER_PORT")
	if port == "" {
		port = os.Getenv("FC_CUSTOM_LISTEN_PORT")
	}
	if port == "" {
		port = "9000"
	}
	server := &http.Server{
		Addr: net.JoinHostPort("", port), Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return context.Background() },
	}
	return server.ListenAndServe() // ends with the instance
}
