package cloud

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// maxEnvelopes is how many envelopes are opened inside each other: an HTTP request, a queue's message and a topic's
// make three.
const maxEnvelopes = 5

// openEnvelopes returns the events that queues, topics and HTTP triggers wrapped; raw itself where nothing is wrapped,
// and also where what is inside is no JSON, so that it is named by what it looks like.
func openEnvelopes(raw []byte, most int) [][]byte {
	var e envelope
	if most == 0 || json.Unmarshal(trimPayload(UnquoteJSON(raw)), &e) != nil {
		return [][]byte{raw}
	}
	inner, found := splitEvents(e.content())
	if !found {
		return [][]byte{raw}
	}
	var events [][]byte
	for _, one := range inner {
		events = append(events, openEnvelopes(one, most-1)...)
	}
	return events
}

// envelope has the fields by which envelopes are known, and those that hold what is inside:
//
//   - Records of Lambda: SQS (body), SNS (Sns.Message), and the records of CloudTrail's files themselves
//     (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, with-sns.html,
//     https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html);
//   - record of FunctionGraph: SMN (smn.message), or a message of SMN by HTTP
//     (https://github.com/opentelekomcloud-community/otc-functiongraph-go-runtime, samples-events/smn;
//     https://support.huaweicloud.com/usermanual-smn/zh-cn_topic_0043961402.html);
//   - a message of SNS (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html), or of an MNS topic
//     in JSON (https://help.aliyun.com/document_detail/27497.html);
//   - data.messageBody of an MNS queue (https://help.aliyun.com/document_detail/182014.html);
//   - a request of an HTTP trigger, a function's URL or an API gateway
//     (https://help.aliyun.com/document_detail/2513610.html, https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
//     https://support.huaweicloud.com/devg-functiongraph/functiongraph_02_0102.html).
type envelope struct {
	Records json.RawMessage `json:"Records"`
	Record  json.RawMessage `json:"record"`

	SNS Lenient[message] `json:"Sns"`
	SMN Lenient[message] `json:"smn"`
	message
	TopicARN  json.RawMessage `json:"TopicArn"`
	TopicURN  json.RawMessage `json:"topic_urn"`
	TopicName json.RawMessage `json:"TopicName"`

	queueData
	Data Lenient[queueData] `json:"data"`

	Body    json.RawMessage `json:"body"`
	Headers json.RawMessage `json:"headers"`
	Request json.RawMessage `json:"requestContext"`
	Receipt json.RawMessage `json:"receiptHandle"`
}

type message struct {
	Message json.RawMessage `json:"Message"`
}

type queueData struct {
	MessageBody json.RawMessage `json:"messageBody"`
}

// content returns what is inside; nil = this is no envelope. A field of a common name counts only beside one that only
// this envelope has: a trace of CTS has a message too.
func (e envelope) content() json.RawMessage {
	isMessage := e.TopicARN != nil || e.TopicURN != nil || e.TopicName != nil
	isRequest := e.Headers != nil || e.Request != nil || e.Receipt != nil
	for _, c := range []struct {
		inner json.RawMessage
		is    bool
	}{
		{e.Records, isList(e.Records)},
		{e.Record, isList(e.Record)},
		{e.SNS.Value.Message, true},
		{e.SMN.Value.Message, true},
		{e.Message, isMessage},
		{e.MessageBody, true},
		{e.Data.Value.MessageBody, true},
		{e.Body, isRequest},
	} {
		if c.is && len(c.inner) > 0 {
			return c.inner
		}
	}
	return nil
}

func isList(value json.RawMessage) bool { return len(value) > 0 && value[0] == '[' }

// splitEvents returns the JSON objects in what an envelope holds: one, or an array, each perhaps as a text, of which
// queues and HTTP triggers may make Base64. found = false for anything else, and for an empty array.
func splitEvents(content json.RawMessage) (events [][]byte, found bool) {
	text := trimPayload(UnquoteJSON(content))
	if !beginsJSON(text) {
		decoded, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return nil, false
		}
		text = trimPayload(decoded)
	}
	if !beginsJSON(text) || !json.Valid(text) {
		return nil, false
	}
	if text[0] == '{' {
		return [][]byte{text}, true
	}
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		return nil, false
	}
	for _, one := range list {
		events = append(events, one)
	}
	return events, len(events) > 0
}

func beginsJSON(text []byte) bool { return len(text) > 0 && (text[0] == '{' || text[0] == '[') }

// trimPayload returns a payload without blanks around it, and without the byte order mark that editors and some
// senders put in front.
func trimPayload(payload []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(payload), []byte("\xef\xbb\xbf")))
}
