package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
	runstate "github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// grant is a right of the policy for people who approve: a request, and what it may be about.
type grant struct {
	method  string
	pattern string // of path.Match below the bucket, with a star for the rest of a path at its end
	used    bool
}

// approverGrants reads a cloud's policy for people who approve.
func approverGrants(t *testing.T, cloud string) []*grant {
	t.Helper()
	var policy struct {
		Statement []struct{ Action, Resource []string }
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "infra", cloud, "policies", "approver.json"))
	if err == nil {
		err = json.Unmarshal(text, &policy)
	}
	if err != nil {
		t.Fatal(err)
	}
	var grants []*grant
	for _, s := range policy.Statement {
		method := methodOf(s.Action[0])
		for _, resource := range s.Resource {
			_, key, _ := strings.Cut(resource, "${state_bucket}")
			key = strings.TrimPrefix(strings.ReplaceAll(key, "${state_prefix}", "jms-sync"), "/")
			grants = append(grants, &grant{method: method, pattern: key})
		}
	}
	return grants
}

// methodOf returns the request that an action allows, as the emulated store names it.
func methodOf(action string) string {
	name := action[strings.LastIndex(action, ":")+1:]
	for _, verb := range []string{"List", "Get", "Put", "Delete"} {
		if strings.HasPrefix(name, verb) {
			return strings.ToUpper(verb)
		}
	}
	return action
}

// allows reports whether a grant is for a request.
func (g *grant) allows(method, key string) bool {
	if g.method != method {
		return false
	}
	if method == "LIST" {
		return true // of the bucket
	}
	below, all := strings.CutSuffix(g.pattern, "/*")
	if all && strings.Count(key, "/") > strings.Count(below, "/") {
		key = strings.Join(strings.Split(key, "/")[:strings.Count(below, "/")+1], "/")
		matched, err := path.Match(below, key)
		return err == nil && matched
	}
	matched, err := path.Match(g.pattern, key)
	return err == nil && matched
}

// TestApproverNeedsNoMore: held, approve, reject, status, pause and resume make no request that the policy for people who
// approve does not allow, and the policy allows nothing that none of them needs.
func TestApproverNeedsNoMore(t *testing.T) {
	for dialect, cloud := range map[storagetest.Dialect]string{storagetest.OSS: "alibaba", storagetest.S3: "aws", storagetest.OBS: "huawei"} {
		t.Run(string(dialect), func(t *testing.T) {
			d, server := newDesk(t), storagetest.NewServer(t, dialect)
			t.Setenv("JMS_SYNC_STATE", server.Ref("jms-sync"))
			for _, names := range [][2]string{
				{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"}, {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, {"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"},
			} {
				t.Setenv(names[0], storagetest.GoodID)
				t.Setenv(names[1], storagetest.GoodSecret)
			}
			hashes := d.holdSets(2)
			server.TakeRequests()
			grants := approverGrants(t, cloud)
			for _, args := range [][]string{
				{"held"}, {"held", "--json"}, {"approve", hashes[0]}, {"reject", hashes[1]}, {"pause", "--until", "1h"}, {"status"}, {"status", "--json"}, {"resume"},
			} {
				d.runBare(exitDone, args...)
				for _, request := range server.TakeRequests() {
					d.wantGranted(args, request, grants)
				}
			}
			for _, g := range grants {
				if !g.used {
					t.Errorf("nothing needs %s %s", g.method, g.pattern)
				}
			}
		})
	}
}

// holdSets puts held sets into the store, as runs do.
func (d *desk) holdSets(n int) (hashes []string) {
	d.Helper()
	store, err := session.OpenStore(config.Config{JumpServer: config.JumpServer{URL: "https://jms.example.com", OrgID: config.DefaultOrgID}}, session.Role{}, os.Environ())
	if err != nil {
		d.Fatal(err)
	}
	if _, err := store.RegisterInstallation(d.Context(), time.Now()); err != nil {
		d.Fatal(err)
	}
	for i := range n {
		hash, err := store.HeldStore().Save(d.Context(), []runstate.HeldRemoval{{Asset: strings.Repeat(string(rune('a'+i)), 36), Action: "deactivate"}}, time.Now())
		if err != nil {
			d.Fatal(err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

// wantGranted wants a request of a command allowed, and notes by which grants.
func (d *desk) wantGranted(args []string, request string, grants []*grant) {
	d.Helper()
	parts := regexp.MustCompile(`^(\S+) (.*?) ?(\d+)$`).FindStringSubmatch(request)
	if parts == nil {
		d.Fatalf("a request is called %q", request)
	}
	granted := false
	for _, g := range grants {
		if g.allows(parts[1], parts[2]) {
			granted, g.used = true, true
		}
	}
	if !granted {
		d.Errorf("%q needs %s", args, request)
	}
}
