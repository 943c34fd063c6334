package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// System is the operating system of new hosts, which decides their platform.
type System string

// The systems.
const (
	Linux   System = "Linux"
	Windows System = "Windows"
	Other   System = "Other" // the cloud says neither
)

// Platform names JumpServer's platform of an account's new hosts with one system.
type Platform struct {
	System  System
	Name    string
	Account string
}

// isBuiltInPlatform reports whether a platform is one of JumpServer's own, by its name.
func isBuiltInPlatform(name string) bool {
	return slices.Contains([]string{string(Linux), string(Windows), string(Other)}, name)
}

// acceptsType reports whether hosts with a system can have a platform of this type. An unknown system fits any.
func (s System) acceptsType(kind string) bool {
	switch s {
	case Linux:
		return kind == "linux" || kind == "unix"
	case Windows:
		return kind == "windows"
	}
	return true
}

// creationSteps returns how to create a platform for a system in JumpServer.
func (s System) creationSteps() language.Text {
	switch s {
	case Linux:
		return language.New("类型选 Linux，协议 ssh 填需要的端口（如 2222）", "type Linux, protocol ssh with the port that is wanted (say 2222)")
	case Windows:
		return language.New("类型选 Windows，协议 rdp 填需要的端口", "type Windows, protocol rdp with the port that is wanted")
	}
	return language.New("类型选 Unix 或 Other，填上协议与端口", "type Unix or Other, with its protocols and ports")
}

// platformFindings reports whether the platforms of new hosts exist, fit their system, and take the zones that
// accounts have.
func (x jumpServerExam) platformFindings(ctx context.Context) []Finding {
	subject := language.New("平台", "platforms")
	known, err := x.Bastion.ListPlatforms(ctx)
	if err != nil {
		return []Finding{failureFinding(subject, language.New("读不到", "they cannot be read").WithError(err), fixForKind(err, language.New("给角色加上 assets.view_platform", "grant assets.view_platform")))}
	}
	var missing, closed, names []string
	var lines []Finding
	for _, p := range x.requiredPlatforms() {
		if !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
		there, exists := known[p.Name]
		switch {
		case !exists && isBuiltInPlatform(p.Name):
			missing = append(missing, p.Name)
		case !exists:
			lines = append(lines, x.missingPlatformFinding(p))
		case there.Type != "" && !p.System.acceptsType(there.Type):
			lines = append(lines, x.mismatchFinding(p, there))
		case !there.SupportsZones && x.isUsedWithZone(p):
			closed = append(closed, p.Name)
		}
	}
	if len(missing) > 0 {
		list := strings.Join(missing, ", ")
		lines = append(lines, failureFinding(subject, language.Newf("没有 %s：这些主机不能创建", "%s is missing: such hosts cannot be made", list),
			language.New("恢复内置平台的名称", "give the built-in platforms their names back")))
	}
	if len(closed) > 0 {
		lines = append(lines, warningFinding(subject, language.Newf("%s 没有启用网关：JumpServer 会悄悄丢掉这些主机的网域", "%s have gateways switched off: JumpServer drops the zone of such hosts in silence", strings.Join(closed, ", ")),
			language.New("内置平台不能修改：另建启用网关的平台，写进配置的 platforms；自建的平台在它的设置里启用",
				"a built-in platform cannot be changed: make one with gateways on and name it in platforms; one of your own is changed in its settings")))
	}
	if len(lines) == 0 {
		english := strings.Join(names, ", ")
		last := len(names) - 1
		if last > 0 {
			english = strings.Join(names[:last], ", ") + " and " + names[last]
		}
		lines = append(lines, okFinding(subject, language.New(strings.Join(names, "、")+" 都在", english+" are there")))
	}
	return lines
}

// requiredPlatforms returns the platforms of new hosts, each name and system once.
func (x jumpServerExam) requiredPlatforms() []Platform {
	if len(x.JumpServerSettings.Platforms) == 0 {
		return []Platform{{System: Linux, Name: string(Linux)}, {System: Windows, Name: string(Windows)}, {System: Other, Name: string(Other)}}
	}
	var each []Platform
	for _, p := range x.JumpServerSettings.Platforms {
		if !slices.ContainsFunc(each, func(q Platform) bool { return q.Name == p.Name && q.System == p.System }) {
			each = append(each, p)
		}
	}
	return each
}

// accountsUsing returns the accounts whose new hosts with the system get the platform.
func (x jumpServerExam) accountsUsing(p Platform) []string {
	var accounts []string
	for _, q := range x.JumpServerSettings.Platforms {
		if q.Name == p.Name && q.System == p.System {
			accounts = append(accounts, q.Account)
		}
	}
	return accounts
}

// isUsedWithZone reports whether an account with a zone creates hosts of the platform.
func (x jumpServerExam) isUsedWithZone(p Platform) bool {
	if len(x.JumpServerSettings.Platforms) == 0 {
		return len(x.Accounts) > 0
	}
	return slices.ContainsFunc(x.accountsUsing(p), func(account string) bool { return slices.Contains(x.Accounts, account) })
}

func (x jumpServerExam) missingPlatformFinding(p Platform) Finding {
	accounts := strings.Join(x.accountsUsing(p), ", ")
	how := p.System.creationSteps()
	return failureFinding(language.New("平台 "+p.Name, "platform "+p.Name),
		language.Newf("JumpServer 里没有它：账号 %s 的新 %s 主机不能创建", "JumpServer does not have it: new hosts of account %s (%s) cannot be made", accounts, p.System),
		language.New("在 JumpServer 的“系统设置 - 平台列表”里创建同名的平台："+how.ZH+"；或改正配置里的 platforms",
			"make a platform of that name in JumpServer (system settings, platform list): "+how.EN+"; or correct platforms in the configuration"))
}

func (x jumpServerExam) mismatchFinding(p Platform, there inventory.Platform) Finding {
	return failureFinding(language.New("平台 "+p.Name, "platform "+p.Name),
		language.Newf("类型是 %s，而配置给 %s 主机用", "its type is %s, and it is configured for %s hosts", there.Type, p.System),
		language.Newf("改正配置里的 platforms：%s 主机要用类型相符的平台", "correct platforms in the configuration: %s hosts need a platform of their type", p.System))
}
