package explain

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Build explains one instance or asset that plan.Find found in what a dry run has read.
func Build(b plan.Basis, s plan.Subject, lang language.Lang) Explanation {
	e := &explainer{basis: b, subject: s, names: plan.NewNames(b.Input.Current), lang: lang}
	e.change = e.findChange()
	out := Explanation{
		Cloud: s.Scope.Cloud, Account: s.Scope.Account, Region: s.Scope.Region, InstanceID: s.InstanceID, AssetID: s.AssetID,
		Rules: []Rule{}, Fields: []Field{}, Verdicts: e.verdicts(),
	}
	if s.Instance != nil {
		out.Instance = newInstance(s.Instance)
		e.wanted = b.Plan.WantedAsset(s.Instance)
		e.subjectOfRules = mapping.Subject{Instance: s.Instance, CloudType: b.Rules.Accounts[s.Scope.Account].Type}
		e.outcome = b.Rules.Mapping.Map(e.subjectOfRules)
		out.Rules = e.traceRules()
		out.places = e.wanted.NodePaths
	} else {
		out.NotListed = e.notListed()
	}
	if s.Asset != nil {
		out.Asset = e.asset()
	}
	if s.Instance != nil || s.Asset != nil {
		out.Fields = e.fields()
	}
	return out
}

type explainer struct {
	basis          plan.Basis
	subject        plan.Subject
	names          plan.Names
	lang           language.Lang
	change         *plan.Change // that writes the asset; nil = none does
	wanted         inventory.NewAsset
	subjectOfRules mapping.Subject
	outcome        mapping.Outcome
	setBy          map[mapping.Field]int // the first rule that set each field; below 0 = the tags jms:…
}

// isAbout reports whether a change is about the subject.
func (e explainer) isAbout(c plan.Change) bool {
	s := e.subject
	return c.AssetID == s.AssetID || s.InstanceID != "" && c.InstanceID == s.InstanceID && c.Scope.Cloud == s.Scope.Cloud &&
		inventory.KindOfRegion(c.Scope.Region) == inventory.KindOfRegion(s.Scope.Region)
}

// findChange returns the change that writes the asset.
func (e explainer) findChange() *plan.Change {
	for c := range e.basis.Approved.Changes() {
		if !c.Interim && c.AssetID == e.subject.AssetID {
			return &c
		}
	}
	return nil
}

// verdicts returns what a run would do, and why it would do nothing else.
func (e explainer) verdicts() []Verdict {
	var out []Verdict
	add := func(c plan.Change) {
		if !c.Interim && e.isAbout(c) {
			out = append(out, Verdict{Action: c.Action, Code: string(c.Reason.Code), Reason: c.Reason.Text(e.lang), Values: c.FieldChanges(e.names)})
		}
	}
	for c := range e.basis.Approved.Changes() {
		add(c)
	}
	for _, c := range e.basis.Approved.Notes() {
		add(c)
	}
	if len(out) == 0 {
		out = append(out, e.nothing())
	}
	return out
}

// nothing says why no line of the plan is about the subject.
func (e explainer) nothing() Verdict {
	s := e.subject
	switch {
	case s.Instance != nil && s.Asset != nil && s.Ours:
		return Verdict{Code: "unchanged", Reason: e.lang.Text("资产与实例一致，不用改", "the asset is as its instance wants it: nothing is changed")}
	case s.Asset != nil && !s.Ours:
		return Verdict{Code: "foreign", Reason: e.lang.Text("不是 jms-sync 的资产，不读它的云实例，也从不改动它", "the asset is not jms-sync's: it is never changed")}
	}
	return Verdict{Code: "unknown", Reason: e.lang.Text("这次没有为它计划任何事", "nothing is planned for it this time")}
}

// notListed says why no complete listing has the instance.
func (e explainer) notListed() string {
	s := e.subject
	if s.InstanceID == "" {
		return e.lang.Text("没有标签或备注说明它属于哪个实例", "neither labels nor comment say whose instance it is")
	}
	for _, l := range e.basis.Input.Listings {
		sameScope := l.Cloud == s.Scope.Cloud && l.Account == s.Scope.Account && (l.Region == s.Scope.Region || l.Region == inventory.AnyRegion)
		switch {
		case sameScope && !l.IsComplete():
			return e.lang.Textf("账号 %s 区域 %s 这次没有读成：%s", "account %s region %s could not be read this time: %s", s.Scope.Account, l.Region, language.ErrorText(l.Err, e.lang))
		case sameScope:
			return e.lang.Textf("账号 %s 区域 %s 的完整列表里没有它", "the complete listing of account %s region %s does not have it", s.Scope.Account, s.Scope.Region)
		}
	}
	return e.lang.Textf("账号 %s 区域 %s 这次没有读", "account %s region %s was not read this time", s.Scope.Account, s.Scope.Region)
}

