package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

const (
	maxTitleParts    = 3
	maxTitleAccounts = 2
	maxHeadlineRunes = 96
)

// messageTitle returns the title of a report's card, which is also its first line: the push previews of phones show no more.
// It says which environment it is, what came out, and in which accounts.
func (w messageWriter) messageTitle(r Report, o Options) string {
	environment := o.Environment
	if environment == "" {
		environment = r.environment
	}
	headline := w.headline(r, o)
	if r.DryRun {
		headline += w.dryTitle
	}
	accounts := w.titleAccounts(r)
	if accounts != "" {
		headline += " · " + accounts
	}
	return w.environmentTag(environment) + truncateRunes(headline, maxHeadlineRunes)
}

// plainTitle returns the title of a card that is not about one run.
func (w messageWriter) plainTitle(headline string, o Options) string {
	return w.environmentTag(o.Environment) + truncateRunes(headline, maxHeadlineRunes)
}

// environmentTag returns "[PROD] ", or "" where no environment is configured.
func (w messageWriter) environmentTag(environment string) string {
	name := truncateRunes(sanitizeLine(environment), maxTitleRunes)
	known := map[string]language.Text{
		"PRODUCTION": language.New("生产", "PROD"), "DEVELOPMENT": language.New("开发", "DEV"), "TESTING": language.New("测试", "TEST"),
	}
	pair, is := known[strings.ToUpper(name)]
	switch {
	case name == "":
		return ""
	case is:
		name = w.inLanguage(pair, name)
	}
	return "[" + name + "] "
}

// titleLine returns a title as the first line of a card. The environment stands there without brackets, which are markup.
func titleLine(title string) string {
	environment, rest, tagged := strings.Cut(strings.TrimPrefix(title, "["), "] ")
	if tagged && strings.HasPrefix(title, "[") {
		title = environment + " · " + rest
	}
	return "**" + escapeMarkdown(title) + "**" + paragraphBreak
}

// headline returns in a few words what came out: failures first, then what is held, what is over, and what was done.
func (w messageWriter) headline(r Report, o Options) string {
	parts := w.problemParts(r, o)
	if r.news != nil && len(r.news.Ended) > 0 {
		parts = append(parts, w.recovered)
	}
	parts = append(parts, w.changeParts(r)...)
	parts = append(parts, w.quietParts(r)...)
	if len(parts) == 0 {
		return w.outcomeTitle(r)
	}
	return strings.Join(parts[:min(len(parts), maxTitleParts)], w.titleComma)
}

func (w messageWriter) outcomeTitle(r Report) string {
	if r.Outcome == OK || r.Outcome == "" {
		return w.nothingNew
	}
	return w.outcomeName(r.Outcome)
}

// problemParts returns what failed and what is held, as far as people were not notified of it before.
func (w messageWriter) problemParts(r Report, o Options) []string {
	var parts []string
	scopes := 0
	for _, s := range r.Scopes {
		if !s.Complete && !s.alreadyNotified {
			scopes++
		}
	}
	switch {
	case r.Outcome == Failed && len(r.runErrors) > 0 && w.isNews(r, RunFailed, RunProblem):
		parts = append(parts, w.outcomeName(Failed)+w.colon+w.kindName(r.runErrors[0].Kind))
	case r.isOnlyUnfinished():
		parts = append(parts, w.lateHead)
	}
	if scopes > 0 {
		parts = append(parts, fmt.Sprintf(w.scopesFailedF, scopes))
	}
	if r.Failures > 0 && w.isNews(r, ChangeFailed) {
		parts = append(parts, fmt.Sprintf(w.changesFailedF, r.Failures))
	}
	if r.Held > 0 && w.isNews(r, Holding) || r.isAllPaused() {
		parts = append(parts, w.heldPart(r, o))
	}
	return parts
}

func (w messageWriter) heldPart(r Report, o Options) string {
	if r.isAllPaused() && r.Held == 0 {
		return w.writesPaused
	}
	if o.AskAll || r.isAllPaused() || r.heldMoves() > 0 {
		return fmt.Sprintf(w.changesHeldF, r.Held)
	}
	return fmt.Sprintf(w.removalsHeldF, r.Held)
}

// isNews reports whether people are notified of a kind of condition by this card, or it is not known what they know.
func (w messageWriter) isNews(r Report, kinds ...ConditionKind) bool {
	return r.news == nil || slices.ContainsFunc(r.news.Due, func(n Notice) bool { return slices.Contains(kinds, n.Kind) })
}

func (w messageWriter) changeParts(r Report) []string {
	var parts []string
	for _, c := range []struct {
		name   string
		number int
	}{{w.deletedShort, r.Deleted}, {w.deactivatedShort, r.Deactivated}, {w.createdShort, r.Created}, {w.updatedShort, r.Updated}} {
		if c.number > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", c.name, c.number))
		}
	}
	return parts
}

// quietParts returns what lasts, is new to people and needs nobody at once.
func (w messageWriter) quietParts(r Report) []string {
	if r.news == nil {
		return nil
	}
	sizes := map[ConditionKind]int{}
	for _, n := range r.news.Due {
		sizes[n.Kind] += max(n.Size, 1)
	}
	var parts []string
	for _, kind := range []ConditionKind{StaysOpen, Orphaned, Drifting, Skipping, Warned} {
		if sizes[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", w.conditionName(kind), sizes[kind]))
		}
	}
	return parts
}

