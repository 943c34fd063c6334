// Package check lints and renders the chart with Helm's own packages, and reads what comes out as Kubernetes does. It is a
// module of its own, so that none of that is in go.mod of the program: make test-modules runs it.
package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

const chartDir = ".."

func readValues(t *testing.T, name string) chartutil.Values {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chartDir, "ci", name+"-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// render returns the manifests of the chart with values, by kind and name, and the notes.
func render(values chartutil.Values) (manifests map[string]string, notes string, err error) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		return nil, "", err
	}
	release := chartutil.ReleaseOptions{Name: "jms-sync", Namespace: "ops", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, "", err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, "", err
	}
	manifests = map[string]string{}
	for name, text := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			notes = text
			continue
		}
		for _, document := range strings.Split(text, "\n---\n") {
			if strings.TrimSpace(document) == "" {
				continue
			}
			var head struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(document), &head); err != nil {
				return nil, "", fmt.Errorf("%s: %w\n%s", name, err, document)
			}
			manifests[head.Kind+"/"+head.Metadata.Name] = document
		}
	}
	return manifests, notes, nil
}

// decode decodes a manifest and refuses fields that the type does not have.
func decode[T any](t *testing.T, manifests map[string]string, name string) T {
	t.Helper()
	var into T
	if manifests[name] == "" {
		t.Fatalf("there is no %s, but %v", name, slices.Sorted(maps.Keys(manifests)))
	}
	text, err := yaml.YAMLToJSONStrict([]byte(manifests[name]))
	if err == nil {
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		err = strict.Decode(&into)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, manifests[name])
	}
	return into
}

// rendered is the chart with one of the sets of values.
type rendered struct {
	manifests  map[string]string
	notes      string
	cron       batchv1.CronJob
	deployment *appsv1.Deployment // nil = no events
	account    corev1.ServiceAccount
}

func renderAll(t *testing.T, values chartutil.Values, account string) rendered {
	t.Helper()
	manifests, notes, err := render(values)
	if err != nil {
		t.Fatal(err)
	}
	r := rendered{manifests: manifests, notes: notes, cron: decode[batchv1.CronJob](t, manifests, "CronJob/jms-sync"), account: decode[corev1.ServiceAccount](t, manifests, "ServiceAccount/"+account)}
	if manifests["Deployment/jms-sync-events"] != "" {
		d := decode[appsv1.Deployment](t, manifests, "Deployment/jms-sync-events")
		r.deployment = &d
	}
	return r
}

// TestLint: Helm's linter has nothing to say, about both sets of values.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minimal", "everything"} {
		result := lint.AllWithKubeVersion(chartDir, readValues(t, name), "ops", nil)
		for _, m := range result.Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

// TestMinimal: the fewest values make a run every five minutes that is never started twice, and no server.
func TestMinimal(t *testing.T) {
	t.Parallel()
	r := renderAll(t, readValues(t, "minimal"), "jms-sync")
	spec := r.cron.Spec
	if r.deployment != nil || spec.Schedule != "*/5 * * * *" || spec.ConcurrencyPolicy != batchv1.ForbidConcurrent || *spec.Suspend || *spec.JobTemplate.Spec.BackoffLimit != 0 {
		t.Errorf("%+v", spec)
	}
	pod := spec.JobTemplate.Spec.Template.Spec
	c := pod.Containers[0]
	if got := strings.Join(c.Args, " "); got != "-c /etc/jms-sync/config.yaml --partial-ok" {
		t.Errorf("args %s", got)
	}
	if got := environment(c); got["JMS_SYNC_STATE"] != "file:///state" || got["JMS_SYNC_CONFIG"] != "" || c.EnvFrom[0].SecretRef.Name != "jms-sync-env" {
		t.Errorf("%v", got)
	}
	claim := decode[corev1.PersistentVolumeClaim](t, r.manifests, "PersistentVolumeClaim/jms-sync-state")
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	if mounts["state"] != "/state" || volumes["state"].PersistentVolumeClaim.ClaimName != claim.Name || claim.Annotations["helm.sh/resource-policy"] != "keep" {
		t.Errorf("state: %v %v", mounts, pod.Volumes)
	}
	secret := volumes["config"].Secret
	if mounts["config"] != "/etc/jms-sync" || secret.SecretName != "jms-sync-config" || *secret.DefaultMode != 0o440 || secret.Items[0].Path != "config.yaml" {
		t.Errorf("config: %v %+v", mounts, secret)
	}
	if !strings.Contains(r.notes, "create job --from=cronjob/jms-sync jms-sync-now") || !strings.Contains(r.notes, "马上同步一次") || !strings.Contains(r.notes, "one run now") {
		t.Error(r.notes)
	}
}

