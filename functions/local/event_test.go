package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// newStateEvent returns a saved event: an instance of the desk's account in cn-beijing changed its state.
func newStateEvent(id, state string) string {
	return fmt.Sprintf(`{"id":"e-%s","source":"acs.ECS","specversion":"1.0","type":"ecs:Instance:StateChange",
		"subject":"acs:ecs:cn-beijing:1234567890123456:instance/%s","aliyunaccountid":"1234567890123456","aliyunregionid":"cn-beijing",
		"data":{"resourceId":"%s","resourceType":"ALIYUN::ECS::Instance","state":"%s"}}`, id, id, id, state)
}

// runEvent runs a saved event with -o, and returns the document.
func (d *desk) runEvent(code int, text string, args ...string) reconcile.EventReport {
	d.Helper()
	results := filepath.Join(d.dir, "results.json")
	d.run(code, append([]string{"event", d.saveFile("event.json", text), "-o", results}, args...)...)
	var a reconcile.EventReport
	if err := json.Unmarshal([]byte(d.readFile(results)), &a); err != nil {
		d.Fatal(err)
	}
	return a
}

func expectEvent(t *testing.T, a reconcile.EventReport, want reconcile.EventOutcome, reason string) {
	t.Helper()
	if len(a.Results) != 1 || a.Results[0].Outcome != want || !strings.Contains(a.Results[0].Reason, reason) {
		t.Errorf("%+v, want %s: %s", a.Results, want, reason)
	}
}

// TestEventMakesAndReleases: the command does what the function does, and again from standard input.
func TestEventMakesAndReleases(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	id := alibabatest.SampleInstance(0).ID
	a := d.runEvent(exitDone, newStateEvent(id, "Running"))
	expectEvent(t, a, reconcile.EventDone, "")
	if h := d.Hosts(); a.Created != 1 || len(a.Changes) != 1 || len(h) != 1 || !h[0].Active {
		t.Errorf("%+v %+v", a, h)
	}
	d.wantPrinted("完成  e-"+id, "新增资产 1")
	d.wantCards(1)

	d.stdin = newStateEvent(id, "Running")
	d.run(exitDone, "event", "-")
	d.wantPrinted("完成  e-"+id, "新增资产 0")
	d.wantCards(1) // nothing was changed

	d.Account.Remove("cn-beijing", id)
	a = d.runEvent(exitDone, newStateEvent(id, "Deleted"))
	expectEvent(t, a, reconcile.EventDone, "")
	if h := d.Hosts(); a.Deactivated != 1 || len(h) != 1 || h[0].Active {
		t.Errorf("%+v %+v", a, h)
	}
	d.wantCards(2)
}

// TestEventEndsInTime: the command does not wait forever for what the cloud does not show.
func TestEventEndsInTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	id := alibabatest.SampleInstance(0).ID
	d.runEvent(exitDone, newStateEvent(id, "Running"))
	started := time.Now()
	a := d.runEvent(exitDone, newStateEvent(id, "Deleted"), "--timeout", "2s") // it is still there
	// Without the limit it would be asked for during 30 s.
	if took := time.Since(started); took > 25*time.Second {
		t.Errorf("%s passed", took)
	}
	expectEvent(t, a, reconcile.EventLater, "留给下一次完整同步")
	if h := d.Hosts(); len(h) != 1 || !h[0].Active {
		t.Errorf("%+v", h)
	}
	d.run(exitUsage, "event", "-", "--timeout", "0s")
	if !strings.Contains(d.stderr.String(), "--timeout: 0s 不是正的时长") {
		t.Error(&d.stderr)
	}
}

// TestEventsNotForUs: an event that changes no asset, or is none at all, costs no request.
func TestEventsNotForUs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		code    int
		outcome reconcile.EventOutcome
		reason  string
	}{
		"another account": {strings.ReplaceAll(newStateEvent("i-x", "Running"), "1234567890123456", "1111111111111111"), exitDone, reconcile.EventIgnored, "1111111111111111"},
		"another kind":    {`{"id":"1","source":"acs.oss","type":"oss:ObjectCreated","data":{}}`, exitDone, reconcile.EventIgnored, ""},
		"broken":          {`{"id":`, exitFailed, reconcile.EventFailed, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			a := d.runEvent(c.code, c.text)
			expectEvent(t, a, c.outcome, c.reason)
			d.wantPrinted(outcomeText(c.outcome, "zh") + "  ")
			if d.JMS.Requests() > 0 || a.Created != 0 {
				t.Errorf("%v %+v", d.JMS.Calls(), a)
			}
		})
	}
}

