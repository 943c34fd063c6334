package session_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/session"
)

// TestEventSender: of every recorded event the cloud is known, also in an envelope.
func TestEventSender(t *testing.T) {
	t.Parallel()
	for _, of := range []inventory.Cloud{inventory.Alibaba, inventory.AWS, inventory.Huawei} {
		files, err := filepath.Glob("../cloud/" + string(of) + "/testdata/events/*.json")
		if err != nil || len(files) < 6 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			event, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := session.EventSender(event); got != of {
				t.Errorf("%s: %q", file, got)
			}
			if event[0] == '[' {
				continue
			}
			for name, payload := range cloudtest.Envelopes(t, string(event)) {
				if got := session.EventSender([]byte(payload)); got != of {
					t.Errorf("%s in %s: %q", file, name, got)
				}
			}
		}
	}
}

// TestUnknownEvents: what is not read is named by what it looks like, and is nobody's where it looks like nothing.
func TestUnknownEvents(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]struct {
		sender inventory.Cloud
		says   string
	}{
		`{"Records":[{"eventSource":"aws:s3","s3":{}}]}`:                                      {inventory.AWS, "a notification of AWS S3"},
		`{"eventSource":"rds.amazonaws.com","awsRegion":"us-east-1"}`:                         {inventory.AWS, "a record of AWS CloudTrail"},
		`{"TopicArn":"arn:aws:sns:r:1:t","Message":"hello"}`:                                  {inventory.AWS, "a message of AWS SNS"},
		`{"instance-id":"i-1","state":"running"}`:                                             {inventory.AWS, "without the rest"},
		`{"topic":"/subscriptions/x","eventType":"Microsoft.Resources.ResourceWriteSuccess"}`: {"azure", "Azure Event Grid"},
		`{"source":"cvm.cloud.tencent","specversion":"1.0"}`:                                  {"tencent", "Tencent Cloud's EventBridge"},
		`{"smn":{"message":"hello"},"event_source":"smn"}`:                                    {inventory.Huawei, "a message of Huawei Cloud's SMN"},
		`{"trigger_type":"TIMER","time":"x"}`:                                                 {inventory.Huawei, "FunctionGraph's timer"},
		`{"triggerTime":"x","payload":""}`:                                                    {inventory.Alibaba, "Function Compute's timer"},
		`{"resourceId":"i-1"}`:                                                                {inventory.Alibaba, "the data of an event of Alibaba Cloud"},
		`{"hello":1,"headers":{},"body":"x"}`:                                                 {"", `a JSON object with the keys "body", "headers", "hello"`},
		`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}`:                                               {"", `"e" and 1 more`},
		`{}`:                                                                                  {"", "a JSON object without keys"},
		`[]`:                                                                                  {"", "the batch is empty"},
		`hello`:                                                                               {"", "it is not a JSON object"},
		``:                                                                                    {"", "it is empty"},
	} {
		if got := session.EventSender([]byte(payload)); got != want.sender {
			t.Errorf("%s: of %q, want %q", payload, got, want.sender)
		}
		for _, of := range []inventory.Cloud{"", inventory.Alibaba, inventory.AWS, inventory.Huawei} {
			got := cloudtest.FormatEvents(session.ParseEvents(of, []byte(payload), cloud.Origin{}))
			readHere := of == inventory.AWS && strings.Contains(payload, "rds")
			if !strings.Contains(got, want.says) && !readHere || strings.Contains(got, string(of)+" event") && of != "" {
				t.Errorf("%s read as %q's: %s, want %s", payload, of, got, want.says)
			}
		}
	}
}
