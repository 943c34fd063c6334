package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Bastion is what a check needs of JumpServer. It only reads.
type Bastion interface {
	Reach(ctx context.Context) (inventory.ServerInfo, error)
	Rights(ctx context.Context) (inventory.Rights, error)
	Organisation(ctx context.Context) (id, name string, err error)
	Organisations(ctx context.Context) ([]inventory.Org, error)
	ListPlatforms(ctx context.Context) (map[string]inventory.Platform, error)
	Zones(ctx context.Context) (zones []inventory.Zone, field string, err error)
	RootNodeName(ctx context.Context) (string, error)
	CountAssets(ctx context.Context) (int, error)
	// LabelForm returns which label values JumpServer's version takes.
	LabelForm(ctx context.Context) (inventory.LabelForm, error)
	// UsesUTF8MB3 reports whether its database cannot hold characters of four bytes.
	UsesUTF8MB3(ctx context.Context) (bool, error)
}

// JumpServerSettings is what the configuration says about JumpServer.
type JumpServerSettings struct {
	URL           string
	VerifiesTLS   bool // the certificate is verified
	Proxied       bool // a proxy resolves the host name
	DeletesAssets bool // the configuration deletes assets
	// DeletesAdopted says that this includes adopted assets, whose ownership only labels and comments prove.
	DeletesAdopted bool
	// HasOtherProxy says that a proxy is configured that is not for JumpServer.
	HasOtherProxy bool
	AccountZones  map[string]string // account name → id of its zone, if it has one
	Accounts      []string          // the names in AccountZones, in the configuration's order
	// Platforms are those of new hosts; none = JumpServer's own for every account.
	Platforms  []Platform
	LookupHost func(ctx context.Context, host string) ([]string, error)
	Now        func() time.Time

	AccountLabels []AccountLabels // of all accounts
	Rules         RuleNeeds
}

const (
	maxClockSkew       = time.Minute         // difference to JumpServer's clock that is reported
	certificateWarning = 30 * 24 * time.Hour // before a certificate expires
	// communityLimit is the number of assets that JumpServer's community edition takes.
	communityLimit = 5000
	// defaultOrganisation is the id of the one that every JumpServer has.
	defaultOrganisation = "00000000-0000-0000-0000-000000000002"
)

// JumpServerCheck examines JumpServer from the outside inwards: after a failure it asks for nothing further in, and
// it reads nothing of an organisation that is not the configured one.
func JumpServerCheck(b Bastion, s JumpServerSettings) Check {
	x := jumpServerExam{Bastion: b, JumpServerSettings: s}
	return Check{Title: language.New("JumpServer（"+s.URL+"）", "JumpServer ("+s.URL+")"), Run: x.findings}
}

type jumpServerExam struct {
	Bastion
	JumpServerSettings
}

func (x jumpServerExam) findings(ctx context.Context) []Finding {
	lines := x.addressFindings(ctx)
	reached, err := x.Reach(ctx)
	if err != nil {
		return append(lines, failureFinding(language.New("连接", "connection"), language.New("连不上", "it cannot be reached").WithError(err), x.unreachableFix(err)))
	}
	lines = append(lines, x.connectionFindings(reached)...)
	rights, err := x.Rights(ctx)
	if err != nil {
		return append(lines, failureFinding(language.New("密钥", "access key"), language.New("不能使用", "it cannot be used").WithError(err), fixForKind(err,
			language.New("在 JumpServer 的“个人信息 - API Key”里核对 access_key_id 与 access_key_secret，确认密钥已启用、用户未过期",
				"compare access_key_id and access_key_secret with JumpServer's API key page; the key must be on and its user valid"))))
	}
	lines = append(lines, okFinding(language.New("密钥", "access key"), language.Newf("有效，用户 %s", "valid, user %s", rights.User)))
	_, name, err := x.Organisation(ctx)
	if err != nil {
		return append(lines, failureFinding(language.New("组织", "organisation"), language.New("不对", "it is wrong").WithError(err), fixForKind(err, x.organisationFix(ctx, reached, err))))
	}
	lines = append(lines, okFinding(language.New("组织", "organisation"), language.Newf("%s 答复，与配置一致", "%s answers, as configured", name)))
	lines = append(lines, x.rightsFindings(rights)...)
	lines = append(lines, x.ruleFindings(rights)...)
	lines = append(lines, x.zoneFindings(ctx)...)
	lines = append(lines, x.labelFindings(ctx)...)
	lines = append(lines, x.labelRightsFinding())
	lines = append(lines, x.platformFindings(ctx)...)
	return append(lines, x.rootNodeFinding(ctx), x.assetCountFinding(ctx, reached.Licensed))
}

