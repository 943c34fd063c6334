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
)

// Bastion is JumpServer as it is examined: it is only read.
type Bastion interface {
	Reach(ctx context.Context) (inventory.Reached, error)
	Rights(ctx context.Context) (inventory.Rights, error)
	Organisation(ctx context.Context) (id, name string, err error)
	Organisations(ctx context.Context) ([]inventory.Org, error)
	Platforms(ctx context.Context) (map[string]inventory.Platform, error)
	Zones(ctx context.Context) (zones []inventory.Zone, field string, err error)
	RootNode(ctx context.Context) (string, error)
	Count(ctx context.Context) (int, error)
	// LabelForm tells which values JumpServer's version takes for labels.
	LabelForm(ctx context.Context) (inventory.LabelForm, error)
	// Narrow reports whether its database cannot hold signs of four bytes.
	Narrow(ctx context.Context) (bool, error)
}

// Server is what the configuration says of JumpServer.
type Server struct {
	URL     string
	Verify  bool // the certificate is verified
	Proxied bool // a proxy looks the name up
	Deletes bool // the configuration counts on deletions
	// DeletesAdopted: of adopted assets too, of which labels and comments say whose they are.
	DeletesAdopted bool
	// OtherProxy: a proxy is configured that is not for JumpServer.
	OtherProxy bool
	ZoneOf     map[string]string // account name → id of its zone, where it has one
	Accounts   []string          // the names in ZoneOf, in the configuration's order
	// Platforms are those of new hosts; none = JumpServer's own for every account.
	Platforms []Platform
	Lookup    func(ctx context.Context, host string) ([]string, error)
	Now       func() time.Time

	Marks []Marks // of all accounts
}

const (
	skewed  = time.Minute         // more than this from JumpServer's clock is worth a word
	expires = 30 * 24 * time.Hour // of a certificate
	// communityLimit is the number of assets that JumpServer's community edition takes.
	communityLimit = 5000
	// defaultOrganisation is the id of the one that every JumpServer has.
	defaultOrganisation = "00000000-0000-0000-0000-000000000002"
)

// JumpServer examines the bastion, from the outside inwards: what cannot be reached is asked for
// nothing more, and nothing is read of an organisation that is not the configured one.
func JumpServer(b Bastion, s Server) Check {
	x := bastion{Bastion: b, Server: s}
	return Check{Title: say("JumpServer（"+s.URL+"）", "JumpServer ("+s.URL+")"), Run: x.run}
}

type bastion struct {
	Bastion
	Server
}

func (x bastion) run(ctx context.Context) []Line {
	lines := x.address(ctx)
	reached, err := x.Reach(ctx)
	if err != nil {
		return append(lines, fail(say("连接", "connection"), say("连不上", "it cannot be reached").with(err), x.unreachable(err)))
	}
	lines = append(lines, x.connection(reached)...)
	rights, err := x.Rights(ctx)
	if err != nil {
		return append(lines, fail(say("密钥", "access key"), say("不能使用", "it cannot be used").with(err), byKind(err,
			say("在 JumpServer 的“个人信息 - API Key”里核对 access_key_id 与 access_key_secret，确认密钥已启用、用户未过期",
				"compare access_key_id and access_key_secret with JumpServer's API key page; the key must be on and its user valid"))))
	}
	lines = append(lines, fine(say("密钥", "access key"), sayf("有效，用户 %s", "valid, user %s", rights.User)))
	_, name, err := x.Organisation(ctx)
	if err != nil {
		return append(lines, fail(say("组织", "organisation"), say("不对", "it is wrong").with(err), byKind(err, x.organisations(ctx, reached, err))))
	}
	lines = append(lines, fine(say("组织", "organisation"), sayf("%s 答复，与配置一致", "%s answers, as configured", name)))
	lines = append(lines, x.rights(rights)...)
	lines = append(lines, x.zones(ctx)...)
	lines = append(lines, x.labels(ctx)...)
	lines = append(lines, x.labelRights())
	lines = append(lines, x.platforms(ctx)...)
	return append(lines, x.root(ctx), x.count(ctx, reached.Licensed))
}

