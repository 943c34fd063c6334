package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

// everyPart returns an explanation with something of everything.
func everyPart(lang language.Lang) explain.Explanation {
	made := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	return explain.Explanation{
		Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: "cn-beijing", InstanceID: "i-1", AssetID: "00000000-0000-5000-8000-000000000001",
		Instance: &explain.Instance{
			Name: "web-1", HostName: "iZ1", Status: "stopped", Owner: "1234567890123456", System: "linux", OSName: "Ubuntu  22.04",
			Type: "ecs.g7", Zone: "cn-beijing-h", VPC: "vpc-1", Subnet: "vsw-1", Groups: []string{"sg-1", "sg-2"}, CreatedAt: &made,
			PrivateIPs: []string{"10.0.0.1"}, PublicIPs: []string{"47.0.0.1", "47.0.0.2"}, Elastic: 1, Tags: []explain.Tag{{Key: "app", Value: "订单"}, {Key: "env", Value: "prod"}},
		},
		Rules: []explain.Rule{
			{Rule: 0, Matched: false},
			{Rule: 1, Name: "测试环境", Unmet: &explain.Unmet{Key: "tag.env", Have: "prod", Wanted: []string{"test", "/^dev/"}}},
			{Rule: 2, Unmet: &explain.Unmet{Key: "tag.team", Wanted: []string{"*"}}},
			{Rule: 3, Name: "by app", Matched: true, Set: []string{"node", "labels"}, Empty: []string{"name"}},
			{Rule: 4, Matched: true, Lost: []string{"node"}, Stops: true},
			{Rule: 5, Unmet: &explain.Unmet{Key: "any"}},
			{Rule: 6, Unread: true, UnreadFields: []string{"zone"}},
			{Rule: 7, Skipped: true},
		},
		Asset: &explain.Asset{Name: "web", Whose: explain.Adopted, Labels: []string{"jms-account:aliyun-prod", "jms-keep:audit"}},
		Fields: []explain.Field{
			{Field: "name", Now: "web", Wanted: "web-1", Source: explain.SourceCloud, Policy: "create", Setting: "sync.manage.adopted_name", Differs: true},
			{Field: "address", Now: "10.0.0.9", Wanted: "10.0.0.1", Source: explain.SourceCloud, Policy: "always", Setting: "sync.manage.address", Differs: true, Changes: true, After: "10.0.0.1"},
			{Field: "platform", Now: "Linux", Wanted: "Linux", Source: explain.SourceCloud, Policy: "create"},
			{Field: "node", Now: "/DEFAULT/old", Wanted: "/DEFAULT/订单", Source: explain.SourceRule, Rule: 3, Policy: "always", Setting: "sync.manage.node", Differs: true, Changes: true, After: "/DEFAULT/订单"},
			{Field: "zone", Now: "gw", Policy: "always", Setting: "sync.manage.zone", Changes: true},
			{Field: "port", Wanted: "ssh:2222", Source: explain.SourceTags, Policy: "create"},
			{Field: "accounts", NotRead: true, Wanted: "root", Source: explain.SourceRule, Rule: 4, Policy: "create", Setting: "sync.manage.accounts"},
			{Field: "labels", Now: "owner:ann", Wanted: "app:订单", Source: explain.SourceRule, Rule: 4, Policy: "missing", Setting: "sync.manage.labels", Differs: true},
		},
		Verdicts: []explain.Verdict{
			{Action: plan.Update, Reason: reason.New(reason.FollowsCloud, "address").Text(lang), Values: []plan.FieldChange{
				{Field: "address", Before: "10.0.0.9", After: "10.0.0.1"}, {Field: "node", Before: "/DEFAULT/old", After: "/DEFAULT/订单"},
				{Field: "labels", After: "app:订单"}, {Field: "labels", Before: "old:1"}, {Field: "zone", Before: "gw"}, {Field: "comment", Before: "a", After: "b\nc"}, {Field: "comment", Before: "a\nnode_ids: 1", After: "a\nnode_ids: 2"},
			}},
			{Action: plan.Hold, Reason: reason.New(reason.GuardShare, 5, 12, 20).Text(lang)},
		},
		Access: &access.Host{Users: 2, Ways: []access.Way{{Rule: "运维", Groups: []access.Person{{Name: "ops"}}, Users: []access.Person{{Name: "ann"}, {Name: "bob"}}}}},
	}
}

func explanationText(t *testing.T, e explain.Explanation, err error, lang language.Lang) string {
	t.Helper()
	var out strings.Builder
	if err := report.WriteExplanation(&out, e, err, lang); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestExplanationText: each part of an explanation reads in both languages, and so do its special cases.
func TestExplanationText(t *testing.T) {
	t.Parallel()
	for name, lang := range map[string]language.Lang{"zh": language.Chinese, "en": language.English} {
		fresh, gone, failed := everyPart(lang), everyPart(lang), everyPart(lang)
		fresh.Asset, fresh.Access, fresh.Rules = nil, nil, nil
		fresh.Instance.TagsUnread, fresh.Instance.PartIPs = true, true
		fresh.Verdicts = []explain.Verdict{{Action: plan.Create, Reason: reason.New(reason.NewInstance).Text(lang), Values: []plan.FieldChange{{Field: "name", After: "web-1"}}}}
		gone.Instance, gone.NotListed, gone.Rules, gone.InstanceID = nil, "…", nil, ""
		gone.Asset.Whose, gone.Asset.Labels = explain.Foreign, nil
		gone.Fields = []explain.Field{{Field: "name", Now: "hand"}, {Field: "node", Now: "a", Policy: explain.PolicyNever}}
		gone.Verdicts = []explain.Verdict{{Code: "foreign", Reason: "…"}}
		failed.Instance.Tags = nil
		failed.Access = &access.Host{}
		failed.Rules, failed.Fields, failed.Verdicts = failed.Rules[:1], nil, nil
		text := explanationText(t, everyPart(lang), nil, lang)
		for _, more := range []string{explanationText(t, fresh, nil, lang), explanationText(t, gone, nil, lang), explanationText(t, failed, errors.New("502"), lang)} {
			text += "\n==========\n" + more
		}
		compareGolden(t, "explanation-"+name, text)
	}
}

// TestExplanationIsSafe: what clouds, rules and JumpServer say cannot control the terminal or add lines.
func TestExplanationIsSafe(t *testing.T) {
	t.Parallel()
	evil := "x\x1b[2J\u202egnp\nweb-9\r\u2028\x7f"
	e := everyPart(language.English)
	e.Account, e.Region, e.InstanceID, e.AssetID = evil, evil, evil, evil
	e.Instance.Name, e.Instance.Tags[0].Value, e.Instance.Groups = evil, evil, []string{evil}
	e.Rules[1].Name, e.Rules[1].Unmet = evil, &explain.Unmet{Key: evil, Have: evil, Wanted: []string{evil}}
	e.Asset.Labels = []string{evil}
	e.Fields[0].Now, e.Fields[0].Wanted, e.Fields[1].After = evil, evil, evil
	e.Verdicts[0].Reason, e.Verdicts[0].Values[0].After = evil, evil
	e.Access.Ways[0].Rule = evil
	got := explanationText(t, e, errors.New(evil), language.English)
	if strings.ContainsAny(got, "\x1b\u202e\r\u2028\x7f") || strings.Contains(got, "\nweb-9") {
		t.Errorf("control characters reach the terminal: %q", got)
	}
}
