package sessiontest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// How many applications the tags of a world with rules name, and how many zones its JumpServer has.
const (
	applications = 40
	ruledZones   = 5
)

// ruleKinds is how many kinds of rules take turns: see appendRule.
const ruleKinds = 5

// configuration returns the file of a world with rules: nodes by tag, labels by tag, zones, and what names tell. All of it
// is written to existing assets, too, so that runs compare it.
func (w World) configuration() string {
	if w.Rules == 0 {
		return ""
	}
	var text strings.Builder
	text.WriteString("sync:\n  manage: {node: always, zone: always, labels: always}\nrules:\n")
	for n := range w.Rules {
		appendRule(&text, n)
	}
	return text.String()
}

// appendRule appends rule n. Each instance matches about one rule in ten, and the last ones too.
func appendRule(text *strings.Builder, n int) {
	group := n / ruleKinds
	switch n % ruleKinds {
	case 0:
		fmt.Fprintf(text, "  - {when: {tag.app: \"app-%d*\"}, set: {node: \"/DEFAULT/{cloud}/{tag.team|none}/{tag.app}\"}}\n", group)
	case 1:
		fmt.Fprintf(text, "  - {when: {zone: \"*-%c\", region: \"!cn-hangzhou\"}, set: {zone: zone-%d}}\n", 'a'+group%ruledZones, group%ruledZones+1)
	case 2:
		fmt.Fprintf(text, "  - {when: {tag.env: [prod, stage], name: \"*%d\"}, set: {labels: {env: \"{tag.env}\", shift: \"%d\"}}}\n", group%10, group%3)
	case 3:
		fmt.Fprintf(text, "  - {when: {type: \"ecs.g%d.*\", any: [{tag.team: \"/^team-[0-9]$/\"}, {ip: 10.0.0.0/9}]}, set: {labels: {team: \"{tag.team}\"}}}\n", group%10)
	default:
		fmt.Fprintf(text, "  - {when: {tag.app: \"*-%d\", not: {tag.env: test}}, set: {nodes: [\"/DEFAULT/live/{region}\"], labels_from_tags: [app]}}\n", group%10)
	}
}

// tagged returns instance i of a world with rules.
func tagged(row alibabatest.Instance, i int) alibabatest.Instance {
	row.Zone = fmt.Sprintf("cn-region-%d-%c", i%3+1, 'a'+i%ruledZones)
	row.Tags = map[string]string{
		"app": "app-" + strconv.Itoa(i%applications), "team": "team-" + strconv.Itoa(i%7), "env": [...]string{"prod", "stage", "test"}[i%3],
		"owner": "person-" + strconv.Itoa(i%200), "cost-center": strconv.Itoa(1000 + i%50),
	}
	return row
}

// fillByRules lets a run fill JumpServer, which has nodes and zones then that assets name. It takes no time meanwhile.
func (e *Emulators) fillByRules(ctx context.Context) error {
	e.JumpServer.SetLatency(0)
	defer e.JumpServer.SetLatency(e.world.JumpServerLatency)
	env := make(map[string]string, len(e.Announced.Environment))
	for name, value := range e.Announced.Environment {
		env[name] = value
	}
	env["JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED"] = "false"
	rep, err := Announcement{Environment: env, Configuration: e.Announced.Configuration}.Sync(ctx)
	if err != nil {
		return fmt.Errorf("emulate: seed: %w", err)
	}
	if rep.Created != e.world.instanceCount() {
		return fmt.Errorf("emulate: seed: outcome %s, %d of %d assets made: %v", rep.Outcome, rep.Created, e.world.instanceCount(), rep.Errors)
	}
	return nil
}

// addZones makes the zones that the rules name.
func (e *Emulators) addZones() {
	for n := range ruledZones {
		e.JumpServer.SeedZone(jumpservertest.DefaultOrg, fmt.Sprintf("zone-%d", n+1))
	}
}
