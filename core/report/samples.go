package report

import (
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
)

// NewTestMessage returns what shows that messages arrive by a channel.
func NewTestMessage(channel string, now time.Time, o Options) notify.Message {
	w := newMessageWriter(o)
	m := w.newPlainMessage(w.testTitle, o)
	m.Markdown += fmt.Sprintf(w.testF, escapedCell(channel, maxNameRunes)) + paragraphBreak + w.timeLabel + now.In(w.location).Format(time.DateTime)
	m.Topic, m.Time = notify.TopicTest, now
	return withID(m)
}

// NewStyleSamples returns one sample card for each style, so that people see which one their clients show, and how to
// choose it.
func NewStyleSamples(now time.Time, o Options) []notify.Message {
	r := newReport(now)
	r.Outcome, r.Total, r.Created = OK, 2, 2
	for n, name := range []string{"web-01", "db-01"} {
		r.Changes = append(r.Changes, Change{Action: plan.Create, Name: name, Address: fmt.Sprintf("192.0.2.%d", n+1), Platform: "Linux"})
	}
	styles := []string{StyleTable, StyleList}
	samples := make([]notify.Message, 0, len(styles))
	for n, style := range styles {
		o.Style = style
		w := newMessageWriter(o)
		m := w.newPlainMessage(fmt.Sprintf(w.sampleTitleF, n+1, len(styles), style), o)
		m.Markdown += fmt.Sprintf(w.sampleF, style) + paragraphBreak + w.resultBlock(r) + paragraphBreak + w.assetSection(r, plan.Create).render(len(r.Changes))
		m.Markdown += paragraphBreak + w.title
		m.Topic, m.Time = notify.TopicTest, now
		samples = append(samples, withID(m))
	}
	return samples
}
