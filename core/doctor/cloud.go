package doctor

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Lister is what a check needs of a cloud account.
type Lister interface {
	Owner(ctx context.Context) (string, error)
	Regions(ctx context.Context) ([]string, error)
	FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error)
}

// Account is one account of the configuration.
type Account struct {
	Cloud    inventory.Cloud
	Name     string
	Disabled bool
	UsesRole bool     // no key is configured: the function's role is used, which only the function has
	ID       string   // the account's own id, as configured; "" = the cloud shows it
	Regions  []string // as configured; none = all, but for ExcludeRegions
	// ExcludeRegions are never asked for.
	ExcludeRegions []string
	Lister         Lister
	Err            error // why there is no Lister
	// AbsentID is an id in the cloud's form that no instance has.
	AbsentID string
	// CompareClock returns a context in which the Date headers of the cloud's answers are compared with this
	// machine's clock, and a function that returns how far this clock is ahead, and whether that is too far for
	// a run to remove anything; nil = nothing is compared.
	CompareClock   func(context.Context) (context.Context, func() (ahead time.Duration, off bool))
	RequiredRights []string      // that the key needs, as the cloud names them
	Visibility     language.Text // what a listing covers, and what the cloud can hide without an error; empty = nothing is said
}

// maxConcurrency is how many regions are asked in parallel.
const maxConcurrency = 8

// CloudCheck examines one account: its key and the key's owner, its regions, and in each of them the right to list,
// which an instance that cannot exist proves.
func CloudCheck(a Account) Check {
	title := string(a.Cloud) + " / " + a.Name
	return Check{Title: language.New("云账号 "+title, "cloud account "+title), Run: a.findings}
}

func (a Account) findings(ctx context.Context) []Finding {
	switch {
	case a.Disabled:
		return []Finding{okFinding(language.New("账号", "account"), language.New("已停用（enabled: false），不检查", "switched off (enabled: false), not examined"))}
	case a.Err != nil:
		fix := language.New("按提示修改这个账号的配置", "correct this account's settings")
		if a.UsesRole {
			fix = language.New("写上密钥；若只在函数里以角色运行，这一项在这台机器上检查不了", "set a key; if it only runs as a function, with its role, this machine cannot examine it")
		}
		return []Finding{failureFinding(language.New("配置", "configuration"), language.New("不能使用", "it cannot be used").WithError(a.Err), fix)}
	}
	if a.CompareClock == nil {
		return a.cloudFindings(ctx)
	}
	ctx, ahead := a.CompareClock(ctx)
	lines := a.cloudFindings(ctx)
	return append(lines, clockFindings(ahead())...)
}

// clockFindings reports that this machine's clock is too far from the cloud's for anything to be removed.
func clockFindings(ahead time.Duration, off bool) []Finding {
	if !off {
		return nil
	}
	text := language.Newf("本机比云快 %s", "this machine's clock is %s ahead of the cloud's", ahead.Round(time.Minute))
	if ahead < 0 {
		text = language.Newf("本机比云慢 %s", "this machine's clock is %s behind the cloud's", ahead.Abs().Round(time.Minute))
	}
	return []Finding{failureFinding(language.New("时钟", "clock"), text,
		language.New("校准本机时钟（启用 NTP）：相差超过 5 分钟时不停用也不删除任何资产，云也会拒绝签名",
			"set this machine's clock right (run NTP): more than 5 minutes off, nothing is deactivated or deleted, and clouds refuse signatures"))}
}

// cloudFindings examines key, regions and rights.
func (a Account) cloudFindings(ctx context.Context) []Finding {
	line, id, usable := a.ownerFinding(ctx)
	lines := []Finding{line}
	if !usable {
		return lines
	}
	regions, found := a.listRegions(ctx)
	lines = append(lines, found...)
	lines = append(lines, a.cloudLabelFindings(id, regions)...)
	lines = append(lines, a.listingFindings(ctx, regions)...)
	if a.Visibility != (language.Text{}) {
		lines = append(lines, okFinding(language.New("列表的范围", "what is listed"), a.Visibility))
	}
	return append(lines, okFinding(language.New("多余权限", "excess"),
		language.New("无法在不做改动的前提下探明；只授予："+strings.Join(a.RequiredRights, "、"), "cannot be known without trying to change things; grant only: "+strings.Join(a.RequiredRights, ", "))))
}

