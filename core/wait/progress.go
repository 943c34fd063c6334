package wait

import "context"

type progressKey struct{}

// WithProgress returns a context whose work calls note as often as it gets on; see Progress. What it is derived from is
// noted of it too.
func WithProgress(ctx context.Context, note func()) context.Context {
	return context.WithValue(ctx, progressKey{}, func() {
		Progress(ctx)
		note()
	})
}

// Progress says that the work of a context gets on: a call has ended, well or not, or a wait begins or is over. What
// hangs says nothing.
func Progress(ctx context.Context) {
	if note, noted := ctx.Value(progressKey{}).(func()); noted {
		note()
	}
}
