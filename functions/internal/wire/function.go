package wire

import (
	"context"
	"log/slog"
	"os"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/logs"
)

// Function makes the App of a function: settings from the environment and from what it names,
// logs to standard output and never to a file.
func Function() *App {
	return NewApp(Load("", os.Environ()), func(cfg config.Config) (*slog.Logger, error) {
		return logs.Console(cfg.Log.Level, cfg.Log.JSONFormat, cfg.Log.Detailed, os.Stdout)
	}).WithState(os.Environ())
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
	return Role{
		Cloud: inventory.Alibaba, AccessKeyID: secret.New(keyID), AccessKeySecret: secret.New(keySecret),
		SecurityToken: secret.New(token),
	}
}

// Alibaba names the cloud whose events a function reads.
const Alibaba = inventory.Alibaba

// Request is what a run is narrowed to.
type Request = engine.Request
