package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// TestStagesAndPeers: the report says how long each stage took, without a gap, and how many calls each host was asked:
// those that a cloud refused as too many are counted, although it says so in a body alone.
func TestStagesAndPeers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newThrottledWorld(t)
		w.fillRegions(0, 20)
		w.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Throttled, Region: "cn-shanghai", Times: 2})
		rep, _ := w.runFor(10*time.Minute, w.NewEngine())
		end, names := 0.0, ""
		for _, s := range rep.Stages {
			if s.Start < end-0.002 || s.Start > end+0.002 {
				t.Errorf("%s begins at %v, the one before ends at %v", s.Name, s.Start, end)
			}
			end, names = s.Start+s.Seconds, names+" "+s.Name
			if s.Name == "clouds" && s.Seconds < 1 {
				t.Errorf("the clouds were waited for, and took %v", s.Seconds)
			}
		}
		if names != " jumpserver clouds plan apply" || end < rep.Duration-0.002 || end > rep.Duration+0.002 {
			t.Errorf("the stages are%s until %v of %v", names, end, rep.Duration)
		}
		calls, throttled := 0, 0
		for _, p := range rep.Peers {
			calls += p.Calls
			throttled += p.Throttled
			if p.Failed > 0 || p.Host == "" {
				t.Errorf("%+v", p)
			}
		}
		if want := w.JumpServer.Requests(); len(rep.Peers) < 2 || calls < want+4 || throttled != 2 {
			t.Errorf("%d calls, JumpServer had %d; %+v", calls, want, rep.Peers)
		}
	})
}
