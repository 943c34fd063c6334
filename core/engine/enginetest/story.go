package enginetest

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Pick returns one of several, by chance.
func Pick[T any](r *rand.Rand, some ...T) T { return some[r.IntN(len(some))] }

// PickRemoval lets chance decide what becomes of an asset whose instance is gone.
func PickRemoval(r *rand.Rand, rules *plan.Rules) {
	rules.Mode = Pick(r, plan.ModeDelete, plan.ModeDelete, plan.ModeDeactivate)
	rules.Grace = Pick(r, 0, 10*time.Minute, 168*time.Hour)
}

// PickCapabilities returns what a state store can do, by chance.
func PickCapabilities(r *rand.Rand) storage.Capabilities {
	return Pick(r, storage.Capabilities{}, storage.Capabilities{CreateOnly: true}, storage.Capabilities{CreateOnly: true, IfMatch: true})
}

// StoryEngine is what differs between the engines of stories.
type StoryEngine struct {
	Clouds    engine.Clouds
	Bastion   *jumpserver.Client
	Rules     plan.Rules
	Limits    plan.Limits
	Writers   int
	Notifiers []notify.Notifier
	NotifyOn  delivery.NotifyOn
	AssetURL  string
	Now       func() time.Time
	Log       *slog.Logger
	Reserve   time.Duration
	Nodes     *state.NodeIDs
}

// Engine returns the engine, which remembers nothing but nodes.
func (s StoryEngine) Engine() engine.Engine {
	return engine.Engine{
		Memory: engine.Memory{Nodes: s.Nodes},
		Clouds: s.Clouds, Bastion: s.Bastion, Rules: s.Rules, Limits: s.Limits, Log: s.Log, Now: s.Now, Reserve: s.Reserve,
		ApplyOptions: apply.Options{Writers: s.Writers, Now: s.Now, Log: s.Log},
		Cards: delivery.Cards{
			Options:  report.Options{Lang: s.Rules.Lang, Location: time.UTC, AssetURL: s.AssetURL},
			Channels: delivery.NewChannels(s.NotifyOn, s.Notifiers...), Now: s.Now, Log: s.Log,
		},
	}
}

// AnswerCache keeps answers that never change, for all stories: making them takes longest. Its zero value is usable.
type AnswerCache struct{ known sync.Map }

// Serve answers a request from the cache, or lets answer do it. variant names what else the answer depends on.
func (c *AnswerCache) Serve(r *http.Request, variant string, answer func(*httptest.ResponseRecorder)) *httptest.ResponseRecorder {
	recorder, key := httptest.NewRecorder(), variant+r.URL.RequestURI()
	known, ok := c.known.Load(key)
	if ok {
		recorder.Header().Set("Content-Type", "application/json")
		_, _ = recorder.Body.Write(known.([]byte))
		return recorder
	}
	answer(recorder)
	if strings.HasSuffix(r.URL.Path, "/platforms/") && recorder.Code == http.StatusOK {
		c.known.Store(key, bytes.Clone(recorder.Body.Bytes()))
	}
	return recorder
}