// address judges what the URL says, and looks its name up.
func (x bastion) address(ctx context.Context) []Line {
	var lines []Line
	at, err := url.Parse(x.URL)
	if err != nil {
		return nil // the configuration was checked
	}
	switch {
	case at.Scheme == "http":
		lines = append(lines, warn(say("加密", "encryption"), say("地址是 http://，密钥的签名与资产在网络上是明文", "the address is http://: signatures and assets travel in clear"),
			say("改用 https://；证书由私有 CA 签发时设置 jumpserver.ca_file", "use https://, with jumpserver.ca_file where a private CA signed the certificate")))
	case !x.Verify:
		lines = append(lines, warn(say("加密", "encryption"), say("verify_ssl: false，不校验证书，中间人可以冒充 JumpServer", "verify_ssl: false: anybody in between can pose as JumpServer"),
			say("设置 verify_ssl: true；私有 CA 的证书写进 jumpserver.ca_file", "set verify_ssl: true, and jumpserver.ca_file for a private CA")))
	}
	host := at.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || x.Proxied || x.Lookup == nil {
		return lines
	}
	if found, err := x.Lookup(ctx, host); err != nil || len(found) == 0 {
		return append(lines, fail(say("DNS", "DNS"), sayf("查不到 %s", "%s cannot be looked up", host),
			x.proxyHint(say("核对 jumpserver.url 的主机名，以及这台机器（或函数所在 VPC）的 DNS", "check the host name of jumpserver.url, and the DNS of this machine (or of the function's VPC)"))))
	}
	return append(lines, fine(say("DNS", "DNS"), sayf("%s 可以解析", "%s is known", host)))
}

func (x bastion) unreachable(err error) Text {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return say("证书由私有 CA 签发时设置 jumpserver.ca_file；过期或主机名不符则更换证书", "set jumpserver.ca_file for a private CA; replace a certificate that expired or is for another name")
	}
	if cure, known := cures()[inventory.AdviceOf(err)]; known {
		return cure
	}
	return x.proxyHint(say("核对 jumpserver.url 指向 JumpServer；再检查网络、代理与防火墙，以及 JumpServer 是否在维护",
		"check that jumpserver.url leads to JumpServer; then network, proxy and firewall, and whether it is being maintained"))
}

// connection judges what the open pages showed.
func (x bastion) connection(r inventory.Reached) []Line {
	lines := []Line{fine(say("连接", "connection"), say("可以连接", "it answers"))}
	if !r.Database || !r.Cache {
		lines = append(lines, fail(say("健康", "health"), say("JumpServer 自报数据库或缓存异常", "JumpServer reports that its database or cache does not answer"),
			say("先修复 JumpServer，再同步", "mend JumpServer before syncing")))
	}
	now := x.Now()
	if !r.Expires.IsZero() {
		left := r.Expires.Sub(now)
		day := r.Expires.UTC().Format(time.DateOnly)
		if left < expires {
			lines = append(lines, warn(say("TLS", "TLS"), sayf("证书 %s 到期", "the certificate expires on %s", day), say("更新证书", "renew it")))
		} else {
			lines = append(lines, fine(say("TLS", "TLS"), sayf("证书有效期至 %s", "the certificate is valid until %s", day)))
		}
	}
	switch skew := now.Sub(r.Clock); {
	case r.Clock.IsZero():
	case skew.Abs() > skewed:
		word := sayf("本机与 JumpServer 的时钟相差 %s", "this machine's clock is %s away from JumpServer's", skew.Abs().Round(time.Minute))
		lines = append(lines, warn(say("时钟", "clock"), word,
			say("两边都启用 NTP：云的 API 拒绝相差 5–15 分钟的签名，宽限期按本机时钟计算", "run NTP on both: clouds refuse signatures that are 5 to 15 minutes off, and graces are counted by this clock")))
	default:
		lines = append(lines, fine(say("时钟", "clock"), say("与 JumpServer 一致", "agrees with JumpServer's")))
	}
	return lines
}

