// Package alertmanager sends what lasts to Prometheus' Alertmanager, which groups, repeats, routes and silences it. The API is
// version 2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml); all of this is from its documents and
// its source.
package alertmanager

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/notify/post"
	"github.com/jms-sync/jms-sync/core/secret"
)

const (
	// MaxBodyBytes bounds a request; more alerts go in several.
	MaxBodyBytes = 64 << 10
	// alertsPath is below the address.
	alertsPath = "/api/v2/alerts"
	// namePrefix begins the names of alerts.
	namePrefix = "jms_sync_"
	// messageLife is how long a message that is no alert counts as one.
	messageLife = 5 * time.Minute
	// maxLabelBytes bounds a label, and maxSummaryBytes the words of one of many alerts.
	maxLabelBytes, maxSummaryBytes = 256, 1000
)

// Settings are one Alertmanager.
type Settings struct {
	URL      secret.Value // without /api/v2/alerts
	Token    secret.Value // of Authorization: Bearer; empty = none
	Username string       // of basic authentication; "" = none
	Password secret.Value
	Source   string // whose alerts they are: the URL of JumpServer
}

// Manager is a notify.Notifier. It is safe for concurrent use.
type Manager struct {
	address, authorization, instance string
	private                          []string
	sender                           *post.Sender
}

// New checks the settings and sends nothing. Its errors are of kind InvalidConfig.
func New(s Settings, o post.Options) (*Manager, error) {
	address, err := url.Parse(strings.TrimRight(s.URL.Reveal(), "/"))
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" || address.RawQuery != "" {
		return nil, post.NewConfigError("url is not the http(s) URL of an Alertmanager")
	}
	address.Path = strings.TrimSuffix(address.Path, alertsPath) + alertsPath
	sender, err := post.NewSender(o)
	if err != nil {
		return nil, err
	}
	m := &Manager{address: address.String(), sender: sender}
	source, err := url.Parse(s.Source)
	if err == nil {
		m.instance = source.Host
	}
	request := http.Request{Header: http.Header{}}
	switch {
	case !s.Token.IsEmpty():
		request.Header.Set("Authorization", "Bearer "+s.Token.Reveal())
	case s.Username != "":
		request.SetBasicAuth(s.Username, s.Password.Reveal())
	}
	m.authorization = request.Header.Get("Authorization")
	for _, hidden := range []string{s.Token.Reveal(), s.Password.Reveal(), strings.TrimPrefix(m.authorization, "Basic ")} {
		if hidden != "" {
			m.private = append(m.private, hidden)
		}
	}
	return m, nil
}

// Name returns "alertmanager".
func (m *Manager) Name() string { return "alertmanager" }

// alert is one of the API's postableAlerts.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
	Generator   string            `json:"generatorURL,omitempty"`
}

// Send posts the alerts of a message, as many requests as they need; a message without any is an alert itself, for a few
// minutes.
func (m *Manager) Send(ctx context.Context, message notify.Message) error {
	var alerts []alert
	for _, a := range message.Alerts {
		alerts = append(alerts, m.newAlert(a, message))
	}
	if len(alerts) == 0 {
		one, err := m.messageAlert(message)
		if err != nil {
			return err
		}
		alerts = append(alerts, one)
	}
	for len(alerts) > 0 {
		body, n, err := encode(alerts)
		if err == nil {
			err = m.post(ctx, body)
		}
		if err != nil {
			return err
		}
		alerts = alerts[n:]
	}
	return nil
}

func (m *Manager) post(ctx context.Context, body []byte) error {
	header := http.Header{}
	if m.authorization != "" {
		header.Set("Authorization", m.authorization)
	}
	return m.sender.Send(ctx, post.Request{Address: m.address, Header: header, Body: body, Private: m.private})
}

// newAlert returns an alert as the API takes it. One that would end before it began is refused there.
func (m *Manager) newAlert(a notify.Alert, message notify.Message) alert {
	labels := m.labels(a.Name, a.Severity)
	for name, value := range a.Labels {
		labels[name] = post.Truncate(value, maxLabelBytes, post.TextSize)
	}
	labels["condition"] = post.Truncate(a.Key, maxLabelBytes, post.TextSize)
	one := alert{
		Labels: labels, Annotations: map[string]string{"summary": post.Truncate(a.Summary, maxSummaryBytes, post.TextSize)},
		StartsAt: a.StartsAt.UTC(), EndsAt: a.EndsAt.UTC(), Generator: message.LinkURL,
	}
	if a.EndsAt.Before(a.StartsAt) {
		one.StartsAt = one.EndsAt
	}
	return one
}

// messageAlert returns a message as an alert, never longer than MaxBodyBytes.
func (m *Manager) messageAlert(message notify.Message) (alert, error) {
	topic := message.Topic
	if topic == "" {
		topic = notify.TopicReport
	}
	now := m.sender.Now().UTC()
	one := alert{
		Labels: m.labels(string(topic), message.Severity), Annotations: map[string]string{"summary": message.Title, "description": ""},
		StartsAt: now, EndsAt: now.Add(messageLife), Generator: message.LinkURL,
	}
	if message.Mention {
		one.Labels["mention"] = "true"
	}
	frame, err := post.EncodeJSON([]alert{one})
	if err != nil {
		return alert{}, err
	}
	if len(frame) >= MaxBodyBytes {
		return alert{}, post.NewConfigError("title and link leave no room for a text")
	}
	one.Annotations["description"] = post.Truncate(message.Markdown, MaxBodyBytes-len(frame), post.JSONSize)
	return one, nil
}

// labels returns what each alert is known by. The severities are those that rules of Prometheus mostly have.
func (m *Manager) labels(name string, s notify.Severity) map[string]string {
	severity := map[notify.Severity]string{notify.SeverityError: "critical", notify.SeverityWarning: "warning"}[s]
	if severity == "" {
		severity = "info"
	}
	labels := map[string]string{"alertname": namePrefix + name, "severity": severity, "job": "jms-sync"}
	if m.instance != "" {
		labels["instance"] = m.instance
	}
	return labels
}

// encode returns a request with the first alerts, as many as there is room for, and at least one.
func encode(alerts []alert) (body []byte, n int, err error) {
	size := len("[]")
	for n = range alerts {
		one, err := post.EncodeJSON(alerts[n])
		if err != nil {
			return nil, 0, err
		}
		size += len(one) + len(",")
		if n > 0 && size > MaxBodyBytes {
			body, err = post.EncodeJSON(alerts[:n])
			return body, n, err
		}
	}
	body, err = post.EncodeJSON(alerts)
	return body, len(alerts), err
}
