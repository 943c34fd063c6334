package wire

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
)

// NewFunction returns the App of the function with this name, on any host: it takes settings from the environment and
// what that names, logs to standard output only, and bounds the memory of the process, see LimitMemory.
func NewFunction(name string) *App {
	environ := os.Environ()
	LimitMemory(environ)
	return NewApp(name, NewLoader("", environ), func(cfg config.Config) (*slog.Logger, error) {
		return newConsoleLog(cfg, os.Stdout)
	}).WithEnvironment(environ)
}

// WithRun returns the context of an invocation, with the platform's id of it: every line of the log names it.
func WithRun(ctx context.Context, requestID string) context.Context {
	return logs.WithRun(ctx, requestID)
}

// newConsoleLog returns the log of a configuration.
func newConsoleLog(cfg config.Config, to io.Writer) (*slog.Logger, error) {
	return logs.NewConsole(logs.Settings{
		Level: cfg.Log.Level, JSON: cfg.Log.JSONFormat, Detailed: cfg.Log.Detailed, Location: cfg.Location(), Console: to,
	})
}

// AlibabaRole is the role of a Function Compute function, as one invocation carries it.
func AlibabaRole(keyID, keySecret, token string) session.Role {
	return newRole(inventory.Alibaba, keyID, keySecret, token)
}

// HuaweiRole is the agency of a FunctionGraph function, as one invocation carries it.
func HuaweiRole(keyID, keySecret, token string) session.Role {
	return newRole(inventory.Huawei, keyID, keySecret, token)
}

// AWSRole is the role of a Lambda function. Lambda passes its credentials to the process and not to the invocation, and
// ends the process before they expire (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func AWSRole() session.Role {
	return newRole(inventory.AWS, os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"))
}

func newRole(of inventory.Cloud, keyID, keySecret, token string) session.Role {
	return session.Role{
		Cloud: of, AccessKeyID: secret.New(keyID), AccessKeySecret: secret.New(keySecret), SecurityToken: secret.New(token),
	}
}

// originOf returns where the function runs, as far as the platform says: FunctionGraph names the project
// (https://support.huaweicloud.com/devg-functiongraph/functiongraph_01_0406.html), Function Compute account and region
// (https://help.aliyun.com/document_detail/164217.htm).
func originOf(environ []string) cloud.Origin {
	return cloud.Origin{
		ProjectID: lookupVariable(environ, "RUNTIME_PROJECT_ID"),
		AccountID: lookupVariable(environ, "FC_ACCOUNT_ID"), Region: lookupVariable(environ, "FC_REGION"),
	}
}

// The clouds whose events the functions handle.
const (
	Alibaba = inventory.Alibaba
	AWS     = inventory.AWS
	Huawei  = inventory.Huawei
)

// Role is the temporary credentials of an invocation.
type Role = session.Role
