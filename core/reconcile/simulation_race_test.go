//go:build race

package reconcile_test

// raceFactor is how much slower the race detector makes the stories.
const raceFactor = 10
