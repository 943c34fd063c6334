package wire

import (
	"runtime/debug"
	"strconv"
	"strings"
)

// LimitMemory sets a soft limit of three quarters of the memory that the platform says the function has
// (FC_FUNCTION_MEMORY_SIZE, AWS_LAMBDA_FUNCTION_MEMORY_SIZE or RUNTIME_MEMORY, in MiB). The rest is for what Go does not
// count, such as the program itself. Near the limit Go collects garbage more often, for up to half of the CPU time, so
// that the platform does not kill the run. Nothing is set where the platform states no size, or GOMEMLIMIT or GOGC is
// set.
func LimitMemory(environ []string) {
	if limit := memoryLimitOf(environ); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
}

// memoryLimitOf returns the limit in bytes; 0 = none.
func memoryLimitOf(environ []string) int64 {
	var limit int64
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "GOMEMLIMIT", "GOGC":
			if value != "" {
				return 0
			}
		case "FC_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "RUNTIME_MEMORY":
			if size, err := strconv.ParseInt(value, 10, 32); err == nil && size > 0 {
				limit = size << 20 / 4 * 3
			}
		}
	}
	return limit
}
