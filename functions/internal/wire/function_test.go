package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
)

// TestRolesServeTheirOwnCloud: an account without a key takes the role of its cloud, and no other.
func TestRolesServeTheirOwnCloud(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Clouds: []config.Cloud{
		{Enabled: true, Cloud: inventory.AWS, Name: "a"},
		{Enabled: true, Cloud: inventory.Huawei, Name: "h"},
		{Enabled: true, Cloud: inventory.Alibaba, Name: "b"},
		{Enabled: true, Cloud: inventory.AWS, Name: "keyed", AccessKeyID: secret.New("k"), AccessKeySecret: secret.New("s"), AssumeRoleARN: "arn"},
		{Cloud: inventory.AWS, Name: "off"},
	}}
	kept := cloud.NewRoleCache()
	for _, c := range []struct {
		role Role
		want string
	}{
		{Role{}, "a: h: b: keyed:k"},
		{AlibabaRole("ID", "word", "token"), "a: h: b:ID/token keyed:k"},
		{HuaweiRole("ID", "word", "token"), "a: h:ID/token b: keyed:k"},
		{newRole(inventory.AWS, "ID", "word", "token"), "a:ID/token h: b: keyed:k"},
		{newRole(inventory.AWS, "", "", ""), "a: h: b: keyed:k"},
	} {
		var got []string
		for _, a := range cloudAccounts(cfg, c.role, kept) {
			text := a.Name + ":" + a.AccessKeyID.Reveal()
			if token := a.SecurityToken.Reveal(); token != "" {
				text += "/" + token
			}
			if got = append(got, text); a.RoleCache != kept {
				t.Errorf("%s keeps what it assumes elsewhere", a.Name)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.role.Cloud, text, c.want)
		}
	}
}

func TestAWSRole(t *testing.T) {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "word", "AWS_SESSION_TOKEN": "token"} {
		t.Setenv(name, value)
	}
	got := AWSRole()
	if got.Cloud != inventory.AWS || got.AccessKeyID.Reveal() != "id" || got.AccessKeySecret.Reveal() != "word" || got.SecurityToken.Reveal() != "token" {
		t.Errorf("%+v", got)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	app := NewApp("x", nil, nil).WithEnvironment([]string{"RUNTIME_PROJECT_ID_=no", "RUNTIME_PROJECT_ID=0a1b", "JMS_SYNC_STATE=file:///x"})
	if app.origin != (cloud.Origin{ProjectID: "0a1b"}) {
		t.Errorf("%+v", app.origin)
	}
	if got := NewApp("x", nil, nil).WithEnvironment(nil).origin; got != (cloud.Origin{}) {
		t.Errorf("%+v", got)
	}
}

func TestTickOf(t *testing.T) {
	t.Parallel()
	got := FiringOf(trigger.Timer{Name: "n", Request: trigger.Request{
		Clouds: []string{"c"}, Regions: []string{"r"}, DryRun: true, Shard: trigger.Shard{Number: 1, Count: 2},
	}})
	want := engine.Request{Accounts: []string{"c"}, Regions: []string{"r"}, DryRun: true, Shard: engine.Shard{Number: 1, Count: 2}}
	if !got.FiredAt.IsZero() || got.Request.Accounts[0] != "c" || got.Request.Regions[0] != "r" || !got.Request.DryRun || got.Request.Shard != want.Shard {
		t.Errorf("%+v", got)
	}
}

// TestFitted: what a platform would not take loses its single changes, and nothing else.
func TestFitted(t *testing.T) {
	t.Parallel()
	r := report.Report{Outcome: report.OK, Created: 50, Changes: make([]report.Change, 50), Errors: make([]report.ErrorEntry, 1, 5)}
	var whole bytes.Buffer
	if err := r.JSON(&whole); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{0, whole.Len()} {
		if got := fitAnswer(r, most); len(got.Changes) != 50 || len(got.Errors) != 1 {
			t.Errorf("%d: %+v", most, got)
		}
	}
	got := fitAnswer(r, whole.Len()-1)
	if got.Changes == nil || len(got.Changes) != 0 || got.Created != 50 || got.Outcome != report.OK || len(got.Errors) != 2 {
		t.Fatalf("%+v", got)
	}
	if e := got.Errors[1]; e.Kind != inventory.Limit || !strings.Contains(e.Message, "its 50 changes are left out") {
		t.Errorf("%+v", e)
	}
	if len(r.Changes) != 50 || r.Errors[:2][1].Message != "" {
		t.Error("the report itself was changed")
	}
	for variable, want := range map[string]int{
		"FC_RUNTIME_API=x": 0, "AWS_LAMBDA_RUNTIME_API=x": lambdaMaxAnswer, "RUNTIME_API_ADDR=x": lambdaMaxAnswer,
	} {
		if got := maxAnswerOf([]string{variable}); got != want {
			t.Errorf("%s: %d", variable, got)
		}
	}
}