func (e explainer) asset() *Asset {
	a := e.subject.Asset
	out := &Asset{Name: a.Name, Active: a.Active, Whose: Foreign}
	switch {
	case e.subject.Ours && plan.IsAdopted(*a):
		out.Whose = Adopted
	case e.subject.Ours:
		out.Whose = Ours
	}
	for _, l := range a.Labels {
		if plan.IsOwnLabel(l) {
			out.Labels = append(out.Labels, l.String())
		}
	}
	slices.Sort(out.Labels)
	return out
}

func newInstance(i *inventory.Instance) *Instance {
	f := i.Facts
	if f == nil {
		f = &inventory.Facts{}
	}
	out := &Instance{
		Name: i.Name, HostName: i.HostName, Status: cmp.Or(i.Status, f.Status), Existence: existenceText(i.Existence), Owner: i.Owner,
		System: i.OSType, OSName: i.OSName, Type: i.Type, Kind: inventory.KindOfRegion(i.Region), Zone: f.Zone, VPC: i.VPC,
		Subnet: f.Subnet, Groups: f.Groups, ResourceGroup: f.ResourceGroup, Project: i.Project, Image: f.Image, Charge: f.Charge,
		CreatedAt: timeOrNil(f.CreatedAt), ExpiresAt: timeOrNil(f.ExpiresAt), PrivateIPs: i.PrivateIPs, PublicIPs: i.PublicIPs,
		Elastic: f.Elastic, ClassicIPs: i.ClassicIPs, IPv6s: i.IPv6s, PartIPs: i.AddressesPartial, TagsUnread: f.TagsUnread,
	}
	for _, t := range f.Tags {
		out.Tags = append(out.Tags, Tag(t))
	}
	return out
}

func existenceText(x inventory.Existence) string {
	switch x {
	case inventory.NotMade:
		return "releasing"
	case inventory.Closed:
		return "closed"
	}
	return ""
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// traceRules returns what became of each rule, and remembers which one set each field.
func (e *explainer) traceRules() []Rule {
	rules := e.basis.Rules.Mapping.Rules()
	out := []Rule{}
	e.setBy = map[mapping.Field]int{}
	for _, t := range e.basis.Rules.Mapping.Trace(e.subjectOfRules) {
		for _, f := range t.Set {
			if _, set := e.setBy[f]; !set {
				e.setBy[f] = t.Rule
			}
		}
		r := Rule{Rule: max(t.Rule+1, 0), Matched: t.Matched, Skipped: t.Skipped, Set: fieldCodes(t.Set), Lost: fieldCodes(t.Lost), Empty: fieldCodes(t.Empty), Unread: t.Open, UnreadFields: fieldCodes(t.Unread)}
		if t.Rule >= 0 && t.Rule < len(rules) {
			r.Name, r.Stops = rules[t.Rule].Name, t.Matched && rules[t.Rule].Stop
		}
		if !t.Matched && !t.Open && !t.Skipped && t.Key != "" {
			r.Unmet = &Unmet{Key: t.Key, Have: t.Have, Wanted: slices.Clone(t.Wanted)}
		}
		out = append(out, r)
	}
	return out
}

// fieldCodes returns what the configuration calls fields.
func fieldCodes(fields []mapping.Field) []string {
	var out []string
	for _, f := range fields {
		out = append(out, FieldCode(f))
	}
	return out
}

// FieldCode returns what the configuration calls a field.
func FieldCode(f mapping.Field) string {
	codes := map[mapping.Field]string{
		mapping.FieldNode: plan.FieldNode, mapping.FieldZone: plan.FieldZone, mapping.FieldPlatform: plan.FieldPlatform,
		mapping.FieldPort: plan.FieldPort, mapping.FieldName: plan.FieldName, mapping.FieldLabels: plan.FieldLabels,
		mapping.FieldAccounts: plan.FieldAccounts, mapping.FieldAddress: plan.FieldAddress, mapping.FieldActive: "active",
		mapping.FieldSkip: "skip", mapping.FieldMinAge: "min_age", mapping.FieldKeep: "keep",
	}
	return codes[f]
}

// labelTexts returns labels that are not ours, sorted and joined.
func labelTexts(labels []inventory.Label) string {
	var out []string
	for _, l := range labels {
		if !plan.IsOwnLabel(l) {
			out = append(out, l.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, listComma)
}
