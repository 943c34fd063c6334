package infra

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// dialect says how one cloud writes rights down.
type dialect struct {
	store    *objectStore // its object store; nil = no function of ours runs there
	policies func(lister, config, objects, bucket []string) map[string]any
}

// dialects returns the clouds that write rights down in a way of their own; see dialectOf.
func dialects() map[inventory.Cloud]dialect {
	return map[inventory.Cloud]dialect{
		"alibaba": {store: oss(), policies: alibabaPolicies},
		"aws":     {store: s3(), policies: awsPolicies},
		"huawei":  {store: obs(), policies: huaweiPolicies},
		"tencent": {policies: tencentPolicies},
		"azure":   {policies: azurePolicies},
	}
}

// dialectOf returns how a cloud writes rights down. One without a dialect has a plain list of them, for people.
func dialectOf(cloud inventory.Cloud) dialect {
	if d, own := dialects()[cloud]; own {
		return d
	}
	return dialect{policies: func(lister, _, _, _ []string) map[string]any { return map[string]any{"list.json": lister} }}
}

// kindPolicies returns a policy for each further kind of instances: with the rights that it needs beside those of
// list.json.
func kindPolicies(c inventory.CloudInfo) map[string]any {
	all := map[string]any{}
	for _, kind := range c.Kinds {
		all["list-"+kind.Name+".json"] = dialectOf(c.Cloud).policies(kind.Permissions, nil, nil, nil)["list.json"]
	}
	return all
}

// policyFiles returns the names of the policies that hold the rights of a cloud's lister and no others, sorted.
func policyFiles(c inventory.CloudInfo) []string {
	write, other := dialectOf(c.Cloud).policies, []string{"x"}
	lister, nothing, more := write(c.Permissions, nil, nil, nil), write(nil, nil, nil, nil), write(c.Permissions, other, other, other)
	names := slices.DeleteFunc(slices.Collect(maps.Keys(lister)), func(name string) bool {
		return reflect.DeepEqual(lister[name], nothing[name]) || !reflect.DeepEqual(lister[name], more[name])
	})
	slices.Sort(names)
	return names
}

// objectStore says which right each call of an object store's SDK needs.
type objectStore struct {
	file, maker string
	actions     map[string]string // method → action
}

func oss() *objectStore {
	return &objectStore{"core/storage/oss/oss.go", "sdk.NewClient", map[string]string{
		"GetObject": "oss:GetObject", "PutObject": "oss:PutObject", "DeleteObject": "oss:DeleteObject",
		"ListObjectsV2": "oss:ListObjects", "GetBucketVersioning": "oss:GetBucketVersioning",
	}}
}

func s3() *objectStore {
	return &objectStore{"core/storage/s3/s3.go", "sdk.New", map[string]string{
		"GetObject": "s3:GetObject", "PutObject": "s3:PutObject", "DeleteObject": "s3:DeleteObject", "ListObjectsV2": "s3:ListBucket",
	}}
}

func obs() *objectStore {
	return &objectStore{"core/storage/obs/obs.go", "sdk.New", map[string]string{
		"GetObject": "obs:object:GetObject", "PutObject": "obs:object:PutObject", "DeleteObject": "obs:object:DeleteObject",
		"ListObjects": "obs:bucket:ListBucket",
	}}
}

// requiredRights returns the actions that the adapter's calls need: for reading a configuration (wire.fetchObject only
// gets), and for state on its objects and on its bucket.
func (s *objectStore) requiredRights(t *testing.T) (config, objects, bucket []string) {
	t.Helper()
	if s == nil {
		return nil, nil, nil
	}
	for _, method := range sdkCalls(t, root+"/"+s.file, s.maker) {
		action, known := s.actions[method]
		switch {
		case method == "Presign", method == "CreateSignedUrl": // calls nothing: it signs what GetObject may
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
	for _, c := range cloudlist.Clouds() {
		if !slices.IsSorted(c.Permissions) || len(c.Permissions) == 0 {
			t.Errorf("%s: the permissions must be sorted, and some: %v", c.Cloud, c.Permissions)
		}
		own := dialectOf(c.Cloud)
		config, objects, bucket := own.store.requiredRights(t)
		documents := own.policies(c.Permissions, config, objects, bucket)
		maps.Copy(documents, kindPolicies(c))
		for file, document := range documents {
			path := filepath.Join(string(c.Cloud), "policies", file)
			want := renderJSON(t, document)
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, want, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if got := readRepoFile(t, path); !bytes.Equal(got, want) {
				t.Errorf("infra/%s is not what the program calls; run go test ./infra -run TestPolicies -update and review it\nfile %s\nwant %s", path, got, want)
			}
		}
	}
}

// TestNoOtherPolicies: every file in a folder policies is generated, so that none is forgotten.
func TestNoOtherPolicies(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/policies/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		c := cloudlist.Clouds().Find(inventory.Cloud(filepath.Dir(filepath.Dir(file))))
		generated := c.Cloud != "" && (dialectOf(c.Cloud).policies(c.Permissions, nil, nil, nil)[filepath.Base(file)] != nil || kindPolicies(c)[filepath.Base(file)] != nil)
		if !generated {
			t.Errorf("infra/%s is written by hand", file)
		}
	}
	if len(files) == 0 {
		t.Error("no policy was found")
	}
}

func renderJSON(t *testing.T, document any) []byte {
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

// TestPoliciesAreNarrow checks the files as the clouds read them: no action has a wildcard, and a resource is a wildcard
// alone only in statements of actions that know no narrower one.
func TestPoliciesAreNarrow(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/policies/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Dir(filepath.Dir(file)); dialectOf(inventory.Cloud(name)).store == nil {
			continue // these are written another way, and hold nothing but what Permissions says
		}
		var p struct {
			Statement []struct {
				Effect   string
				Action   oneOrMany
				Resource oneOrMany
			}
		}
		decodeStrictJSON(t, readRepoFile(t, file), &p)
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
				if slices.Contains(s.Resource, "*") && !isListAction(action) {
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

// isListAction reports whether an action only lists and its vendor lets nobody narrow it (Huawei's topics can only be
// narrowed by the project for which the policy is granted).
func isListAction(action string) bool {
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
