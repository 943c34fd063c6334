package main

import (
	"strings"
	"testing"
)

// TestAccountThatNobodyKnows: a slip in the name of an account ends a command, which says what was probably meant; nothing
// is written.
func TestAccountThatNobodyKnows(t *testing.T) { // not parallel: it sets a variable of the process
	d := newDesk(t)
	t.Setenv("JMS_SYNC_STATE", "file://"+t.TempDir())
	d.fillInstances(2, "cn-beijing")
	d.run(exitDone)
	writes := d.JMS.Writes()
	for _, args := range [][]string{
		{"release", "--account", "aliyun-prdo"}, {"release", "--account", "aliyun-prdo", "--apply"}, {"retire", "--account", "aliyun-prdo", "--apply"},
		{"retire", "--adopted", "--account", "aliyun-prdo"}, {"reactivate", "--account", "aliyun-prdo", "--since", "2020-01-01T00:00:00Z"},
		{"expect", "--account", "aliyun-prdo", "--region", "cn-beijing", "--until", "4h", "--up-to", "3"}, {"owner", "accept", "aliyun-prdo"},
	} {
		d.run(exitUsage, args...)
		if text := d.stdout.String() + d.stderr.String(); !strings.Contains(text, "aliyun-prdo") || !strings.Contains(text, "，是不是 aliyun-prod？") {
			t.Errorf("%v: %s", args, text)
		}
	}
	if d.JMS.Writes() != writes {
		t.Errorf("%d writes", d.JMS.Writes()-writes)
	}
	d.run(exitDone, "release", "--account", "aliyun-prod")
}

// TestDidYouMean: commands and flags that are nearly right are named.
func TestDidYouMean(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"paln"}, "是不是 plan？"}, {[]string{"aprove", "x"}, "是不是 approve？"}, {[]string{"labels", "claen"}, "是不是 clean？"},
		{[]string{"retire", "--acount", "x"}, "没有选项 --acount，是不是 --account？"}, {[]string{"--no-colour"}, "是不是 --no-color？"},
		{[]string{"--confg=x"}, "是不是 --config？"},
	} {
		d.runRaw(t.Context(), exitUsage, c.args...)
		if !strings.Contains(d.stderr.String(), c.want) {
			t.Errorf("%v: %s", c.args, &d.stderr)
		}
	}
	d.runRaw(t.Context(), exitUsage, "--frobnicate")
	if strings.Contains(d.stderr.String(), "是不是") {
		t.Errorf("%s", &d.stderr)
	}
}
