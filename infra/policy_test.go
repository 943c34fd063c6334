package infra

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
)

// provider says how the rights of one cloud are written down.
type provider struct {
	permissions func() []string // of its lister
	store       *store          // its object store; nil = no function of ours runs there
	policies    func(lister, config, objects, bucket []string) map[string]any
}

// clouds gives every cloud whose policies are generated, and with them all that infra has to know
// of it. A provider without a row fails TestEveryProviderHasPolicies.
func clouds() map[string]provider {
	return map[string]provider{
		"alibaba": {permissions: alibaba.Permissions, store: oss(), policies: alibabaPolicies},
		"aws":     {permissions: aws.Permissions, store: s3(), policies: awsPolicies},
		"huawei":  {permissions: huawei.Permissions, store: obs(), policies: huaweiPolicies},
		"tencent": {permissions: tencent.Permissions, policies: tencentPolicies},
		"azure":   {permissions: azure.Permissions, policies: azurePolicies},
	}
}

// store says which right each call of an object store's SDK needs.
type store struct {
	file, maker string
	actions     map[string]string // method → action
}

func oss() *store {
	return &store{"core/storage/oss/oss.go", "sdk.NewClient", map[string]string{
		"GetObject": "oss:GetObject", "PutObject": "oss:PutObject", "DeleteObject": "oss:DeleteObject",
		"ListObjectsV2": "oss:ListObjects", "GetBucketVersioning": "oss:GetBucketVersioning",
	}}
}

func s3() *store {
	return &store{"core/storage/s3/s3.go", "sdk.New", map[string]string{
		"GetObject": "s3:GetObject", "PutObject": "s3:PutObject", "DeleteObject": "s3:DeleteObject", "ListObjectsV2": "s3:ListBucket",
	}}
}

func obs() *store {
	return &store{"core/storage/obs/obs.go", "sdk.New", map[string]string{
		"GetObject": "obs:object:GetObject", "PutObject": "obs:object:PutObject", "DeleteObject": "obs:object:DeleteObject",
		"ListObjects": "obs:bucket:ListBucket",
	}}
}

// rights gives the actions that the adapter's calls need: to read a configuration (wire.fetchObject only
// gets), and for state on its objects and on its bucket.
func (s *store) rights(t *testing.T) (config, objects, bucket []string) {
	t.Helper()
	if s == nil {
		return nil, nil, nil
	}
	for _, method := range sdkCalls(t, root+"/"+s.file, s.maker) {
		action, known := s.actions[method]
		switch {
		case !known:
			t.Errorf("%s calls %s: which right does it need? Add it to this test, and look whether the policies grow", s.file, method)
		case method == "GetObject":
			config, objects = append(config, action), append(objects, action)
		case strings.HasSuffix(method, "Object"):
			objects = append(objects, action)
		default:
			bucket = append(bucket, action)
		}
	}
	slices.Sort(objects)
	slices.Sort(bucket)
	return config, objects, bucket
}

// TestPolicies compares the policies with what the program calls; -update writes them.
func TestPolicies(t *testing.T) {
	t.Parallel()
	for name, c := range clouds() {
		if c.permissions == nil {
			continue
		}
		lister := c.permissions()
		if !slices.IsSorted(lister) || len(lister) == 0 {
			t.Errorf("%s: the permissions must be sorted, and some: %v", name, lister)
		}
		// A role is taken by a right on that role alone, in assume-role.json.
		lister = slices.DeleteFunc(slices.Clone(lister), func(action string) bool { return action == "sts:AssumeRole" })
		config, objects, bucket := c.store.rights(t)
		for file, document := range c.policies(lister, config, objects, bucket) {
			path := filepath.Join(name, "policies", file)
			want := written(t, document)
			if *update {
				if err := os.WriteFile(path, want, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if got := read(t, path); !bytes.Equal(got, want) {
				t.Errorf("infra/%s is not what the program calls; run go test ./infra -run TestPolicies -update and review it\nfile %s\nwant %s", path, got, want)
			}
		}
	}
}

// TestNoOtherPolicies: each file of a folder policies is generated, so that none is forgotten.
func TestNoOtherPolicies(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/policies/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Dir(filepath.Dir(file))
		c := clouds()[name]
		if c.permissions == nil || c.policies(nil, nil, nil, nil)[filepath.Base(file)] == nil {
			t.Errorf("infra/%s is written by hand", file)
		}
	}
	if len(files) == 0 {
		t.Error("no policy was found")
	}
}

func TestEveryProviderHasPolicies(t *testing.T) {
	t.Parallel()
	for _, p := range cloudlist.Providers() {
		if clouds()[string(p.Cloud)].permissions == nil {
			t.Errorf("%s is synchronised, but no policy says which rights that takes: give clouds() its Permissions", p.Cloud)
		}
	}
}

func written(t *testing.T, document any) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPoliciesAreNarrow reads the files as the clouds will: no action has a wildcard, and everything
// has the wildcard as its resource only in statements of actions that know no narrower one.
func TestPoliciesAreNarrow(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/policies/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Dir(filepath.Dir(file)); clouds()[name].store == nil {
			continue // these are written another way, and hold nothing but what Permissions says
		}
		var p struct {
			Statement []struct {
				Effect   string
				Action   oneOrMany
				Resource oneOrMany
			}
		}
		decode(t, read(t, file), &p)
		if len(p.Statement) == 0 {
			t.Errorf("%s says nothing", file)
		}
		for _, s := range p.Statement {
			if s.Effect != "Allow" || len(s.Action) == 0 {
				t.Errorf("%s: %+v", file, s)
			}
			for _, action := range s.Action {
				if strings.ContainsAny(action, "*?") || strings.Count(action, ":") == 0 {
					t.Errorf("%s: %s is no single action", file, action)
				}
				if slices.Contains(s.Resource, "*") && !listing(action) {
					t.Errorf("%s: %s is given on everything", file, action)
				}
			}
			for _, resource := range s.Resource {
				if (strings.HasSuffix(resource, ":*") && !strings.HasSuffix(resource, ":log-stream:*")) || strings.Contains(resource, "**") {
					t.Errorf("%s: %s is too wide", file, resource)
				}
			}
		}
	}
}

// listing tells whether an action only lists, and its vendor lets nobody narrow it (Huawei's topics
// can only be narrowed by the project that the policy is given in).
func listing(action string) bool {
	name := action[strings.LastIndex(action, ":")+1:]
	for _, verb := range []string{"Describe", "Get", "List", "get", "list"} {
		if strings.HasPrefix(name, verb) {
			return !strings.Contains(action, "Object") && !strings.Contains(action, "Bucket")
		}
	}
	return action == "smn:topic:publish"
}

// oneOrMany is a text, or a list of texts.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}
