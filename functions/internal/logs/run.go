package logs

import (
	"context"
	"log/slog"
	"slices"
)

// RunKey is the key of the run's id in every line.
const RunKey = "run"

type runKey struct{}

// WithRun returns a context whose run has this id: the platform's request id in a function. A line that is logged with
// the context names it.
func WithRun(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, runKey{}, id)
}

// RunOf returns the id of a context's run; "" = none.
func RunOf(ctx context.Context) string {
	id, _ := ctx.Value(runKey{}).(string)
	return id
}

// runHandler adds the run's id to a line, unless its logger has one already.
type runHandler struct {
	slog.Handler
	named bool // the logger has the id
}

// Handle implements slog.Handler.
func (h runHandler) Handle(ctx context.Context, line slog.Record) error {
	id := RunOf(ctx)
	if id != "" && !h.named {
		line = line.Clone()
		line.AddAttrs(slog.String(RunKey, id))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h runHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	named := h.named || slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == RunKey })
	return runHandler{h.Handler.WithAttrs(attrs), named}
}

// WithGroup implements slog.Handler.
func (h runHandler) WithGroup(name string) slog.Handler {
	return runHandler{h.Handler.WithGroup(name), h.named}
}