// addressFindings examines the URL and resolves its host name.
func (x jumpServerExam) addressFindings(ctx context.Context) []Finding {
	var lines []Finding
	at, err := url.Parse(x.URL)
	if err != nil {
		return nil // the configuration was checked before
	}
	switch {
	case at.Scheme == "http":
		lines = append(lines, warningFinding(language.New("加密", "encryption"), language.New("地址是 http://，密钥的签名与资产在网络上是明文", "the address is http://: signatures and assets travel in clear"),
			language.New("改用 https://；证书由私有 CA 签发时设置 jumpserver.ca_file", "use https://, with jumpserver.ca_file where a private CA signed the certificate")))
	case !x.VerifiesTLS:
		lines = append(lines, warningFinding(language.New("加密", "encryption"), language.New("verify_ssl: false，不校验证书，中间人可以冒充 JumpServer", "verify_ssl: false: anybody in between can pose as JumpServer"),
			language.New("设置 verify_ssl: true；私有 CA 的证书写进 jumpserver.ca_file", "set verify_ssl: true, and jumpserver.ca_file for a private CA")))
	}
	host := at.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || x.Proxied || x.LookupHost == nil {
		return lines
	}
	if found, err := x.LookupHost(ctx, host); err != nil || len(found) == 0 {
		return append(lines, failureFinding(language.New("DNS", "DNS"), language.Newf("查不到 %s", "%s cannot be looked up", host),
			x.withProxyHint(language.New("核对 jumpserver.url 的主机名，以及这台机器（或函数所在 VPC）的 DNS", "check the host name of jumpserver.url, and the DNS of this machine (or of the function's VPC)"))))
	}
	return append(lines, okFinding(language.New("DNS", "DNS"), language.Newf("%s 可以解析", "%s is known", host)))
}

func (x jumpServerExam) unreachableFix(err error) language.Text {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return language.New("证书由私有 CA 签发时设置 jumpserver.ca_file；过期或主机名不符则更换证书", "set jumpserver.ca_file for a private CA; replace a certificate that expired or is for another name")
	}
	if cure, known := adviceFixes()[inventory.AdviceOf(err)]; known {
		return cure
	}
	return x.withProxyHint(language.New("核对 jumpserver.url 指向 JumpServer；再检查网络、代理与防火墙，以及 JumpServer 是否在维护",
		"check that jumpserver.url leads to JumpServer; then network, proxy and firewall, and whether it is being maintained"))
}

