package main

import (
	"bytes"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

var update = flag.Bool("update", false, "write the golden files")

// doctorDesk is a desk whose installation doctor checks.
type doctorDesk struct {
	*desk
	edit func(config string) string // of the configuration, before it is read
	args []string
}

// syncUser assigns the access key to a user with exactly the rights of a sync, but those left out.
func (p *doctorDesk) syncUser(without ...string) {
	var have []string
	for _, right := range []string{
		inventory.ViewAssets, inventory.AddAssets, inventory.ChangeAssets, inventory.DeleteAssets, inventory.ViewNodes, inventory.AddNodes,
		inventory.ViewPlatform, "assets.view_domain", "assets.view_zone",
	} {
		if !strings.Contains(strings.Join(without, " "), right) {
			have = append(have, right)
		}
	}
	p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "jms-sync", Permissions: have})
}

// useVersion puts a JumpServer of this version in the place of the first.
func (p *doctorDesk) useVersion(version jumpservertest.Version) {
	p.JMS = jumpservertest.New(jumpservertest.Options{Version: version, TB: p.T})
	p.syncUser()
	p.JumpServerURL = p.Serve(p.JMS)
}

func (p *doctorDesk) replace(old, with string) {
	before := p.edit
	p.edit = func(text string) string {
		text = before(text)
		if !strings.Contains(text, old) {
			p.Errorf("the configuration has no %q", old)
		}
		return strings.Replace(text, old, with, 1)
	}
}

// serveAs puts a handler in front of JumpServer, at a new address.
func (p *doctorDesk) serveAs(wrap func(http.Handler) http.Handler) {
	p.JumpServerURL = p.Serve(wrap(p.JMS))
}

// interpose makes something in front of JumpServer answer requests whose address contains a part.
func (p *doctorDesk) interpose(part string, page jumpservertest.Page) {
	p.serveAs(func(h http.Handler) http.Handler {
		f := jumpservertest.NewIntermediary(h)
		f.Answer(jumpservertest.MatchRequest("", part), -1, page)
		return f
	})
}

func (p *doctorDesk) breakPath(part string, f jumpservertest.Fault) {
	p.JMS.Fail(jumpservertest.MatchRequest("", part), -1, f)
}

type doctorCase struct {
	name string
	code int
	set  func(p *doctorDesk)
}

