package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/session"
)

// FuzzParsePlan: whatever a file holds, an accepted plan has its hash, is for this JumpServer and is not too old.
func FuzzParsePlan(f *testing.F) {
	to := config.JumpServer{URL: "https://jms", OrgID: "org"}
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	var good bytes.Buffer
	file := newPlanFile(to, engine.RunResult{Review: []plan.ReviewLine{{Action: plan.Delete, AssetID: "a", Values: []plan.FieldValue{}}}}, false, now)
	if err := file.JSON(&good); err != nil {
		f.Fatal(err)
	}
	if p, err := parsePlan("plan.json", good.Bytes(), to, now, language.Chinese); err != nil || len(p.Changes) != 1 {
		f.Fatal(p, err)
	}
	f.Add(good.Bytes())
	f.Add([]byte(`{"plan":{"version":2,"changes":null}}`))
	f.Add([]byte(`{"plan":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePlan("plan.json", text, to, now, language.Chinese)
		if err != nil {
			return
		}
		age := now.Sub(p.CreatedAt)
		if p.Changes == nil || p.JumpServer != to.URL || p.Organisation != to.OrgID || age >= session.ReviewedPlanTTL || p.Version != session.ReviewedPlanVersion {
			t.Errorf("%+v", p)
		}
	})
}
