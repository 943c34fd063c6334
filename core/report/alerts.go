package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
)

// maxAlarmTime is how long nobody has to repeat that no complete run is made.
const maxAlarmTime = 30 * 24 * time.Hour

// staleAlert returns that no complete run was made since a time.
func staleAlert(since, until time.Time, summary string) notify.Alert {
	return notify.Alert{Key: "no_complete_run", Name: "no_complete_run", Severity: notify.SeverityError, Summary: summary, StartsAt: since, EndsAt: until}
}

// NewAlert returns a condition as what a program keeps track of. It counts as over from until on, unless it is sent again.
func NewAlert(c Condition, since, until time.Time) notify.Alert {
	labels := map[string]string{}
	for name, value := range map[string]string{
		"cloud": string(c.Cloud), "account": c.Account, "region": c.Region, "slice": c.Slice, "code": c.Code,
	} {
		if value != "" {
			labels[name] = value
		}
	}
	return notify.Alert{
		Key: c.Key, Name: string(c.Kind), Severity: c.Severity(), Labels: labels, Summary: sanitizeLine(c.Text), StartsAt: since, EndsAt: until,
	}
}

// NewAlertMessage returns the message of a run for programs that keep track of what lasts.
func NewAlertMessage(r Report, alerts []notify.Alert, o Options) notify.Message {
	w := newMessageWriter(o)
	return notify.Message{Title: w.messageTitle(r, o), LinkText: w.button, LinkURL: o.AssetURL, CutFormat: w.linesCutF, Severity: r.Severity(), Time: r.started, Alerts: alerts}
}

// Data returns the results document for programs that get it with a card, in at most so many bytes: of a larger one the
// lines of changes that no card shows are left out, then all of them. The counts stay.
func Data(r Report, limit int) []byte {
	shorter, bare := r, r
	shorter.Changes = shownChanges(r.Changes)
	bare.Changes, bare.Scopes, bare.Access = []Change{}, []Scope{}, nil
	for _, one := range []Report{r, shorter, bare} {
		data, err := json.Marshal(one)
		if err == nil && len(data) <= limit {
			return data
		}
	}
	return nil
}

// withID returns a message with its id: the same words about the same time are the same message.
func withID(m notify.Message) notify.Message {
	sum := sha256.Sum256([]byte(m.Title + "\x00" + m.Markdown))
	m.ID = hex.EncodeToString(sum[:12])
	if !m.Time.IsZero() {
		m.ID = RunID(m.Time) + "-" + m.ID
	}
	return m
}
