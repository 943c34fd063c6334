package walk

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

var (
	cardBlock   = regexp.MustCompile("(?s)\n```\n(\\[.*?)\n```\n")
	runPattern  = regexp.MustCompile(`\b\d{8}T\d{6}Z\b`)
	hashPattern = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
)

// operator is the reader of the runbook: two regions, a state store, and what happens between the pages' commands.
type operator struct{ *world }

func newOperator(w *world) operator {
	w.Helper()
	w.prepare()
	w.env = append(w.env, "JMS_SYNC_CLOUDS_0_REGIONS=cn-beijing,cn-hangzhou", "JMS_SYNC_STATE=file://"+filepath.Join(w.home, "state"), "JMS_SYNC_ENVIRONMENT_TYPE=PRODUCTION",
		"JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED=true", "JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK="+w.blanks["DINGTALK_WEBHOOK"], "JMS_SYNC_NOTIFICATION_DINGTALK_SECRET="+w.blanks["DINGTALK_SECRET"])
	o := operator{w}
	o.restore()
	w.fillInstances("cn-hangzhou", 11, 10)
	w.jms("", 0)
	return o
}

// machine returns a machine as the page's examples show them.
func machine(i int) alibabatest.Instance {
	m := alibabatest.SampleInstance(i)
	m.ID, m.Name = fmt.Sprintf("i-2ze%013d", i), fmt.Sprintf("web-%02d", i)
	return m
}

// restore has ten machines run in cn-beijing, also those that were released.
func (o operator) restore() {
	for i := range 10 {
		o.services.Account.Put("cn-beijing", machine(i+1))
	}
}

// release releases instances of cn-beijing, and syncs.
func (o operator) release(from, n, exit int) {
	o.Helper()
	for i := range n {
		o.services.Account.Remove("cn-beijing", machine(from+i).ID)
	}
	o.jms("", exit)
}

// holdOn has removals held, and binds the hash that the page shows to theirs.
func (o operator) holdOn(from, n int) {
	o.Helper()
	o.release(from, n, 3)
	if hash := hashPattern.FindString(o.jms("held", 0)); hash != "" {
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
		{run: "export JMS_SYNC_SYNC_GUARD_PERCENT=100"},
		{run: "export JMS_SYNC_SYNC_GUARD_FLEET_PERCENT=100"},
		{run: "export JMS_SYNC_SYNC_GUARD_PER_RUN=500"},
		{run: "export JMS_SYNC_SYNC_GUARD_EMPTY=allow"},
		{run: "bin/jms-sync plan && bin/jms-sync"},
		{run: "unset JMS_SYNC_SYNC_GUARD_PERCENT"},
		{run: "bin/jms-sync held", before: func() {
			o.restore()
			o.jms("", 0)
			o.holdOn(1, 4)
			o.compareCard()
		}},
		{run: "bin/jms-sync held 263700de"},
		{run: "bin/jms-sync approve 263700de"},
		{run: "bin/jms-sync reject 263700de"},
		{run: "bin/jms-sync expect --account aliyun-prod"},
		{run: "bin/jms-sync expect"},
		{run: "bin/jms-sync expect --cancel"},
		{run: "bin/jms-sync plan --account aliyun-prod --region cn-hangzhou"},
		{run: "bin/jms-sync plan --instance i-bp1example", before: func() {
			example := alibabatest.SampleInstance(30)
			example.ID = "i-bp1example"
			o.services.Account.Put("cn-hangzhou", example)
			o.restore()
		}},
		{run: "bin/jms-sync plan --json"},
		{run: "bin/jms-sync plan --detailed-exitcode", exit: 2},
		{run: "bin/jms-sync plan --remap -o remap.json", before: func() {
			o.addRules("rules:\n  - {name: shop, when: {name: web-00011}, set: {node: /DEFAULT/shop}}\n")
		}},
		{run: "bin/jms-sync apply remap.json"},
		{run: "bin/jms-sync plan -o plan.json"},
		{run: "bin/jms-sync apply plan.json"},
		{run: "bin/jms-sync retire --account aliyun-old", exit: 3, before: o.leaveOldAccount},
		{run: "bin/jms-sync retire --account aliyun-old --region cn-beijing --apply"},
		{run: "bin/jms-sync retire --account aliyun-old --apply --yes-remove 40"},
		{run: "bin/jms-sync retire --account prod --cloud aliyun"},
		{run: "bin/jms-sync status"},
		{run: "bin/jms-sync history"},
		{run: "bin/jms-sync history 20261128T143507Z"},
		{run: "bin/jms-sync history --date 2026-11-28 -o day.html"},
		{run: "bin/jms-sync pause --removals"},
		{run: "bin/jms-sync pause --until 4h"},
		{run: "bin/jms-sync status"},
		{run: "bin/jms-sync resume"},
	}
}

// leaveOldAccount makes the assets of accounts that are not configured any more.
func (o operator) leaveOldAccount() {
	o.Helper()
	for n, name := range []string{"aliyun-old", "prod"} {
		key := alibabatest.Key{AccountID: fmt.Sprintf("2%d34567890123456", n), AccessKeyID: "LTAI5tOldKey0000000" + name[:1], AccessKeySecret: "secret-of-" + name}
		old := o.services.ECS.AddAccount(key)
		old.Fill("cn-beijing", 2, func(i int) alibabatest.Instance { return alibabatest.SampleInstance(100*(n+1) + i) })
		old.Fill("cn-hangzhou", 40*(1-n), func(i int) alibabatest.Instance { return alibabatest.SampleInstance(300 + i) })
		text := strings.NewReplacer("${ALIYUN_KEY_ID}", key.AccessKeyID, "${ALIYUN_KEY_SECRET}", key.AccessKeySecret, "aliyun-prod", name).Replace(o.readFile("jms-sync/config.yaml"))
		if err := os.WriteFile(filepath.Join(o.home, "jms-sync", name+".yaml"), []byte(text), 0o600); err != nil {
			o.Error(err)
		}
		o.jms("-c "+name+".yaml", 0)
	}
}

// compareCard compares the card that the page shows with the one that was sent.
func (o operator) compareCard() {
	o.Helper()
	text, err := os.ReadFile(filepath.Join(repository, o.page))
	if err != nil {
		o.Fatal(err)
	}
	shown := cardBlock.FindSubmatch(text)
	sent := o.services.Robot.Messages()
	if shown == nil || len(sent) == 0 {
		o.Fatalf("%s shows no card, or none of %d was sent", o.page, len(sent))
	}
	last := sent[len(sent)-1]
	if err := (bindings{}).compare(strings.Split(strings.TrimSpace(string(shown[1])), "\n"), last.Title+"\n\n"+last.Text); err != nil {
		o.Errorf("the card of %s: %v\nit is:\n%s\n\n%s", o.page, err, last.Title, last.Text)
	}
}

// addRules appends rules to the configuration.
func (o operator) addRules(rules string) {
	o.Helper()
	file := filepath.Join(o.home, "jms-sync", "config.yaml")
	if err := os.WriteFile(file, []byte(o.readFile("jms-sync/config.yaml")+rules), 0o600); err != nil {
		o.Error(err)
	}
}
