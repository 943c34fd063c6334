package wire

import (
	"context"
	"log/slog"
	"os"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
)

// Function makes the App of the function of this name, on any host: settings from the
// environment and from what it names, logs to standard output and never to a file. The memory of
// the process is bounded, see BoundMemory.
func Function(name string) *App {
	environ := os.Environ()
	BoundMemory(environ)
	return NewApp(name, Load("", environ), func(cfg config.Config) (*slog.Logger, error) {
		return logs.Console(cfg.Log.Level, cfg.Log.JSONFormat, cfg.Log.Detailed, os.Stdout)
	}).WithEnvironment(environ)
}

// LoadConfig gives the function that reads the configuration of a program that is no function:
// the named file or reference, or what the environment says where file is "".
func LoadConfig(file string) func(context.Context) (config.Config, error) {
	return func(ctx context.Context) (config.Config, error) {
		cfg, _, err := Load(file, os.Environ())(ctx, Role{}, "")
		return cfg, err
	}
}

// AlibabaRole is the role of a Function Compute function, as one invocation carries it.
func AlibabaRole(keyID, keySecret, token string) Role {
	return roleOf(inventory.Alibaba, keyID, keySecret, token)
}

// HuaweiRole is the agency of a FunctionGraph function, as one invocation carries it.
func HuaweiRole(keyID, keySecret, token string) Role {
	return roleOf(inventory.Huawei, keyID, keySecret, token)
}

// AWSRole is the role of a Lambda function. Lambda gives its credentials to the process and not to
// the invocation, and ends the process before they do
// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
func AWSRole() Role {
	return roleOf(inventory.AWS, os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"))
}

func roleOf(of inventory.Cloud, keyID, keySecret, token string) Role {
	return Role{
		Cloud: of, AccessKeyID: secret.New(keyID), AccessKeySecret: secret.New(keySecret), SecurityToken: secret.New(token),
	}
}

// origin is where the platform says that the function runs: FunctionGraph names the project
// (https://support.huaweicloud.com/devg-functiongraph/functiongraph_01_0406.html).
func origin(environ []string) cloud.Origin {
	return cloud.Origin{ProjectID: variable(environ, "RUNTIME_PROJECT_ID")}
}

// The clouds whose events the functions read.
const (
	Alibaba = inventory.Alibaba
	AWS     = inventory.AWS
	Huawei  = inventory.Huawei
)

// Request is what a run is narrowed to.
type Request = engine.Request
