package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// Kind is one kind of instances of an account's cloud, beside the main one.
type Kind struct {
	Name           string
	Title          language.Text
	IsAsked        bool     // the account's kinds name it
	Lister         Lister   // of this kind alone
	Err            error    // why there is no Lister
	Regions        []string // as configured, and as the cloud names them; none = all
	ExcludeRegions []string
	AbsentID       string   // in the kind's form
	RequiredRights []string // that it needs beside those of the account
	// Setting is what kinds would be if it named this one too: "[ecs, swas]".
	Setting string
	// Count returns how many instances one region has, in one call; nil = they are not counted.
	Count func(context.Context) (region string, n int, err error)
}

// kindFindings examines the kinds that an account names, and tells of others that it has instances of.
func (a Account) kindFindings(ctx context.Context) []Finding {
	var lines []Finding
	for _, kind := range a.Kinds {
		switch {
		case !kind.IsAsked:
			lines = append(lines, kind.hint(ctx)...)
		case kind.Err != nil:
			lines = append(lines, failureFinding(kind.Title, language.New("不能使用", "it cannot be used").WithError(kind.Err), language.New("按提示修改这个账号的配置", "correct this account's settings")))
		default:
			lines = append(lines, kind.findings(ctx)...)
		}
	}
	return lines
}

// findings proves the right to list a kind in each region that has it. Configured regions without it are none's fault.
func (k Kind) findings(ctx context.Context) []Finding {
	part := Account{Lister: k.Lister, Regions: k.Regions, AbsentID: k.AbsentID, RequiredRights: k.RequiredRights}
	var lines []Finding
	all, err := k.Lister.Regions(ctx)
	switch {
	case err != nil:
		lines = []Finding{failureFinding(language.New("地域", "regions"), language.New("查不到地域列表", "they cannot be listed").WithError(err), part.permissionFix(err))}
	case len(k.Regions) > 0:
		lines = part.listingFindings(ctx, slices.DeleteFunc(slices.Clone(k.Regions), func(region string) bool { return !slices.Contains(all, region) }))
	default:
		lines = part.listingFindings(ctx, slices.DeleteFunc(all, func(region string) bool { return slices.Contains(k.ExcludeRegions, region) }))
	}
	for i := range lines {
		lines[i].Subject = language.New(k.Title.ZH+"："+lines[i].Subject.ZH, k.Title.EN+": "+lines[i].Subject.EN)
	}
	return append(lines, okFinding(k.Title, language.New("还需要的权限："+strings.Join(k.RequiredRights, "、"), "further rights that it needs: "+strings.Join(k.RequiredRights, ", "))))
}

// hint tells that a kind which is not asked for has instances. A key that may not count them says nothing.
func (k Kind) hint(ctx context.Context) []Finding {
	if k.Count == nil {
		return nil
	}
	region, n, err := k.Count(ctx)
	if err != nil || n == 0 {
		return nil
	}
	return []Finding{warningFinding(k.Title, language.Newf("地域 %s 有 %d 台，没有同步", "region %s has %d, which are not synced", region, n),
		language.New("要同步就写 kinds: "+k.Setting+"，并授予 "+strings.Join(k.RequiredRights, "、"), "to sync them set kinds: "+k.Setting+", and grant "+strings.Join(k.RequiredRights, ", ")))}
}

// mainKindFindings proves the right to list instances of the main kind; none if kinds does not name it.
func (a Account) mainKindFindings(ctx context.Context, id string) []Finding {
	if a.SkipsMainKind {
		return nil
	}
	regions, lines := a.listRegions(ctx)
	lines = append(lines, a.cloudLabelFindings(id, regions)...)
	return append(lines, a.listingFindings(ctx, regions)...)
}