// connectionFindings examines what JumpServer shows without a login.
func (x jumpServerExam) connectionFindings(r inventory.ServerInfo) []Finding {
	lines := []Finding{okFinding(language.New("连接", "connection"), language.New("可以连接", "it answers"))}
	if !r.DatabaseUp || !r.CacheUp {
		lines = append(lines, failureFinding(language.New("健康", "health"), language.New("JumpServer 自报数据库或缓存异常", "JumpServer reports that its database or cache does not answer"),
			language.New("先修复 JumpServer，再同步", "mend JumpServer before syncing")))
	}
	now := x.Now()
	if !r.CertExpires.IsZero() {
		left := r.CertExpires.Sub(now)
		day := r.CertExpires.UTC().Format(time.DateOnly)
		if left < certificateWarning {
			lines = append(lines, warningFinding(language.New("TLS", "TLS"), language.Newf("证书 %s 到期", "the certificate expires on %s", day), language.New("更新证书", "renew it")))
		} else {
			lines = append(lines, okFinding(language.New("TLS", "TLS"), language.Newf("证书有效期至 %s", "the certificate is valid until %s", day)))
		}
	}
	skew := now.Sub(r.Clock)
	switch {
	case r.Clock.IsZero():
	case skew.Abs() > maxClockSkew:
		text := language.Newf("本机与 JumpServer 的时钟相差 %s", "this machine's clock is %s away from JumpServer's", skew.Abs().Round(time.Minute))
		lines = append(lines, warningFinding(language.New("时钟", "clock"), text,
			language.New("两边都启用 NTP：云的 API 拒绝相差 5–15 分钟的签名，宽限期按本机时钟计算", "run NTP on both: clouds refuse signatures that are 5 to 15 minutes off, and graces are counted by this clock")))
	default:
		lines = append(lines, okFinding(language.New("时钟", "clock"), language.New("与 JumpServer 一致", "agrees with JumpServer's")))
	}
	return lines
}

// organisationFix returns the fix for a wrong organisation: those that the key may use, by name. The community
// edition may list others, but answers for DEFAULT whichever is asked for.
func (x jumpServerExam) organisationFix(ctx context.Context, r inventory.ServerInfo, err error) language.Text {
	if r.Community && inventory.KindOf(err) == inventory.Organisation {
		return language.Newf("这是社区版，只有 DEFAULT 组织可用：别的组织即使存在，读写的也是 DEFAULT。把 jumpserver.org_id 改成 %[1]s，或使用企业版",
			"this is the community edition, which has DEFAULT only: whatever other organisation is asked for, also one that exists, DEFAULT is read and written. Set jumpserver.org_id to %[1]s, or use the enterprise edition", defaultOrganisation)
	}
	all, err := x.Organisations(ctx)
	if err != nil || len(all) == 0 {
		return language.New("核对 jumpserver.org_id，以及密钥的用户在该组织里的角色", "check jumpserver.org_id, and the role of the key's user in that organisation")
	}
	var known []string
	for _, o := range all {
		known = append(known, fmt.Sprintf("%s = %s", o.Name, o.ID))
	}
	list := strings.Join(known, "; ")
	return language.Newf("把 jumpserver.org_id 改成其中之一，或给用户该组织的角色：%s", "set jumpserver.org_id to one of these, or give the user a role there: %s", list)
}

// requiredRights returns the rights that a run needs, and what each is for.
func requiredRights() []struct {
	right string
	use   language.Text
} {
	return []struct {
		right string
		use   language.Text
	}{
		{inventory.ViewAssets, language.New("查看资产", "view assets")}, {inventory.AddAssets, language.New("创建资产", "add assets")},
		{inventory.ChangeAssets, language.New("更新与停用资产", "change and deactivate assets")},
		{inventory.ViewNodes, language.New("查看节点", "view nodes")}, {inventory.AddNodes, language.New("创建节点", "add nodes")},
		{inventory.ViewPlatform, language.New("查看平台", "view platforms")},
	}
}

