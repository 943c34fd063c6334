package runtimetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// lambdaMaxAnswer is how many bytes an answer may have, 6 MiB: a longer one gets status 413
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const lambdaMaxAnswer = 6 << 20

// NewLambda starts a fake of AWS Lambda's runtime API, as aws-lambda-go v1.55.1 uses it
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), with as much of the extensions API as that SDK needs
// to get SIGTERM (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html). An accepted answer gets
// status 202. The credentials of the role are the environment's; none in Options reach the program.
func NewLambda(tb TB, settings ...Setting) (*Runtime, error) {
	return startRuntime(dialect{
		variable: "AWS_LAMBDA_RUNTIME_API", acceptStatus: http.StatusAccepted, route: lambdaRoute, headers: lambdaHeaders,
		check: checkLambdaAnswer, streams: true, maxAnswerBytes: lambdaMaxAnswer,
	}, tb, settings)
}

func lambdaRoute(method, path string) (apiCall, string) {
	switch method + " " + path {
	case "POST /2020-01-01/extension/register":
		return registerCall, ""
	case "GET /2020-01-01/extension/event/next":
		return lifeCall, ""
	}
	return invocationRoute("/2018-06-01/runtime/invocation/", method, path)
}

func lambdaHeaders(id string, deadline time.Time, o Options) http.Header {
	h := http.Header{}
	h.Set("Lambda-Runtime-Aws-Request-Id", id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+o.Region+":"+o.Account+":function:jms-sync")
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
	h.Set("Content-Type", "application/json")
	return h
}

// checkLambdaAnswer accepts an answer in chunks, as the SDK sends it, or of known length. An answer that broke off says
// so in its trailer; an error may carry a cause for X-Ray, which must be JSON.
func checkLambdaAnswer(req *http.Request, what apiCall) error {
	if kind := req.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
		return errors.New("the answer broke off: " + kind)
	}
	cause := req.Header.Get("Lambda-Runtime-Function-Xray-Error-Cause")
	if cause != "" && (what != errorCall || !json.Valid([]byte(cause))) {
		return errors.New("the cause for X-Ray is not JSON, or is no error's")
	}
	if !strings.HasPrefix(req.Header.Get("User-Agent"), "aws-lambda-go/") {
		return errors.New("this is not the SDK")
	}
	return nil
}

// registerExtension registers an extension that wants no events; its program gets SIGTERM before it is killed.
func (r *Runtime) registerExtension(w http.ResponseWriter, req *http.Request) {
	var wants struct{ Events []string }
	err := json.NewDecoder(req.Body).Decode(&wants)
	switch {
	case err != nil || len(wants.Events) > 0:
		r.refuseRequest(w, req, http.StatusBadRequest, "an extension that wants events, which this fake does not send")
		return
	case req.Header.Get("Lambda-Extension-Name") == "":
		r.refuseRequest(w, req, http.StatusBadRequest, "an extension without a name")
		return
	}
	p := r.processOf(req)
	p.mu.Lock()
	p.getsSIGTERM = true
	p.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", "extension-of-"+p.extensionID())
	_, _ = w.Write([]byte(`{"functionName":"jms-sync","functionVersion":"$LATEST","handler":"bootstrap"}`))
}

// holdExtension holds an extension's call for its next event open, without ever answering it.
func (r *Runtime) holdExtension(w http.ResponseWriter, req *http.Request) {
	p := r.processOf(req)
	if req.Header.Get("Lambda-Extension-Identifier") != "extension-of-"+p.extensionID() {
		r.refuseRequest(w, req, http.StatusForbidden, "an extension that is not registered")
		return
	}
	select {
	case <-req.Context().Done():
	case <-p.gone:
	case <-r.done:
	}
}

// extensionID returns the extension's id, which differs between processes.
func (p *Process) extensionID() string {
	if p.listener == nil {
		return "nobody"
	}
	return p.Addr()
}

// streamedType is the content type of an answer to a function URL that streams: a head in JSON, eight zero bytes, and the body
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html).
const streamedType = "application/vnd.awslambda.http-integration-response"

// decodeStreamed checks the form of such an answer.
func decodeStreamed(body []byte) (Answer, error) {
	head, _, found := bytes.Cut(body, make([]byte, 8))
	if !found || !json.Valid(head) {
		return Answer{}, errors.New("the response is no stream for a function URL")
	}
	return Answer{OK: true, Body: body}, nil
}