// ownerFinding reports the owner of the key, by the rules of a run (cloud.Fleet), and returns the id from the
// cloud; "" = it did not say.
func (a Account) ownerFinding(ctx context.Context) (line Finding, id string, usable bool) {
	subject := language.New("密钥", "key")
	id, err := a.Lister.Owner(ctx)
	if err != nil {
		id = ""
	}
	kind := inventory.KindOf(err)
	switch {
	case err == nil && a.ID != "" && id != a.ID:
		return failureFinding(subject, language.Newf("属于账号 %s，而 account_id 是 %s", "it belongs to account %s, but account_id is %s", id, a.ID),
			language.New("密钥填错了账号，或 account_id 写错：两者必须一致", "either the key is another account's or account_id is wrong: they must agree")), id, false
	case err == nil:
		return okFinding(subject, language.Newf("有效，属于账号 %s", "valid, of account %s", id)), id, true
	case (kind == inventory.Denied || kind == inventory.NotFound) && a.ID != "":
		return warningFinding(subject, language.Newf("不能查询自己属于哪个账号，按 account_id %s 使用", "it may not ask whose it is; account_id %s is believed", a.ID),
			language.New("授予查询身份的权限，jms-sync 才能发现填错的密钥", "grant the right to ask for the identity, so that a wrong key is noticed")), id, true
	case inventory.IsNotReached(err) && a.ID != "":
		return warningFinding(subject, language.Newf("查询身份的接口连不上，按 account_id %s 使用：没有人核对密钥是不是这个账号的", "the API that tells whose it is cannot be reached; account_id %s is believed, and nobody checks that the key is that account's", a.ID).WithError(err),
			language.New("在 endpoints 里写上连得上的地址；在此之前，只有看得到这个账号的主机的密钥才能证明别的主机已释放", "name an address that can be reached in endpoints; until then only a key that shows hosts of the account proves that others are released")), id, true
	case kind == inventory.Denied || kind == inventory.NotFound:
		return failureFinding(subject, language.New("不能查询自己属于哪个账号", "it may not ask whose it is").WithError(err),
			language.New("授予查询身份的权限，或写上 account_id", "grant the right to ask for the identity, or set account_id")), id, false
	}
	return failureFinding(subject, language.New("不能使用", "it cannot be used").WithError(err), a.keyFix(err)), id, false
}

// keyFix returns the fix for a key that the cloud refuses.
func (a Account) keyFix(err error) language.Text {
	if inventory.KindOf(err) == inventory.BadCredentials {
		return language.New("核对密钥的 ID 与 Secret，确认密钥已启用、未过期、账号未停用，本机时钟准确；用角色时确认角色的信任关系",
			"compare id and secret; the key must be on and not expired, the account in good standing, this clock right; with a role, its trust")
	}
	return fixForKind(err, language.New("核对密钥、权限与 endpoint", "check key, rights and endpoint"))
}

// listRegions returns the regions to be listed, and findings about them.
func (a Account) listRegions(ctx context.Context) ([]string, []Finding) {
	subject := language.New("地域", "regions")
	all, err := a.Lister.Regions(ctx)
	switch {
	case err != nil && len(a.Regions) == 0:
		return nil, []Finding{failureFinding(subject, language.New("查不到地域列表", "they cannot be listed").WithError(err), a.permissionFix(err))}
	case err != nil:
		return a.Regions, []Finding{warningFinding(subject, language.New("查不到地域列表，按配置检查", "they cannot be listed; the configured ones are examined").WithError(err), a.permissionFix(err))}
	case len(all) == 0:
		return a.Regions, []Finding{failureFinding(subject, language.New("云没有给出任何地域", "the cloud names none"), language.New("核对 endpoint 与账号", "check endpoint and account"))}
	case len(a.Regions) == 0 && len(a.ExcludeRegions) > 0:
		return a.excludeFrom(all)
	case len(a.Regions) == 0:
		return all, []Finding{okFinding(subject, language.Newf("未指定，同步全部 %d 个", "none are named: all %d are synced", len(all)))}
	}
	var open []string
	var lines []Finding
	for _, region := range a.Regions {
		if slices.Contains(all, region) {
			open = append(open, region)
			continue
		}
		lines = append(lines, failureFinding(language.Newf("地域 %s", "region %s", region), language.New("账号没有这个地域，或没有开通", "the account has no such region, or it is not enabled"),
			language.New("改正 regions 里的名称，或在云控制台开通", "correct its name in regions, or enable it in the cloud's console")))
	}
	return open, lines
}

