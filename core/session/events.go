package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/cloud"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// EventClouds returns the names of the clouds whose events can be read.
func EventClouds(lang language.Lang) []string {
	var names []string
	for _, p := range cloudlist.Providers() {
		if p.Events != nil {
			names = append(names, p.Name.In(lang))
		}
	}
	return names
}

// EventSender returns the cloud whose event a payload looks like; "" = none is recognised.
func EventSender(payload []byte) inventory.Cloud { return cloud.EventSender(payload, Clouds()) }

// ParseEvents decodes what a cloud's event service delivers. What is not read is told by what it looks like, also where
// of is "", which reads nothing.
func ParseEvents(of inventory.Cloud, payload []byte, from cloud.Origin) []cloud.ParsedEvent {
	if of == "" {
		return cloud.NameUnknownEvents(cloud.ParseEvents(payload, cloud.NewUnknownEvent), Clouds())
	}
	for _, p := range cloudlist.Providers() {
		if p.Cloud == of && p.Events != nil {
			return cloud.NameUnknownEvents(p.Events(payload, from), Clouds())
		}
	}
	return []cloud.ParsedEvent{{Err: &inventory.Error{
		Kind: inventory.Unsupported, Message: "events of cloud " + string(of) + " cannot be read",
	}}}
}

// Events is a decoded payload.
type Events struct {
	Parsed []cloud.ParsedEvent
	// Redelivers: the platform delivers a failed event again, so there is no need to wait long for a cloud.
	Redelivers bool
}

// HandleEvents handles events until all are done or the time is over. It then checks that complete runs still happen.
func (s *Session) HandleEvents(ctx context.Context, events Events) reconcile.EventReport {
	ctx, cancel := WithReserve(ctx, s.Now())
	defer cancel()
	s.outage.start(ctx)
	defer s.saveRate(ctx)
	answer := s.eventHandler(ctx, events).Run(ctx, events.Parsed)
	s.recordEvents(ctx, events, answer)
	s.checkStalenessAfterEvent(ctx)
	return answer
}
