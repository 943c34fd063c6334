//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package dir

import (
	"context"
	"os"
)

// hasLocks is false, as this system has no locks that end with the process that holds them; then
// there is no IfMatch, and CreateOnly alone is safe, because a link never replaces.
const hasLocks = false

func lockFolder(context.Context, *os.Root) (unlock func(), err error) { return func() {}, nil }
