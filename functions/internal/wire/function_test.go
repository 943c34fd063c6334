package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
)

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
	fc := NewApp("x", nil, nil).WithEnvironment([]string{"FC_ACCOUNT_ID=123", "FC_REGION=cn-beijing"}).origin
	if fc != (cloud.Origin{AccountID: "123", Region: "cn-beijing"}) {
		t.Errorf("%+v", fc)
	}
	if got := NewApp("x", nil, nil).WithEnvironment(nil).origin; got != (cloud.Origin{}) {
		t.Errorf("%+v", got)
	}
}

// TestFitAnswer: an answer that a platform would not accept loses its single changes, and nothing else.
func TestFitAnswer(t *testing.T) {
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
