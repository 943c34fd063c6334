package metrics

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/jms-sync/jms-sync/core/state"
)

// pushgateway replaces one group of a Pushgateway by PUT. The group is named by the labels that every series has, so that
// several installations do not overwrite each other (https://github.com/prometheus/pushgateway#url).
type pushgateway struct {
	client
	settings Settings
	labels   []string
}

func (p pushgateway) push(ctx context.Context, series []state.Series) error {
	var body bytes.Buffer
	if err := Write(&body, series, Text, p.labels...); err != nil {
		return err
	}
	req, err := newRequest(ctx, http.MethodPut, strings.TrimRight(p.settings.Pushgateway.Reveal(), "/")+groupPath(p.settings.Job, p.labels))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	req.Body, req.ContentLength = io.NopCloser(&body), int64(body.Len())
	return p.do(req, p.settings.Pushgateway)
}

// groupPath returns the path of a group. A value that a path cannot hold is in base64, as Pushgateway's document says.
func groupPath(job string, labels []string) string {
	path := "/metrics"
	all := append([]string{"job", job}, labels...)
	for n := 0; n+1 < len(all); n += 2 {
		name, value := all[n], all[n+1]
		switch {
		case value == "":
			name, value = name+"@base64", "="
		case strings.Contains(value, "/"):
			name, value = name+"@base64", base64.RawURLEncoding.EncodeToString([]byte(value))
		default:
			value = url.PathEscape(value)
		}
		path += "/" + name + "/" + value
	}
	return path
}
