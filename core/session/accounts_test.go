package session

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/secret"
)

func newTestRole(of inventory.Cloud) Role {
	return Role{Cloud: of, AccessKeyID: secret.New("ID"), AccessKeySecret: secret.New("word"), SecurityToken: secret.New("token")}
}

// TestRolesServeTheirOwnCloud: an account without a key gets the role of its cloud, and no other.
func TestRolesServeTheirOwnCloud(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Clouds: []config.Cloud{
		{Enabled: true, Cloud: inventory.AWS, Name: "a"},
		{Enabled: true, Cloud: inventory.Huawei, Name: "h"},
		{Enabled: true, Cloud: inventory.Alibaba, Name: "b"},
		{Enabled: true, Cloud: inventory.AWS, Name: "keyed", AccessKeyID: secret.New("k"), AccessKeySecret: secret.New("s"), AssumeRoleARN: "arn"},
		{Cloud: inventory.AWS, Name: "off"},
	}}
	roles := cloud.NewRoleCache()
	for _, c := range []struct {
		role Role
		want string
	}{
		{Role{}, "a: h: b: keyed:k"},
		{newTestRole(inventory.Alibaba), "a: h: b:ID/token keyed:k"},
		{newTestRole(inventory.Huawei), "a: h:ID/token b: keyed:k"},
		{newTestRole(inventory.AWS), "a:ID/token h: b: keyed:k"},
		{Role{Cloud: inventory.AWS}, "a: h: b: keyed:k"},
	} {
		var got []string
		for _, a := range cloudAccounts(cfg, c.role, roles) {
			text := a.Name + ":" + a.AccessKeyID.Reveal()
			if token := a.SecurityToken.Reveal(); token != "" {
				text += "/" + token
			}
			got = append(got, text)
			if a.RoleCache != roles {
				t.Errorf("%s keeps what it assumes elsewhere", a.Name)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.role.Cloud, text, c.want)
		}
	}
}

// TestNamedIdentity: an account that names the host's identity does not get the function's role.
func TestNamedIdentity(t *testing.T) {
	t.Parallel()
	role := Role{Cloud: inventory.Alibaba, AccessKeyID: secret.New("STS.role"), AccessKeySecret: secret.New("s"), SecurityToken: secret.New("t")}
	cfg := config.Config{Clouds: []config.Cloud{
		{Enabled: true, Cloud: inventory.Alibaba, Name: "role"}, {Enabled: true, Cloud: inventory.Alibaba, Name: "instance", Identity: "ecs_role"},
	}}
	got := cloudAccounts(cfg, role, nil)
	if got[0].AccessKeyID.Reveal() != "STS.role" || !got[1].AccessKeyID.IsEmpty() || !got[1].SecurityToken.IsEmpty() || got[1].Identity != "ecs_role" {
		t.Errorf("%+v", got)
	}
}

// TestAccountsKeepWhatRulesAskFor: an account reads the facts that the rules name, and without rules none.
func TestAccountsKeepWhatRulesAskFor(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Clouds: []config.Cloud{{Enabled: true, Cloud: inventory.Alibaba, Name: "a", AccessKeyID: secret.New("id"), AccessKeySecret: secret.New("s")}}}
	if want := cloudAccounts(cfg, Role{}, nil)[0].Want; !want.IsEmpty() {
		t.Errorf("without rules %+v is wanted", want)
	}
	var mistakes []mapping.Mistake
	cfg.Mapping, mistakes = mapping.Compile([]mapping.Rule{{When: mapping.Condition{Keys: map[string][]string{"tag.app": {"shop"}, "subnet": {"vsw-1"}}}, Set: mapping.Settings{Node: "/DEFAULT/shop"}}}, mapping.Options{Clouds: Clouds()})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := cloudAccounts(cfg, Role{}, nil)[0].Want
	if !want.Has(inventory.FactSubnet) || want.Has(inventory.FactImage) || want.AllTags || !slices.Equal(want.Tags, []string{"app"}) {
		t.Errorf("%+v is wanted", want)
	}
}