func doctorCases() []doctorCase {
	const zone = "0b8f9a1c-1111-4222-8333-444455556666"
	cloudFault := func(kind peertest.Kind, action, region string) func(*doctorDesk) {
		return func(p *doctorDesk) { p.ECS.Break(alibabatest.Fault{Kind: kind, Action: action, Region: region}) }
	}
	return []doctorCase{
		{"well", exitDone, func(*doctorDesk) {}},
		{"english", exitDone, func(p *doctorDesk) { p.more = "language: en" }},
		{"v4.10", exitDone, func(p *doctorDesk) { p.useVersion(jumpservertest.V410) }},
		{"v4.10.19", exitDone, func(p *doctorDesk) { p.useVersion(jumpservertest.V41019) }},
		{"options-denied", exitDone, func(p *doctorDesk) {
			p.useVersion(jumpservertest.V41019)
			p.JMS.Fail(jumpservertest.MatchRequest(http.MethodOptions, ""), -1, jumpservertest.Fault{Status: 405, Body: `{"detail":"Method \"OPTIONS\" not allowed.","code":"method_not_allowed"}`})
		}},
		{"jumpserver-down", exitPartial, func(p *doctorDesk) { p.JumpServerURL = "http://127.0.0.1:1" }},
		{"jumpserver-redirects", exitPartial, func(p *doctorDesk) {
			p.breakPath("/api/health/", jumpservertest.Fault{Status: 302, Location: "https://sso.example.com/login"})
		}},
		{"jumpserver-page", exitPartial, func(p *doctorDesk) { p.breakPath("/api/health/", jumpservertest.Fault{Status: 200}) }},
		{"front-firewall", exitPartial, func(p *doctorDesk) { p.interpose("/api/v1/", jumpservertest.RecordedPages()["Aliyun WAF 405"]) }},
		{"front-login", exitPartial, func(p *doctorDesk) {
			p.interpose("/users/profile/", jumpservertest.RecordedPages()["nginx 401, auth_basic"])
		}},
		{"front-down", exitPartial, func(p *doctorDesk) { p.interpose("/api/", jumpservertest.NginxPage(http.StatusBadGateway, "")) }},
		{"key-addresses", exitPartial, func(p *doctorDesk) {
			p.breakPath("/users/profile/", jumpservertest.Fault{Status: 401, Body: `{"detail":"Ip is not in access ip list.","code":"authentication_failed"}`})
		}},
		{"jumpserver-unhealthy", exitPartial, func(p *doctorDesk) {
			p.breakPath("/api/health/", jumpservertest.Fault{Edit: func(code int, body []byte) (int, []byte) {
				return code, bytes.Replace(body, []byte(`"db_status":true`), []byte(`"db_status":false`), 1)
			}})
		}},
		{"tls-private-ca", exitDone, func(p *doctorDesk) {
			p.JumpServerURL = p.serveTLS()
			p.replace("access_key_id: "+jumpservertest.KeyID, "ca_file: "+filepath.Join(p.dir, "ca.pem")+", access_key_id: "+jumpservertest.KeyID)
		}},
		{"tls-unknown-ca", exitPartial, func(p *doctorDesk) { p.JumpServerURL = p.serveTLS() }},
		{"tls-not-verified", exitDone, func(p *doctorDesk) {
			p.JumpServerURL = p.serveTLS()
			p.replace("access_key_id: "+jumpservertest.KeyID, "verify_ssl: false, access_key_id: "+jumpservertest.KeyID)
		}},
		{"clock", exitDone, func(p *doctorDesk) {
			p.serveAs(func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Date", time.Now().Add(-20*time.Minute).UTC().Format(http.TimeFormat))
					h.ServeHTTP(w, r)
				})
			})
		}},
		{"cloud-clock", exitPartial, func(p *doctorDesk) { p.ECS.SetDateAhead(8 * 24 * time.Hour) }},
		{"cloud-refuses-time", exitPartial, func(p *doctorDesk) { p.ECS.SetClockAhead(-20 * time.Minute) }},
		{"key-wrong", exitPartial, func(p *doctorDesk) { p.keySecret = "another-secret" }},
		{"key-off", exitPartial, func(p *doctorDesk) {
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, Disabled: true})
		}},
		{"key-without-role", exitPartial, func(p *doctorDesk) {
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "norole", NoRole: true})
		}},
		{"organisation", exitPartial, func(p *doctorDesk) {
			p.JMS.AddOrg("33333333-3333-4333-8333-333333333333", "运维")
			p.org = "44444444-4444-4444-8444-444444444444"
		}},
		{"organisation-enterprise", exitPartial, func(p *doctorDesk) {
			p.JMS.SetEnterprise(true)
			p.JMS.AddOrg("33333333-3333-4333-8333-333333333333", "运维")
			p.org = "44444444-4444-4444-8444-444444444444"
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret}) // only a super user may list them
		}},
		{"rights-missing", exitPartial, func(p *doctorDesk) { p.syncUser(inventory.AddAssets, inventory.ViewNodes, inventory.ViewPlatform) }},
		{"rights-no-delete", exitDone, func(p *doctorDesk) { p.syncUser(inventory.DeleteAssets) }},
		{"rights-excess", exitDone, func(p *doctorDesk) {
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret})
			p.more = "sync: {removal: {mode: deactivate}}"
		}},
		{"rights-root", exitDone, func(p *doctorDesk) {
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, User: "ops", Permissions: []string{
				inventory.ViewAssets, inventory.AddAssets, inventory.ChangeAssets, inventory.DeleteAssets, inventory.ViewNodes, inventory.AddNodes,
				inventory.ViewPlatform, "assets.view_domain", "orgs.view_rootorg", "accounts.view_accountsecret",
			}})
		}},
		{"rights-of-rules", exitDone, func(p *doctorDesk) {
			p.syncUser("assets.view_domain", "assets.view_zone")
			p.more = "rules: [{name: all, set: {zone: idc, accounts: [linux root]}}]"
		}},
		{"rights-not-told", exitDone, func(p *doctorDesk) {
			p.JMS.AddKey(jumpservertest.Key{ID: jumpservertest.KeyID, Secret: jumpservertest.KeySecret, HidesPermissions: true})
		}},
		{"zone-right-not-needed", exitDone, func(p *doctorDesk) { p.syncUser("assets.view_domain", "assets.view_zone") }},
		{"zone-right-missing", exitPartial, func(p *doctorDesk) {
			p.syncUser("assets.view_domain", "assets.view_zone")
			p.replace("regions:", "domain_id: "+zone+", regions:")
		}},
		{"zone-missing", exitPartial, func(p *doctorDesk) { p.replace("regions:", "domain_id: "+zone+", regions:") }},
		{"zone-and-platform", exitDone, func(p *doctorDesk) {
			p.JMS = jumpservertest.New(jumpservertest.Options{NoZones: []string{"Windows"}, TB: p.T})
			p.syncUser()
			p.replace("regions:", "domain_id: "+p.JMS.SeedZone(jumpservertest.DefaultOrg, "idc")+", regions:")
			p.JumpServerURL = p.Serve(p.JMS)
		}},
		{"platforms-named", exitDone, func(p *doctorDesk) {
			p.JMS.AddPlatform("Linux-2222", "linux", 2222)
			p.replace("regions:", "platforms: {linux: Linux-2222}, regions:")
		}},
		{"platforms-missing", exitPartial, func(p *doctorDesk) {
			p.JMS.AddPlatform("Linux-2222", "linux", 2222)
			p.replace("regions:", "platforms: {linux: Linux-222, windows: Linux-2222}, regions:")
		}},
		{"nearly-full", exitDone, func(p *doctorDesk) { p.setHostCount(4200) }},
		{"full", exitPartial, func(p *doctorDesk) { p.setHostCount(5000) }},
		{"cloud-key-unknown", exitPartial, func(p *doctorDesk) { p.replace(functiontest.CloudKey, "LTAI5tNobody00000001") }},
		{"cloud-secret-wrong", exitPartial, func(p *doctorDesk) { p.Account.SetSecret("rotated") }},
		{"cloud-key-off", exitPartial, cloudFault(alibabatest.Inactive, "", "")},
		{"cloud-down", exitPartial, func(p *doctorDesk) { p.CloudURL = "http://127.0.0.1:1" }},
		{"cloud-other-account", exitPartial, func(p *doctorDesk) { p.replace("regions:", `account_id: "9999999999999999", regions:`) }},
		{"cloud-owner-not-told", exitPartial, cloudFault(alibabatest.Forbidden, alibabatest.GetCallerIdentity, "")},
		{"cloud-owner-configured", exitDone, func(p *doctorDesk) {
			p.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.GetCallerIdentity})
			p.replace("regions:", `account_id: "1234567890123456", regions:`)
		}},
		{"cloud-list-empty-without-right", exitPartial, cloudFault(peertest.NoPermission, alibabatest.DescribeInstances, "cn-hangzhou")},
		{"cloud-one-witness", exitDone, cloudFault(alibabatest.Forbidden, alibabatest.DescribeInstanceAttribute, "")},
		{"cloud-list-forbidden", exitPartial, cloudFault(alibabatest.Forbidden, alibabatest.DescribeInstances, "")},
		{"cloud-regions-forbidden", exitDone, cloudFault(alibabatest.Forbidden, alibabatest.DescribeRegions, "")},
		{"cloud-region-not-enabled", exitPartial, func(p *doctorDesk) { p.replace("cn-hangzhou]", "ap-southeast-9]") }},
		{"cloud-all-regions", exitPartial, func(p *doctorDesk) {
			p.ECS.Break(alibabatest.Fault{Kind: peertest.NoPermission, Action: alibabatest.DescribeInstances, Region: "cn-shanghai"})
			p.replace("[cn-beijing, cn-hangzhou]", "[]")
		}},
		{"cloud-page", exitPartial, cloudFault(peertest.HTML200, "", "cn-beijing")},
		{"cloud-disabled", exitDone, func(p *doctorDesk) {
			p.replace("clouds:\n", "clouds:\n  - {type: aws, name: old, enabled: false}\n")
		}},
		{"cloud-no-key", exitPartial, func(p *doctorDesk) {
			p.replace("clouds:\n", "clouds:\n  - {type: tencent, name: qcloud}\n")
		}},
		{"dingtalk-off", exitDone, func(p *doctorDesk) { p.replace("enabled: true, webhook", "enabled: false, webhook") }},
		{"dingtalk-unsigned", exitDone, func(p *doctorDesk) { p.replace(", secret: "+functiontest.RobotSecret, "") }},
		{"dingtalk-secret-odd", exitDone, func(p *doctorDesk) { p.replace(functiontest.RobotSecret, "robot-secret-of-the-desk") }},
		{"dingtalk-sent", exitDone, func(p *doctorDesk) { p.args = []string{"--send-test"} }},
		{"dingtalk-refused", exitPartial, func(p *doctorDesk) {
			p.args = []string{"--send-test"}
			p.Robot.QueueFaults(dingtalktest.AnswerFaults(1, "keywords")...)
		}},
	}
}

