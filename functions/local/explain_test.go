package main

import (
	"testing"
)

func TestExplainTry(t *testing.T) {
	d := newDesk(t)
	d.more = "rules:\n  - {name: by region, when: {region: cn-hangzhou}, set: {node: \"/DEFAULT/x\"}}\n  - {when: {region: cn-beijing}, set: {node: \"/DEFAULT/{region}/{tag.app|other}\", port: 2222, labels: {app: \"{name}\"}}, stop: true}\n  - {name: last, set: {platform: Linux}}\n"
	d.fillInstances(3, "cn-beijing")
	d.run(exitDone, "explain", "web-00001")
	t.Log(d.stdout.String())
	d.run(exitDone)
	d.run(exitDone, "explain", "10.0.0.1", "--json")
	t.Log(d.stdout.String())
	d.run(exitDone, "explain", "10.0.0.1")
	t.Log(d.stdout.String())
}
