// Package doctor examines an installation before it is trusted: reachability, clocks, keys,
// rights, organisation, zones, platforms, regions, webhook and buckets. It assembles checks and their
// verdicts; whom it asks is given to it.
//
// Nothing is written to JumpServer or to a cloud, and nothing is posted to a robot unless that was
// asked for. The one thing that is written is a probe object in the state store, which is
// removed again.
//
// What can be known of a right without harm is proved: of a cloud by asking for an instance that
// cannot exist, which is answered only after the right to list was proved (cloud.Lister), and of JumpServer
// by what it says of the key's user. Whether a cloud's key may do more than it needs cannot be
// known without trying it, so nobody tries: that it is not known is said.
package doctor

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Verdict is how a line ends.
type Verdict string

// The verdicts. A warning needs nobody at night; a failure means that runs fail or do less than
// they should.
const (
	OK      Verdict = "ok"
	Warning Verdict = "warning"
	Failure Verdict = "failure"
)

// Text is what a line says, in both languages.
type Text struct{ ZH, EN string }

// In gives the text in a language; anything but "en" is Chinese.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

func say(zh, en string) Text { return Text{zh, en} }

func sayf(zh, en string, args ...any) Text {
	return Text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// with puts the words of an error behind a text. Errors of ours hold no secrets.
func (t Text) with(err error) Text {
	return Text{t.ZH + "：" + err.Error(), t.EN + ": " + err.Error()}
}

// Line is one finding.
type Line struct {
	Subject Text // what was examined, e.g. "aliyun-prod / cn-beijing"
	Verdict Verdict
	Found   Text
	Fix     Text // what to do; empty where all is well
}

func fine(subject, found Text) Line { return Line{Subject: subject, Verdict: OK, Found: found} }
func warn(subject, found, fix Text) Line {
	return Line{Subject: subject, Verdict: Warning, Found: found, Fix: fix}
}
func fail(subject, found, fix Text) Line {
	return Line{Subject: subject, Verdict: Failure, Found: found, Fix: fix}
}

// Check examines one thing: a server, an account, a channel, a store.
type Check struct {
	Title Text
	Run   func(ctx context.Context) []Line
}

// Section is what a check found.
type Section struct {
	Title Text
	Lines []Line
}

// Patience is how long one check may take.
const Patience = 90 * time.Second

// Examine runs all checks at the same time, each within its time, and gives what they found in
// their order. A check that breaks is a failure of its own.
func Examine(ctx context.Context, checks []Check, patience time.Duration) []Section {
	sections := make([]Section, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			sections[i] = Section{Title: check.Title, Lines: guarded(ctx, check)}
		})
	}
	group.Wait()
	return sections
}

// guarded runs a check. The text of a panic may hold anything, a key included; only the
// runtime's own is repeated.
func guarded(ctx context.Context, check Check) (lines []Line) {
	defer func() {
		broken := recover()
		if broken == nil {
			return
		}
		what := fmt.Sprintf("a %T", broken)
		if e, ok := broken.(runtime.Error); ok {
			what = e.Error()
		}
		lines = []Line{fail(check.Title, sayf("检查本身出错：%s", "the check itself broke: %s", what),
			say("请把这一行报告给 jms-sync 的维护者", "report this line to the maintainers of jms-sync"))}
	}()
	return check.Run(ctx)
}

// Worst gives the worst verdict of all.
func Worst(sections []Section) Verdict {
	worst := OK
	for _, s := range sections {
		for _, l := range s.Lines {
			switch {
			case l.Verdict == Failure:
				return Failure
			case l.Verdict == Warning:
				worst = Warning
			}
		}
	}
	return worst
}

// Count gives how many lines ended with a verdict.
func Count(sections []Section, v Verdict) int {
	n := 0
	for _, s := range sections {
		for _, l := range s.Lines {
			if l.Verdict == v {
				n++
			}
		}
	}
	return n
}

// byKind gives the fix for what commonly goes wrong, whoever answered; otherwise stands for all else.
func byKind(err error, otherwise Text) Text {
	if cure, known := cures()[inventory.AdviceOf(err)]; known {
		return cure
	}
	switch inventory.KindOf(err) {
	case inventory.Throttled:
		return say("请求太频繁，过一分钟再试；经常如此则减少 sync.writers 或错开定时",
			"too many requests: try again in a minute; if that is common, lower sync.writers or move the timer")
	case inventory.ClockOff:
		return say("密钥没有问题：校准本机时钟（启用 NTP），马上就能用", "the key is not to blame: set this machine's clock right (run NTP), and it works at once")
	case inventory.Deadline:
		return say("没有在时限内答复：检查网络、代理与防火墙，再试一次", "no answer in time: check network, proxy and firewall, and try again")
	case inventory.Temporary:
		return say("检查地址、DNS、代理与防火墙，或对方是否在维护，再试一次",
			"check address, DNS, proxy and firewall, and whether the other side is being maintained; then try again")
	}
	return otherwise
}