// TestEventMistakes: what a person must correct is exit code 2, as for a full run, and mistakes that can be seen before
// the run are reported before it.
func TestEventMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrong func(*desk)
		args  []string
		asked bool
		says  string
	}{
		"no file":       {func(*desk) {}, []string{"event", "/nonexistent/event.json"}, false, "/nonexistent/event.json"},
		"no argument":   {func(*desk) {}, []string{"event"}, false, "参数个数不对"},
		"-o to nowhere": {func(*desk) {}, []string{"event", "-", "-o", "/nonexistent/r.json"}, false, "--output: "},
		"key":           {func(d *desk) { d.keySecret = "another-word-0123456789" }, []string{"event", "-"}, true, "the access key is unknown or switched off"},
		"organisation": {func(d *desk) { d.org = "99999999-0000-4000-8000-000000000001" }, []string{"event", "-"}, true,
			"99999999-0000-4000-8000-000000000001 is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fillInstances(1, "cn-beijing")
			d.stdin = newStateEvent(alibabatest.SampleInstance(0).ID, "Running")
			c.wrong(d)
			d.run(exitUsage, c.args...)
			if !strings.Contains(d.stdout.String()+d.stderr.String(), c.says) {
				t.Errorf("%q is not said:\n%s%s", c.says, &d.stdout, &d.stderr)
			}
			if (d.JMS.Requests() > 0) != c.asked || d.JMS.Writes() > 0 {
				t.Errorf("JumpServer was asked: %v", d.JMS.Calls())
			}
		})
	}
}

// TestEventCloudKeyRefused: a refused key of a cloud is the account's failure, and no mistake with JumpServer.
func TestEventCloudKeyRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(1, "cn-beijing")
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Inactive})
	a := d.runEvent(exitFailed, newStateEvent(alibabatest.SampleInstance(0).ID, "Running"))
	expectEvent(t, a, reconcile.EventFailed, "")
	if text := fmt.Sprint(a.Errors, a.Scopes); !strings.Contains(text, "bad_credentials") || d.JMS.Writes() > 0 {
		t.Errorf("%s %v", text, d.JMS.Calls())
	}
}

// TestEventOfWhichCloud: the cloud follows from the event, or from the command line.
func TestEventOfWhichCloud(t *testing.T) {
	t.Parallel()
	const ec2 = `{"version":"0","id":"7bf73129","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"123456789012",
		"time":"2026-11-23T10:00:00Z","region":"us-east-1","resources":[],"detail":{"instance-id":"i-1234567890abcdef0","state":"running"}}`
	const cts = `{"cts":{"time":1795356000000,"code":200,"service_type":"ECS","resource_type":"ecs","resource_id":"b0a9d2b4","trace_name":"createServer"}}`
	for name, c := range map[string]struct {
		text string
		args []string
		want inventory.Cloud
		says string // where the cloud's events can be read
	}{
		"AWS":            {ec2, nil, inventory.AWS, "123456789012"},
		"Huawei":         {cts, []string{"--project", "0a1b2c"}, inventory.Huawei, "createServer"},
		"forced":         {newStateEvent("i-x", "Running"), []string{"--cloud", "华为云"}, inventory.Huawei, "失败"},
		"forced to Ali":  {ec2, []string{"--cloud", "aliyun"}, inventory.Alibaba, "it looks like an event of AWS EventBridge"},
		"CTS in SMN":     {`{"record":[{"event_source":"smn","smn":{"message":` + strconv.Quote(cts) + `}}]}`, []string{"--project", "0a1b2c"}, inventory.Huawei, "createServer"},
		"no cloud's":     {`{"hello":1}`, nil, inventory.Alibaba, `no form of event that is known: a JSON object with the keys "hello"`},
		"of Azure":       {`{"eventType":"Microsoft.Compute","topic":"t"}`, nil, "azure", ""},
		"without events": {cts, []string{"--cloud", "azure"}, "azure", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			readable := slices.ContainsFunc(cloudlist.Providers(), func(p cloud.Provider) bool { return p.Cloud == c.want && p.Events != nil })
			if readable { // ignored, or reported as incomplete: no account of this cloud is configured
				args := append([]string{"-c", d.writeConfig(), "event", d.saveFile("event.json", c.text)}, c.args...)
				code := runCommandLine(d.Context(), args, strings.NewReader(""), &d.stdout, &d.stderr)
				if code != exitDone && code != exitFailed || !strings.Contains(d.stdout.String(), c.says) {
					t.Errorf("exit code %d: %s%s", code, &d.stdout, &d.stderr)
				}
			} else {
				a := d.runEvent(exitFailed, c.text, c.args...)
				expectEvent(t, a, reconcile.EventFailed, "events of cloud "+string(c.want)+" cannot be read")
			}
			if d.JMS.Requests()+d.ECS.Calls("") > 0 {
				t.Errorf("%v", d.JMS.Calls())
			}
		})
	}
	d := newDesk(t)
	d.run(exitUsage, "event", d.saveFile("event.json", ec2), "--cloud", "amazon")
	if !strings.Contains(d.stderr.String(), `--cloud: "amazon" 不是已知的云`) {
		t.Error(&d.stderr)
	}
}
