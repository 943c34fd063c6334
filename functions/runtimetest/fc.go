package runtimetest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// NewFC starts a fake of Alibaba Function Compute's runtime API (the go1 runtime), as fc-runtime-go-sdk v0.3.1 uses it
// (https://github.com/aliyun/fc-runtime-go-sdk/blob/master/fc/runtime_api_client.go): that SDK takes any status but 200
// for a failure, and never answers an event without deadline or time-out. tb may be nil; then Unexpected returns what it
// would have been told.
func NewFC(tb TB, settings ...Setting) (*Runtime, error) {
	return startRuntime(dialect{
		variable: "FC_RUNTIME_API", acceptStatus: http.StatusOK, route: fcRoute, headers: fcHeaders, check: requireLength, lifecycleHooks: true,
	}, tb, settings)
}

// fcRoute recognises GET next, POST <id>/response and POST <id>/error under one path.
func fcRoute(method, path string) (apiCall, string) {
	return invocationRoute("/2020-11-11/runtime/invocation/", method, path)
}

// invocationRoute is what Function Compute and Lambda have in common.
func invocationRoute(base, method, path string) (apiCall, string) {
	rest, ok := strings.CutPrefix(path, base)
	if !ok {
		return noCall, ""
	}
	if rest == "next" && method == http.MethodGet {
		return nextCall, ""
	}
	id, call, _ := strings.Cut(rest, "/")
	switch {
	case method != http.MethodPost || id == "":
		return noCall, ""
	case call == "response":
		return responseCall, id
	case call == "error":
		return errorCall, id
	}
	return noCall, ""
}

// fcHeaders returns the headers of an invocation. Those of credentials are only there where the function has a role.
func fcHeaders(id string, deadline time.Time, o Options) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"x-fc-request-id":        id,
		"x-fc-function-deadline": strconv.FormatInt(deadline.UnixMilli(), 10),
		"x-fc-function-timeout":  strconv.Itoa(max(int(o.Timeout/time.Second), 1)),
		"x-fc-function-type":     strconv.Itoa(int(o.Kind)),
		"x-fc-function-name":     "jms-sync",
		"x-fc-function-handler":  "bootstrap",
		"x-fc-function-memory":   "512",
		"x-fc-access-key-id":     o.KeyID,
		"x-fc-access-key-secret": o.KeySecret,
		"x-fc-security-token":    o.Token,
		"x-fc-region":            o.Region,
		"x-fc-account-id":        o.Account,
		"x-fc-qualifier":         "LATEST",
		"x-fc-version-id":        "1",
		"x-fc-retry-count":       strconv.Itoa(o.RetryCount),
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	h.Set("Content-Type", "application/octet-stream")
	return h
}