// excludeFrom returns the regions that are not excluded, and findings about those that are.
func (a Account) excludeFrom(all []string) ([]string, []Finding) {
	kept := slices.DeleteFunc(slices.Clone(all), func(region string) bool { return slices.Contains(a.ExcludeRegions, region) })
	lines := []Finding{okFinding(language.New("地域", "regions"),
		language.Newf("同步 %d 个，exclude_regions 去掉了 %d 个", "%d are synced, exclude_regions leaves %d out", len(kept), len(all)-len(kept)))}
	for _, region := range a.ExcludeRegions {
		if !slices.Contains(all, region) {
			lines = append(lines, warningFinding(language.Newf("地域 %s", "region %s", region), language.New("在 exclude_regions 里，而账号没有这个地域", "exclude_regions names it, and the account has no such region"),
				language.New("改正 exclude_regions 里的名称，或去掉它", "correct its name in exclude_regions, or take it out")))
		}
	}
	return kept, lines
}

// listingFindings proves the right to list in each region, several in parallel. If no regions are configured, only
// those that fail have a finding each.
func (a Account) listingFindings(ctx context.Context, regions []string) []Finding {
	lines, weak := make([]Finding, len(regions)), make([]error, len(regions))
	turns := make(chan struct{}, maxConcurrency)
	var group sync.WaitGroup
	for i, region := range regions {
		group.Go(func() {
			turns <- struct{}{}
			defer func() {
				<-turns
			}()
			lines[i], weak[i] = a.regionFinding(ctx, region)
		})
	}
	group.Wait()
	if len(a.Regions) > 0 || len(regions) == 0 {
		return append(lines, a.weakProofFindings(weak)...)
	}
	bad := slices.DeleteFunc(lines, func(l Finding) bool { return l.Verdict == OK })
	good := len(regions) - len(bad)
	if good > 0 {
		bad = append([]Finding{okFinding(language.New("列出实例", "listing"), language.Newf("%d 个地域有权限", "may list in %d regions", good))}, bad...)
	}
	return append(bad, a.weakProofFindings(weak)...)
}

// weakProofFindings warns of regions in which the key may not use the second kind of call that proves an absence.
// An error of kind NotFound is the right answer there: the instance cannot exist.
func (a Account) weakProofFindings(weak []error) []Finding {
	var why error
	many := 0
	for _, err := range weak {
		if err != nil && inventory.KindOf(err) != inventory.NotFound {
			why = err
			many++
		}
	}
	if many == 0 {
		return nil
	}
	return []Finding{warningFinding(language.New("证实释放", "proof of absence"),
		language.Newf("%d 个地域只有列表一种证据，移除要等相隔 10 分钟的两次同步，事件不停用资产", "in %d regions the list is the only evidence: a removal takes two runs ten minutes apart, and events deactivate nothing", many).WithError(why),
		a.permissionFix(why))}
}

// regionFinding proves the right to list in one region. weak is why only one kind of call shows the absence of an
// instance that cannot exist; nil = two do.
func (a Account) regionFinding(ctx context.Context, region string) (line Finding, weak error) {
	subject := language.Newf("地域 %s", "region %s", region)
	found, err := a.Lister.FindVerified(ctx, region, []string{a.AbsentID})
	switch {
	case err != nil:
		return failureFinding(subject, language.New("不能列出实例", "instances cannot be listed").WithError(err), a.permissionFix(err)), nil
	case len(found.Instances) > 0:
		return failureFinding(subject, language.New("查询一个不存在的实例，却得到了答复", "an instance that cannot exist was found"),
			language.New("核对 endpoint：答复的不像是云的 API", "check endpoint: what answers is not like the cloud's API")), nil
	}
	return okFinding(subject, language.New("可以列出实例", "instances can be listed")), found.Weak[a.AbsentID]
}

// permissionFix returns the fix for a call that needs a right.
func (a Account) permissionFix(err error) language.Text {
	switch inventory.KindOf(err) {
	case inventory.Denied:
		return language.New("授予："+strings.Join(a.RequiredRights, "、"), "grant: "+strings.Join(a.RequiredRights, ", "))
	case inventory.NotFound, inventory.Invalid:
		return language.New("核对地域名称、endpoint 与账号是否开通该地域", "check the region's name, endpoint, and whether the account has it enabled")
	}
	return a.keyFix(err)
}
