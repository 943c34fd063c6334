package main

// cardMutants: people hear of what lasts when it begins, now and then, and when it ends, and of nothing twice.
func cardMutants() []mutant {
	return []mutant{{
		name: "cards: what lasts is told again after six hours", file: "core/delivery/judge.go",
		old: "return since >= firstReminder/sooner", broken: "return since >= reminder/sooner", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: who has not compared ends nothing", file: "core/report/condition.go",
		old: "of && s.Complete && (s.compared || !compared)", broken: "of && s.Complete", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: a run that is stopped ends no failure", file: "core/report/condition.go",
		old:    "return !l.Stopped && (c.Slice == \"\" || c.Slice == l.Slice)",
		broken: "return c.Slice == \"\" || c.Slice == l.Slice", pkg: "./core/report", test: "TestWhatARunHasSeen",
	}, {
		name: "cards: a card that was refused counts as none", file: "core/delivery/judge.go",
		old: "\t\tif !accepted {\n\t\t\tcontinue\n\t\t}\n", broken: "", pkg: "./core/delivery", test: "TestRefusedCardCountsAsNone",
	}, {
		name: "cards: one process tells", file: "core/delivery/judge.go",
		old: "return k.Claim != \"\" && k.Claim != j.claim &&", broken: "return k.Claim != k.Claim &&", pkg: "./core/delivery", test: "TestProcessesTellOnce",
	}, {
		name: "cards: a dead process leaves its card to others", file: "core/delivery/judge.go",
		old: "j.now.Sub(k.ClaimedAt) < sendTimeout", broken: "k.ClaimedAt.Before(j.now)", pkg: "./core/delivery", test: "TestKilledWhileSending",
	}, {
		name: "cards: what people were told is kept by compare-and-swap", file: "core/state/conditions.go",
		old: "if !can.CreateOnly || can.IfMatch {", broken: "if can.CreateOnly || can.IfMatch {", pkg: "./core/state", test: "TestConditionsBetweenReadAndWrite",
	}, {
		name: "cards: what comes and goes is bounded", file: "core/delivery/judge.go",
		old: "k.EndedAt, k.NotifiedAt, k.Notices, k.Relapsed = time.Time{}, time.Time{}, 0, true", broken: "k.EndedAt, k.NotifiedAt, k.Notices = time.Time{}, time.Time{}, 0",
		pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: no alarm about runs that told why they fail", file: "core/delivery/staleness.go",
		old: "if err != nil || f.isToldByRuns(known, now) {", broken: "if err != nil || len(known) < 0 {", pkg: "./core/delivery", test: "TestAlarmIsNotToldTwice",
	}, {
		name: "cards: an alarm where no run tells any more", file: "core/delivery/staleness.go",
		old: "k.EndedAt.IsZero() && now.Sub(k.SeenAt) <= f.MaxAge && is(k)", broken: "k.EndedAt.IsZero() && is(k)", pkg: "./core/delivery", test: "TestAlarmIsNotToldTwice",
	}, {
		name: "cards: mentions only where people must act", file: "core/notify/dingtalk/card.go",
		old: "if m.Mention {", broken: "if m.Title != \"\" {", pkg: "./core/notify/dingtalk", test: "TestContract",
	}, {
		name: "channels: what one does not accept is kept for it", file: "core/delivery/send.go",
		old: "if k.err != nil && s.accepted > 0 && !c.Backlog.keep(", broken: "if k.err == nil && s.accepted > 0 && !c.Backlog.keep(", pkg: "./core/delivery", test: "TestOneDeadChannel",
	}, {
		name: "channels: one that stays dead is named by every run", file: "core/delivery/backlog.go",
		old: "return errors.Join(errs...)", broken: "return nil", pkg: "./core/delivery", test: "TestOneDeadChannel",
	}, {
		name: "channels: a card that none accepts was told to nobody", file: "core/delivery/send.go",
		old: "return s.wanted == 0 || s.accepted > 0", broken: "return s.wanted >= 0", pkg: "./core/delivery", test: "TestAllChannelsDead",
	}, {
		name: "channels: failures and holds do not wait for the morning", file: "core/delivery/channel.go",
		old: "return c.Quiet.Includes(now) && !rep.NeedsMention()", broken: "return c.Quiet.Includes(now)", pkg: "./core/delivery", test: "TestQuietHours",
	}, {
		name: "channels: a run that fails as a whole is told to all", file: "core/delivery/channel.go",
		old: "return (k.Account == \"\" || c.hearsOf(k.Account)) &&", broken: "return c.hearsOf(k.Account) &&", pkg: "./core/delivery", test: "TestChannelsAreToldTheirOwn",
	}, {
		name: "channels: a run that saw nothing ends no alert", file: "core/delivery/alerts.go",
		old: "(rep.HasSeen(one) || !old.EndedAt.IsZero())", broken: "(rep.HasSeen(one) || old.Key != \"\")", pkg: "./core/delivery", test: "TestAlerts",
	}, {
		name: "channels: no mail and no password in clear", file: "core/notify/email/deliver.go",
		old: "\tif !offered {\n\t\treturn errNoTLS\n\t}\n", broken: "\tif !offered {\n\t\treturn nil\n\t}\n", pkg: "./core/notify/email", test: "TestNoTLSNoMail",
	}, {
		name: "cards: what people know mentions nobody", file: "core/report/news.go",
		old: "slices.ContainsFunc(r.news.Due, func(n Notice) bool { return n.IsUrgent() })", broken: "r.NeedsAttention()", pkg: "./core/report", test: "TestMentions",
	}, {
		name: "cards: one a command", file: "functions/local/sync.go",
		old: ", PutsOff: isRetryable}", broken: "}", pkg: "./functions/local", test: "TestEveryScopeFails",
	}, {
		name: "cards: one that was put off is sent", file: "functions/local/sync.go",
		old: "\t\tout.Report = out.Deliver(ctx)\n", broken: "\t\t_ = out.Deliver\n", pkg: "./functions/local", test: "TestInterruptBetweenTries",
	}, {
		name: "cards: runs remember what they told", file: "core/session/engine.go",
		old: "\t\te.Cards.Conditions = s.conditions()\n", broken: "\t\t_ = s.conditions()\n", pkg: "./core/session", test: "TestEveryRunIsWhole",
	}, {
		name: "cards: another failure of what comes and goes is told", file: "core/delivery/judge.go",
		old: "case c.Code != \"\" && c.Code != k.Code:", broken: "case c.Code != \"\" && c.Code != k.Code && k.GoneSince.IsZero():", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: a region that failed ends nothing that stays open", file: "core/report/condition.go",
		old:    "return r.hasCompared(c.Slice) && !slices.ContainsFunc(r.Scopes, func(s Scope) bool { return !s.Complete })",
		broken: "return r.hasCompared(c.Slice)", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: a narrowed run ends no orphan of a region that is named no more", file: "core/report/lasting.go",
		old: "of.Slice = slice", broken: "of.Slice = \"\"", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: regions that could not be listed end no orphan", file: "core/report/condition.go",
		old: "|| !r.hasFailedAccount(c))", broken: "|| c.Key != \"\")", pkg: "./core/delivery", test: "TestConditionsOverTime",
	}, {
		name: "cards: a misspelt slice hides no alarm", file: "core/delivery/staleness.go",
		old: "k.Kind == string(report.RunFailed) && k.Slice == \"\"", broken: "k.Kind == string(report.RunFailed)", pkg: "./core/delivery", test: "TestAlarmBesideAMisspeltSlice",
	}, {
		name: "cards: only yes approves", file: "functions/local/heldset.go",
		old: "return answer == \"y\" || answer == \"yes\"", broken: "return answer != \"n\"", pkg: "./functions/local", test: "TestApprovalIsAsked",
	}}
}