// serveTLS serves JumpServer with a certificate of an unknown CA, and writes the CA to ca.pem.
func (p *doctorDesk) serveTLS() string {
	server := httptest.NewUnstartedServer(p.JMS)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	p.Cleanup(server.Close)
	p.saveFile("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return server.URL
}

// setHostCount makes JumpServer count so many assets.
func (p *doctorDesk) setHostCount(n int) {
	p.JMS.Fail(jumpservertest.MatchRequest(http.MethodGet, "/assets/assets/"), -1, jumpservertest.Fault{Edit: func(code int, body []byte) (int, []byte) {
		return code, bytes.Replace(body, []byte(`"count":0`), fmt.Appendf(nil, `"count":%d`, n), 1)
	}})
}

// TestDoctor compares what doctor says of each fault with its golden file, and proves each time that nothing was written
// or posted. -update rewrites the files.
func TestDoctor(t *testing.T) {
	t.Parallel()
	for _, c := range doctorCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newDoctorDesk(t)
			c.set(p)
			p.runAndCompare(c.name, c.code)
		})
	}
}

// TestDoctorStores is TestDoctor for what variables name: the state store and an object that holds
// the configuration.
func TestDoctorStores(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  int
		fault storagetest.Fault
		match string
		set   func(*testing.T, *storagetest.Server)
	}{
		{"state-well", exitDone, "", "", nil},
		{"state-denied", exitPartial, storagetest.Denied, "PUT", nil},
		{"state-unreadable", exitPartial, storagetest.Denied, "GET", nil},
		{"state-not-deleted", exitDone, storagetest.Denied, "DELETE", nil},
		{"state-no-bucket", exitPartial, storagetest.NoBucket, "", nil},
		{"state-key-unknown", exitPartial, storagetest.BadKey, "", nil},
		{"state-versioned", exitDone, "", "", func(_ *testing.T, s *storagetest.Server) { s.SetVersioning("Enabled") }},
		{"state-conditions-ignored", exitPartial, "", "", func(_ *testing.T, s *storagetest.Server) { s.IgnoreConditions() }},
		{"state-no-credentials", exitPartial, "", "", func(t *testing.T, _ *storagetest.Server) { t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "") }},
		{"state-odd", exitPartial, "", "", func(t *testing.T, _ *storagetest.Server) { t.Setenv("JMS_SYNC_STATE", "osss://bucket/x") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newDoctorDesk(t)
			store := storagetest.NewServer(t, storagetest.OSS)
			t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", storagetest.GoodID)
			t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", storagetest.GoodSecret)
			t.Setenv("JMS_SYNC_STATE", store.Ref("jms"))
			if c.set != nil {
				c.set(t, store)
			}
			store.InjectFault(c.fault, c.match, 0, 0)
			p.runAndCompare(c.name, c.code)
			for _, request := range store.TakeRequests() {
				if !strings.Contains(request, "jms/doctor/") && !strings.HasPrefix(request, "VERSIONING") {
					t.Errorf("doctor touches more than its probe: %s", request)
				}
			}
		})
	}
}

