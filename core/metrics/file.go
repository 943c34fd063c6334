package metrics

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/jms-sync/jms-sync/core/state"
)

// fileSink writes a file for node_exporter's textfile collector, which reads *.prom
// (https://github.com/prometheus/node_exporter#textfile-collector).
type fileSink struct {
	name   string
	labels []string
}

// push replaces the file: a reader sees the old or the new one, and never half of one.
func (s fileSink) push(_ context.Context, series []state.Series) error {
	file, err := os.CreateTemp(filepath.Dir(s.name), "."+filepath.Base(s.name)+".*.tmp") // the collector reads no .tmp
	if err != nil {
		return err
	}
	err = errors.Join(Write(file, series, Text, s.labels...), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), s.name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