// organisations is the fix for a wrong organisation: those that the key may use, by name. The community
// edition has others in its list, if any were made, and answers for DEFAULT whichever is asked for.
func (x bastion) organisations(ctx context.Context, r inventory.Reached, err error) Text {
	if r.Community && inventory.KindOf(err) == inventory.Organisation {
		return sayf("这是社区版，只有 DEFAULT 组织可用：别的组织即使存在，读写的也是 DEFAULT。把 jumpserver.org_id 改成 %[1]s，或使用企业版",
			"this is the community edition, which has DEFAULT only: whatever other organisation is asked for, also one that exists, DEFAULT is read and written. Set jumpserver.org_id to %[1]s, or use the enterprise edition", defaultOrganisation)
	}
	all, err := x.Organisations(ctx)
	if err != nil || len(all) == 0 {
		return say("核对 jumpserver.org_id，以及密钥的用户在该组织里的角色", "check jumpserver.org_id, and the role of the key's user in that organisation")
	}
	var known []string
	for _, o := range all {
		known = append(known, fmt.Sprintf("%s = %s", o.Name, o.ID))
	}
	list := strings.Join(known, "; ")
	return sayf("把 jumpserver.org_id 改成其中之一，或给用户该组织的角色：%s", "set jumpserver.org_id to one of these, or give the user a role there: %s", list)
}

// needed are the rights of a run, and what each is for.
func needed() []struct {
	right string
	use   Text
} {
	return []struct {
		right string
		use   Text
	}{
		{inventory.ViewAssets, say("查看资产", "view assets")}, {inventory.AddAssets, say("创建资产", "add assets")},
		{inventory.ChangeAssets, say("更新与停用资产", "change and deactivate assets")},
		{inventory.ViewNodes, say("查看节点", "view nodes")}, {inventory.AddNodes, say("创建节点", "add nodes")},
		{inventory.ViewPlatform, say("查看平台", "view platforms")},
	}
}

// rights judges what the key's user may do, too little and too much.
func (x bastion) rights(r inventory.Rights) []Line {
	subject := say("权限", "rights")
	if !r.Told() {
		return append(x.excess(r), warn(subject, say("此版本的 JumpServer 没有给出权限清单，缺少的权限只有写入时才知道", "this JumpServer does not list permissions: a missing one shows at the first write"),
			say("确认角色可以查看、创建、更新、删除资产，查看、创建节点", "make sure that the role may view, add, change and delete assets, and view and add nodes")))
	}
	var lines []Line
	for _, n := range needed() {
		if r.Lacks(n.right) {
			lines = append(lines, fail(subject, say("缺少 "+n.right+"：不能"+n.use.ZH, n.right+" is missing: it cannot "+n.use.EN),
				sayf("在“系统设置 - 角色”里给用户 %[1]s 的角色加上 %[2]s", "add %[2]s to the role of user %[1]s", r.User, n.right)))
		}
	}
	switch {
	case r.Lacks(inventory.DeleteAssets) && x.Deletes:
		lines = append(lines, warn(subject, sayf("缺少 %s：只停用、不删除（等同 sync.removal.mode: deactivate）", "%s is missing: assets are deactivated only (as with sync.removal.mode: deactivate)", inventory.DeleteAssets),
			say("若有意如此，把 mode 写成 deactivate；否则加上该权限", "if that is meant, set mode: deactivate; else add the right")))
	case !x.Deletes && !r.Superuser && r.Has(inventory.DeleteAssets):
		lines = append(lines, warn(subject, sayf("有 %s，而配置从不删除", "%s is there, but the configuration never deletes", inventory.DeleteAssets),
			say("从角色里去掉它", "take it from the role")))
	}
	if len(lines) == 0 {
		lines = append(lines, fine(subject, say("查看、创建、更新资产与节点的权限齐全", "assets and nodes can be viewed, added and changed")))
	}
	return append(lines, x.excess(r)...)
}

