package main

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// TestColours: a terminal shows colours unless somebody wants none; nothing else ever gets one.
func TestColours(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.fillInstances(3, "cn-beijing")
	file := d.writeConfig()
	for name, c := range map[string]struct {
		env     []string
		args    []string
		colours bool
	}{
		"terminal":   {nil, nil, true},
		"--no-color": {nil, []string{"--no-color"}, false},
		"NO_COLOR":   {[]string{"NO_COLOR=1"}, nil, false},
		"dumb":       {[]string{"TERM=dumb"}, nil, false},
	} {
		for command, want := range map[string][]string{
			"plan":    {"\033[32m  + \033[0m", "\033[32m同步完成"},
			"version": nil,
			"doctor":  {"\033[32m  ✓\033[0m", "\033[33m  !\033[0m"},
			"retire":  {"\033[31m--account:"},
		} {
			a := &atTerminal{env: c.env}
			shown := a.run(t, d.dir, append([]string{"-c", file, command, "--no-log-file"}, c.args...)...)
			for _, text := range want {
				if strings.Contains(shown, text) != c.colours {
					t.Errorf("%s, %s: %q:\n%q", name, command, text, shown)
				}
			}
			if !c.colours && strings.Contains(shown, "\033[3") {
				t.Errorf("%s, %s: %q", name, command, shown)
			}
		}
	}
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances})
	d.run(exitFailed, "-r", "1")
	if strings.Contains(d.stdout.String()+d.stderr.String(), "\033") {
		t.Errorf("%s%s", &d.stdout, &d.stderr)
	}
}

// TestLinePainter: a line that comes in pieces is painted once, and the rest is left as it is.
func TestLinePainter(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := &linePainter{to: &out, beginnings: map[string]colour{"删除 ": red}}
	for _, piece := range []string{"删", "除 a 删除 b\nx 删除", " c\n删除"} {
		if _, err := p.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "\033[31m删除 \033[0ma 删除 b\nx 删除 c\n"; out.String() != want || string(p.line) != "删除" {
		t.Errorf("%q, left %q", out.String(), p.line)
	}
}
