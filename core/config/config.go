// Package config promises that a Config it returns is complete and valid, and that otherwise all mistakes are
// reported at once. It reads the settings of a run: the YAML of the Python tool's users, overridden by JMS_SYNC_…
// variables.
package config

import (
	"cmp"
	"net/netip"
	"time"
	_ "time/tzdata" // a bare container has no zone files; costs about 450 KB

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Config has every setting of a run. A Config that Load returned has passed all checks: its numbers are in range,
// its URLs have no trailing slash, its ids are in lower case.
//
// The tags are the only description of a setting: yaml and env name it, enum, range and unit limit it, doc
// ("Chinese;English") explains it in the reference.
type Config struct {
	Environment Environment   `yaml:"environment" envPrefix:"ENVIRONMENT_"`
	Language    string        `yaml:"language" env:"LANGUAGE" enum:"zh,en" doc:"卡片、结果与提示的语言；不写时，命令看环境变量 LC_ALL、LC_MESSAGES、LANG（C 与空算中文），函数用 zh;language of the card, the results and the messages; where it is not set the command goes by LC_ALL, LC_MESSAGES, LANG (C and nothing mean Chinese), a function uses zh"`
	Timezone    string        `yaml:"timezone" env:"TIMEZONE" doc:"显示时间所用的时区（IANA 名称）;time zone of the times shown (IANA name)"`
	StaleAfter  time.Duration `yaml:"stale_after" env:"STALE_AFTER" range:"0s,720h" doc:"触发后超过这么久才开始的定时调用不再执行，0 表示从不过期;a timer's tick older than this is not run, 0 = never stale"`
	Timeout     Timeout       `yaml:"timeout" envPrefix:"TIMEOUT_"`
	Proxy       secret.Value  `yaml:"proxy" env:"PROXY" doc:"访问云、通知渠道与指标去处的代理，如 http://proxy:3128（可带账号密码，因此不会被打印）；不用于 JumpServer（见 jumpserver.proxy）；NO_PROXY 里的地址直连;proxy for clouds, channels of notification and metrics, e.g. http://proxy:3128 (never printed, as it may hold a password); not for JumpServer (see jumpserver.proxy); what NO_PROXY names goes straight"`
	JumpServer  JumpServer    `yaml:"jumpserver" envPrefix:"JUMPSERVER_"`
	Platforms   Platforms     `yaml:"platforms" envPrefix:"PLATFORMS_"`
	Clouds      []Cloud       `yaml:"clouds" env:"-" doc:"云账号的列表;list of the cloud accounts"` // by entry, see overrideFromEnv
	// Rules are read key by key, see rules.go.
	Rules         []mapping.Rule `yaml:"rules" env:"-" doc:"映射规则，依次看：每台实例的资产放在哪里、怎样登录;mapping rules, in order: where the asset of each instance is, and how it is reached"`
	RulesFromTags bool           `yaml:"rules_from_tags" env:"RULES_FROM_TAGS" doc:"是否先于所有规则看实例的标签 jms:skip、jms:node、jms:port、jms:zone、jms:keep；那样，能改实例标签的人就能移动资产;whether the instance's tags jms:skip, jms:node, jms:port, jms:zone and jms:keep count before all rules; who may set tags can then move assets"`
	// Mapping is what Rules and RulesFromTags were compiled to; nil = there are none.
	Mapping      *mapping.Set `yaml:"-" env:"-"`
	Sync         Sync         `yaml:"sync" envPrefix:"SYNC_"`
	Notification Notification `yaml:"notification" envPrefix:"NOTIFICATION_"`
	Metrics      Metrics      `yaml:"metrics" envPrefix:"METRICS_"`
	Console      Console      `yaml:"console" envPrefix:"CONSOLE_"`
	Log          Log          `yaml:"log" envPrefix:"LOG_"`
}

// Location returns the time zone of the times shown; UTC if the name is unknown, which Load refuses.
func (c Config) Location() *time.Location {
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Environment says which installation this is.
type Environment struct {
	Type string `yaml:"type" env:"TYPE" doc:"环境类型：PRODUCTION、DEVELOPMENT、TESTING，显示在卡片标题与日志里;kind of environment: PRODUCTION, DEVELOPMENT, TESTING; shown in the card's title and in logs"`
}

// Timeout limits single calls, to clouds and to JumpServer alike, and a run of the command.
type Timeout struct {
	Connect time.Duration `yaml:"connect" env:"CONNECT" range:"100ms,10m" doc:"建立连接的时限;limit for making a connection"`
	Request time.Duration `yaml:"request" env:"REQUEST" range:"100ms,10m" doc:"一次请求的时限；对 JumpServer 的批量写入按行数放宽;limit for one request; list writes to JumpServer get more where their rows need it"`
	Run     time.Duration `yaml:"run" env:"RUN" range:"1m,24h" doc:"命令一次运行（含重试）的时限：到时不再开始新的工作，报告与通知照常发出；函数用平台的时限;limit for a run of the command, its further tries included: no work begins after it, report and card still go out; functions have their platform's"`
}

// JumpServer is the bastion and one organisation in it.
type JumpServer struct {
	ID              string       `yaml:"id" env:"ID" doc:"JumpServer 的名称，状态存储按它和组织区分（空时为 url 的主机）；同一台 JumpServer 换了地址或有多个地址时填写;name of this JumpServer, by which (and by the organisation) state is told apart, empty = the host of url; set it where one JumpServer has several addresses or gets another"`
	URL             string       `yaml:"url" env:"URL" doc:"JumpServer 的地址，必填;address of JumpServer, required"`
	AccessKeyID     secret.Value `yaml:"access_key_id" env:"ACCESS_KEY_ID" doc:"API Key 的 ID（UUID），必填;id of the API key (UUID), required"`
	AccessKeySecret secret.Value `yaml:"access_key_secret" env:"ACCESS_KEY_SECRET" doc:"API Key 的 Secret，必填;secret of the API key, required"`
	OrgID           string       `yaml:"org_id" env:"ORG_ID" doc:"组织 ID（UUID），不能是全 0 的根组织;id of the organisation (UUID), not the all-zero root"`
	VerifySSL       bool         `yaml:"verify_ssl" env:"VERIFY_SSL" doc:"是否校验 JumpServer 的证书;whether JumpServer's certificate is verified"`
	Proxy           secret.Value `yaml:"proxy" env:"PROXY" doc:"访问 JumpServer 的代理，如 http://proxy:3128（可带账号密码，因此不会被打印）；空时不用 proxy，只看 HTTP_PROXY、HTTPS_PROXY；NO_PROXY 里的地址直连;proxy for JumpServer, e.g. http://proxy:3128 (never printed, as it may hold a password); empty = only what HTTP_PROXY and HTTPS_PROXY say, never proxy; what NO_PROXY names goes straight"`
	CAFile          string       `yaml:"ca_file" env:"CA_FILE" doc:"私有 CA 的证书文件（PEM），与系统的 CA 一起信任，只用于 JumpServer;file with the certificates (PEM) of a private CA, trusted beside the system's, for JumpServer only"`
	// CA is the content of CAFile; empty if CAFile is.
	CA []byte `yaml:"-" env:"-"`
}

// Platforms names JumpServer's platforms of new assets, by the operating system of their instance. In an account ""
// is the name at the top level.
type Platforms struct {
	Linux   string `yaml:"linux" env:"LINUX" doc:"新建的 Linux 主机在 JumpServer 里的平台名称；账号没有写时用顶层的;name of JumpServer's platform of new Linux hosts; an account that names none has that of the top level"`
	Windows string `yaml:"windows" env:"WINDOWS" doc:"新建的 Windows 主机的平台名称；同上;the same of new Windows hosts"`
	Other   string `yaml:"other" env:"OTHER" doc:"云没有说明是 Linux 还是 Windows 的新主机的平台名称；同上;the same of new hosts of which the cloud says neither Linux nor Windows"`
}

// PlatformsOf returns the platforms of an account's new assets; "" = none is named.
func (c Config) PlatformsOf(account Cloud) Platforms {
	return Platforms{
		Linux:   cmp.Or(account.Platforms.Linux, c.Platforms.Linux),
		Windows: cmp.Or(account.Platforms.Windows, c.Platforms.Windows),
		Other:   cmp.Or(account.Platforms.Other, c.Platforms.Other),
	}
}

// Cloud is one account of a cloud.
type Cloud struct {
	// Type is the cloud as the user wrote it; it is part of the node's path.
	Type string `yaml:"type" env:"TYPE" doc:"云的类型：{types}，必填;the cloud: {types}; required"`
	// Cloud is Type as the code names it; "" in a disabled entry.
	Cloud           inventory.Cloud `yaml:"-" env:"-"`
	Name            string          `yaml:"name" env:"NAME" doc:"账号的名称，1 到 64 个字符，不能重复（只差大小写、重音也算），不能有 /、冒号与逗号，必填;name of the account, 1 to 64 characters, unique (also where case and accents do not count), without /, colon or comma; required"`
	AccessKeyID     secret.Value    `yaml:"access_key_id" env:"ACCESS_KEY_ID" doc:"访问密钥 ID（Azure：应用的 client id）；与 Secret 都不写时使用函数的角色（Azure：托管标识）;access key id (Azure: the application's client id); with neither id nor secret the function's role is used (Azure: its managed identity)"`
	AccessKeySecret secret.Value    `yaml:"access_key_secret" env:"ACCESS_KEY_SECRET" doc:"访问密钥 Secret（Azure：client secret）;access key secret (Azure: client secret)"`
	Regions         []string        `yaml:"regions" env:"REGIONS" doc:"地域列表，空表示全部地域;regions, empty = all of them"`
	ExcludeRegions  []string        `yaml:"exclude_regions" env:"EXCLUDE_REGIONS" doc:"没有写 regions 时不查询的地域；其中已有的资产原样保留，不算已释放;regions that are never asked for, where regions is empty; assets in them are kept and do not count as released"`
	Kinds           []string        `yaml:"kinds" env:"KINDS" doc:"要同步的实例种类，空表示只同步第一种：{kinds}；每一种单独列举，需要自己的权限;kinds of instances to sync, empty = the first one only: {kinds}; each is listed by itself and needs rights of its own"`
	DomainID        string          `yaml:"domain_id" env:"DOMAIN_ID" doc:"新资产所在的网域（UUID），可为空;gateway zone of new assets (UUID), may be empty"`
	Platforms       Platforms       `yaml:"platforms" envPrefix:"PLATFORMS_"`
	Enabled         bool            `yaml:"enabled" env:"ENABLED" doc:"是否启用;whether the account is used"`
	Endpoint        string          `yaml:"endpoint" env:"ENDPOINT" doc:"所有 API 的地址，用于测试与专有地域，如 https://ecs.example.com;address of all its APIs, for tests and private regions"`
	// Endpoints go before Endpoint.
	Endpoints     map[string]string `yaml:"endpoints" env:"ENDPOINTS" doc:"单个服务的地址，优先于 endpoint，用于专有云与只在内网可达的地域，如 ecs: https://ecs.example.com；变量写成 ecs=https://…,sts=https://…。服务的名称：{services};addresses of single services, before endpoint, for private clouds and for regions that are reached from inside only, e.g. ecs: https://ecs.example.com; as a variable ecs=https://…,sts=https://…. The services: {services}"`
	AccountID     string            `yaml:"account_id" env:"ACCOUNT_ID" doc:"云账号 ID（Azure：订阅 ID）；无权查询、或查询身份的接口连不上时填写，写上之后事件更快;the cloud account's id (Azure: the subscription's), where it may not be asked, or the API that tells it cannot be reached; events are faster with it"`
	ProjectID     string            `yaml:"project_id" env:"PROJECT_ID" doc:"华为云的项目 ID，空则按地域查询;project id of Huawei Cloud, empty = asked for by region"`
	TenantID      string            `yaml:"tenant_id" env:"TENANT_ID" doc:"{tenants} 的租户 ID，写了密钥时必填;tenant id of {tenants}, required with a key"`
	AssumeRoleARN string            `yaml:"assume_role_arn" env:"ASSUME_ROLE_ARN" doc:"{roles}：用密钥或角色扮演的角色 ARN;{roles}: ARN of the role to assume with the key or role"`
	ExternalID    string            `yaml:"external_id" env:"EXTERNAL_ID" doc:"{roles}：角色的信任策略要求的外部 ID（ExternalId）;{roles}: the external id (ExternalId) that the role's trust asks for"`
	Identity      string            `yaml:"identity" env:"IDENTITY" doc:"代替密钥的主机身份，只在写明时使用：{identities};identity of the host in place of a key, used only where it is named: {identities}"`
}

// The values of Sync.NameFrom, Sync.Manage, Sync.Approval, Removal.Mode and Guard.Empty.
const (
	NameFromInstance = "instance_name"
	NameFromHostname = "hostname"
	FieldAlways      = "always" // of Sync.Manage
	FieldCreate      = "create"
	FieldMissing     = "missing"
	ModeDelete       = "delete"
	ModeDeactivate   = "deactivate"
	EmptyHold        = "hold"
	EmptyAllow       = "allow"
	ApprovalNone     = "none"
	ApprovalRemovals = "removals"
	ApprovalAll      = "all"
)

// Sync says what a run may do.
type Sync struct {
	Whitelist      []netip.Prefix `yaml:"whitelist" env:"WHITELIST" doc:"只同步这些 IP 或网段的主机，空表示不限制;only hosts with these addresses or networks are synced, empty = no limit"`
	ProtectedIPs   []netip.Prefix `yaml:"protected_ips" env:"PROTECTED_IPS" doc:"这些 IP 或网段的资产永不停用、永不删除;assets with these addresses or networks are never deactivated or deleted"`
	ProtectedNames []string       `yaml:"protected_names" env:"PROTECTED_NAMES" doc:"名称符合这些模式的资产永不改动、永不停用、永不删除；* 代表任意文本，? 代表一个字符，不分大小写;assets with such names are never changed, deactivated or deleted; * stands for any text, ? for one character, case is not looked at"`
	NoDelete       bool           `yaml:"no_delete" env:"NO_DELETE" doc:"既不停用也不删除任何资产;neither deactivates nor deletes anything"`
	NameFrom       string         `yaml:"name_from" env:"NAME_FROM" enum:"instance_name,hostname" doc:"资产名称取实例名称还是主机名;what assets are named after"`
	Manage         Manage         `yaml:"manage" envPrefix:"MANAGE_"`
	FullEvery      time.Duration  `yaml:"full_every" env:"FULL_EVERY" range:"0s,168h" doc:"有状态存储（JMS_SYNC_STATE）时，至少每隔这么久完整对账一次，以发现 JumpServer 上的人工改动；0 表示每次都完整对账;with a state store (JMS_SYNC_STATE), a full reconcile at least this often, which finds changes made by hand in JumpServer; 0 = each run"`
	Interval       time.Duration  `yaml:"interval" env:"INTERVAL" range:"1m,24h" doc:"定时同步的间隔；有状态存储（JMS_SYNC_STATE）时，连续三个间隔没有一次完整同步就告警一次;interval of the timer; with a state store (JMS_SYNC_STATE) one alarm is raised when no complete run was made for three of it"`
	Approval       string         `yaml:"approval" env:"APPROVAL" enum:"none,removals,all" doc:"none 只有守卫暂缓的移除要批准（jms-sync approve）；removals 每次移除都要批准；all 任何变更都只经 jms-sync plan -o 与 apply 执行;none: only removals that the guard holds need approval (jms-sync approve); removals: every removal does; all: every change is made by jms-sync plan -o and apply only"`
	Removal        Removal        `yaml:"removal" envPrefix:"REMOVAL_"`
	Guard          Guard          `yaml:"guard" envPrefix:"GUARD_"`
	Writers        int            `yaml:"writers" env:"WRITERS" range:"1,64" doc:"同时创建资产的请求数;how many assets are created at the same time"`
	BatchSize      int            `yaml:"batch_size" env:"BATCH_SIZE" range:"1,500" doc:"一次批量更新或删除的资产数上限；实际数目按测得的每行时间定，一次约 3 秒;how many assets one bulk request updates or removes at most; how many it really has follows the measured time per row, some 3 seconds a request"`
}

// Manage says which fields of our assets follow the cloud, the rules or the configuration after creation. Differences
// in others are reported, and left.
type Manage struct {
	Name        string `yaml:"name" env:"NAME" enum:"always,create" doc:"资产名称：always 跟随云；create 只在创建时设置，之后归人管;name: always follows the cloud, create is set on creation only and people's from then on"`
	Address     string `yaml:"address" env:"ADDRESS" enum:"always,create" doc:"资产地址：同上;address: likewise"`
	Zone        string `yaml:"zone" env:"ZONE" enum:"missing,always,create" doc:"网域：missing 创建时设置，资产没有网域时补上；always 跟随规则与 domain_id；create 只在创建时设置;zone: missing is set on creation and where an asset has none, always follows rules and domain_id, create is set on creation only"`
	Node        string `yaml:"node" env:"NODE" enum:"create,missing,always" doc:"规则（rules）写的节点：create 只在创建时设置；missing 资产只在根节点时也移到规则的节点；always 跟随规则，人加的节点保留;node by rules: create is set on creation only, missing also moves an asset that is in the root node alone, always follows the rules and keeps the nodes that people added"`
	Platform    string `yaml:"platform" env:"PLATFORM" enum:"create,missing,always" doc:"规则写的平台：create 只在创建时设置；always 跟随规则，但从不换成另一种系统的平台；资产总有平台，missing 与 create 相同;platform by rules: create is set on creation only, always follows the rules, though never to a platform of another system; an asset always has one, so that missing is as create"`
	Port        string `yaml:"port" env:"PORT" enum:"create,missing,always" doc:"规则写的端口与协议：create 只在创建时设置；missing 资产没有任何协议时补上；always 跟随规则;port and protocols by rules: create is set on creation only, missing also where an asset has no protocol at all, always follows the rules"`
	Labels      string `yaml:"labels" env:"LABELS" enum:"create,missing,always" doc:"规则写的标签：create 只在创建时设置；missing 资产没有这个名称的标签时补上；always 规则写的名称跟随规则，其他标签归人管;labels by rules: create are set on creation only, missing adds those whose name an asset lacks, always has the names that rules set follow them, and other labels are people's"`
	Accounts    string `yaml:"accounts" env:"ACCOUNTS" enum:"create,missing,always" doc:"规则写的账号模板：create 只在创建时添加；missing 资产没有任何账号时补上；always 缺哪个补哪个；已有的账号从不改动、从不删除;account templates by rules: create are added on creation only, missing also where an asset has no account at all, always wherever it lacks one; accounts that are there are never changed or removed"`
	AdoptedName string `yaml:"adopted_name" env:"ADOPTED_NAME" enum:"create,always" doc:"认领的资产（jms-sync adopt）的名称：create 保留原名；always 跟随云;name of adopted assets: create keeps theirs, always follows the cloud"`
}

// Removal says what becomes of assets whose instance is gone.
type Removal struct {
	Mode    string        `yaml:"mode" env:"MODE" enum:"delete,deactivate" doc:"实例释放后：delete 先停用、宽限期满后删除；deactivate 只停用;delete deactivates first and deletes after the grace, deactivate never deletes"`
	Adopted string        `yaml:"adopted" env:"ADOPTED" enum:"deactivate,delete" doc:"认领的资产（jms-sync adopt）的实例释放后：deactivate 只停用，由人用 jms-sync retire --adopted 删除；delete 与其他资产一样按 mode 删除——那样，能改资产标签与备注的人就能让资产被删除;adopted assets whose instance is gone: deactivate only, a person deletes them by jms-sync retire --adopted; with delete mode holds for them too, and who may edit labels and comments can have an asset deleted"`
	Grace   time.Duration `yaml:"grace" env:"GRACE" range:"0s,87600h" unit:"required" doc:"停用多久之后删除，如 168h、7d，0s 表示立即删除;how long an asset stays deactivated before it is deleted, e.g. 168h or 7d, 0s = at once"`
}

// Guard holds removals that look like an accident.
type Guard struct {
	Percent int    `yaml:"percent" env:"PERCENT" range:"0,100" doc:"一个地域减少的资产超过此百分比且超过 min 台时，暂缓该地域的移除;a scope that loses more than this share and more than min holds its removals"`
	Min     int    `yaml:"min" env:"MIN" range:"0,1000000" doc:"见 percent;see percent"`
	Fleet   Fleet  `yaml:"fleet" envPrefix:"FLEET_"`
	Moves   Moves  `yaml:"moves" envPrefix:"MOVES_"`
	PerRun  int    `yaml:"per_run" env:"PER_RUN" range:"0,1000000" doc:"其他规则都放行的移除里，停用（连同其他运行 10 分钟内停用的、规则 1 小时内停用的）超过此值时全部暂缓；宽限期满的删除另算，同一上限;of the removals that all other rules let pass, more deactivations than this (with those of other runs within 10 minutes and those by rules within the hour) are all held; deletions at the end of a grace count by themselves, with the same limit"`
	Empty   string `yaml:"empty" env:"EMPTY" enum:"hold,allow" doc:"地域变空时：hold 暂缓移除，allow 按百分比判断;a scope that became empty: hold its removals, or allow them as the share says"`
}

// Fleet holds losses of several scopes that are too large a share of all assets together.
type Fleet struct {
	Percent int `yaml:"percent" env:"PERCENT" range:"0,100" doc:"两个以上地域 24 小时内共失去（无人批准的）资产超过组织内全部资产的此百分比且超过 min 台时，暂缓各地域的停用;where two or more scopes within 24 hours together lose (with nobody's approval) more than this share of all our assets in the organisation, and more than min, all of them hold their deactivations"`
	Min     int `yaml:"min" env:"MIN" range:"0,1000000" doc:"见 fleet.percent;see fleet.percent"`
}

// Moves bounds what a change of the rules moves at once.
type Moves struct {
	Percent int `yaml:"percent" env:"PERCENT" range:"0,100" doc:"一次运行因规则要改节点、网域、平台、端口、地址或账号的资产超过一个地域的此百分比且超过 min 台时，暂缓该地域的这些改动，等人批准;a scope of which one run would change node, zone, platform, ports, address or accounts by the rules of more than this share of its assets, and of more than min, holds these changes until a person approves them"`
	Min     int `yaml:"min" env:"MIN" range:"0,1000000" doc:"见 moves.percent;see moves.percent"`
}

// Notification says whom to notify, and when.
type Notification struct {
	On string `yaml:"on" env:"ON" enum:"always,change,failure" doc:"何时通知。change：写入了什么立即说；失败、暂缓、无人管理、仍开放等会持续的事，在开始时、6 小时后、以后每天、结束时各说一次。always：每次运行都发。failure：只说失败与暂缓，时机同 change;when to tell. change: what was written, at once; what lasts (failures, holds, orphans, what stays open), as it begins, after 6 hours, then daily, and as it ends. always: each run. failure: failures and holds only, at the same times"`
	// Window is for events; full runs notify as On says.
	Window time.Duration `yaml:"window" env:"WINDOW" range:"0s,1h" doc:"事件触发的变更：第一条立即通知，之后这段时间内的合成一张卡片；0 表示每次都发;changes by events: the first is told at once, those of this time after it in one card; 0 = each at once"`
	// PageLink is bounded by what stores sign, see storage.MaxLinkLifetime.
	PageLink time.Duration `yaml:"page_link" env:"PAGE_LINK" range:"0s,168h" doc:"卡片里指向完整运行报告的链接多久有效（状态存储是 OSS、S3、OBS 时）；拿到链接的人都能看，0 表示不放链接；用函数角色的临时凭据签的，随凭据失效;how long the link of a card to the whole run report serves (where the state store is OSS, S3 or OBS); whoever has the link can read the report, 0 = no link; one that the temporary credentials of a function's role signed ends with these"`
	DingTalk DingTalk      `yaml:"dingtalk" envPrefix:"DINGTALK_"`
	Channels []Channel     `yaml:"channels" env:"-" doc:"其他通知渠道的列表，可与 dingtalk 同时使用;list of further channels, beside dingtalk"` // by entry, see overrideFromEnv
}

// DingTalk is a custom robot of a DingTalk group.
type DingTalk struct {
	Enabled   bool         `yaml:"enabled" env:"ENABLED" doc:"是否发送钉钉通知;whether DingTalk is told"`
	Webhook   secret.Value `yaml:"webhook" env:"WEBHOOK" doc:"机器人的 Webhook，含令牌，启用时必填;the robot's webhook with its token, required where enabled"`
	Secret    secret.Value `yaml:"secret" env:"SECRET" doc:"机器人的加签密钥，可为空;the robot's signing secret, may be empty"`
	AtMobiles []string     `yaml:"at_mobiles" env:"AT_MOBILES" doc:"要 @ 的手机号，只在失败与暂缓时;mobile numbers to mention, on failures and holds only"`
	AtAll     bool         `yaml:"at_all" env:"AT_ALL" doc:"失败与暂缓时是否 @ 所有人;whether everybody is mentioned on failures and holds"`
	Style     string       `yaml:"style" env:"STYLE" enum:"table,list" doc:"用表格还是列表显示主机；jms-sync doctor --send-test 两种各发一条;hosts as tables or as lists; jms-sync doctor --send-test sends one of each"`
}

// Log says how much is logged, and where to.
type Log struct {
	// LevelIsSet says that Level is the user's and not the default.
	LevelIsSet bool `yaml:"-" env:"-" json:"-"`

	Level            string `yaml:"level" env:"LEVEL" enum:"DEBUG,INFO,WARNING,ERROR,CRITICAL" doc:"日志级别；不设置时，终端上只显示 WARNING 及以上，日志文件仍从 INFO 起;the least level that is logged; where it is not set, a terminal shows WARNING and above, and the log file begins at INFO"`
	File             string `yaml:"file" env:"FILE" empty:"value" doc:"日志文件，写成空文本表示不写文件；函数里从不写文件;log file, an empty text means none; a function never writes one"`
	MaxSize          int    `yaml:"max_size" env:"MAX_SIZE" range:"1,102400" doc:"单个日志文件的上限（MB）;size in MB at which a log file is rotated"`
	BackupCount      int    `yaml:"backup_count" env:"BACKUP_COUNT" range:"0,10000" doc:"保留的旧日志文件数;how many rotated files are kept"`
	JSONFormat       bool   `yaml:"json_format" env:"JSON_FORMAT" doc:"是否以 JSON 记录日志;whether logs are JSON"`
	Detailed         bool   `yaml:"detailed" env:"DETAILED" doc:"日志是否写明源代码里的位置（文件与行）;whether logs name the place in the source (file and line)"`
	SeparateErrorLog bool   `yaml:"separate_error_log" env:"SEPARATE_ERROR_LOG" doc:"是否把 ERROR 及以上另写一个文件;whether errors also go to a file of their own"`
}
