// Package doctor promises to examine an installation without changing it: reachability, clocks, keys, rights,
// organisation, zones, platforms, regions, webhook and buckets. It builds checks and their verdicts; the clients
// that it asks are passed in.
//
// It writes nothing to JumpServer or to a cloud, and posts nothing to a robot unless that is requested. It writes
// only one probe object to the state store, and removes it again.
//
// Rights are proved if that does no harm: in a cloud by asking for an instance that cannot exist, which is answered
// only after the right to list was verified (cloud.Lister), and in JumpServer by what it says of the key's user.
// Whether a cloud's key has more rights than it needs cannot be known without trying them, so doctor does not try,
// and says so.
package doctor

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Verdict is the result of a finding.
type Verdict string

// The verdicts. A warning can wait; a failure means that runs fail or do less than they should.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning"
	Failure Verdict = "failure"
)

// Finding is one result of a check.
type Finding struct {
	Subject language.Text // what was examined, e.g. "aliyun-prod / cn-beijing"
	Verdict Verdict
	Found   language.Text
	Fix     language.Text // what to do; empty if nothing
}

func okFinding(subject, found language.Text) Finding {
	return Finding{Subject: subject, Verdict: OK, Found: found}
}
func warningFinding(subject, found, fix language.Text) Finding {
	return Finding{Subject: subject, Verdict: Warning, Found: found, Fix: fix}
}
func failureFinding(subject, found, fix language.Text) Finding {
	return Finding{Subject: subject, Verdict: Failure, Found: found, Fix: fix}
}

// Check examines one thing: a server, an account, a channel, a store.
type Check struct {
	Title language.Text
	Run   func(ctx context.Context) []Finding
}

// Section has the findings of a check.
type Section struct {
	Title    language.Text
	Findings []Finding
}

// CheckTimeout is the time limit of one check.
const CheckTimeout = 90 * time.Second

// RunChecks runs all checks in parallel, each within the timeout, and returns their findings in their order. A
// check that panics is a failure of its own.
func RunChecks(ctx context.Context, checks []Check, timeout time.Duration) []Section {
	sections := make([]Section, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			sections[i] = Section{Title: check.Title, Findings: runRecovered(ctx, check)}
		})
	}
	group.Wait()
	return sections
}

// runRecovered runs a check. The text of a panic may contain anything, even a key; only that of a runtime error is
// shown.
func runRecovered(ctx context.Context, check Check) (lines []Finding) {
	defer func() {
		broken := recover()
		if broken == nil {
			return
		}
		what := fmt.Sprintf("a %T", broken)
		if e, ok := broken.(runtime.Error); ok {
			what = e.Error()
		}
		lines = []Finding{failureFinding(check.Title, language.Newf("检查本身出错：%s", "the check itself broke: %s", what),
			language.New("请把这一行报告给 jms-sync 的维护者", "report this line to the maintainers of jms-sync"))}
	}()
	return check.Run(ctx)
}

// WorstVerdict returns the worst verdict of all findings.
func WorstVerdict(sections []Section) Verdict {
	worst := OK
	for _, s := range sections {
		for _, l := range s.Findings {
			switch l.Verdict {
			case Failure:
				return Failure
			case Warning:
				worst = Warning
			}
		}
	}
	return worst
}

// CountVerdict returns the number of findings with a verdict.
func CountVerdict(sections []Section, v Verdict) int {
	n := 0
	for _, s := range sections {
		for _, l := range s.Findings {
			if l.Verdict == v {
				n++
			}
		}
	}
	return n
}

// fixForKind returns the fix for common errors of any service, and otherwise for all else.
func fixForKind(err error, otherwise language.Text) language.Text {
	if cure, known := adviceFixes()[inventory.AdviceOf(err)]; known {
		return cure
	}
	switch inventory.KindOf(err) {
	case inventory.Throttled:
		return language.New("请求太频繁，过一分钟再试；经常如此则减少 sync.writers 或错开定时",
			"too many requests: try again in a minute; if that is common, lower sync.writers or move the timer")
	case inventory.ClockOff:
		return language.New("密钥没有问题：校准本机时钟（启用 NTP），马上就能用", "the key is not to blame: set this machine's clock right (run NTP), and it works at once")
	case inventory.Deadline:
		return language.New("没有在时限内答复：检查网络、代理与防火墙，再试一次", "no answer in time: check network, proxy and firewall, and try again")
	case inventory.Temporary:
		return language.New("检查地址、DNS、代理与防火墙，或对方是否在维护，再试一次",
			"check address, DNS, proxy and firewall, and whether the other side is being maintained; then try again")
	}
	return otherwise
}
