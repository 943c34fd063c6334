package chaos

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// listKey reports whether a request asks for a page of a whole list, and for which list. Requests
// for single instances are none: a cloud that lies about these, and about the right to see them,
// all the time and without a trace, cannot be told from one that is right.
func listKey(r *http.Request) (key string, lists bool) {
	query := r.URL.Query()
	switch {
	case r.Header.Get("X-TC-Action") != "":
		action := r.Header.Get("X-TC-Action")
		body, again := peekBody(r)
		r.Body = again
		return action + r.Header.Get("X-TC-Region"), strings.HasPrefix(action, "DescribeInstances") && !strings.Contains(body, "InstanceIds")
	case query.Get("Action") != "":
		body, again := peekBody(r)
		r.Body = again
		ids := query.Get("InstanceIds") != "" || strings.Contains(body, "InstanceIds=")
		return query.Get("Action") + query.Get("RegionId"), query.Get("Action") == alibabatest.DescribeInstances && !ids
	case strings.HasSuffix(r.URL.Path, "/cloudservers/detail"):
		return r.URL.Path, !query.Has("server_id")
	case strings.HasSuffix(r.URL.Path, "/virtualMachines"):
		return r.URL.Path, r.Method == http.MethodGet
	case !strings.HasPrefix(r.URL.Path, "/api/v1/"):
		return "", false
	}
	named := query.Has("ids") || query.Has("id") || query.Has("id__in") || query.Has("spm") || query.Has("search")
	return r.URL.Path, r.Method == http.MethodGet && query.Has("limit") && !named
}

// peekBody reads a request's body without using it up.
func peekBody(r *http.Request) (text string, again io.ReadCloser) {
	if r.Body == nil {
		return "", http.NoBody
	}
	if r.GetBody != nil {
		if copied, err := r.GetBody(); err == nil {
			raw, _ := io.ReadAll(copied)
			return string(raw), r.Body
		}
	}
	raw, _ := io.ReadAll(r.Body)
	return string(raw), io.NopCloser(bytes.NewReader(raw))
}

// editList changes the rows of a page, and its total by so many.
func editList(body []byte, edit func([]any) []any, by int64) []byte {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return body
	}
	at := doc
	for _, inner := range []string{"Response", "Instances"} {
		if m, ok := doc[inner].(map[string]any); ok {
			at = m
		}
	}
	for _, name := range []string{"results", "InstanceSet", "InstanceStatusSet", "Instance", "servers", "value"} {
		if rows, ok := at[name].([]any); ok && edit != nil {
			at[name] = edit(rows)
		}
	}
	for _, m := range []map[string]any{doc, at} {
		for _, name := range []string{"count", "TotalCount"} {
			if n, ok := m[name].(json.Number); ok {
				total, _ := n.Int64()
				m[name] = total + by
			}
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return out
}

// answerBlinded answers as one does who may no longer see, and is not told so.
func (l *faultyTransport) answerBlinded(r *http.Request, name string, f *fault) (*http.Response, error) {
	switch {
	case isCloud(peerOf(name)):
		return l.answerSpoiled(r, name, f)
	case peerOf(name) == dingTalk:
		return newResponse(http.StatusOK, dingtalktest.RecordedAnswer("token"), map[string]string{"Content-Type": "application/json"}), nil
	}
	resp, err := l.answerSpoiled(r, name, nil)
	if _, lists := listKey(r); err != nil || !lists || strings.HasSuffix(r.URL.Path, "/platforms/") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	l.world.running.watch.ReportedEmpty()
	empty := editList(body, func([]any) []any { return []any{} }, 0)
	empty = zeroCount(empty)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(empty)), int64(len(empty))
	return resp, nil
}

// zeroCount makes the count of a page zero.
func zeroCount(body []byte) []byte {
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		return body
	}
	doc["count"] = 0
	out, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return out
}

// revokePermissions takes the right to see instances from every key, until it is given back.
func (w *world) revokePermissions(name string) (back func()) {
	for _, c := range w.clouds {
		if string(c.cloud) == peerOf(name) {
			return c.revoke()
		}
	}
	return func() {}
}
