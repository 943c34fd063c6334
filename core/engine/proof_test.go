package engine_test

import (
	"context"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// projectClouds is a cloud whose accounts consist of projects: all instances lie in project one, and a proof of absence asks
// the project that it is told.
type projectClouds struct {
	engine.Clouds
	proves string
}

func (d projectClouds) List(ctx context.Context, narrow cloud.Filter) []inventory.Listing {
	all := d.Clouds.List(ctx, narrow)
	for n := range all {
		all[n].Projects = []string{"one"}
		for i := range all[n].Instances {
			all[n].Instances[i].Project = "one"
		}
	}
	return all
}

func (d projectClouds) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	found, err := d.Clouds.FindVerified(ctx, at, ids)
	found.Projects = []string{d.proves}
	return found, err
}

// TestProofIsOfTheListedProject: the project of an account is changed between a run's list and its proof of absence.
func TestProofIsOfTheListedProject(t *testing.T) {
	t.Parallel()
	for proves, closed := range map[string]int{"one": 1, "two": 0} {
		w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V41019)
		w.Accounts[0].Regions = []string{"cn-beijing"}
		w.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
		run := func() engine.RunResult {
			e := w.NewEngine()
			e.Clouds = projectClouds{e.Clouds, proves}
			return e.Run(t.Context(), engine.Request{})
		}
		if out := run(); out.Report.Created != 2 {
			t.Fatalf("%+v", out.Report)
		}
		w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-1"}})
		if r := run().Report; r.Deactivated != closed || r.Held != 1-closed {
			t.Errorf("proof of project %s: %d deactivated, %d held: %+v", proves, r.Deactivated, r.Held, r.Changes)
		}
		expectQuietRun(w)
		w.Close()
	}
}