// excess warns of rights that a sync never needs and whose loss would hurt.
func (x bastion) excess(r inventory.Rights) []Line {
	subject := say("多余权限", "excess")
	fix := say("给同步单独建一个用户和组织角色，只含资产（查看、创建、更新、删除）、节点（查看、创建）、平台与网域（查看）",
		"make a user and an organisation role for the sync alone: assets (view, add, change, delete), nodes (view, add), platforms and zones (view)")
	if r.Superuser {
		return []Line{warn(subject, sayf("用户 %s 是系统管理员：密钥一旦泄露，整个 JumpServer 失守", "user %s is a system administrator: with its key all of JumpServer is lost", r.User), fix)}
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
	return []Line{warn(subject, sayf("同步从不需要：%s", "a sync never needs: %s", strings.Join(found, ", ")), fix)}
}

// zones shows the version, and that each account's zone is there.
func (x bastion) zones(ctx context.Context) []Line {
	subject := say("网域", "zones")
	zones, field, err := x.Zones(ctx)
	lines := version(field)
	switch {
	case err != nil && len(x.Accounts) > 0:
		fix := say("先解决消息里的那一步", "see to the step of the message first") // it came before the zones
		if field != "" {
			fix = say("给角色加上 assets.view_"+field, "grant assets.view_"+field)
		}
		return append(lines, fail(subject, say("读不到", "they cannot be read").with(err), byKind(err, fix)))
	case inventory.KindOf(err) == inventory.Denied:
		return lines // no account has a zone: the right is not needed
	case err != nil:
		return append(lines, warn(subject, say("读不到，但没有账号使用网域", "they cannot be read, but no account has one").with(err), byKind(err, say("需要网域时再试一次", "try again when one is needed"))))
	}
	for _, account := range x.Accounts {
		lines = append(lines, zoneOf(account, x.ZoneOf[account], zones))
	}
	return lines
}

// version tells the version, as far as the name of the zone field shows it.
func version(field string) []Line {
	switch field {
	case "zone":
		return []Line{fine(say("版本", "version"), say("v4.10 或更新（主机的字段是 zone）", "v4.10 or later (hosts have a field zone)"))}
	case "domain":
		return []Line{fine(say("版本", "version"), say("早于 v4.10（主机的字段是 domain）", "before v4.10 (hosts have a field domain)"))}
	}
	return nil
}

func zoneOf(account, id string, zones []inventory.Zone) Line {
	subject := sayf("账号 %s 的网域", "zone of account %s", account)
	at := slices.IndexFunc(zones, func(z inventory.Zone) bool { return strings.EqualFold(z.ID, id) })
	if at < 0 {
		var known []string
		for _, z := range zones {
			known = append(known, z.Name+" = "+z.ID)
		}
		fix := sayf("把 domain_id 改成其中之一，或清空：%s", "set domain_id to one of these, or empty it: %s", strings.Join(known, "; "))
		if len(known) == 0 {
			fix = say("组织里一个网域也没有：先创建，或清空 domain_id", "the organisation has no zone at all: make one, or empty domain_id")
		}
		return fail(subject, sayf("组织里没有 %s：新主机会被拒绝", "the organisation has no %s: new hosts would be refused", id),
			fix)
	}
	if zones[at].Gateways == 0 {
		return warn(subject, sayf("%s 存在，但列表里没有网关：连接不会经过网关", "%s exists, but is listed without a gateway: connections do not go through one", zones[at].Name),
			say("在网域里添加网关（主机平台 Gateway），或清空 domain_id", "add a gateway to the zone (platform Gateway), or empty domain_id"))
	}
	return fine(subject, sayf("%s，%d 个网关", "%s, %d gateways", zones[at].Name, zones[at].Gateways))
}

func (x bastion) root(ctx context.Context) Line {
	subject := say("根节点", "root node")
	name, err := x.RootNode(ctx)
	if err != nil {
		return fail(subject, say("读不到", "it cannot be read").with(err), byKind(err, say("给角色加上 assets.view_node", "grant assets.view_node")))
	}
	return fine(subject, sayf("%s（配置里的 /DEFAULT 指它）", "%s (what /DEFAULT stands for)", name))
}

func (x bastion) count(ctx context.Context, licensed bool) Line {
	subject := say("资产数量", "assets")
	n, err := x.Count(ctx)
	fix := say("清理不用的资产，或使用企业版", "remove assets that are not used, or use the enterprise edition")
	switch {
	case err != nil:
		return fail(subject, say("读不到", "they cannot be counted").with(err), byKind(err, say("给角色加上 assets.view_asset", "grant assets.view_asset")))
	case licensed:
		return fine(subject, sayf("%d 个（企业版）", "%d (enterprise edition)", n))
	case n >= communityLimit:
		return fail(subject, sayf("%d 个，已到社区版上限 %d 个：新主机会被拒绝", "%d, the limit of the community edition is %d: new hosts are refused", n, communityLimit), fix)
	case n >= communityLimit*8/10:
		return warn(subject, sayf("%d 个，社区版上限 %d 个", "%d, the limit of the community edition is %d", n, communityLimit), fix)
	}
	return fine(subject, sayf("%d 个，社区版上限 %d 个", "%d, the limit of the community edition is %d", n, communityLimit))
}