// titleAccounts returns the accounts that a card is about, the first few: those of problems, else those of changes.
func (w messageWriter) titleAccounts(r Report) string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, s := range r.Scopes {
		if !s.Complete && !s.alreadyNotified {
			add(s.Account)
		}
	}
	for _, actions := range [][]plan.Action{{Fail, plan.Hold}, {plan.Delete, plan.Deactivate, plan.Create, plan.Update}} {
		for _, c := range r.Changes {
			news := c.Action != plan.Hold && c.Action != Fail || w.isNews(r, Holding, ChangeFailed)
			if slices.Contains(actions, c.Action) && news {
				add(c.Account)
			}
		}
	}
	if r.news != nil {
		for _, n := range slices.Concat(r.news.Due, r.news.Ended) {
			add(n.Account)
		}
	}
	shown := make([]string, 0, maxTitleAccounts)
	for _, name := range names[:min(len(names), maxTitleAccounts)] {
		shown = append(shown, truncateRunes(sanitizeLine(name), maxTitleRunes))
	}
	text := strings.Join(shown, w.comma)
	if len(names) > maxTitleAccounts {
		return fmt.Sprintf(w.heldNamesF, text)
	}
	return text
}

// ConditionName returns what a kind of condition is called.
func ConditionName(k ConditionKind, lang language.Lang) string { return textsOf(lang).conditionName(k) }

// conditionName returns the name of a kind of condition.
func (w texts) conditionName(k ConditionKind) string {
	names := map[ConditionKind]language.Text{
		RunFailed:    language.New("同步失败", "the run failed"),
		RunProblem:   language.New("同步有问题", "the run had a problem"),
		ScopeFailed:  language.New("区域读取失败", "a region could not be read"),
		ChangeFailed: language.New("操作失败", "changes failed"),
		Holding:      language.New("移除暂缓", "removals on hold"),
		StaysOpen:    language.New("仍可登录", "still open"),
		Orphaned:     language.New("无人管理", "orphans"),
		Drifting:     language.New("与云不同", "drift"),
		Skipping:     language.New("跳过", "skipped"),
		Warned:       language.New("提醒", "warnings"),
		Paused:       language.New("暂停", "paused"),
	}
	return w.inLanguage(names[k], string(k))
}

// titleTexts are the texts of titles, and of what lasts.
type titleTexts struct {
	titleComma, recovered, nothingNew, writesPaused            string
	scopesFailedF, changesFailedF, removalsHeldF, changesHeldF string
	createdShort, updatedShort, deactivatedShort, deletedShort string
	lastingHead, moreLastingF, endedHead, moreEndedF           string
	sinceF, lastedF, knownF, otherScopesF, allHeldF            string
	sampleTitleF, sampleF, testTitle, testF                    string
}

func titleTextsOf(lang language.Lang) titleTexts {
	return titleTexts{
		titleComma:       lang.Text("，", ", "),
		recovered:        lang.Text("恢复正常", "back to normal"),
		nothingNew:       lang.Text("同步完成，无变化", "done, no changes"),
		writesPaused:     lang.Text("写入已暂停", "writes are paused"),
		scopesFailedF:    lang.Text("%d 个区域读取失败", "regions not read: %d"),
		changesFailedF:   lang.Text("%d 项操作失败", "failed changes: %d"),
		removalsHeldF:    lang.Text("%d 台移除暂缓", "removals on hold: %d"),
		changesHeldF:     lang.Text("%d 项变更暂缓", "changes on hold: %d"),
		createdShort:     lang.Text("新增", "created"),
		updatedShort:     lang.Text("更新", "updated"),
		deactivatedShort: lang.Text("停用", "deactivated"),
		deletedShort:     lang.Text("删除", "deleted"),
		lastingHead:      lang.Text("持续中", "Still so"),
		moreLastingF:     lang.Text("*等共 %d 项，见 jms-sync status*", "*%d in all; see jms-sync status*"),
		endedHead:        lang.Text("恢复正常", "Back to normal"),
		moreEndedF:       lang.Text("*等共 %d 项*", "*%d in all*"),
		sinceF:           lang.Text("（自 %s 起）", " (since %s)"),
		lastedF:          lang.Text("（自 %s 起，历时 %s）", " (since %s, for %s)"),
		knownF:           lang.Text("另有 %d 项此前已通知，仍在持续", "more that lasts and that you were told of before: %d"),
		otherScopesF:     lang.Text("%d 个区域", "%d regions"),
		allHeldF:         lang.Text("全部名单（实例 ID 与 IP）：jms-sync held %s", "all of them, with instance and address: jms-sync held %s"),
		sampleTitleF:     lang.Text("测试 %d/%d：%s 样式", "test %d/%d: style %s"),
		testTitle:        lang.Text("测试：通知可以送达", "test: messages arrive"),
		testF:            lang.Text("这是一条测试消息：渠道 %s 可以送达。", "A test: messages arrive by the channel %s."),
		sampleF: lang.Text("这是一条测试消息：通知可以送达。电脑和手机上都看得清这一张，就设置 notification.dingtalk.style: %s。有的手机把表格显示成一排竖线，那就选 list。",
			"A test: messages arrive. If this card reads well on computers and on phones, set notification.dingtalk.style: %s. Some phones show a table as raw bars: then choose list."),
	}
}
