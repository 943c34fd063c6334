package walk

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

var (
	runPattern  = regexp.MustCompile(`\b\d{8}T\d{6}Z\b`)
	hashPattern = regexp.MustCompile(`\b[0-9a-f]{12,64}\b`)
)

// operator is the reader of the runbook: two regions, a state store, and what happens between the pages' commands.
type operator struct{ *world }

func newOperator(w *world) operator {
	w.Helper()
	w.prepare()
	w.env = append(w.env, "JMS_SYNC_CLOUDS_0_REGIONS=cn-beijing,cn-hangzhou", "JMS_SYNC_STATE=file://"+filepath.Join(w.home, "state"))
	w.fillInstances("cn-beijing", 1, 10)
	w.fillInstances("cn-hangzhou", 11, 10)
	w.jms("", 0)
	return operator{w}
}

// release releases instances of cn-beijing, and syncs.
func (o operator) release(from, n, exit int) {
	o.Helper()
	for i := range n {
		o.services.Account.Remove("cn-beijing", alibabatest.SampleInstance(from+i).ID)
	}
	o.jms("", exit)
}

// holdOn has removals held, and binds the hash that the page shows to theirs.
func (o operator) holdOn(from, n int) {
	o.Helper()
	o.release(from, n, 3)
	if hash := hashPattern.FindString(o.jms("held", 0)); len(hash) >= 12 {
		o.bound["263700de"] = hash[:8]
	} else {
		o.Error("no set is held")
	}
}

func walkRunbook(w *world) []step {
	o := newOperator(w)
	closed := func(region string, want int) func(string) {
		return func(string) {
			n := 0
			for _, h := range o.services.Hosts() {
				if !h.Active {
					n++
				}
			}
			if n != want {
				o.Errorf("%d assets are deactivated%s, want %d", n, region, want)
			}
		}
	}
	return []step{
		{run: "bin/jms-sync pause --removals"},
		{run: "bin/jms-sync reactivate 20261128T143507Z", before: func() {
			o.jms("resume", 0)
			o.release(1, 1, 0)
			o.bound["20261128T143507Z"] = runPattern.FindString(o.jms("status", 0))
		}, after: closed("", 1)},
		{run: "bin/jms-sync reactivate 20261128T143507Z --apply", after: closed("", 0)},
		{run: "bin/jms-sync reactivate 263700de --apply", before: func() {
			o.holdOn(2, 4)
			o.jms("approve "+o.bound["263700de"]+" --yes", 0)
			o.jms("", 0)
		}, after: closed("", 0)},
		{run: "bin/jms-sync reactivate --account aliyun-prod --since 2h"},
		{run: "bin/jms-sync status"},
		{run: "export JMS_SYNC_SYNC_GUARD_PERCENT=100", before: func() {}},
		{run: "export JMS_SYNC_SYNC_GUARD_FLEET_PERCENT=100"},
		{run: "export JMS_SYNC_SYNC_GUARD_PER_RUN=500"},
		{run: "export JMS_SYNC_SYNC_GUARD_EMPTY=allow"},
		{run: "bin/jms-sync plan && bin/jms-sync"},
		{run: "unset JMS_SYNC_SYNC_GUARD_PERCENT"},
		{run: "bin/jms-sync held"},
		{run: "bin/jms-sync held 263700de"},
		{run: "bin/jms-sync approve 263700de"},
		{run: "bin/jms-sync reject 263700de"},
		{run: "bin/jms-sync expect --account aliyun-prod"},
		{run: "bin/jms-sync expect"},
		{run: "bin/jms-sync expect --cancel"},
		{run: "bin/jms-sync plan --account aliyun-prod --region cn-hangzhou"},
		{run: "bin/jms-sync plan --instance i-bp1example"},
		{run: "bin/jms-sync plan --json"},
		{run: "bin/jms-sync plan --detailed-exitcode", exit: 2},
		{run: "bin/jms-sync plan --remap -o remap.json"},
		{run: "bin/jms-sync apply remap.json"},
		{run: "bin/jms-sync plan -o plan.json"},
		{run: "bin/jms-sync apply plan.json"},
		{run: "bin/jms-sync retire --account aliyun-old"},
		{run: "bin/jms-sync retire --account aliyun-old --region cn-beijing --apply"},
		{run: "bin/jms-sync retire --account aliyun-old --apply --yes-remove 40"},
		{run: "bin/jms-sync retire --account prod --cloud aliyun"},
		{run: "bin/jms-sync status"},
		{run: "bin/jms-sync pause --removals"},
		{run: "bin/jms-sync pause --until 4h"},
		{run: "bin/jms-sync status"},
		{run: "bin/jms-sync resume"},
	}
}

// addTo appends to a file of the reader's clone.
func (w *world) addTo(name, text string) {
	w.Helper()
	file := filepath.Join(w.home, "jms-sync", name)
	old, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(old, text...), 0o600)
	}
	if err != nil {
		w.Error(err)
	}
}
