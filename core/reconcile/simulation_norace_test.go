//go:build !race

package reconcile_test

const raceFactor = 1