// rightsFindings reports rights that the key's user lacks, and those that it should not have.
func (x jumpServerExam) rightsFindings(r inventory.Rights) []Finding {
	subject := language.New("权限", "rights")
	if !r.HasPermissions() {
		return append(x.excessRightsFindings(r), warningFinding(subject, language.New("此版本的 JumpServer 没有给出权限清单，缺少的权限只有写入时才知道", "this JumpServer does not list permissions: a missing one shows at the first write"),
			language.New("确认角色可以查看、创建、更新、删除资产，查看、创建节点", "make sure that the role may view, add, change and delete assets, and view and add nodes")))
	}
	var lines []Finding
	for _, n := range requiredRights() {
		if r.Lacks(n.right) {
			lines = append(lines, failureFinding(subject, language.New("缺少 "+n.right+"：不能"+n.use.ZH, n.right+" is missing: it cannot "+n.use.EN),
				language.Newf("在“系统设置 - 角色”里给用户 %[1]s 的角色加上 %[2]s", "add %[2]s to the role of user %[1]s", r.User, n.right)))
		}
	}
	switch {
	case r.Lacks(inventory.DeleteAssets) && x.DeletesAssets:
		lines = append(lines, warningFinding(subject, language.Newf("缺少 %s：只停用、不删除（等同 sync.removal.mode: deactivate）", "%s is missing: assets are deactivated only (as with sync.removal.mode: deactivate)", inventory.DeleteAssets),
			language.New("若有意如此，把 mode 写成 deactivate；否则加上该权限", "if that is meant, set mode: deactivate; else add the right")))
	case !x.DeletesAssets && !r.Superuser && r.Has(inventory.DeleteAssets):
		lines = append(lines, warningFinding(subject, language.Newf("有 %s，而配置从不删除", "%s is there, but the configuration never deletes", inventory.DeleteAssets),
			language.New("从角色里去掉它", "take it from the role")))
	}
	if len(lines) == 0 {
		lines = append(lines, okFinding(subject, language.New("查看、创建、更新资产与节点的权限齐全", "assets and nodes can be viewed, added and changed")))
	}
	return append(lines, x.excessRightsFindings(r)...)
}

