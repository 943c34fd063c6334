package cloudtest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// Envelopes returns an event as queues, topics and HTTP triggers deliver it, by the envelope's name.
func Envelopes(tb testing.TB, event string) map[string]string {
	tb.Helper()
	text := quote(tb, event)
	coded := quote(tb, base64.StdEncoding.EncodeToString([]byte(event)))
	sns := `{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:r:1:t","Message":` + text + `}`
	return map[string]string{
		"a byte order mark":       "\xef\xbb\xbf" + event,
		"a text":                  text,
		"a text with a mark":      quote(tb, "\ufeff"+event),
		"SQS":                     `{"Records":[{"messageId":"m","receiptHandle":"h","body":` + text + `,"eventSource":"aws:sqs"}]}`,
		"SNS":                     `{"Records":[{"EventSource":"aws:sns","Sns":{"Type":"Notification","Subject":null,"Message":` + text + `}}]}`,
		"SNS by HTTP":             sns,
		"SNS in SQS":              `{"Records":[{"receiptHandle":"h","body":` + quote(tb, sns) + `,"eventSource":"aws:sqs"}]}`,
		"SMN":                     `{"record":[{"event_version":"1.0","event_source":"smn","smn":{"topic_urn":"urn:smn:r:p:t","type":"notification","message":` + text + `}}]}`,
		"SMN by HTTP":             `{"type":"Notification","topic_urn":"urn:smn:r:p:t","message_id":"m","message":` + text + `}`,
		"MNS queue":               `{"id":"q","source":"acs.mns","type":"mns:Queue:SendMessage","data":{"requestId":"r","messageBody":` + text + `}}`,
		"MNS queue, in Base64":    `{"id":"q","source":"acs.mns","type":"mns:Queue:SendMessage","data":{"messageBody":` + coded + `}}`,
		"MNS queue, decoded":      `{"id":"q","type":"mns:Queue:SendMessage","data":{"messageBody":` + event + `}}`,
		"MNS queue, data alone":   `{"requestId":"r","messageBody":` + text + `}`,
		"MNS topic":               `{"TopicOwner":"1","TopicName":"t","MessageId":"m","Message":` + text + `}`,
		"HTTP trigger":            `{"version":"v1","rawPath":"/","headers":{},"requestContext":{},"isBase64Encoded":true,"body":` + coded + `}`,
		"HTTP trigger, as text":   `{"version":"2.0","headers":{"a":"b"},"isBase64Encoded":false,"body":` + text + `}`,
		"HTTP trigger, with mark": `{"headers":{},"body":` + quote(tb, "\ufeff "+event) + `}`,
		"an array in SQS":         `{"Records":[{"receiptHandle":"h","body":` + quote(tb, "["+event+"]") + `}]}`,
	}
}

// CheckEnvelopes checks that an event is parsed the same in every envelope.
func CheckEnvelopes(t *testing.T, events func([]byte, cloud.Origin) []cloud.ParsedEvent, from cloud.Origin, event string) {
	t.Helper()
	want := FormatEvents(events([]byte(event), from))
	if want == "" || strings.Contains(want, "error") {
		t.Fatalf("the event itself: %s", want)
	}
	for name, payload := range Envelopes(t, event) {
		if got := FormatEvents(events([]byte(payload), from)); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

func quote(tb testing.TB, text string) string {
	tb.Helper()
	raw, err := json.Marshal(text)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}