// TestDoctorOfAnObject: the configuration is an object.
func TestDoctorOfAnObject(t *testing.T) {
	p := newDoctorDesk(t)
	store := storagetest.NewServer(t, storagetest.OSS)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", storagetest.GoodID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", storagetest.GoodSecret)
	store.SetObject("conf/jms-sync.yaml", []byte(p.readFile(p.writeConfig())))
	p.runRaw(t.Context(), exitDone, "-c", store.Ref("conf/jms-sync.yaml"), "doctor")
	compareGolden(t, filepath.Join("testdata", "doctor", "config-object.golden"), p.stableText(p.stdout.String()))
	for _, request := range store.TakeRequests() {
		if !strings.HasPrefix(request, "GET ") {
			t.Errorf("doctor writes where the configuration is: %s", request)
		}
	}
}

// TestKeyWithoutDeletion: a run with such a key deactivates, says so, and deletes nothing, even without a grace period.
func TestKeyWithoutDeletion(t *testing.T) {
	t.Parallel()
	p := newDoctorDesk(t)
	p.syncUser(inventory.DeleteAssets)
	p.more = "sync: {removal: {grace: 0s}}"
	p.fillInstances(8, "cn-beijing")
	p.run(exitDone, "--no-log-file")
	p.Account.Remove("cn-beijing", alibabatest.SampleInstance(0).ID)
	for run, want := range []string{"JumpServer 的密钥没有删除资产的权限", "JumpServer 的密钥没有删除资产的权限"} {
		p.run(exitDone, "--no-log-file")
		off := p.JMS.CountInactive(jumpservertest.DefaultOrg)
		if len(p.Hosts()) != 8 || off != 1 || !strings.Contains(p.stdout.String(), want) {
			t.Errorf("run %d: %d hosts, %d of them off\n%s", run, len(p.Hosts()), off, &p.stdout)
		}
	}
	if n := p.JMS.Calls()["DELETE /api/v1/assets/hosts/"]; n > 0 {
		t.Errorf("%d deletions were tried", n)
	}
	p.run(exitDone, "plan")
	p.wantPrinted("JumpServer 的密钥没有删除权限，不删除")
}

