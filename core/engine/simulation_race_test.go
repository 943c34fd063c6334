//go:build race

package engine_test

// raceFactor is how much slower the race detector makes the stories.
const raceFactor = 10