// excessRightsFindings warns of dangerous rights that a sync never needs.
func (x jumpServerExam) excessRightsFindings(r inventory.Rights) []Finding {
	subject := language.New("多余权限", "excess")
	fix := language.New("给同步单独建一个用户和组织角色，只含资产（查看、创建、更新、删除）、节点（查看、创建）、平台与网域（查看）",
		"make a user and an organisation role for the sync alone: assets (view, add, change, delete), nodes (view, add), platforms and zones (view)")
	if r.Superuser {
		return []Finding{warningFinding(subject, language.Newf("用户 %s 是系统管理员：密钥一旦泄露，整个 JumpServer 失守", "user %s is a system administrator: with its key all of JumpServer is lost", r.User), fix)}
	}
	var found []string
	for _, right := range []string{
		"orgs.view_rootorg", "orgs.change_organization", "rbac.add_systemrolebinding", "rbac.add_orgrolebinding", "rbac.change_role",
		"users.add_user", "users.change_user", "accounts.view_accountsecret", "perms.add_assetpermission", "settings.change_setting",
	} {
		if r.Has(right) {
			found = append(found, right)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return []Finding{warningFinding(subject, language.Newf("同步从不需要：%s", "a sync never needs: %s", strings.Join(found, ", ")), fix)}
}

// zoneFindings reports the version, and whether each account's zone exists.
func (x jumpServerExam) zoneFindings(ctx context.Context) []Finding {
	subject := language.New("网域", "zones")
	zones, field, err := x.Zones(ctx)
	lines := versionFindings(field)
	switch {
	case err != nil && len(x.Accounts) > 0:
		fix := language.New("先解决消息里的那一步", "see to the step of the message first") // it comes before the zones
		if field != "" {
			fix = language.New("给角色加上 assets.view_"+field, "grant assets.view_"+field)
		}
		return append(lines, failureFinding(subject, language.New("读不到", "they cannot be read").WithError(err), fixForKind(err, fix)))
	case inventory.KindOf(err) == inventory.Denied:
		return lines // no account has a zone, so the right is not needed
	case err != nil:
		return append(lines, warningFinding(subject, language.New("读不到，但没有账号使用网域", "they cannot be read, but no account has one").WithError(err), fixForKind(err, language.New("需要网域时再试一次", "try again when one is needed"))))
	}
	for _, account := range x.Accounts {
		lines = append(lines, zoneFinding(account, x.AccountZones[account], zones))
	}
	return lines
}

// versionFindings reports the version, as far as the name of the zone field shows it.
func versionFindings(field string) []Finding {
	switch field {
	case "zone":
		return []Finding{okFinding(language.New("版本", "version"), language.New("v4.10 或更新（主机的字段是 zone）", "v4.10 or later (hosts have a field zone)"))}
	case "domain":
		return []Finding{okFinding(language.New("版本", "version"), language.New("早于 v4.10（主机的字段是 domain）", "before v4.10 (hosts have a field domain)"))}
	}
	return nil
}

func zoneFinding(account, id string, zones []inventory.Zone) Finding {
	subject := language.Newf("账号 %s 的网域", "zone of account %s", account)
	at := slices.IndexFunc(zones, func(z inventory.Zone) bool { return strings.EqualFold(z.ID, id) })
	if at < 0 {
		var known []string
		for _, z := range zones {
			known = append(known, z.Name+" = "+z.ID)
		}
		fix := language.Newf("把 domain_id 改成其中之一，或清空：%s", "set domain_id to one of these, or empty it: %s", strings.Join(known, "; "))
		if len(known) == 0 {
			fix = language.New("组织里一个网域也没有：先创建，或清空 domain_id", "the organisation has no zone at all: make one, or empty domain_id")
		}
		return failureFinding(subject, language.Newf("组织里没有 %s：新主机会被拒绝", "the organisation has no %s: new hosts would be refused", id),
			fix)
	}
	if zones[at].Gateways == 0 {
		return warningFinding(subject, language.Newf("%s 存在，但列表里没有网关：连接不会经过网关", "%s exists, but is listed without a gateway: connections do not go through one", zones[at].Name),
			language.New("在网域里添加网关（主机平台 Gateway），或清空 domain_id", "add a gateway to the zone (platform Gateway), or empty domain_id"))
	}
	return okFinding(subject, language.Newf("%s，%d 个网关", "%s, %d gateways", zones[at].Name, zones[at].Gateways))
}

func (x jumpServerExam) rootNodeFinding(ctx context.Context) Finding {
	subject := language.New("根节点", "root node")
	name, err := x.RootNodeName(ctx)
	if err != nil {
		return failureFinding(subject, language.New("读不到", "it cannot be read").WithError(err), fixForKind(err, language.New("给角色加上 assets.view_node", "grant assets.view_node")))
	}
	return okFinding(subject, language.Newf("%s（配置里的 /DEFAULT 指它）", "%s (what /DEFAULT stands for)", name))
}

func (x jumpServerExam) assetCountFinding(ctx context.Context, licensed bool) Finding {
	subject := language.New("资产数量", "assets")
	n, err := x.CountAssets(ctx)
	fix := language.New("清理不用的资产，或使用企业版", "remove assets that are not used, or use the enterprise edition")
	switch {
	case err != nil:
		return failureFinding(subject, language.New("读不到", "they cannot be counted").WithError(err), fixForKind(err, language.New("给角色加上 assets.view_asset", "grant assets.view_asset")))
	case licensed:
		return okFinding(subject, language.Newf("%d 个（企业版）", "%d (enterprise edition)", n))
	case n >= communityLimit:
		return failureFinding(subject, language.Newf("%d 个，已到社区版上限 %d 个：新主机会被拒绝", "%d, the limit of the community edition is %d: new hosts are refused", n, communityLimit), fix)
	case n >= communityLimit*8/10:
		return warningFinding(subject, language.Newf("%d 个，社区版上限 %d 个", "%d, the limit of the community edition is %d", n, communityLimit), fix)
	}
	return okFinding(subject, language.Newf("%d 个，社区版上限 %d 个", "%d, the limit of the community edition is %d", n, communityLimit))
}
