package session

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
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