func newDoctorDesk(t *testing.T) *doctorDesk {
	p := &doctorDesk{desk: newDesk(t), edit: func(s string) string { return s }}
	p.syncUser()
	return p
}

func (p *doctorDesk) runAndCompare(name string, code int) {
	p.Helper()
	file := p.saveFile("config.yaml", p.edit(p.readFile(p.writeConfig())))
	p.runRaw(p.Context(), code, append([]string{"-c", file, "doctor"}, p.args...)...)
	if p.stderr.Len() > 0 {
		p.Errorf("said on standard error: %s", &p.stderr)
	}
	posted := 2 * len(p.args) // a card in each style
	if n := p.Robot.Calls(); p.JMS.Writes() > 0 || n != posted {
		p.Errorf("%d writes to JumpServer, %d messages posted, want none and %d", p.JMS.Writes(), n, posted)
	}
	compareGolden(p.T, filepath.Join("testdata", "doctor", name+".golden"), p.stableText(p.stdout.String()))
}

// stableText replaces what differs between runs.
func (p *doctorDesk) stableText(text string) string {
	scheme, _, _ := strings.Cut(p.JumpServerURL, "://")
	text = strings.NewReplacer(p.JumpServerURL, scheme+"://jumpserver.test", p.CloudURL, "http://cloud.test").Replace(text)
	for pattern, with := range map[string]string{
		`127\.0\.0\.1:\d{2,}`: "127.0.0.1:PORT", `[0-9A-F]{8}-0000-4000-8000-[0-9A-F]{12}`: "REQUEST", `doctor/[a-z2-7]{20,}`: "doctor/PROBE",
		`request [0-9A-Za-z-]{12,}`: "request REQUEST",
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
	}
	return text
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: run with -update to accept\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}
