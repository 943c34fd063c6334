package runtimetest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// FunctionGraphProject is the project in which the fake's function runs.
const FunctionGraphProject = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

// NewFunctionGraph starts a fake of the runtime API of Huawei FunctionGraph's custom runtime, after its documentation
// (https://support.huaweicloud.com/devg-functiongraph/functiongraph_01_0406.html); it was never compared with the
// platform. It sends the credentials of an agency in the headers of the platform's newer runtimes, beside useless ones
// in the old headers. It assumes that the platform sends SIGTERM before it takes an instance away.
func NewFunctionGraph(tb TB, settings ...Setting) (*Runtime, error) {
	return startRuntime(dialect{
		variable: "RUNTIME_API_ADDR", acceptStatus: http.StatusOK, route: functionGraphRoute, headers: functionGraphHeaders,
		check: requireLength, environ: functionGraphVariables,
	}, tb, settings)
}

// functionGraphRoute recognises GET request, POST response/<id> and POST error/<id> under one path.
func functionGraphRoute(method, path string) (apiCall, string) {
	rest, ok := strings.CutPrefix(path, "/v1/runtime/invocation/")
	if !ok {
		return noCall, ""
	}
	if rest == "request" && method == http.MethodGet {
		return nextCall, ""
	}
	call, id, _ := strings.Cut(rest, "/")
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

// functionGraphHeaders returns the headers of a request. They have no deadline.
func functionGraphHeaders(id string, _ time.Time, o Options) http.Header {
	h := http.Header{}
	h.Set("X-Cff-Request-Id", id)
	h.Set("X-Cff-Invoke-Type", "async")
	if o.KeyID == "" {
		return h
	}
	h.Set("X-Cff-Auth-Token", "token-of-no-use")
	h.Set("X-Cff-Security-Token", o.Token)
	if o.LegacyHeaders {
		h.Set("X-Cff-Access-Key", o.KeyID)
		h.Set("X-Cff-Secret-Key", o.KeySecret)
		return h
	}
	h.Set("X-Cff-Access-Key", "old-"+o.KeyID)
	h.Set("X-Cff-Secret-Key", "old-"+o.KeySecret)
	h.Set("X-Cff-Security-Access-Key", o.KeyID)
	h.Set("X-Cff-Security-Secret-Key", o.KeySecret)
	return h
}

func functionGraphVariables(limit time.Duration) []string {
	return []string{
		"RUNTIME_PROJECT_ID=" + FunctionGraphProject, "RUNTIME_FUNC_NAME=jms-sync", "RUNTIME_FUNC_VERSION=latest",
		"RUNTIME_PACKAGE=default", "RUNTIME_HANDLER=bootstrap", fmt.Sprintf("RUNTIME_TIMEOUT=%d", max(int(limit/time.Second), 1)),
		"RUNTIME_USERDATA={}", "RUNTIME_CPU=500", "RUNTIME_MEMORY=512", "RUNTIME_CODE_ROOT=/opt/function/code",
	}
}