// TestEverything: each value arrives where it belongs.
func TestEverything(t *testing.T) {
	t.Parallel()
	r := renderAll(t, readValues(t, "everything"), "syncer")
	if r.deployment == nil || *r.deployment.Spec.Replicas != 2 {
		t.Fatal("no deployment of two")
	}
	if r.account.Annotations["eks.amazonaws.com/role-arn"] == "" || *r.account.AutomountServiceAccountToken {
		t.Errorf("%+v", r.account)
	}
	if spec := r.cron.Spec; *spec.TimeZone != "Asia/Shanghai" || !*spec.Suspend {
		t.Errorf("%+v", spec)
	}
	for _, pod := range r.pods() {
		c := pod.Containers[0]
		env := environment(c)
		if pod.ServiceAccountName != "syncer" || pod.PriorityClassName != "system" || pod.NodeSelector["kubernetes.io/arch"] != "amd64" || len(pod.Tolerations) != 1 ||
			pod.Affinity.NodeAffinity == nil || pod.ImagePullSecrets[0].Name != "registry" || pod.Volumes[0].ConfigMap.Name != "ca" || c.VolumeMounts[0].MountPath != "/etc/ca" {
			t.Errorf("%+v", pod)
		}
		if env["JMS_SYNC_STATE"] != "oss://state/jms-sync?region=cn-hangzhou" || env["JMS_SYNC_CONFIG"] != "oss://config/config.yaml?region=cn-hangzhou" || env["HTTPS_PROXY"] == "" ||
			len(c.EnvFrom) != 2 || !strings.HasPrefix(c.Image, "registry.example.com/jms-sync@sha256:") || c.ImagePullPolicy != corev1.PullAlways {
			t.Errorf("%+v", c)
		}
		if slices.Contains(c.Args, "-c") {
			t.Errorf("a file is named beside the reference: %v", c.Args)
		}
	}
	d := r.deployment.Spec
	for key, value := range d.Selector.MatchLabels {
		if d.Template.Labels[key] != value {
			t.Errorf("the deployment does not select its pods: %s", key)
		}
		if key == "app.kubernetes.io/component" && r.cron.Spec.JobTemplate.Spec.Template.Labels[key] == value {
			t.Error("the service would reach the pods of runs")
		}
	}
	service := decode[corev1.Service](t, r.manifests, "Service/jms-sync-events")
	if !maps.Equal(service.Spec.Selector, d.Selector.MatchLabels) || service.Spec.Ports[0].TargetPort.StrVal != d.Template.Spec.Containers[0].Ports[0].Name || len(service.Annotations) != 1 {
		t.Errorf("%+v", service.Spec)
	}
	ingress := decode[networkingv1.Ingress](t, r.manifests, "Ingress/jms-sync-events")
	path := ingress.Spec.Rules[0].HTTP.Paths[0]
	if ingress.Spec.TLS[0].SecretName != "events-tls" || path.Path != "/events" || path.Backend.Service.Name != service.Name || path.Backend.Service.Port.Name != service.Spec.Ports[0].Name {
		t.Errorf("%+v", ingress.Spec)
	}
	if !strings.Contains(r.notes, "https://events.example.com/events") || !strings.Contains(r.notes, "rollout restart deployment/jms-sync-events") {
		t.Error(r.notes)
	}
}

func (r rendered) pods() []corev1.PodSpec {
	all := []corev1.PodSpec{r.cron.Spec.JobTemplate.Spec.Template.Spec}
	if r.deployment != nil {
		all = append(all, r.deployment.Spec.Template.Spec)
	}
	return all
}

func environment(c corev1.Container) map[string]string {
	all := map[string]string{}
	for _, e := range c.Env {
		all[e.Name] = e.Value
		if e.ValueFrom != nil {
			all[e.Name] = "from " + e.ValueFrom.SecretKeyRef.Name + "/" + e.ValueFrom.SecretKeyRef.Key
		}
	}
	return all
}

// TestRefused: what cannot work is refused before anything is deployed, in both languages; so is a misspelt value.
func TestRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]map[string]any{
		"image.repository":      {"image": map[string]any{"repository": ""}},
		"config:":               {"config": map[string]any{"existingSecret": ""}},
		"只能填一个":                 {"config": map[string]any{"reference": "oss://b/k"}},
		"state:":                {"state": map[string]any{"persistence": map[string]any{"enabled": false}}},
		"url 与 persistence":     {"state": map[string]any{"url": "oss://b/p"}},
		"token.existingSecret":  {"events": map[string]any{"enabled": true}},
		"ReadWriteMany":         {"events": map[string]any{"enabled": true, "token": map[string]any{"existingSecret": "t"}}},
		"tlsSecret":             {"events": map[string]any{"enabled": true, "token": map[string]any{"existingSecret": "t"}, "ingress": map[string]any{"enabled": true, "host": "x"}}},
		"schdule":               {"cron": map[string]any{"schdule": "* * * * *"}},
		"activeDeadlineSeconds": {"cron": map[string]any{"activeDeadlineSeconds": 5}},
		"digest":                {"image": map[string]any{"digest": "latest"}},
	} {
		values := chartutil.CoalesceTables(change, readValues(t, "minimal"))
		if _, _, err := render(values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestValuesAreDescribed: the schema describes the values that values.yaml has, and no other.
func TestValuesAreDescribed(t *testing.T) {
	t.Parallel()
	var values, schema map[string]any
	for name, into := range map[string]any{"values.yaml": &values, "values.schema.json": &schema} {
		text, err := os.ReadFile(filepath.Join(chartDir, name))
		if err == nil {
			err = yaml.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	compareSchema(t, "", values, schema)
}

func compareSchema(t *testing.T, path string, values map[string]any, schema map[string]any) {
	t.Helper()
	described, closed := schema["properties"].(map[string]any)
	if !closed {
		return // free
	}
	for key, value := range values {
		below, known := described[key].(map[string]any)
		if !known {
			t.Errorf("the schema lacks %s%s", path, key)
		}
		if table, is := value.(map[string]any); is {
			compareSchema(t, path+key+".", table, below)
		}
	}
	for key := range described {
		if _, known := values[key]; !known && path+key != "global" && key != "claims" {
			t.Errorf("values.yaml lacks %s%s", path, key)
		}
	}
}
